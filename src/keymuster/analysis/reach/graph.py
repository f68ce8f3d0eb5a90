"""The graph that reach is searched in: who has one node gets the next.

Nodes are the ids of records; what no record is about (whoever is outside, a file, all secrets of an
account) is a `Node` that an edge module adds. An edge is `proved` where all that it takes is known and
allows it, else `assumed`, and says what is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from msgspec import Struct

from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import (
    Credential,
    FileLocation,
    Identity,
    Location,
    Observation,
    Resource,
)
from keymuster.settings import Settings

if TYPE_CHECKING:
    import rustworkx


class Basis(NamedTuple):
    """What a graph is made of: an inventory with its derived facts, and what they were derived by."""

    inventory: Inventory
    configured: Settings
    known: Known

    def told(self, id: str) -> Mapping[str, Any]:
        """The facts of a record."""
        return self.inventory.facts.get(id, {})


class Kind(Struct, frozen=True):
    """A sort of edge: its name, the sentence that it says and how it is cut, in both of which `{start}`,
    `{to}` and `{way}` are filled in. One that nobody can cut, because its ends are one thing or one is
    in the other, says nothing there."""

    id: str
    says: str
    cut: str = ""


Records: TypeAlias = tuple[str, ...] | Callable[[str], tuple[str, ...]]
"""The ids of the records that make an edge, or what finds them for whom it leads to: of most edges nobody
asks."""


class Edge(NamedTuple):
    """Who has `start` gets `to`. `assumed` says what is not known, where something is."""

    start: str
    to: str
    kind: Kind
    records: Records = ()
    assumed: str = ""
    way: str = ""

    @property
    def is_proved(self) -> bool:
        return not self.assumed

    def evidence(self, to: str = "") -> tuple[str, ...]:
        """The ids of the records; of an edge to a group, for one of it."""
        return self.records(to or self.to) if callable(self.records) else self.records


class Node(Struct, frozen=True, kw_only=True):
    """A place in the graph. `entry` is the word for those who begin there, if somebody may; `jewel` the word for
    what is worth going for. A `group` only stands for others, and people are not told of it."""

    id: str
    kind: str
    name: str
    place: Location | None = None
    entry: str = ""
    jewel: str = ""
    group: bool = False


class Graph:
    """Edges between nodes, both by number. There may be several edges from one node to another: each is
    a way of its own."""

    def __init__(self, inventory: Inventory, parts: Iterable[Node | Edge]) -> None:
        self._inventory = inventory
        self.made: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.numbers: dict[str, int] = {}
        self.ids: list[str] = []
        for one in parts:
            if isinstance(one, Edge):
                if one.start != one.to:
                    self.edges.append(one)
            else:
                self.made[one.id] = one
        for edge in self.edges:
            for id in (edge.start, edge.to):
                if id not in self.numbers:
                    self.numbers[id] = len(self.ids)
                    self.ids.append(id)
        for id in self.made:
            if id not in self.numbers:
                self.numbers[id] = len(self.ids)
                self.ids.append(id)

    @cached_property
    def network(self) -> rustworkx.PyDiGraph[int, int]:
        """The same for the library: the payload of an edge is its number."""
        import rustworkx  # only who asks for reach needs it

        found: rustworkx.PyDiGraph[int, int] = rustworkx.PyDiGraph()
        found.add_nodes_from(range(len(self.ids)))
        found.add_edges_from(
            [
                (self.numbers[one.start], self.numbers[one.to], number)
                for number, one in enumerate(self.edges)
            ]
        )
        return found

    def node(self, id: str) -> Node:
        """What a node is, for those who read of it."""
        made = self.made.get(id)
        if made is not None:
            return made
        record = self._inventory.records.get(id)
        if record is None:
            return Node(id=id, kind="principal", name=id.partition(":")[2] or id)
        return Node(id=id, kind=_kind(record), name=_name(record), place=record.location)

    def place(self, record: str) -> Location | None:
        found = self._inventory.records.get(record)
        return found.location if found is not None else None


def _kind(record: Observation) -> str:
    match record:
        case Identity() | Credential():
            return record.kind.value
        case Resource():
            return record.type.partition(":")[2] or record.type
        case _:
            return type(record).__name__.lower()


def _name(record: Observation) -> str:
    if isinstance(record, Credential) and isinstance(record.location, FileLocation):
        return f"{record.name} {record.preview}".strip()
    return str(getattr(record, "name", "") or record.id)


def build(basis: Basis, *, proved: bool = False) -> Graph:
    """All edges that follow from an inventory, or only those that are `proved`."""
    parts = (one for find in _finders() for one in find(basis))
    if proved:
        parts = (one for one in parts if not isinstance(one, Edge) or one.is_proved)
    return Graph(basis.inventory, parts)


Finder: TypeAlias = Callable[[Basis], Iterator[Node | Edge]]


def _finders() -> Iterator[Finder]:
    """One of each module in `edges/`."""
    folder = import_module("keymuster.analysis.reach.edges")
    for one in iter_modules(folder.__path__):
        yield import_module(f"{folder.__name__}.{one.name}").edges
