"""What was known at some time: a text of one sorted line per finding, so that only what is new is told.

A line has no position, no time and no path but what names the subject, so that people who each add
something merge without a conflict.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from msgspec import Struct

from keymuster.errors import SettingsError
from keymuster.model import Finding

_TITLE = "# keymuster baseline 1, fingerprint key "
_LINE = re.compile(r"(?P<id>[0-9a-f]{32}) (?P<fingerprint>[0-9a-f]{32}) (?P<rule>[\w./-]+)(?: .*)?")


class Known(Struct, frozen=True, kw_only=True):
    """A finding that was known."""

    id: str
    fingerprint: str


class Compared(Struct, frozen=True, kw_only=True):
    """Findings against a baseline: those that are `new`, how many are not, and how many are `gone`."""

    new: tuple[Finding, ...]
    known: int
    gone: int


def key_name(key: bytes) -> str:
    """What a baseline calls the key of its fingerprints: with another key, all secrets are new."""
    return hmac.new(key, b"keymuster baseline", sha256).hexdigest()[:8]


def text(findings: Iterable[Finding], key: bytes, shown: bool = True) -> str:
    """The baseline of findings. What somebody has accepted is not part of it: that has an end."""
    lines = {
        f"{one.id} {one.fingerprint} {one.rule}" + (f" {_word(one.subject)}" if shown else "")
        for one in findings
        if not one.is_accepted
    }
    return "\n".join((f"{_TITLE}{key_name(key)}", *sorted(lines))) + "\n"


def _word(subject: str) -> str:
    return " ".join(subject.encode("unicode_escape").decode("ascii").split())


def parse(content: str, name: str, key: bytes) -> list[Known]:
    """SettingsError for what is no baseline, or one by another key."""
    title, _, rest = content.partition("\n")
    if not title.startswith(_TITLE):
        raise SettingsError(
            f"{name}: not a baseline of keymuster", "Write one: keymuster baseline write"
        )
    if title.removeprefix(_TITLE).strip() != key_name(key):
        raise SettingsError(
            f"{name}: its fingerprints were made with another key",
            "Set the same fingerprint_key_env as when it was written, or write it anew.",
        )
    found = []
    for number, line in enumerate(rest.splitlines(), 2):
        if not line.strip() or line.startswith("#"):
            continue
        said = _LINE.fullmatch(line)
        if said is None:
            raise SettingsError(
                f"{name}:{number}: not a line of a baseline",
                "Resolve what a merge has left there, or write the baseline anew.",
            )
        found.append(Known(id=said["id"], fingerprint=said["fingerprint"]))
    return found


def compared(findings: Iterable[Finding], baseline: Iterable[Known]) -> Compared:
    """Each known one excuses one finding: one that is wholly the same, or else one that was moved, or
    else one about the same that says something else by now. Who copies what is known brings something
    new. What is accepted by other means stays as it is."""
    left = Counter((one.id, one.fingerprint) for one in set(baseline))
    listed = list(findings)
    new = [one for one in listed if not one.is_accepted]
    for part in (slice(None), slice(1, None), slice(0, 1)):
        new = _unexcused(new, left, part)
    kept = {id(one) for one in new}
    return Compared(
        new=tuple(one for one in listed if id(one) in kept or one.is_accepted),
        known=sum(not one.is_accepted for one in listed) - len(new),
        gone=left.total(),
    )


def _unexcused(
    findings: Iterable[Finding], left: Counter[tuple[str, str]], part: slice
) -> list[Finding]:
    """Those that no known one excuses by this part of it. What excuses is taken from what is left."""
    by: dict[Any, list[tuple[str, str]]] = {}
    for known in sorted(left.elements()):
        by.setdefault(known[part], []).append(known)
    new = []
    for one in findings:
        excuses = by.get((one.id, one.fingerprint)[part])
        if excuses:
            known = excuses.pop()
            left[known] -= 1
        else:
            new.append(one)
    return new
