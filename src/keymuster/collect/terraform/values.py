"""Values while an expression is evaluated: nodes that may also know how their text came to be."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeGuard

from msgspec import Struct

from keymuster.collect.syntax.node import File, Node
from keymuster.model.unknown import depends_on, is_unknown, reference

if TYPE_CHECKING:
    from keymuster.collect.terraform.modules import Instance

LONGEST_TEXT = 1_000_000
MOST_NAMED = 5
SET = "set"
"""The tag of a list that is a set."""


class Wrong(Exception):
    """An expression that cannot have a value, like the third of two elements."""


class Exhausted(Exception):
    """More work than any honest configuration is."""


class Run(Struct):
    """A piece of a text and where it was taken from: an offset in a file, from which it runs on if
    it stands there as it is."""

    text: str
    source: Source
    offset: int
    exact: bool
    unknown: bool = False


class Source(Struct, eq=False):
    """A file and where its lines begin, to turn offsets into places; and which lines count."""

    file: File
    lines: list[int]
    changed: list[tuple[int, int]] | None = None

    def place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1] + 1

    def node(self, value: Any, begin: int, end: int) -> Node:
        lines = self.lines
        line = last = bisect_right(lines, begin)
        if end < begin or (line < len(lines) and end >= lines[line]):
            last = bisect_right(lines, end)
        return Node(
            value=value, file=self.file, line=line, column=begin - lines[line - 1] + 1,
            end_line=last, end_column=end - lines[last - 1] + 1,
        )  # fmt: skip


class Made(Node):
    """A value that is more than it looks: text that is not wholly known, text with its `runs`, the
    JSON text of a `tree` (written only when somebody asks), an `instance` of a resource."""

    unknown: bool = False
    runs: list[Run] | None = None
    tree: Node | None = None
    instance: Instance | None = None


def is_made(node: Node) -> TypeGuard[Made]:
    return isinstance(node, Made)


def unknown_at(place: Node, text: str) -> Made:
    """A value of which only is known what it depends on."""
    return _made(place, text, unknown=True)


def made_text(place: Node, text: str, *, unknown: bool, runs: list[Run] | None = None) -> Made:
    return _made(place, text, unknown=unknown, runs=runs)


def encoded(place: Node, tree: Node) -> Made:
    """The JSON text of a tree."""
    return _made(place, None, tree=tree)


def _made(place: Node, value: str | None, **rest: Any) -> Made:
    return Made(
        value=value, file=place.file, line=place.line, column=place.column,
        end_line=place.end_line, end_column=place.end_column, **rest,
    )  # fmt: skip


def moved(node: Node, place: Node) -> Node:
    """The same value, said to stand elsewhere."""
    if is_made(node):
        return _made(
            place, node.value, unknown=node.unknown, runs=node.runs, tree=node.tree,  # type: ignore[arg-type]
            instance=node.instance,
        )  # fmt: skip
    other = place.holding(node.value)
    other.tag = node.tag
    return other


def unknown(node: Node) -> bool:
    """Whether a value as a whole, or a part of its text, is not known."""
    return is_made(node) and node.unknown


def name_of(node: Node) -> str:
    """What a value is wholly taken from; empty if it is more."""
    return reference(node.value)


def derived(place: Node, operation: str, operands: Iterable[Node]) -> Made:
    """A value that an operation makes of some that are not known."""
    names: dict[str, None] = {}
    for operand in operands:
        for name in unknown_names(operand):
            names[name] = None
            if len(names) > MOST_NAMED:
                break
    inside = ", ".join(list(names)[:MOST_NAMED])
    return unknown_at(place, "${" + f"{operation}({inside})" + "}")


def unknown_names(node: Node) -> list[str]:
    """What a value depends on, however deep it is in it."""
    if is_made(node) and node.unknown:
        return depends_on(str(node.value))
    if is_made(node) and node.tree is not None:
        node = node.tree
    names: list[str] = []
    if isinstance(node.value, dict):
        for one in node.value.values():
            names += unknown_names(one)
            if len(names) > MOST_NAMED:
                break
    elif isinstance(node.value, list):
        for one in node.value:
            names += unknown_names(one)
            if len(names) > MOST_NAMED:
                break
    return names


def text_of(node: Node, budget: Budget) -> str | None:
    """A value as text in a template; None for one that cannot be."""
    if is_made(node) and node.tree is not None:
        return json_text(node.tree, budget)
    if node.value is None or isinstance(node.value, dict | list):
        return None
    return _number_text(node.value) if isinstance(node.value, float) else node.text()


def _number_text(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def json_text(node: Node, budget: Budget) -> str:
    text = json.dumps(plain(node, budget), separators=(",", ":"), ensure_ascii=False)
    budget.spend(len(text) // 50)
    return text


def plain(node: Node, budget: Budget) -> Any:
    """The value without places; Exhausted if it is too large."""
    budget.spend(2)
    if is_made(node) and node.tree is not None:
        return json_text(node.tree, budget)
    match node.value:
        case dict():
            return {key: plain(one, budget) for key, one in node.value.items()}
        case list():
            return [plain(one, budget) for one in node.value]
        case float() if node.value.is_integer() and abs(node.value) < 1e15:
            return int(node.value)
        case _:
            return node.value


def wholly_known(node: Node, budget: Budget) -> bool:
    budget.spend()
    if is_made(node):
        return not node.unknown and (node.tree is None or wholly_known(node.tree, budget))
    match node.value:
        case dict():
            return all(wholly_known(one, budget) for one in node.value.values())
        case list():
            return all(wholly_known(one, budget) for one in node.value)
        case _:
            return True


def settled(node: Node, budget: Budget) -> Node:
    """The value as plain nodes: nothing of how it was made is left."""
    budget.spend(2)
    if is_made(node):
        return node.holding(text_of(node, budget) if node.value is None else node.value)
    match node.value:
        case dict():
            return node.holding({key: settled(one, budget) for key, one in node.value.items()})
        case list():
            return node.holding([settled(one, budget) for one in node.value])
        case float() if node.value.is_integer() and abs(node.value) < 1e15:
            return node.holding(int(node.value))
        case _:
            return node


def from_plain(place: Node, value: Any) -> Node:
    """Plain data that was made here; its text may say that it is not known."""
    if isinstance(value, str) and is_unknown(value):
        return unknown_at(place, value)
    match value:
        case dict():
            return place.holding({str(key): from_plain(place, one) for key, one in value.items()})
        case list() | tuple():
            return place.holding([from_plain(place, one) for one in value])
        case _:
            return place.holding(value)


class Budget:
    """How much work may be done for one root module, and for one object in it, in steps of about a
    microsecond."""

    def __init__(self, steps: int, each: int = 0) -> None:
        self.left = steps
        self._each = each or steps
        self._until = 0

    def begin(self) -> None:
        """What follows is for another object."""
        self._until = max(0, self.left - self._each)

    def spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < self._until:
            self.left = self._until
            raise Exhausted
