"""Context words: formats that only the words around a value tell from other text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property

from msgspec import Struct

from keymuster import accelerator, regex
from keymuster.detect import patterns
from keymuster.detect.candidates import Candidate
from keymuster.detect.patterns import Pattern

try:
    from keymuster.detect import _accelerator
except ImportError:
    _accelerator = None  # type: ignore[assignment]


class Word(Struct, dict=True):
    """A context word, and the patterns to look for behind it."""

    text: str
    followers: list[Pattern]

    @cached_property
    def least(self) -> int:
        """Bytes that the shortest value has."""
        return min(one.least for one in self.followers)

    def nothing_behind(self, content: bytes, at: int) -> int:
        """How many bytes behind a word that ends at an offset show that there is no value; 0 if they do
        not. It is what `behind` finds of most words, sooner."""
        stop, next_line = _where_values_begin(content, at)
        end = max(stop, next_line) + self.least
        return 0 if self._first_run(content, at, end) >= 0 else max(FURTHEST, end - at)

    def _first_run(self, content: bytes, at: int, end: int) -> int:
        """Where there are as many characters on end as the shortest value has; -1 if nowhere. Measured: an
        expression takes longer to compile than most scans ask it."""
        found = content[at:end].translate(self._kinds).find(self._shortest)
        return found if found < 0 else at + found

    @cached_property
    def _shortest(self) -> bytes:
        return b"x" * self.least

    @cached_property
    def _kinds(self) -> bytes:
        """A table: `x` for what values are made of, a space for all else."""
        table = bytearray(b" " * 256)
        for byte in self.characters:
            table[byte] = ord("x")
        return bytes(table)

    @cached_property
    def _begins(self) -> re.Pattern[bytes]:
        """Where a value may begin."""
        return re.compile(
            b"(?:%b)(?=[%b]{%d})" % (patterns.LEFT_EDGE.encode(), self._characters, self.least)
        )

    @property
    def _characters(self) -> bytes:
        return re.escape(self.characters.decode()).encode()

    @cached_property
    def characters(self) -> bytes:
        """All that values are made of, ascending."""
        return _all(frozenset([one.characters for one in self.followers]))

    def behind(self, content: bytes, at: int) -> tuple[list[tuple[Pattern, Candidate]], int]:
        """The values behind a word that ends at an offset: on its line, near enough, or as the first
        thing on the next line, if the word's line leaves it open; and one past the last byte that
        had a say. Of those before the word, `BEFORE` may have one."""
        asked = _asked()
        if asked is not None and (nothing := asked(content, at, self.least, self.characters)):
            return [], at + nothing
        stop, next_line = _where_values_begin(content, at)
        end = max(stop, next_line) + self.least
        first = self._first_run(content, at, end)
        if first < 0 or not _is_word(content, at - len(self.text), at):
            return [], at + max(FURTHEST, end - at)
        found: list[tuple[Pattern, Candidate]] = []
        done = dict.fromkeys(range(len(self.followers)), at)
        for edge in self._edges(content, first, end):
            if (edge > stop and edge != next_line) or (
                edge == at and content[at - 1 : at].isalnum()
            ):
                continue
            for number, pattern in enumerate(self.followers):
                if edge < done[number]:
                    continue
                value = pattern.regex.match(content, edge)
                if value is None:
                    continue
                done[number] = value.end()
                if not (pattern.plain and _is_told_otherwise(content, edge, value.end())):
                    found.append(
                        (pattern, Candidate(start=edge, end=value.end(), public=pattern.public))
                    )
        return found, max(end, at + FURTHEST) + self._most

    @cached_property
    def _most(self) -> int:
        """Bytes that the longest value has, and what stands behind it."""
        return max(one.most for one in self.followers) + 8

    def _edges(self, content: bytes, at: int, end: int) -> Iterator[int]:
        return (edge.start() for edge in self._begins.finditer(content, at, end))


@cache
def _asked() -> Callable[[bytes, int, int, bytes], int] | None:
    """`nothing_behind` in C, where that was built."""
    if _accelerator is None or not accelerator.is_wanted():
        return None
    return _accelerator.nothing_behind


@cache
def _all(characters: frozenset[str]) -> bytes:
    return "".join(sorted(set().union(*characters))).encode()


def _where_values_begin(content: bytes, at: int) -> tuple[int, int]:
    """How far on its line a value may begin behind a word, and the one place on the next line; 0 if
    there is none, because the word's line is complete."""
    furthest = at + patterns.REACH + 1
    line_end = content.find(b"\n", at, furthest)
    if line_end < 0:
        return furthest, 0
    last = line_end - 1 - (content[line_end - 1 : line_end] == b"\r")
    opens = _OPENS.match(content, last, furthest + _DEEPEST)
    return line_end, opens.end() if opens else 0


_DEEPEST = 44
FURTHEST = patterns.REACH + _DEEPEST + 48
"""Bytes behind a word that decide where values may begin, and whether it is a word."""

_OPENS = regex.later(rb"[>=:(\[,]\r?\n[ \t]{0,40}[\"'`]?")
"""The end of a line that leaves a value open, and the indentation before it."""


def of(all_patterns: Sequence[Pattern]) -> list[Word]:
    """The context words of patterns, each with those to look for behind it."""
    if _LAST and _LAST[0][0] is all_patterns:
        return _LAST[0][1]
    _LAST[:] = [(all_patterns, _of(all_patterns))]
    return _LAST[0][1]


_LAST: list[tuple[Sequence[Pattern], list[Word]]] = []
"""Those that were asked for last: what looks through a report has the same as the search."""


def _of(all_patterns: Iterable[Pattern]) -> list[Word]:
    found: dict[str, list[Pattern]] = {}
    for pattern in all_patterns:
        for word in pattern.words:
            found.setdefault(word, []).append(pattern)
    return [Word(word, followers) for word, followers in found.items()]


def _is_told_otherwise(content: bytes, start: int, end: int) -> bool:
    """Whether a value is a piece of a path or of a dotted name, which context words are full of, or
    is named as a hash or an id of something: `sha256=...` in a list of files, the commit of a pinned
    action, `dashboard_id = ...`."""
    after = content[end : end + 2]
    return (
        content[start - 1 : start] in (b"/", b".")
        or (after[:1] == b"." and after[1:].isalnum())
        or _DIGEST.search(content, max(0, start - 24), start) is not None
    )


_DIGEST = regex.later(
    rb"(?:[@#]|\bh1:|"
    rb"(?:(?:(?<![A-Za-z])|(?-i:(?<=[a-z])(?=[A-Z])))(?:sha-?\d{0,3}|etag|rev)|"
    rb"md5|crc32|checksum|digest|integrity|commit|revision)"
    rb"[\"']?[ \t]{0,4}[:= -][ \t]{0,4}[\"']?|"
    rb"(?<!secret)[_-]id[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?)\Z",
    re.IGNORECASE,
)


def stand_before(words: Sequence[str], content: bytes, start: int) -> bool:
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


_LETTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LONGEST_WORD = 40
_SHORT_WORD = 4

BEFORE = 2 * _LONGEST_WORD
"""Bytes before a context word that may have a say."""
