"""Credentials whose text stands in a file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import ClassVar

from msgspec.structs import replace

from keymuster import regex
from keymuster.collect.base import TOLD_AS, Blob, Context, Observed, Reader
from keymuster.collect.together import Together
from keymuster.collect.unreported import Unreported
from keymuster.detect.loops import fastest
from keymuster.detect.matches import Match
from keymuster.detect.nested import Found, Nested
from keymuster.detect.text import Text
from keymuster.model import Confidence, Credential, Environment, Trouble

_LEAD = regex.later(
    rb"(?P<name>[A-Za-z_$][\w.\-]{0,39})(?P<assign>[\"'`\]]{0,2}\s{0,4}(?::=|=>|=)\s{0,4}[\"'`]?|"
    rb"[\"'`\]]{1,2}\s{0,4}:\s{0,4}[\"'`]?|\s{0,4}:(?:\s{1,4}[\"'`]?|[\"'`]))\Z"
)
"""A bare `a:b` is no assignment: `a` may be a password itself."""

_LONGEST_LEAD = 60


class Secrets(Reader):
    """Matches the formats of `rules/tokens` in every file."""

    name: ClassVar[str] = "secrets"
    past: ClassVar[bool] = True

    def __init__(self, context: Context) -> None:
        self._engine = Nested(context.rules, invalid=context.confidence is Confidence.LOW)
        self._key = context.fingerprint_key
        self._unreported = Unreported(context.exclude)
        self._least = context.confidence.rank
        self._hashes = frozenset(
            hash for report in context.imports for one in report.findings for hash in one.digests
        )
        self._line_ends = fastest().line_ends
        self._engine.open()

    def prepare(self, *, begun: bool) -> None:
        """Load what most files need."""
        self._engine.prepare(begun=begun)

    def reads(self, path: str) -> bool:
        return True

    def among(self, together: Together) -> Iterable[int]:
        return self._engine.several.hit([file.data for file in together.files], together.text)

    def read(self, blob: Blob) -> Iterator[Observed]:
        text = blob.text
        found = self._found(blob, text)
        if not (found.matches or found.incomplete or found.crowded):
            return iter(())  # a generator for each of so many files took longer than to see that
        return self._said(blob, text, found)

    def _said(self, blob: Blob, text: Text, found: Found) -> Iterator[Observed]:
        if found.incomplete:
            yield _trouble(blob, *_ENCODED)
        if found.crowded:
            yield _trouble(blob, *_CROWDED)
        matches = [match for match in found.matches if match.confidence.rank >= self._least]
        if matches:
            yield from self._credentials(blob, text, matches)

    def _credentials(self, blob: Blob, text: Text, matches: list[Match]) -> Iterator[Credential]:
        positions = blob.positions(self._line_ends)
        offsets = sorted({at for match in matches for at in (match.start, match.end)})
        place = {offset: positions.at(offset) for offset in offsets}
        ends = sorted(match.end for match in matches)
        for match in matches:
            begin, end = place[match.start], place[match.end]
            if not blob.owns(match.start) or not blob.counts(begin[0], end[0]):
                continue
            before = bisect_right(ends, match.start)
            context = _context(text.content, match, ends[before - 1] if before else 0)
            credential = self._credential(blob, match, begin, end, context)
            excluded = self._unreported.reason(text.content, match, credential.id)
            yield replace(credential, excluded=excluded) if excluded else credential

    def _found(self, blob: Blob, text: Text) -> Found:
        if blob.notes is None or text.content is not blob.data:
            return self._engine.scan(text.content, binary=text.binary, path=blob.path)
        found, blob.notes[self.name] = self._engine.read(
            text.content, binary=text.binary, path=blob.path,
            other=blob.before.get(self.name), kept=blob.kept,
        )  # fmt: skip
        return found

    def _credential(
        self, blob: Blob, match: Match, begin: tuple[int, int], end: tuple[int, int], context: str
    ) -> Credential:
        token, fingerprint = match.format, match.secret.fingerprint(self._key)
        tags = match.facts
        if self._hashes and (same := self._hashes.intersection(match.secret.digests())):
            tags = {**tags, TOLD_AS: " ".join(sorted(same))}
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
            tags=tags,
        )


_ENCODED = (
    "holds more encoded or compressed text than is decoded of a file this size; what was not decoded "
    "was searched as it stands",
    "Decode it and scan what comes out, or exclude it.",
)
_CROWDED = (
    "holds more names of secrets than are looked at in a file this size; behind the last of them only "
    "known formats were searched for",
    "Scan it in parts, or exclude it.",
)


def _trouble(blob: Blob, message: str, advice: str) -> Trouble:
    scope = blob.path or f"object {blob.object}"
    return Trouble(part=Secrets.name, scope=scope, message=message, advice=advice)


def _preview(match: Match) -> str:
    shown = match.secret.preview
    if scheme := match.facts.get("scheme"):
        return f"{scheme}://{shown}@"
    return shown


def _environment(match: Match) -> Environment:
    """What the public prefix says: `sk_test_` is a test key."""
    text = match.secret.reveal()
    for prefix, environment in match.format.environments.items():
        if text.startswith(prefix.encode()):
            return environment
    return Environment.UNKNOWN


def _context(content: bytes, match: Match, before: int) -> str:
    """The name a secret is assigned to, and the secret masked; never another piece of the line,
    which may hold a secret that no format knows. `before` is where the last match before it ends."""
    floor = max(before, match.start - _LONGEST_LEAD)
    line = max(floor, content.rfind(b"\n", floor, match.start) + 1)
    before_it, behind = _lead(content[line : match.start])
    return f"{before_it}{match.secret.preview}{behind}"


@lru_cache(maxsize=4096)
def _lead(line: bytes) -> tuple[str, str]:
    """Of what stands before a secret the name that it is assigned to, and the quote that ends it. Versions of a
    file have the same lines."""
    lead = _LEAD.search(line)
    if lead is None or sum(48 <= byte <= 57 for byte in lead["name"]) > 3:
        return "", ""
    last = lead["assign"][-1:].decode()
    return lead[0].decode("ascii", "replace"), last if last in ("'", '"', "`") else ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
