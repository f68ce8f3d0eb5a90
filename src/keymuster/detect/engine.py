"""From bytes to secret matches: gate, confirm, decide."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import accumulate
from typing import Any, TypeAlias

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


WRONG_CHECKSUM = "its checksum is wrong"
DULL = "it repeats itself, or is too regular"
UNKEPT = "another format explains the same text better, or a forged token holds it"


_LEAST_VARIETY = 3
"""Different bytes in anything that is worth a word, be it as a sample."""


class Match(Struct, frozen=True, kw_only=True):
    """One secret: the format that recognised it and its span in the content that was scanned."""

    format: TokenFormat
    start: int
    end: int
    secret: Secret
    confidence: Confidence
    status: CredentialStatus
    facts: dict[str, str]


Judged: TypeAlias = tuple[TokenFormat, Candidate, Match | str]
"""What has the form of a credential, and the match or the reason why it is none."""


class _Word(Struct, frozen=True):
    """A context word, the patterns to look for behind it, and the least bytes that those need."""

    word: str
    followers: list[Pattern]
    least: int


class Engine:
    """A rule set made ready to search. Making one is cheap; the first scan opens the database."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._patterns = patterns.of_rules(rules)

    @cached_property
    def _standing(self) -> list[Pattern]:
        """The patterns with a gate of their own."""
        return [pattern for pattern in self._patterns if pattern.gate]

    @cached_property
    def _behind(self) -> list[_Word]:
        """The context words, each with the patterns to look for behind it."""
        found: dict[str, list[Pattern]] = {}
        for pattern in self._patterns:
            for word in pattern.words:
                found.setdefault(word, []).append(pattern)
        return [
            _Word(word, followers, min(one.least for one in followers))
            for word, followers in found.items()
        ]

    @cached_property
    def _database(self) -> tuple[Any, Any]:
        from keymuster.detect.database import open_database

        words = (patterns.of_word(one.word) for one in self._behind)
        return open_database([*self._standing, *words])

    def open(self) -> None:
        """Open the database now, so that processes forked later share it."""
        if self._patterns:
            self._database  # noqa: B018

    def scan(self, content: bytes, *, binary: bool = False, path: str = "") -> list[Match]:
        """Every secret in the content, in order of place; no two overlap. In `binary` content only
        formats count that are recognisable without the words around them. `path` is what the
        content calls itself; it only adds to the weight of values without a format."""
        return _kept(self._found(content, binary, path))

    def judged(self, content: bytes, *, path: str = "") -> list[Judged]:
        """Everything that has the form of a credential, with the match or the reason why it is none:
        what `scan` drops without a word."""
        found = self._found(content, False, path)
        kept = {id(match) for match in _kept(found)}
        return [
            (
                token,
                one,
                UNKEPT if isinstance(verdict, Match) and id(verdict) not in kept else verdict,
            )
            for token, one, verdict in found
        ]

    def hits(self, content: bytes) -> Iterator[tuple[Pattern, int]]:
        """Where a search hit, each place once: the pattern and the offset its candidate starts at,
        or, of a pattern that stands behind words, the offset one past a word."""
        if not self._patterns:
            return
        if len(content) > LARGEST:
            raise Unreadable("holds more than 4 GiB in one piece; it was not searched")
        raw: list[tuple[int, int, int]] = []
        database, scratch = self._database
        database.scan(content, match_event_handler=_collect, context=raw, scratch=scratch)
        seen: set[tuple[int, int]] = set()
        standing, behind = self._standing, self._behind
        first_word = len(standing)
        for number, begin, end in raw:
            if number >= first_word:
                one = behind[number - first_word]
                if _follows(content, end, one.least) and _is_word(
                    content, end - len(one.word), end
                ):
                    for pattern in one.followers:
                        yield pattern, end
                continue
            pattern = standing[number]
            start = begin if pattern.length is None else end - pattern.length
            if start >= 0 and (number, start) not in seen:
                seen.add((number, start))
                yield pattern, start

    def _found(self, content: bytes, binary: bool, path: str) -> list[Judged]:
        return [
            (token, one, self._judged(content, token, one))
            for token, one in self._confirmed(content, binary, path)
        ]

    def _confirmed(
        self, content: bytes, binary: bool, path: str
    ) -> Iterator[tuple[TokenFormat, Candidate]]:
        """What has the form of a credential, whatever it turns out to be."""
        for pattern, start in self.hits(content):
            token = self._rules.tokens[pattern.format]
            if binary and _needs_words(token):
                continue
            for found in _candidates(content, pattern, token, start, path):
                yield token, found

    def _judged(self, content: bytes, token: TokenFormat, found: Candidate) -> Match | str:
        """The match, or why its text is not what its form promises."""
        from keymuster.detect import checksums, decode

        text = content[found.start : found.end]
        if token.checksum is not None and not checksums.holds(token.checksum, text):
            return WRONG_CHECKSUM
        status = found.status or token.status
        if sha256(text).hexdigest() in self._rules.samples or _says_sample(token, text, found):
            status = CredentialStatus.SAMPLE
        elif token.recognizer is None and token.checksum is None:
            body = text[found.public :]
            if len(set(body)) < _LEAST_VARIETY or (not token.context and _is_dull(token, body)):
                return DULL
            if token.context and (_is_dull(token, body) or is_placeholder(body)):
                status = CredentialStatus.SAMPLE
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
    return bool(token.context) or _is_guess(token)


def _candidates(
    content: bytes, pattern: Pattern, token: TokenFormat, start: int, path: str
) -> Iterable[Candidate]:
    """What stands at `start`, if it has the format's form and stands free."""
    if pattern.recognizer:
        from keymuster.detect.recognizers import RECOGNIZERS

        return RECOGNIZERS[pattern.recognizer].recognize(content, start, pattern.number, path)
    if pattern.words:
        return _behind_word(content, pattern, start)
    found = _standing_candidate(content, pattern, token, start)
    return () if found is None else (found,)


def _behind_word(content: bytes, pattern: Pattern, at: int) -> Iterator[Candidate]:
    """The values behind a word that ends at an offset: on its line, near enough, or as the first
    thing on the next line, if the word's line leaves it open."""
    furthest = at + patterns.REACH + 1
    line_end = content.find(b"\n", at, furthest)
    stop = furthest if line_end < 0 else line_end
    opens = line_end >= 0 and _OPENS.match(content, line_end - 1, furthest + _DEEPEST)
    next_line = opens.end() if opens else 0
    done = at
    for edge in _begins_at(content, at, stop, next_line):
        if edge < done or (edge == at and content[at - 1 : at].isalnum()):
            continue
        found = pattern.regex.match(content, edge)
        if found is None:
            continue
        done = found.end()
        if not (
            pattern.plain and (_is_part_of_a_name(content, edge, done) or _is_digest(content, edge))
        ):
            yield Candidate(start=edge, end=done, public=pattern.public)


def _begins_at(content: bytes, at: int, stop: int, next_line: int) -> Iterator[int]:
    """Where a value may begin: on the rest of a line, or at the one place of the next line."""
    for edge in _EDGE.finditer(content, at, stop + 1):
        yield edge.start()
    if next_line > stop:
        yield next_line


_EDGE = re.compile(rb"(?:%b)(?=[^\s\"'`])" % patterns.LEFT_EDGE.encode())
_DEEPEST = 44
_OPENS = re.compile(rb"[>=:(\[,]\r?\n[ \t]{0,40}[\"'`]?|\r\n[ \t]{0,40}[\"'`]?")
"""The end of a line that leaves a value open, and the indentation before it."""


def _standing_candidate(
    content: bytes, pattern: Pattern, token: TokenFormat, start: int
) -> Candidate | None:
    if token.pattern is None and not _stands_free(content, start):
        return None
    found = pattern.regex.match(content, start)
    if found is None or found.start("secret") == found.end("secret"):
        return None
    begin, end = found.span("secret")
    if token.context and not _has_context(content, begin, token.context):
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
    rb"(?:(?:(?<![A-Za-z])|(?-i:(?<=[a-z])(?=[A-Z])))(?:sha-?\d{0,3}|etag|rev)|"
    rb"md5|crc32|checksum|digest|integrity|commit|revision)"
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
    """Whether one of the words stands before the value, near enough: on its line, or on the one
    before if the value begins its own."""
    floor = max(0, start - patterns.REACH - _LONGEST_WORD)
    line = max(floor, content.rfind(b"\n", floor, start) + 1)
    if not content[line:start].strip(b" \t\"'`"):
        line = max(floor, content.rfind(b"\n", floor, max(floor, line - 1)) + 1)
    small = content[line:start].lower()
    return any(
        _is_word(content, line + place.start(), line + place.end())
        for word in words
        for place in re.finditer(re.escape(word.lower().encode()), small)
    )


def _is_word(content: bytes, begin: int, end: int) -> bool:
    """Whether a context word was written by a person: a short one begins like a word, in any style
    of names, and none stands inside the endless words of base64."""
    before = content[max(0, begin - _LONGEST_WORD) : begin]
    after = content[end : end + _LONGEST_WORD]
    left = len(before) - len(before.rstrip(_LETTERS))
    right = len(after) - len(after.lstrip(_LETTERS))
    if left + end - begin + right > _LONGEST_WORD and right < _LONGEST_WORD:
        return False
    return end - begin > _SHORT_WORD or _begins(content, begin, left)


def _begins(content: bytes, begin: int, left: int) -> bool:
    return left == 0 or (
        content[begin - 1 : begin].islower() and content[begin : begin + 1].isupper()
    )


def _follows(content: bytes, end: int, least: int) -> bool:
    """Whether anything as long as the shortest value stands near behind a word."""
    return _run(least).search(content, end, end + patterns.REACH + _DEEPEST + least) is not None


@lru_cache(maxsize=256)
def _run(least: int) -> re.Pattern[bytes]:
    return re.compile(rb"[^\s\"'`<>]{%d}" % least)


_LETTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LONGEST_WORD = 40
_SHORT_WORD = 4


def _says_sample(token: TokenFormat, text: bytes, found: Candidate) -> bool:
    """A value that calls itself an example."""
    body = text[found.public :] if token.recognizer is None else b""
    return b"EXAMPLE" in body or b"example" in body


def _is_dull(token: TokenFormat, body: bytes) -> bool:
    """Whether nobody's generator made a value of the right form."""
    return (len(body) >= 8 and is_repetitive(body)) or entropy(body) < token.least_entropy


def _kept(found: list[Judged]) -> list[Match]:
    """The matches that stand: none in forged text, and no two that overlap. A form without a marker
    is only forged text for a guess at just the same."""
    wrong = [(token, one) for token, one, verdict in found if verdict == WRONG_CHECKSUM]
    forged = [(one.start, one.end) for token, one in wrong if patterns.has_marker(token)]
    same = {(one.start, one.end) for _, one in wrong}
    matches = [
        verdict
        for _, _, verdict in found
        if isinstance(verdict, Match)
        and not (_is_guess(verdict.format) and (verdict.start, verdict.end) in same)
    ]
    return _without_overlaps(_without_forged(matches, forged))


def _is_guess(token: TokenFormat) -> bool:
    """Whether a match is weighed, and has no form of its own."""
    return token.recognizer in ("assignment", "url-password")


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


def _rank(match: Match) -> tuple[bool, bool, int, int, int, int, bool, int, str]:
    text = match.secret.reveal()
    prefix = patterns.prefix_length(match.format, text)
    fixed, letters = patterns.particulars(match.format, text)
    named = match.format.context and prefix >= _TELLING
    return (
        _is_guess(match.format),
        match.format.checksum is None,
        -(Confidence.HIGH if named else match.confidence).rank,
        match.start - match.end,
        -fixed,
        -prefix,
        not match.format.context,
        -letters,
        match.format.id,
    )


_TELLING = 3
"""Fixed bytes in front that, with the vendor's name before them, make a match as sure as any."""
