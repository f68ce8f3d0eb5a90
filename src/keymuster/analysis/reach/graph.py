"""The graph that reach is searched in: who has one node gets the next.

Nodes are the ids of records; what no record is about (whoever is outside, a file, all secrets of an
account) is a `Node` that an edge module adds. An edge is `proved` where all that it takes is known and
allows it, else `assumed`, and says what is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

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


class Basis:
    """What a graph is made of: an inventory with its derived facts, and what they were derived by."""

    def __init__(self, inventory: Inventory, configured: Settings, known: Known) -> None:
        self.inventory = inventory
        self.configured = configured
        self.known = known

    def told(self, id: str) -> Mapping[str, Any]:
        """The facts of a record."""
        return self.inventory.facts.get(id, {})

    def of(self, kind: type[_T]) -> Sequence[_T]:
        """The records of one kind."""
        return self._sorted.get(kind, ())

    @cached_property
    def _sorted(self) -> dict[type[Any], list[Any]]:
        """All, looked through once: many sorts of edges ask."""
        found: dict[type[Any], list[Any]] = {}
        for one in self.inventory.records.values():
            found.setdefault(type(one), []).append(one)
        return found


_T = TypeVar("_T")


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


_FAR = float(1 << 24)
"""What an assumed edge weighs: more than any path has edges."""


class Graph:
    """Edges between nodes, both by number. There may be several edges from one node to another: each is
    a way of its own."""

    def __init__(self, inventory: Inventory, parts: Iterable[Node | Edge]) -> None:
        self._inventory = inventory
        self.made: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.numbers: dict[str, int] = {}
        self.ids: list[str] = []
        self.begins: list[int] = []
        """Of each edge the number of the node that it starts at, in the same order."""
        self.leads: list[int] = []
        for one in parts:
            if isinstance(one, Edge):
                if one.start != one.to:
                    self.edges.append(one)
                    self.begins.append(self._number(one.start))
                    self.leads.append(self._number(one.to))
            else:
                self.made[one.id] = one
                self._number(one.id)

    def _number(self, id: str) -> int:
        number = self.numbers.setdefault(id, len(self.ids))
        if number == len(self.ids):
            self.ids.append(id)
        return number

    @cached_property
    def network(self) -> rustworkx.PyDiGraph[int, int]:
        """The same for the library: the payload of an edge is its number."""
        return self.laid_out()

    def laid_out(self, *, turned: bool = False) -> rustworkx.PyDiGraph[int, int]:
        """A new one; if `turned`, each edge leads back."""
        import rustworkx  # only who asks for reach needs it

        ends = (self.leads, self.begins) if turned else (self.begins, self.leads)
        found: rustworkx.PyDiGraph[int, int] = rustworkx.PyDiGraph()
        found.add_nodes_from(range(len(self.ids)))
        found.add_edges_from([*zip(*ends, range(len(self.edges)), strict=True)])
        return found

    @cached_property
    def weights(self) -> list[float]:
        """What each edge weighs, and at the end an edge that leads to where somebody begins."""
        return [*(1.0 if one.is_proved else _FAR for one in self.edges), 0.0]

    def node(self, id: str) -> Node:
        """What a node is, for those who read of it."""
        made = self.made.get(id)
        if made is not None:
            return made
        record = self._inventory.records.get(id)
        if record is None:
            return Node(id=id, kind="principal", name=id.removeprefix("gcp:"))
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
