"""Regular expressions in RE2's syntax (Go's, gitleaks'), in the words that our two engines share.

RE2 never backtracks, so people write in it what Python's `re` would take a night for. What comes
out of here is bounded: every repeat has an end, and `steps` says how often a backtracking matcher
may at worst try something from one start. Text is bytes: outside ASCII a length counts bytes.
"""

from __future__ import annotations

from functools import cache

from msgspec.structs import replace

from keymuster.rules.re2 import judging, reading, writing
from keymuster.rules.re2.judging import at_edges, fixed, needs, run, width
from keymuster.rules.re2.tree import LONGEST, Anchor, Group, Node, Repeat, Sequence_

__all__ = [
    "LONGEST",
    "MOST_STEPS",
    "SEARCHED",
    "Node",
    "at_edges",
    "begins_with",
    "fixed",
    "for_a_search",
    "gate",
    "group",
    "groups",
    "needs",
    "parse",
    "pattern",
    "run",
    "secret",
    "steps",
    "width",
    "without_optional_start",
]


def parse(text: str, longest: int = LONGEST) -> Node:
    """The expression as a tree; ValueError says what is not RE2, or what we cannot take over."""
    return reading.Parser(text, longest).whole()


def groups(node: Node) -> list[int]:
    """The numbers of the groups that may hold the secret: the one called so, or else the outermost
    ones, up to and with the first that takes part in every match."""
    for one in judging.every(node):
        if isinstance(one, Group) and one.name == "secret":
            return [one.number]
    found: list[int] = []
    for number, always in judging.outermost(node, True):
        found.append(number)
        if always:
            break
    return found


def secret(node: Node) -> int:
    """The number of the group called `secret`; ValueError if there is none."""
    for one in judging.every(node):
        if isinstance(one, Group) and one.name == "secret":
            return one.number
    raise ValueError("needs a group `secret` around the credential")


def pattern(node: Node, secret: int = 0) -> str:
    """The expression for `re` and Hyperscan alike, with the group `secret` around group number
    `secret` (0: around everything; -1: around nothing), and no other group."""
    return (
        f"(?P<secret>{writing.written(node, -1)})" if secret == 0 else writing.written(node, secret)
    )


def without_optional_start(node: Node) -> Node:
    """The same without what may be absent at its start and captures nothing: in a search it decides
    nothing, and costs much."""
    if not isinstance(node, Sequence_) or not node.items:
        return node
    first, *rest = node.items
    if isinstance(first, Repeat) and first.least == 0 and not list(judging.outermost(first, True)):
        return without_optional_start(Sequence_(tuple(rest)))
    return replace(node, items=(without_optional_start(first), *rest))


@cache
def for_a_search(text: str) -> str:
    """An expression that is only asked whether it occurs in a text of at most `SEARCHED` bytes;
    ValueError also for one that could take too long."""
    node = judging.trimmed(parse(text, SEARCHED))
    if steps(node) > MOST_STEPS:
        raise ValueError("could take too long on text made for it")
    return writing.written(node, -1)


SEARCHED = 1000


MOST_STEPS = 1_000_000
"""Some milliseconds of work."""


def steps(node: Node) -> int:
    """An upper bound of the bytes that a backtracking matcher looks at from one start."""
    return judging.effort(node, 0)[1]


def gate(node: Node) -> Node | None:
    """What every match begins with, up to the first long repeat: little enough for Hyperscan to keep
    the start of a match in mind. None if that is the whole expression."""
    cut, ended = judging.beginning(node)
    return cut if ended else None


def begins_with(node: Node) -> str:
    """The text that every match begins with, as far as it has one case."""
    text = ""
    for item in judging.flat(node):
        if isinstance(item, Anchor):
            continue
        letter = judging.single(item)
        if letter is None:
            break
        text += letter
    return text


def group(node: Node, number: int) -> Node:
    """The tree inside a group; the whole for 0."""
    if number == 0:
        return node
    return next(
        one.item for one in judging.every(node) if isinstance(one, Group) and one.number == number
    )
