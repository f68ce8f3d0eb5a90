"""Credentials whose text stands in a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from keymuster.collect.base import Blob, Context, Reader
from keymuster.detect.engine import Engine, Match
from keymuster.model import Credential, CredentialKind, Environment

_LEAD = re.compile(
    rb"(?P<name>[A-Za-z_$][\w.\-]{0,39})(?P<assign>[\"'`\]]{0,2}\s{0,4}(?::=|=>|=)\s{0,4}[\"'`]?|"
    rb"[\"'`\]]{1,2}\s{0,4}:\s{0,4}[\"'`]?|\s{0,4}:(?:\s{1,4}[\"'`]?|[\"'`]))\Z"
)
"""A bare `a:b` is no assignment: `a` may be a password itself."""

_LONGEST_LEAD = 60


class Secrets(Reader):
    """Matches the formats of `rules/tokens` in every file."""

    name: ClassVar[str] = "secrets"

    def __init__(self, context: Context) -> None:
        self._engine = Engine(context.rules)
        self._key = context.fingerprint_key
        self._engine.open()

    def reads(self, path: str) -> bool:
        return True

    def read(self, blob: Blob) -> Iterator[Credential]:
        text = blob.text
        matches = self._engine.scan(text.content, binary=text.binary)
        positions = blob.positions()
        for number, match in enumerate(matches):
            begin, end = positions.at(match.start), positions.at(match.end)
            if not blob.owns(match.start) or not blob.counts(begin[0], end[0]):
                continue
            yield self._credential(blob, match, begin, end, _context(text.content, matches, number))

    def _credential(
        self, blob: Blob, match: Match, begin: tuple[int, int], end: tuple[int, int], context: str
    ) -> Credential:
        token, fingerprint = match.format, match.secret.fingerprint(self._key)
        return Credential(
            id=f"secret:{fingerprint}",
            kind=token.kind,
            name=token.name,
            format=token.id,
            vendor=token.vendor,
            fingerprint=fingerprint,
            preview=_preview(match),
            confidence=match.confidence,
            status=match.status,
            environment=_environment(match),
            storage=blob.storage,
            location=blob.location(begin, end, context),
            created_at=_moment(match.facts.get("issued_at")),
            expires_at=_moment(match.facts.get("expires_at")),
            tags=match.facts,
        )


def _preview(match: Match) -> str:
    shown = match.secret.preview
    if match.format.kind is CredentialKind.URL_PASSWORD:
        return f"{match.facts['scheme']}://{shown}@"
    return shown


def _environment(match: Match) -> Environment:
    """What the public prefix says: `sk_test_` is a test key."""
    text = match.secret.reveal()
    for prefix, environment in match.format.environments.items():
        if text.startswith(prefix.encode()):
            return environment
    return Environment.UNKNOWN


def _context(content: bytes, matches: Sequence[Match], number: int) -> str:
    """The name a secret is assigned to, and the secret masked; never another piece of the line,
    which may hold a secret that no format knows."""
    match = matches[number]
    floor = max(0, match.start - _LONGEST_LEAD)
    if number:
        floor = max(floor, matches[number - 1].end)
    line = max(floor, content.rfind(b"\n", floor, match.start) + 1)
    lead = _LEAD.search(content, line, match.start)
    if lead is None or sum(48 <= byte <= 57 for byte in lead["name"]) > 3:
        return match.secret.preview
    return lead[0].decode("ascii", "replace") + match.secret.preview + _closing(lead["assign"])


def _closing(assign: bytes) -> str:
    last = assign[-1:].decode()
    return last if last in ("'", '"', "`") else ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
