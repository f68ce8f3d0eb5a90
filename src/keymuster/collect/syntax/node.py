"""Values of structured files, whatever their language, and where each of them stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias, Union

from msgspec import Struct

from keymuster.collect.base import Blob
from keymuster.errors import Unreadable
from keymuster.model import FileLocation, Location, ServiceLocation
from keymuster.model.location import SEPARATOR

Scalar: TypeAlias = str | int | float | bool | None
Value: TypeAlias = Union[Scalar, "dict[str, Node]", "list[Node]"]

MOST_NODES = 2_000_000
"""Values in one file, those that aliases repeat counted each time."""

DEEPEST = 200
"""Maps and lists inside each other."""


class File(Struct, frozen=True, kw_only=True):
    """The file that values stand in; see `FileLocation`."""

    path: str
    member: str = ""
    object: str | None = None

    @property
    def name(self) -> str:
        return f"{self.path}{SEPARATOR}{self.member}" if self.member else self.path

    @classmethod
    def of(cls, blob: Blob) -> File:
        return cls(path=blob.outermost, member=blob.member, object=blob.object)


class Told(File, frozen=True, kw_only=True):
    """What a service told of one of its objects: there is no file, and no line."""

    place: ServiceLocation

    @classmethod
    def about(cls, place: ServiceLocation) -> Told:
        return cls(path=str(place), place=place)

    def node(self, value: Any) -> Node:
        """Plain data as a tree of values."""
        root = Node(value=None, file=self, line=1, column=1, end_line=1, end_column=1)
        return root.made(value)


class Node(Struct, kw_only=True, eq=False):
    """A value and its place: lines and columns count from 1, columns in code points, `end_column` is
    one past the last character. What belongs to a key of a map begins where the key does. A `tag`
    is what YAML writes before a value; `style` is its quotation mark, or `|` or `>`."""

    value: Value
    file: File
    line: int
    column: int
    end_line: int
    end_column: int
    tag: str = ""
    style: str = ""

    def __repr__(self) -> str:  # a value may be a secret
        return f"Node({type(self.value).__name__} at {self.file.path}:{self.line}:{self.column})"

    def location(self) -> Location:
        if isinstance(self.file, Told):
            return self.file.place
        return FileLocation(
            path=self.file.path,
            member=self.file.member,
            object=self.file.object,
            line=self.line,
            column=self.column,
            end_line=self.end_line,
            end_column=self.end_column,
        )

    def get(self, *keys: str) -> Node | None:
        """What is in a map under a key, and there under the next; None where there is no such map."""
        node: Node | None = self
        for key in keys:
            node = node.value.get(key) if node and isinstance(node.value, dict) else None
        return node

    def entries(self) -> Iterator[tuple[str, Node]]:
        """Those of a map; none of anything else."""
        if isinstance(self.value, dict):
            yield from self.value.items()

    def items(self) -> list[Node]:
        """Those of a list; of anything else, that itself: one is often written where a list may be."""
        if isinstance(self.value, list):
            return self.value
        return [] if self.value is None else [self]

    def text(self, *keys: str) -> str:
        """The scalar there (see `get`) as it would be written; empty for anything else."""
        found = self.get(*keys) if keys else self
        return written(found.value) if found is not None else ""

    def walk(self) -> Iterator[Node]:
        """This and every value below it, in order."""
        yield self
        match self.value:
            case dict():
                for one in self.value.values():
                    yield from one.walk()
            case list():
                for one in self.value:
                    yield from one.walk()

    def plain(self) -> Any:
        """The value without places."""
        match self.value:
            case dict():
                return {key: one.plain() for key, one in self.value.items()}
            case list():
                return [one.plain() for one in self.value]
            case _:
                return self.value

    def holding(self, value: Value) -> Node:
        """Another value in the same place."""
        return Node(
            value=value,
            file=self.file,
            line=self.line,
            column=self.column,
            end_line=self.end_line,
            end_column=self.end_column,
        )

    def first_line(self) -> Node:
        """The same where it begins, if it goes on for lines: a record of it need not show them all."""
        return self if self.line == self.end_line else self.start()

    def start(self) -> Node:
        """The same at its first character, where it is about a file as a whole."""
        place = self.holding(self.value)
        place.end_line, place.end_column = self.line, self.column + 1
        return place

    def made(self, value: Any) -> Node:
        """Plain data as a tree of values that all stand here."""
        match value:
            case Node():
                return value
            case dict():
                return self.holding({str(key): self.made(one) for key, one in value.items()})
            case list() | tuple():
                return self.holding([self.made(one) for one in value])
            case _:
                return self.holding(value)


def written(value: Value) -> str:
    """A scalar as it would be written; empty for anything else."""
    match value:
        case str() as text:
            return text
        case bool() as claim:
            return str(claim).lower()
        case int() | float() as number:
            return str(number)
        case _:
            return ""


class Broken(Unreadable):
    """A file that is not well-formed, and the line where that shows."""

    def __init__(self, line: int, problem: str, advice: str = "Mend the file.") -> None:
        super().__init__(f"line {line}: {problem}; what it declares was not looked at", advice)
        self.line = line
        self.problem = problem

    def __reduce__(self) -> tuple[type[Broken], tuple[int, str, str]]:
        return type(self), (self.line, self.problem, self.advice())
