"""From bytes to secret matches: gate, confirm, decide."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from hashlib import sha256
from itertools import accumulate
from typing import Any

from msgspec import Struct

from keymuster.detect import patterns
from keymuster.detect.candidates import Candidate
from keymuster.detect.patterns import Pattern
from keymuster.detect.placeholders import entropy, is_placeholder, is_repetitive
from keymuster.errors import Unreadable
from keymuster.model import Confidence, CredentialStatus, Secret
from keymuster.rules.schema import RuleSet, TokenFormat

WIDEST = 65_536 + 4_096
"""Bytes on either side of a hit that may decide about it; windows overlap by this much."""


LARGEST = 2**32 - 1
"""Bytes that Hyperscan can search at once; it counts them in 32 bits."""


class Match(Struct, frozen=True, kw_only=True):
    """One secret: the format that recognised it and its span in the content that was scanned."""

    format: TokenFormat
    start: int
    end: int
    secret: Secret
    confidence: Confidence
    status: CredentialStatus
    facts: dict[str, str]


class Engine:
    """A rule set made ready to search. Making one is cheap; the first scan opens the database."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._patterns = patterns.of_rules(rules)

    @cached_property
    def _database(self) -> tuple[Any, Any]:
        from keymuster.detect.database import open_database

        return open_database(self._patterns)

    def open(self) -> None:
        """Open the database now, so that processes forked later share it."""
        if self._patterns:
            self._database  # noqa: B018

    def scan(self, content: bytes, *, binary: bool = False) -> list[Match]:
        """Every secret in the content, in order of place; no two overlap. In `binary` content only
        formats count that are recognisable without the words around them."""
        if not self._patterns:
            return []
        if len(content) > LARGEST:
            raise Unreadable("holds more than 4 GiB in one piece; it was not searched")
        hits: list[tuple[int, int, int]] = []
        database, scratch = self._database
        database.scan(content, match_event_handler=_collect, context=hits, scratch=scratch)
        if not hits:
            return []
        forged: list[tuple[int, int]] = []
        matches = [
            match
            for token, found in self._confirmed(content, hits, binary)
            if (match := self._match(content, token, found, forged)) is not None
        ]
        return _without_overlaps(_without_forged(matches, forged))

    def _confirmed(
        self, content: bytes, hits: Iterable[tuple[int, int, int]], binary: bool
    ) -> Iterator[tuple[TokenFormat, Candidate]]:
        """What has the form of a credential, whatever it turns out to be."""
        seen: set[tuple[int, int]] = set()
        for number, begin, end in hits:
            pattern = self._patterns[number]
            token = self._rules.tokens[pattern.format]
            if binary and _needs_words(token):
                continue
            start = begin if pattern.length is None else end - pattern.length
            if start < 0 or (number, start) in seen:
                continue
            seen.add((number, start))
            if (found := _candidate(content, pattern, token, start)) is not None:
                yield token, found

    def _match(
        self, content: bytes, token: TokenFormat, found: Candidate, forged: list[tuple[int, int]]
    ) -> Match | None:
        """The match, unless its text is not what its form promises. A distinctive form with a wrong
        checksum is noted in `forged`: no other format may take it for its own."""
        from keymuster.detect import checksums, decode

        text = content[found.start : found.end]
        if token.checksum is not None and not checksums.holds(token.checksum, text):
            if patterns.has_marker(token):
                forged.append((found.start, found.end))
            return None
        status = found.status or token.status
        if sha256(text).hexdigest() in self._rules.samples or _says_sample(token, text, found):
            status = CredentialStatus.SAMPLE
        elif token.recognizer is None and token.checksum is None and _is_dull(token, text, found):
            return None
        facts = (
            found.facts if token.decode is None else found.facts | decode.facts(token.decode, text)
        )
        return Match(
            format=token,
            start=found.start,
            end=found.end,
            secret=Secret(text, found.public),
            confidence=found.confidence or token.confidence,
            status=status,
            facts=facts,
        )


def _collect(number: int, begin: int, end: int, _: int, hits: list[tuple[int, int, int]]) -> None:
    hits.append((number, begin, end))


def _needs_words(token: TokenFormat) -> bool:
    return bool(token.context) or token.recognizer in ("assignment", "url-password")


def _candidate(
    content: bytes, pattern: Pattern, token: TokenFormat, start: int
) -> Candidate | None:
    """What stands at `start`, if it has the format's form and stands free."""
    if pattern.recognizer:
        from keymuster.detect.recognizers import RECOGNIZERS

        return RECOGNIZERS[pattern.recognizer].recognize(content, start)
    if token.pattern is None and not _stands_free(content, start):
        return None
    found = pattern.regex.match(content, start)
    if found is None or found.start("secret") == found.end("secret"):
        return None
    begin, end = found.span("secret")
    if token.context and not _has_context(content, begin, token.context):
        return None
    if pattern.plain and (_is_part_of_a_name(content, begin, end) or _is_digest(content, begin)):
        return None
    return Candidate(start=begin, end=end, public=pattern.public)


def _stands_free(content: bytes, start: int) -> bool:
    """Whether a token may begin here: not inside a word, but after an escape such as `\\n`, `%3D`."""
    if start == 0 or not content[start - 1 : start].isalnum():
        return True
    before = content[max(0, start - 6) : start]
    return (
        before[-2:] in (b"\\n", b"\\r", b"\\t", b"\\b", b"\\f")
        or (before[-3:-2] == b"%" and _is_hex(before[-2:]))
        or (before[-6:-4] == b"\\u" and _is_hex(before[-4:]))
        or (before[-4:-2] == b"\\x" and _is_hex(before[-2:]))
    )


def _is_part_of_a_name(content: bytes, start: int, end: int) -> bool:
    """Whether a value is a piece of a path or of a dotted name, which context words are full of."""
    after = content[end : end + 2]
    return content[start - 1 : start] in (b"/", b".") or (after[:1] == b"." and after[1:].isalnum())


_DIGEST = re.compile(
    rb"(?:[@#]|\bh1:|"
    rb"(?:sha-?\d{0,3}|md5|crc32|checksum|digest|integrity|etag|commit|rev|revision)"
    rb"[\"']?[ \t]{0,4}[:= -][ \t]{0,4}[\"']?|"
    rb"(?<!secret)[_-]id[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?)\Z",
    re.IGNORECASE,
)


def _is_digest(content: bytes, start: int) -> bool:
    """Whether a value is named as a hash or an id of something: `sha256=...` in a list of files,
    the commit of a pinned action, `dashboard_id = ...`."""
    return _DIGEST.search(content, max(0, start - 24), start) is not None


def _is_hex(text: bytes) -> bool:
    return all(byte in b"0123456789abcdefABCDEF" for byte in text)


def _has_context(content: bytes, start: int, words: list[str]) -> bool:
    """Whether one of the words stands before the value, near enough and on its line."""
    floor = max(0, start - patterns.REACH - 64)
    line = content[max(floor, content.rfind(b"\n", floor, start) + 1) : start]
    small = line.lower()
    return any(
        _is_word(line, place, len(word))
        for word in words
        for place in _places(small, word.lower().encode())
    )


def _places(line: bytes, word: bytes) -> Iterator[int]:
    place = line.find(word)
    while place >= 0:
        yield place
        place = line.find(word, place + 1)


def _is_word(line: bytes, place: int, size: int) -> bool:
    """Whether what stands there was written by a person: a short word begins like one, in any
    style of names, and neither stands inside the endless words of base64."""
    before = line[max(0, place - _LONGEST_WORD) : place]
    after = line[place + size : place + size + _LONGEST_WORD]
    left = len(before) - len(before.rstrip(_LETTERS))
    right = len(after) - len(after.lstrip(_LETTERS))
    if left + size + right > _LONGEST_WORD:
        return False
    begins = left == 0 or (before[-1:].islower() and line[place : place + 1].isupper())
    return begins or size > _SHORT_WORD


_LETTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LONGEST_WORD = 40
_SHORT_WORD = 4


def _says_sample(token: TokenFormat, text: bytes, found: Candidate) -> bool:
    """A value that calls itself an example."""
    body = text[found.public :] if token.recognizer is None else b""
    return b"EXAMPLE" in body or b"example" in body


def _is_dull(token: TokenFormat, text: bytes, found: Candidate) -> bool:
    """A value with the right form that nobody's generator made."""
    body = text[found.public :]
    if len(body) >= 8 and is_repetitive(body):
        return True
    if token.least_entropy and entropy(body) < token.least_entropy:
        return True
    return bool(token.context) and is_placeholder(body)


def _without_forged(matches: list[Match], forged: list[tuple[int, int]]) -> list[Match]:
    """Without what lies inside forged text, unless a checksum of its own vouches for it."""
    if not forged:
        return matches
    forged.sort()
    starts = [start for start, _ in forged]
    furthest = list(accumulate((end for _, end in forged), max))

    def inside(match: Match) -> bool:
        before = bisect_right(starts, match.start)
        return before > 0 and match.end <= furthest[before - 1]

    return [match for match in matches if match.format.checksum is not None or not inside(match)]


def _without_overlaps(matches: Iterable[Match]) -> list[Match]:
    """One match per stretch of text: the surest one, then the longest, then the most particular."""
    kept: list[Match] = []
    together: list[Match] = []
    end = 0
    for match in sorted(matches, key=lambda match: match.start):
        if together and match.start >= end:
            kept += _best(together)
            together = []
        end = max(end, match.end) if together else match.end
        together.append(match)
    return kept + _best(together)


def _best(together: list[Match]) -> list[Match]:
    """The matches of one tangle that can stand side by side, in order of place."""
    if len(together) < 2:
        return together
    kept: list[Match] = []
    starts: list[int] = []
    for match in sorted(together, key=_rank):
        place = bisect_right(starts, match.start)
        if (place and match.start < kept[place - 1].end) or (
            place < len(kept) and kept[place].start < match.end
        ):
            continue
        starts.insert(place, match.start)
        kept.insert(place, match)
    return kept


def _rank(match: Match) -> tuple[bool, bool, int, int, int, bool, str]:
    return (
        match.format.recognizer in ("assignment", "url-password"),
        match.format.checksum is None,
        -match.confidence.rank,
        match.start - match.end,
        -patterns.prefix_length(match.format),
        not match.format.context,
        match.format.id,
    )
