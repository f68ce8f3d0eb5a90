"""Patterns of AWS policies: `*`, `?`, policy variables, and parts that a declaration does not tell.

A part that is not told (`${var.region}`) equals itself and may equal anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from keymuster import regex
from keymuster.analysis.answers import Answer, answer
from keymuster.model.unknown import is_unknown


class Wild(Enum):
    """`*` stands for any text, `?` for one character."""

    ANY = "*"
    ONE = "?"


class Variable(NamedTuple):
    """A policy variable: the value of a key of the request, or the default."""

    key: str
    default: str | None = None


class Untold(NamedTuple):
    """A part that the declaration does not tell, as it stands there."""

    text: str


Piece: TypeAlias = str | Wild | Variable | Untold
Pieces: TypeAlias = tuple[Piece, ...]

Fill: TypeAlias = Callable[[str], Sequence[str] | None]
"""The values of a key of the request: none if it is absent, None if it is not known."""

FRESH = "some-other-one"
"""Stands for whatever a `*` covers and nobody names."""

_PART = regex.later(
    r"\$\{(?P<literal>[*?$])\}"
    r"|\$\{(?P<key>[A-Za-z][\w.-]{0,80}:[^:,{}][^,{}]*?)(?:\s*,\s*'(?P<default>[^'{}]*)')?\}"
    r"|(?P<untold>\$\{[^{}]*\})"
    r"|(?P<wild>[*?])"
)


@lru_cache(maxsize=65536)
def pieces(text: str, wildcards: bool = True, variables: bool = True) -> Pieces:
    """The pieces of a pattern. Without wildcards, `*` and `?` are plain text. Version 2008-10-17 of
    the policy language has no variables."""
    found: list[Piece] = []
    end = 0
    for part in _PART.finditer(text):
        piece = _piece(part, wildcards, variables)
        _add(found, text[end : part.start()])
        _add(found, piece)
        end = part.end()
    _add(found, text[end:])
    return tuple(found)


def _piece(part: re.Match[str], wildcards: bool, variables: bool) -> Piece:
    if part["wild"]:
        return Wild(part["wild"]) if wildcards else part[0]
    if part["untold"]:
        return Untold(part[0])
    if not variables:
        return part[0]
    return part["literal"] or Variable(part["key"].strip(), part["default"])


def _add(found: list[Piece], piece: Piece) -> None:
    if piece == "":
        return
    if isinstance(piece, str) and found and isinstance(found[-1], str):
        found[-1] += piece
    elif piece is Wild.ANY and found and found[-1] is piece:
        return
    else:
        found.append(piece)


def filled(pattern: Pieces, fill: Fill | None) -> Pieces | None:
    """The pattern with its variables filled in; None if one has no value, as then nothing matches."""
    if not any(isinstance(piece, Variable) for piece in pattern):
        return pattern
    found: list[Piece] = []
    for piece in pattern:
        if not isinstance(piece, Variable):
            _add(found, piece)
            continue
        values = fill(piece.key) if fill else None
        if values is None:
            _add(found, Untold(f"${{{piece.key}}}"))
        elif values:
            for part in pieces(values[0], wildcards=False, variables=False):
                _add(found, part)
        elif piece.default is not None:
            _add(found, piece.default)
        else:
            return None
    return tuple(found)


def matches(
    pattern: str,
    value: str,
    *,
    fold: bool = False,
    wildcards: bool = True,
    fill: Fill | None = None,
) -> Answer:
    """Whether a value matches a pattern; `fold` takes no notice of case."""
    if fill is None or "${" not in pattern or not _varies(pattern):
        return _matches_text(pattern, value, fold, wildcards)
    full = filled(pieces(pattern, wildcards), fill)
    return Answer.NO if full is None else match(full, value, fold=fold)


@lru_cache(maxsize=65536)
def _varies(pattern: str) -> bool:
    """Whether what a pattern covers depends on the request."""
    return any(map(_is_variable, pieces(pattern)))


@lru_cache(maxsize=262144)
def _matches_text(pattern: str, value: str, fold: bool, wildcards: bool) -> Answer:
    if pattern == "*" and wildcards:
        return Answer.YES
    full = filled(pieces(pattern, wildcards), None)
    return Answer.NO if full is None else match(full, value, fold=fold)


def match(pattern: Pieces, value: str, *, fold: bool = False) -> Answer:
    """Whether a value matches a pattern whose variables are filled in."""
    if fold:
        pattern, value = _folded(pattern), value.lower()
    gaps = [piece.text for piece in pattern if isinstance(piece, Untold)]
    untold = is_unknown(value)
    if not gaps and not untold:
        return answer(covers(pattern, value))
    about = pieces(value, wildcards=False, variables=False)
    signs = _signs([*gaps, *(piece.text for piece in about if isinstance(piece, Untold))])
    if covers(_signed(pattern, signs), example(_signed(about, signs))):
        # How many characters a part has that is not told, nobody knows.
        return Answer.UNKNOWN if untold and Wild.ONE in pattern else Answer.YES
    possible = _loosened(pattern)
    if not untold:
        return Answer.UNKNOWN if covers(possible, value) else Answer.NO
    return Answer.NO if common(possible, _loosened(about)) is None else Answer.UNKNOWN


_PRIVATE = 0xF0000
"""Where characters begin that no policy has."""


def _signs(texts: Sequence[str]) -> dict[str, str]:
    """One character for each part that is not told: nothing is known of what is in it."""
    return {text: chr(_PRIVATE + number) for number, text in enumerate(dict.fromkeys(texts))}


def _signed(pattern: Pieces, signs: dict[str, str]) -> Pieces:
    found: list[Piece] = []
    for piece in pattern:
        _add(found, signs[piece.text] if isinstance(piece, Untold) else piece)
    return tuple(found)


def _folded(pattern: Pieces) -> Pieces:
    return tuple(
        piece.lower()
        if isinstance(piece, str)
        else Untold(piece.text.lower())
        if isinstance(piece, Untold)
        else piece
        for piece in pattern
    )


def _loosened(pattern: Pieces) -> Pieces:
    found: list[Piece] = []
    for piece in pattern:
        _add(found, Wild.ANY if isinstance(piece, Untold) else piece)
    return tuple(found)


def covers(pattern: Pieces, value: str) -> bool:
    """Whether text matches text and wildcards; takes time linear in both when there is no `?`."""
    runs = _runs(pattern)
    if len(runs) == 1:
        return _fits(runs[0], value, 0) == len(value)
    first, *middle, last = runs
    place = _fits(first, value, 0)
    end = len(value) - _length(last)
    if place < 0 or end < place or _fits(last, value, end) < 0:
        return False
    for run in middle:
        place = _find(run, value, place)
        if place < 0 or place > end:
            return False
    return True


_Run: TypeAlias = tuple[Piece, ...]


@lru_cache(maxsize=65536)
def _runs(pattern: Pieces) -> list[_Run]:
    """What stands between the `*` of a pattern."""
    runs: list[list[Piece]] = [[]]
    for piece in pattern:
        if piece is Wild.ANY:
            runs.append([])
        else:
            _add(runs[-1], piece.text if isinstance(piece, Untold) else piece)
    return [tuple(run) for run in runs]


def _length(run: _Run) -> int:
    return sum(len(piece) if isinstance(piece, str) else 1 for piece in run)


def _fits(run: _Run, value: str, place: int) -> int:
    """Where a run ends that starts at a place; -1 if it is not there."""
    for piece in run:
        if isinstance(piece, str):
            if not value.startswith(piece, place):
                return -1
            place += len(piece)
        else:
            place += 1
    return place if place <= len(value) else -1


def _find(run: _Run, value: str, place: int) -> int:
    """Where the first of a run ends that starts at a place or behind it; -1 if there is none."""
    if all(isinstance(piece, str) for piece in run):
        text = "".join(str(piece) for piece in run)
        found = value.find(text, place)
        return found + len(text) if found >= 0 else -1
    for start in range(place, len(value) - _length(run) + 1):
        end = _fits(run, value, start)
        if end >= 0:
            return end
    return -1


@lru_cache(maxsize=65536)
def common(one: Pieces, other: Pieces) -> str | None:
    """A text that both patterns cover, with `FRESH` where both leave it open; None if there is none.
    A part that is not told covers only itself."""
    for pattern, plain in ((one, other), (other, one)):
        if (text := _plain(plain)) is not None and not any(map(_is_variable, pattern)):
            return text if covers(pattern, text) else None
    first, second = _symbols(one), _symbols(other)
    made: dict[tuple[int, int], tuple[tuple[int, int], str] | None] = {(0, 0): None}
    waiting = [(0, 0)]
    while waiting:
        state = waiting.pop()
        if state == (len(first), len(second)):
            return _written(made, state)
        for following, text in reversed(_steps(first, second, *state)):
            if following not in made:
                made[following] = (state, text)
                waiting.append(following)
    return None


@lru_cache(maxsize=65536)
def common_arn(one: Pieces, other: Pieces) -> str | None:
    """The same for ARNs: no part of one reaches into the next part of the other."""
    first, second = arn_parts(one), arn_parts(other)
    if first is None or second is None:
        return common(one, other)
    parts = [common(*pair) for pair in zip(first, second, strict=True)]
    told = [part for part in parts if part is not None]
    return ":".join(told) if len(told) == len(parts) else None


def _plain(pattern: Pieces) -> str | None:
    """The one text that a pattern covers, if it has neither wildcards nor parts that are not told."""
    if not pattern:
        return ""
    return pattern[0] if len(pattern) == 1 and isinstance(pattern[0], str) else None


def _is_variable(piece: Piece) -> bool:
    return isinstance(piece, Variable)


def _symbols(pattern: Pieces) -> list[Piece]:
    """Characters, wildcards, and what is not told."""
    symbols: list[Piece] = []
    for piece in pattern:
        if isinstance(piece, str):
            symbols.extend(piece)
        else:
            symbols.append(piece)
    return symbols


def _steps(
    first: list[Piece], second: list[Piece], i: int, j: int
) -> list[tuple[tuple[int, int], str]]:
    """What may come next, best first: another place in both, and the text between."""
    a = first[i] if i < len(first) else None
    b = second[j] if j < len(second) else None
    if a is Wild.ANY and b is Wild.ANY:
        if i + 1 == len(first) and j + 1 == len(second):
            return [((i + 1, j + 1), FRESH)]
        return [((i + 1, j), FRESH), ((i, j + 1), FRESH)]
    if a is Wild.ANY:
        taken = [] if b is None else [((i, j + 1), _text(b))]
        return [*taken, ((i + 1, j), "")]
    if b is Wild.ANY:
        taken = [] if a is None else [((i + 1, j), _text(a))]
        return [*taken, ((i, j + 1), "")]
    if a is None or b is None:
        return []
    if a is Wild.ONE and not isinstance(b, Untold):
        return [((i + 1, j + 1), _text(b))]
    if (b is Wild.ONE and not isinstance(a, Untold)) or a == b:
        return [((i + 1, j + 1), _text(a))]
    return []


def _text(piece: Piece) -> str:
    if isinstance(piece, Untold):
        return piece.text
    return piece if isinstance(piece, str) else "0"


def _written(
    made: dict[tuple[int, int], tuple[tuple[int, int], str] | None], state: tuple[int, int]
) -> str:
    parts: list[str] = []
    while (before := made[state]) is not None:
        state, text = before
        parts.append(text)
    return "".join(reversed(parts))


@lru_cache(maxsize=65536)
def example(pattern: Pieces) -> str:
    """A text that a pattern covers, with `FRESH` where it leaves it open."""
    return "".join(FRESH if piece is Wild.ANY else _text(piece) for piece in pattern)


@lru_cache(maxsize=65536)
def whole_arn(pattern: str) -> str:
    """A pattern of resources with the ARN's parts that it leaves out, as AWS fills them in."""
    missing = 5 - pattern.count(":")
    return pattern + ":*" * missing if pattern.startswith("arn:") and missing > 0 else pattern


def arn_matches(pattern: str, value: str, *, fill: Fill | None = None) -> Answer:
    """As the operators on ARNs compare: each of the six parts by itself."""
    full = filled(pieces(pattern), fill)
    if full is None:
        return Answer.NO
    parts, given = arn_parts(full), arn_parts(pieces(value, wildcards=False, variables=False))
    if parts is None or given is None:
        if full == (Wild.ANY,):
            return Answer.YES
        untold = is_unknown(value) or any(isinstance(piece, Untold) for piece in full)
        return Answer.UNKNOWN if untold and match(full, value) is not Answer.NO else Answer.NO
    result = Answer.YES
    for part, told in zip(parts, given, strict=True):
        one = match(part, example(told))
        if one is Answer.NO:
            return one
        if one is Answer.UNKNOWN:
            result = one
    return result


def arn_parts(arn: Pieces) -> list[Pieces] | None:
    """The six parts of an ARN; None if there are fewer."""
    parts: list[list[Piece]] = [[]]
    for piece in arn:
        if not isinstance(piece, str):
            parts[-1].append(piece)
            continue
        for index, text in enumerate(piece.split(":", 6 - len(parts))):
            if index:
                parts.append([])
            if text:
                parts[-1].append(text)
    return [tuple(part) for part in parts] if len(parts) == 6 else None


def forget() -> None:
    """Drop what is remembered of patterns: of an estate that is done, it is many megabytes."""
    for one in (_matches_text, common, common_arn, pieces, _runs, example, whole_arn, _varies):
        one.cache_clear()
