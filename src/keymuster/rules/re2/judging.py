"""What can be said of a tree: how long a match may take and get, what it must contain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from operator import or_

from msgspec import Struct

from keymuster.rules.re2.tree import (
    ANY,
    NOTHING,
    Anchor,
    Chars,
    Choice,
    Group,
    Node,
    Repeat,
    Sequence_,
)


def _first(node: Node, after: int) -> int:
    """The bytes that a match of the node and what comes after it may begin with."""
    match node:
        case Chars(mask):
            return mask
        case Anchor(_, before):
            return after if before is None else before
        case Group(_, item, _):
            return _first(item, after)
        case Sequence_(items):
            return reduce(lambda then, item: _first(item, then), reversed(items), after)
        case Choice(branches):
            return reduce(or_, (_first(branch, after) for branch in branches))
        case Repeat(item, least, most, _):
            inside = _first(item, after) if most else 0
            return inside if least else inside | after


def effort(node: Node, after: int) -> tuple[int, int]:
    """(ways on, steps): in how many ways at most a match may go on to one of the bytes `after`, and
    how many steps all of them take. Where what follows cannot begin with what is repeated, there is
    one way on, however long the repeat."""
    match node:
        case Chars() | Anchor():
            return 1, 1
        case Group(_, item, _):
            return effort(item, after)
        case Sequence_(items):
            return _effort_in_a_row(items, after)
        case Choice(branches):
            efforts = [effort(branch, after) for branch in branches]
            starts = [_first(branch, after) for branch in branches]
            open_to = (  # of all branches, those that the next byte leaves open
                sum(
                    ways
                    for (ways, _), start in zip(efforts, starts, strict=True)
                    if start >> byte & 1
                )
                for byte in range(256)
            )
            empty = sum(
                ways
                for (ways, _), branch in zip(efforts, branches, strict=True)
                if not _shortest(branch)
            )  # open even where an anchor lets no byte follow
            return _capped(max(1, empty, *open_to)), _capped(sum(steps for _, steps in efforts))
        case Repeat(item, least, most, _):
            start = _first(item, 0)
            ways, cost = effort(item, start | after)
            if ways == 1:
                certain = least == most or not (start & after or not _shortest(item))
                return (1 if certain else _capped(most - least + 1)), _capped(most * cost)
            onward = total = 0
            grown = 1
            for count in range(1, most + 1):
                total = _capped(total + grown * max(1, cost))  # what is empty is tried, too
                grown = _capped(grown * ways)
                if grown > _CAP:
                    return grown, grown
                onward += grown if count >= least else 0
            return _capped(onward + (least == 0)), total


def _shortest(node: Node) -> int:
    """How short a match may be."""
    return _length(node, min)


def width(node: Node) -> int:
    """How long a match may get."""
    return _length(node, max)


def _length(node: Node, end: Callable[[Iterable[int]], int]) -> int:
    """The length of a match, at one `end` of what is possible."""
    match node:
        case Chars():
            return 1
        case Anchor():
            return 0
        case Group(_, item, _):
            return _length(item, end)
        case Sequence_(items):
            return sum(_length(item, end) for item in items)
        case Choice(branches):
            return end(_length(branch, end) for branch in branches)
        case Repeat(item, least, most, _):
            return end((least, most)) * _length(item, end)


_CAP = 10**12


def _capped(number: int) -> int:
    return min(number, _CAP + 1)


def _effort_in_a_row(items: Sequence[Node], after: int) -> tuple[int, int]:
    follows = [after]
    for item in reversed(items):
        follows.append(_first(item, follows[-1]))
    ways, total = 1, 0
    for item, follow in zip(items, reversed(follows[:-1]), strict=True):
        more, cost = effort(item, follow)
        total = _capped(total + ways * cost)
        ways = _capped(ways * more)
    return ways, total


def trimmed(node: Node, left: bool = True, right: bool = True) -> Node:
    """For a yes or no, repeats at either end need not go on past their least. `left` and `right`
    say at which ends of the whole this stands."""
    if not (left or right):
        return node
    match node:
        case Repeat(item, least, _, _):
            if least < 2:
                return trimmed(item, left, right) if least else NOTHING
            return Repeat(item, least, least)
        case Group(_, item, _):
            return trimmed(item, left, right)
        case Choice(branches):
            return Choice(tuple(trimmed(branch, left, right) for branch in branches))
        case Sequence_((first, *middle, last)):
            return Sequence_((trimmed(first, left, False), *middle, trimmed(last, False, right)))
        case Sequence_((only,)):
            return trimmed(only, left, right)
        case _:
            return node


def outermost(node: Node, always: bool) -> Iterator[tuple[int, bool]]:
    """(number of a group that is in no other, whether it takes part in every match)."""
    match node:
        case Group(number, _, _):
            yield number, always
        case Sequence_(items):
            for item in items:
                yield from outermost(item, always)
        case Choice(branches):
            for branch in branches:
                yield from outermost(branch, False)
        case Repeat(item, least, _, _):
            yield from outermost(item, always and least > 0)
        case _:
            return


def every(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case Group(_, item, _) | Repeat(item, _, _, _):
            yield from every(item)
        case Sequence_(items) | Choice(items):
            for item in items:
                yield from every(item)
        case _:
            return


def at_edges(node: Node) -> int:
    """A mask of bytes, one of which stands in all that matches only because the text begins or ends there; it would
    not if a line feed stood there."""
    if isinstance(node, Sequence_) and len(node.items) > 1 and node.items[0] == Anchor(r"\A", 0):
        first, *rest = node.items[1:]
        if isinstance(first, Chars):
            return first.mask | at_edges(Sequence_(tuple(rest)))
    match node:
        case Anchor(text):
            return ANY if text in (r"\A", r"\Z") else 0
        case Choice(branches) if any(
            isinstance(one, Chars) and one.mask >> ord("\n") & 1 for one in branches
        ):
            inner: tuple[Node, ...] = tuple(one for one in branches if not isinstance(one, Anchor))
        case Choice(items) | Sequence_(items):
            inner = items
        case Group(_, item, _) | Repeat(item, _, _, _):
            inner = (item,)
        case _:
            inner = ()
    return reduce(or_, map(at_edges, inner), 0)


def flat(node: Node) -> Iterator[Node]:
    """What a match consists of for certain, one after the other."""
    match node:
        case Group(_, item, _):
            yield from flat(item)
        case Sequence_(items):
            for item in items:
                yield from flat(item)
        case _:
            yield node


def _runs(node: Node) -> Iterator[set[str]]:
    """Every stretch of text that is fixed but for a few choices, as all it may be, in lower case."""
    run = {""}
    for item in flat(node):
        texts = _texts(item)
        longer = {text + more for text in run for more in texts or ()}
        if not 0 < len(longer) <= _FEW:
            yield run
            longer = texts or {""}
        run = longer
    yield run


_FEW = 64


def _texts(node: Node) -> set[str] | None:
    """All that a node matches, in lower case, if that is little."""
    match node:
        case Chars(mask) if mask.bit_count() <= 8:
            return {chr(byte).lower() for byte in range(256) if mask >> byte & 1}
        case Group(_, item, _):
            return _texts(item)
        case Choice(branches):
            several = [_texts(branch) for branch in branches]
            return None if None in several else _few(set().union(*filter(None, several)))
        case Repeat(item, 0, 1, _):
            texts = _texts(item)
            return texts and texts | {""}
        case Sequence_(items):
            run = {""}
            for item in items:
                texts = _texts(item)
                if texts is None or len(run) * len(texts) > _FEW:
                    return None
                run = {text + more for text in run for more in texts}
            return run
        case _:
            return None


def _few(texts: set[str]) -> set[str] | None:
    return texts if len(texts) <= _FEW else None


def single(node: Node) -> str | None:
    if not isinstance(node, Chars) or node.mask.bit_count() != 1:
        return None
    return chr(node.mask.bit_length() - 1)


def beginning(node: Node) -> tuple[Node, bool]:
    """The node, and whether it was cut so that nothing may follow."""
    match node:
        case Group(number, item, name):
            cut, ended = beginning(item)
            return Group(number, cut, name), ended
        case Sequence_(items):
            kept: list[Node] = []
            left = WIDEST
            for number, item in enumerate(items):
                cut, ended = beginning(item)
                left -= width(cut)
                if left < 0 and number:
                    return Sequence_(tuple(kept)), True
                kept.append(cut)
                if ended:
                    return Sequence_(tuple(kept)), True
            return node, False
        case Choice(branches):
            cuts = [beginning(branch) for branch in branches]
            return Choice(tuple(cut for cut, _ in cuts)), any(ended for _, ended in cuts)
        case Repeat(item, least, most, _) if most * width(item) > _GATE:
            times = min(least, max(1, _GATE // max(1, width(item))))
            return (Repeat(item, times, times) if times else NOTHING), True
        case _:
            return node, False


_GATE = 64
"""Bytes up to which a gate repeats something."""

WIDEST = 128
"""Bytes that a row of things in a gate may take."""


def fixed(node: Node) -> int:
    """How long a text every match contains that is fixed but for a few choices."""
    longest = max(min(map(len, texts)) for texts in _runs(node))
    return max((longest, *map(_fixed_inside, flat(node))))


def _fixed_inside(node: Node) -> int:
    match node:
        case Choice(branches):
            return min(map(fixed, branches))
        case Repeat(item, least, _, _) if least:
            return fixed(item)
        case _:
            return 0


def run(node: Node, letters: int) -> int:
    """How many letters out of a set stand on end somewhere in every match, at least."""
    return _run(node, letters).longest


class _Run(Struct, frozen=True):
    """The letters that every match begins with, has somewhere, and ends with; and whether all are such."""

    lead: int = 0
    longest: int = 0
    tail: int = 0
    is_whole: bool = True

    def then(self, other: _Run) -> _Run:
        return _Run(
            self.lead + other.lead if self.is_whole else self.lead,
            max(self.longest, other.longest, self.tail + other.lead),
            self.tail + other.tail if other.is_whole else other.tail,
            self.is_whole and other.is_whole,
        )


def _run(node: Node, letters: int) -> _Run:
    match node:
        case Chars(mask):
            return _Run(is_whole=False) if mask & ~letters else _Run(1, 1, 1)
        case Anchor():
            return _Run()
        case Group(_, item, _):
            return _run(item, letters)
        case Sequence_(items):
            return reduce(_Run.then, (_run(item, letters) for item in items), _Run())
        case Choice(branches):
            runs = [_run(branch, letters) for branch in branches]
            return _Run(
                min(one.lead for one in runs),
                min(one.longest for one in runs),
                min(one.tail for one in runs),
                all(one.is_whole for one in runs),
            )
        case Repeat(item, least, _, _):
            one = _run(item, letters)
            return reduce(_Run.then, [one] * least, _Run(is_whole=one.is_whole or least > 0))


def needs(node: Node, words: Sequence[str]) -> bool:
    """Whether every text that matches contains one of the words, in any case."""
    small = [word.lower() for word in words]
    return any(
        all(any(word in text for word in small) for text in texts) for texts in _runs(node)
    ) or any(_inside_needs(item, small) for item in flat(node))


def _inside_needs(node: Node, words: Sequence[str]) -> bool:
    match node:
        case Choice(branches):
            return all(needs(branch, words) for branch in branches)
        case Repeat(item, least, _, _):
            return least > 0 and needs(item, words)
        case _:
            return False
