"""Regular languages, exactly: union, intersection, complement, and the shortest text of one.

A language is a node of an expression; what it still wants after a character is its derivative
(Brzozowski 1964), which is built only when somebody walks there. Nodes that are equal are the same
object, so a walk through all that a language can become is finite and short.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, reduce
from typing import cast

LAST = 0x10FFFF
SEPARATOR = "\0"
"""Stands between the fields of a word, and in no field."""


Ranges = tuple[tuple[int, int], ...]
"""Code points, from and to, in order."""


class TooLarge(Exception):
    """A question that would take too long to answer exactly."""


class Language:
    """A set of texts. Made by the functions below, which keep one object for each expression."""

    __slots__ = ("cuts", "has_empty", "kind", "parts", "starts", "steps")

    def __init__(self, kind: str, parts: tuple[object, ...], has_empty: bool, cuts: frozenset[int]):
        self.kind = kind
        self.parts = parts
        self.has_empty = has_empty
        """Whether the empty text is one of them."""
        self.cuts = cuts
        """Code points where the derivative may change."""
        self.steps: dict[int, Language] = {}
        self.starts: tuple[int, ...] | None = None
        """What `_starts` found."""

    def __contains__(self, text: str) -> bool:
        return after(self, text).has_empty

    def __and__(self, other: Language) -> Language:
        return every(self, other)

    def __or__(self, other: Language) -> Language:
        return some(self, other)

    def __invert__(self) -> Language:
        return complement(self)

    def __add__(self, other: Language) -> Language:
        return chain(self, other)


_CACHE = 1 << 15
"""Nodes that are kept. One that is made again is another object, which costs time and no truth."""


@lru_cache(_CACHE)
def _node(kind: str, parts: tuple[object, ...], has_empty: bool, cuts: frozenset[int]) -> Language:
    return Language(kind, parts, has_empty, cuts)


def forget() -> None:
    """Let go of the nodes that nobody holds."""
    _node.cache_clear()


def characters(*ranges: tuple[int, int]) -> Language:
    """Texts of one character out of these ranges."""
    merged = _merged(ranges)
    if not merged:
        return NOTHING
    if merged == ((0, LAST),):
        return ANY_CHARACTER
    cuts = frozenset(cut for low, high in merged for cut in (low, high + 1))
    return _node("characters", merged, False, cuts)


def _merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        elif low <= high:
            merged.append((low, high))
    return tuple(merged)


NOTHING = _node("characters", (), False, frozenset())
EMPTY = _node("chain", (), True, frozenset())
ANY_CHARACTER = _node("characters", ((0, LAST),), False, frozenset((0, LAST + 1)))


def chain(*parts: Language) -> Language:
    """A text of the first, then one of the second ..."""
    result = EMPTY
    for part in reversed(parts):
        result = _chained(part, result)
    return result


def _chained(first: Language, rest: Language) -> Language:
    if first is NOTHING or rest is NOTHING:
        return NOTHING
    if first is EMPTY:
        return rest
    if rest is EMPTY:
        return first
    if first.kind == "chain":
        head, tail = _two(first)
        return _chained(head, _chained(tail, rest))
    if first is EVERYTHING and (
        rest is EVERYTHING or (rest.kind == "chain" and rest.parts[0] is EVERYTHING)
    ):
        return rest
    cuts = first.cuts | rest.cuts if first.has_empty else first.cuts
    return _node("chain", (first, rest), first.has_empty and rest.has_empty, cuts)


def _two(node: Language) -> tuple[Language, Language]:
    return cast(tuple[Language, Language], node.parts)


def _ranges(node: Language) -> Ranges:
    return cast(Ranges, node.parts)


def _inside(node: Language) -> tuple[Language, ...]:
    return cast(tuple[Language, ...], node.parts)


def repeated(part: Language) -> Language:
    """None, one or more of them after another."""
    if part is NOTHING or part is EMPTY:
        return EMPTY
    if part.kind == "repeated":
        return part
    if part is ANY_CHARACTER:
        return EVERYTHING
    return _node("repeated", (part,), True, part.cuts)


EVERYTHING = _node("repeated", (ANY_CHARACTER,), True, ANY_CHARACTER.cuts)


def some(*parts: Language) -> Language:
    """What at least one of them has."""
    flat: dict[Language, None] = {}
    ranges: list[tuple[int, int]] = []
    for part in parts:
        for one in _inside(part) if part.kind == "some" else (part,):
            if one is EVERYTHING:
                return EVERYTHING
            if one.kind == "characters":
                ranges += _ranges(one)
            else:
                flat[one] = None
    if ranges:
        flat[characters(*ranges)] = None
    return _of_several("some", list(flat), NOTHING)


def every(*parts: Language) -> Language:
    """What all of them have."""
    flat: dict[Language, None] = {}
    for part in parts:
        for one in _inside(part) if part.kind == "every" else (part,):
            if one is NOTHING:
                return NOTHING
            if one is not EVERYTHING:
                flat[one] = None
    return _of_several("every", list(flat), EVERYTHING)


def _of_several(kind: str, parts: list[Language], none: Language) -> Language:
    if len(parts) < 2:
        return parts[0] if parts else none
    parts.sort(key=id)
    empties = [part.has_empty for part in parts]
    has_empty = any(empties) if kind == "some" else all(empties)
    return _node(kind, tuple(parts), has_empty, frozenset().union(*(one.cuts for one in parts)))


def complement(part: Language) -> Language:
    """What it does not have."""
    if part is NOTHING:
        return EVERYTHING
    if part is EVERYTHING:
        return NOTHING
    if part.kind == "complement":
        return _inside(part)[0]
    return _node("complement", (part,), not part.has_empty, part.cuts)


def literal(text: str, *, any_case: bool = False) -> Language:
    """One text; with `any_case`, however its letters are written."""
    return chain(*(_character(one, any_case) for one in text))


def _character(one: str, any_case: bool) -> Language:
    ways = {one, one.lower(), one.upper()} if any_case else {one}
    return characters(*((ord(way), ord(way)) for way in ways if len(way) == 1))


def wildcards(pattern: str) -> Language:
    """`*` is any text and `?` any one character; all else is itself."""
    special = {"*": EVERYTHING, "?": ANY_CHARACTER}
    return chain(*(special.get(one) or _character(one, False) for one in pattern))


class Preimage:
    """How the fields of a word make up a text: which of them are in it, and the fixed text after
    each (`before` goes first). Words are fields with a separator between each two."""

    __slots__ = ("after", "before", "used")

    def __init__(self, before: str, used: tuple[bool, ...], after: tuple[str, ...]) -> None:
        self.before, self.used, self.after = before, used, after

    def of(self, language: Language) -> Language:
        """The words whose text is in a language."""
        return _preimage(self, 0, after(language, self.before))

    def text(self, fields: list[str]) -> str:
        """The text of one word."""
        told = zip(self.used, fields, self.after, strict=True)
        return self.before + "".join((field if used else "") + end for used, field, end in told)


def _preimage(how: Preimage, field: int, rest: Language) -> Language:
    if rest is NOTHING or rest is EVERYTHING:
        return rest
    if not any(how.used[field:]):  # the text is told, whatever fields follow
        return EVERYTHING if rest.has_empty else NOTHING
    is_last = field == len(how.used) - 1
    has_empty = is_last and after(rest, how.after[field]).has_empty
    cuts = frozenset((0, 1)) | (rest.cuts if how.used[field] else frozenset())
    return _node("preimage", (how, field, rest), has_empty, cuts)


def after(language: Language, text: str) -> Language:
    """What may follow a text."""
    for one in text:
        language = _after(language, ord(one))
    return language


def _after(node: Language, code: int) -> Language:
    known = node.steps.get(code)
    if known is None:
        known = node.steps[code] = _derived(node, code)
    return known


def _derived(node: Language, code: int) -> Language:
    match node.kind:
        case "characters":
            return EMPTY if any(low <= code <= high for low, high in _ranges(node)) else NOTHING
        case "chain":
            if node is EMPTY:
                return NOTHING
            first, rest = _two(node)
            through = _chained(_after(first, code), rest)
            return some(through, _after(rest, code)) if first.has_empty else through
        case "repeated":
            return _chained(_after(_inside(node)[0], code), node)
        case "some":
            return some(*(_after(one, code) for one in _inside(node)))
        case "every":
            return every(*(_after(one, code) for one in _inside(node)))
        case "complement":
            return complement(_after(_inside(node)[0], code))
        case _:
            return _after_preimage(node, code)


def _image(node: Language) -> tuple[Preimage, int, Language]:
    return cast(tuple[Preimage, int, Language], node.parts)


def _after_preimage(node: Language, code: int) -> Language:
    how, field, rest = _image(node)
    if code == 0:
        if field == len(how.used) - 1:
            return NOTHING
        return _preimage(how, field + 1, after(rest, how.after[field]))
    return _preimage(how, field, _after(rest, code)) if how.used[field] else node


_left: ContextVar[list[int]] = ContextVar("left")


@contextmanager
def at_most(steps: int) -> Iterator[None]:
    """Searches inside take no more than so many steps together: TooLarge."""
    token = _left.set([steps])
    try:
        yield
    finally:
        _left.reset(token)


def shortest(language: Language) -> str | None:
    """A text of it that no other is shorter than, letters before digits before the rest; None if
    there is none."""
    if language.has_empty:
        return ""
    left = _left.get([1_000_000])
    seen = {language}
    waiting = deque([(language, "")])
    while waiting:
        left[0] -= 1
        if left[0] < 0:
            raise TooLarge
        node, text = waiting.popleft()
        for code in _starts(node):
            found = _after(node, code)
            if found.has_empty:
                return text + chr(code)
            if found is NOTHING or found in seen:
                continue
            seen.add(found)
            waiting.append((found, text + chr(code)))
    return None


def is_empty(language: Language) -> bool:
    """Whether it has no text."""
    return shortest(language) is None


def _starts(node: Language) -> tuple[int, ...]:
    """A code point for each kind of character that a text may start with, the readable ones first."""
    if node.starts is None:
        ranges = _first(node)
        cuts = sorted(node.cuts)
        chosen = [code for low, high in ranges for code in _samples(low, high, cuts)]
        node.starts = tuple(sorted(chosen, key=_rank))
    return node.starts


def _samples(low: int, high: int, cuts: list[int]) -> Iterator[int]:
    """A code point of each stretch between two cuts."""
    for cut in cuts[bisect_right(cuts, low) : bisect_right(cuts, high)]:
        yield _readable(low, cut - 1)
        low = cut
    yield _readable(low, high)


def _first(node: Language) -> Ranges:
    """No text of a language starts with a character that is not among these."""
    match node.kind:
        case "characters":
            return _ranges(node)
        case "chain":
            if node is EMPTY:
                return ()
            first, rest = _two(node)
            return _merged((*_first(first), *_first(rest))) if first.has_empty else _first(first)
        case "repeated":
            return _first(_inside(node)[0])
        case "some":
            return _merged(one for part in _inside(node) for one in _first(part))
        case "every":
            return reduce(_common, map(_first, _inside(node)))
        case "preimage":
            how, field, rest = _image(node)
            return _merged(((0, 0), *_first(rest))) if how.used[field] else ((0, LAST),)
        case _:
            return ((0, LAST),)


def _common(some_ranges: Ranges, others: Ranges) -> Ranges:
    return tuple(
        (max(low, first), min(high, last))
        for low, high in some_ranges
        for first, last in others
        if max(low, first) <= min(high, last)
    )


def _readable(low: int, high: int) -> int:
    for first, last in ((97, 122), (48, 57), (65, 90)):
        if max(low, first) <= min(high, last):
            return max(low, first)
    return low


def _rank(code: int) -> tuple[int, int]:
    one = chr(code)
    if "a" <= one <= "z":
        return 0, code
    return (1, code) if "0" <= one <= "9" else (2, code)
