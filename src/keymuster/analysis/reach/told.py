"""Paths as people read them: step by step, each with the records that it rests on and where those stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from keymuster.analysis.reach.graph import Basis, Edge, Graph, Kind, Node
from keymuster.analysis.reach.search import Path
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Effect, Identity, Location, Trust, TrustKind


class Evidence(Struct, frozen=True):
    """A record that an edge rests on, and where it stands."""

    record: str
    place: Location | None


class Step(Struct, frozen=True, kw_only=True):
    """From one node to the next, over groups between them. `assumed` says what is not known, `cut` how the step is
    cut; it is empty where nobody can."""

    start: Node
    to: Node
    kind: str
    says: str
    way: str = ""
    assumed: str = ""
    cut: str = ""
    evidence: tuple[Evidence, ...] = ()

    @property
    def is_proved(self) -> bool:
        return not self.assumed


def steps(path: Path, graph: Graph) -> tuple[Step, ...]:
    return tuple(step(several, graph) for several in _joined(path.edges, graph))


def step(edges: Sequence[Edge], graph: Graph) -> Step:
    """One edge, or several with only groups between them."""
    first, last = edges[0], edges[-1]
    start, to = graph.node(first.start), graph.node(last.to)
    records = dict.fromkeys(
        id
        for number, edge in enumerate(edges)
        for id in edge.evidence(last.to if not number else "")
    )
    filled = {"start": start.name, "to": to.name, "way": first.way}
    return Step(
        start=start, to=to, kind=first.kind.id, way=first.way, says=_filled(first.kind.says, filled),
        assumed="; ".join(dict.fromkeys(one.assumed for one in edges if one.assumed)),
        cut=_filled(_cutting(edges).cut, filled),
        evidence=tuple(Evidence(id, graph.place(id)) for id in records),
    )  # fmt: skip


def _filled(text: str, names: dict[str, str]) -> str:
    """With the names in it: whatever those hold, it is not filled in again."""
    return text.format_map(names)


def _cutting(edges: Sequence[Edge]) -> Kind:
    return next((one.kind for one in edges if one.kind.cut), edges[0].kind)


def _joined(edges: Sequence[Edge], graph: Graph) -> Iterator[list[Edge]]:
    waiting: list[Edge] = []
    for edge in edges:
        waiting.append(edge)
        made = graph.made.get(edge.to)
        if made is None or not made.group or edge is edges[-1]:
            yield waiting
            waiting = []


def undecided_trusts(basis: Basis) -> int:
    """How many trusts let in nobody knows whom."""
    records = basis.inventory.records
    return sum(
        basis.told(one.id).get("audience", UNKNOWN) == UNKNOWN
        and not isinstance(records.get(one.principal), Identity)
        for one in basis.of(Trust)
        if one.effect is Effect.ALLOW and one.kind is not TrustKind.SERVICE
    )
