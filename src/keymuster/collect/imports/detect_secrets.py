"""Baselines of detect-secrets, which know secrets by their SHA-1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import ClassVar

from msgspec import Raw, Struct

from keymuster.collect.imports import _rows
from keymuster.collect.imports.base import ReportReader, Row, Told, Unread, Verdict
from keymuster.model import Secret


class DetectSecrets(ReportReader):
    """What `detect-secrets scan` writes and `detect-secrets audit` marks. Who marked something as no secret
    has accepted it."""

    name: ClassVar[str] = "detect-secrets"

    def recognizes(self, data: bytes, path: str) -> bool:
        has = (b'"results"', b'"plugins_used"')
        return data.lstrip()[:1] == b"{" and all(word in data for word in has)

    def read(self, data: bytes) -> Iterator[Told]:
        for path, several in _rows.document(data, _Baseline).results.items():
            for told in _rows.rows(several, _Secret, _told, f"{path} row"):
                if isinstance(told, Row):
                    told.path = told.path or path
                yield told


class _Baseline(Struct, frozen=True):
    results: dict[str, list[Raw]]


class _Secret(Struct, frozen=True):
    type: str
    hashed_secret: str
    filename: str = ""
    line_number: int = 1
    is_verified: bool = False
    is_secret: bool | None = None


_SHA1 = re.compile(r"[0-9a-f]{40}")

_PARTS = ("ghp", "gho", "ghu", "ghs", "ghr", "glpat", "gldt", "glft", "glsoat", "glrt")
"""Beginnings of tokens, which some of its detectors hash in the place of the token."""

_OF_MORE = ("Private Key", "Azure Storage Account access key", "NPM tokens")
"""What it hashes of these is the line that a key begins with, or the name before a key, too."""


def _told(one: _Secret) -> Iterator[Told]:
    if not _SHA1.fullmatch(one.hashed_secret):
        yield Unread(row="a row", why="its hash is no SHA-1")
        return
    is_of_secret = one.type not in _OF_MORE and one.hashed_secret not in _hashes_of_parts()
    verdict = Verdict.LIVE if one.is_verified else Verdict.NONE
    if one.is_secret is not None and not one.is_verified:
        verdict = Verdict.SECRET if one.is_secret else Verdict.NO_SECRET
    yield Row(
        tool="detect-secrets", rule=one.type, path=one.filename, line=max(1, one.line_number),
        digests=(f"sha1:{one.hashed_secret}",) if is_of_secret else (), verdict=verdict,
        accepted="somebody marked it as no secret" if one.is_secret is False else None,
    )  # fmt: skip


@cache
def _hashes_of_parts() -> frozenset[str]:
    return frozenset(Secret(part.encode()).digests()[0].removeprefix("sha1:") for part in _PARTS)
