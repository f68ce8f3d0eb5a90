"""Several rolls as one: of parts of an estate that have nothing to do with each other, and were judged one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from msgspec.structs import replace

from keymuster.analysis.roll import MOST_EDGES, MOST_NODES, MOST_RECORDS
from keymuster.model import (
    GraphEdge,
    GraphNode,
    GraphSort,
    Roll,
    RolledCredential,
    RolledException,
    RolledIdentity,
)

_Joint = tuple[str, str, str, str, str]
"""An edge: the ids of its nodes and of its sort, its way, and what was assumed."""


class Rolls:
    """Holds no more than one page has, however much is added."""

    def __init__(self) -> None:
        self._identities: dict[str, RolledIdentity] = {}
        self._credentials: dict[str, RolledCredential] = {}
        self._whose: dict[str, str] = {}
        self._nodes: dict[str, GraphNode] = {}
        self._proves: dict[str, str] = {}
        self._sorts: dict[str, GraphSort] = {}
        self._edges: dict[_Joint, GraphEdge] = {}
        self._exceptions: dict[tuple[bool, str], RolledException] = {}
        self._left_out: Counter[str] = Counter()
        self._groups = 0

    def add(self, one: Roll, without: Collection[str] = ()) -> None:
        """All of a roll, `without` the identities of some ids, of which it only knows."""
        for person in one.identities:
            if person.id not in without:
                self._identities[person.id] = person
        for proof in one.credentials:
            self._credentials[proof.id] = proof
            if proof.identity is not None:
                self._whose[proof.id] = one.identities[proof.identity].id
        ids = [self._id(node) for node in one.nodes]
        for id, node in zip(ids, one.nodes, strict=True):
            if id in without:
                continue
            self._nodes[id] = replace(node, id=id)
            if node.credential is not None:
                self._proves[id] = one.credentials[node.credential].id
        self._sorts |= {sort.id: sort for sort in one.sorts}
        for edge in one.edges:
            start, to = ids[edge.start], ids[edge.to]
            if start not in without and to not in without:
                key = start, to, one.sorts[edge.sort].id, edge.way, edge.assumed
                self._edges[key] = edge
        self._exceptions |= {(said.inline, said.id): said for said in one.exceptions}
        self._left_out.update(one.left_out)
        self._cut()

    def roll(self) -> Roll:
        identities = [self._identities[id] for id in sorted(self._identities)]
        numbers = {one.id: number for number, one in enumerate(identities)}
        credentials = [
            replace(one, identity=numbers.get(self._whose.get(one.id, "")))
            for _, one in sorted(self._credentials.items())
        ]
        proofs = {one.id: number for number, one in enumerate(credentials)}
        order = self._order()
        places = {id: number for number, id in enumerate(order)}
        nodes = [
            replace(
                self._nodes[id], identity=numbers.get(id), credential=proofs.get(self._proves.get(id, ""))
            )
            for id in order
        ]  # fmt: skip
        names = sorted({key[2] for key in self._edges} | {*self._sorts})
        sorts = {name: number for number, name in enumerate(names)}
        edges = sorted(
            (places[start], places[to], sorts[sort], way, assumed)
            for start, to, sort, way, assumed in self._edges
        )
        return Roll(
            identities=tuple(identities), credentials=tuple(credentials), nodes=tuple(nodes),
            sorts=tuple(self._sorts[name] for name in names),
            edges=tuple(
                GraphEdge(start=start, to=to, sort=sort, way=way, assumed=assumed)
                for start, to, sort, way, assumed in edges
            ),
            exceptions=tuple(self._exceptions[key] for key in sorted(self._exceptions)),
            left_out={what: count for what, count in self._left_out.items() if count},
        )  # fmt: skip

    def _id(self, node: GraphNode) -> str:
        """Those who are alike are numbered in each roll anew."""
        if node.kind != "group":
            return node.id
        self._groups += 1
        return f"{node.id.rpartition(':')[0]}:{self._groups - 1}"

    # --- no more than a page has -----------------------------------------------------------------

    def _cut(self) -> None:
        if len(self._identities) > MOST_RECORDS:
            ranked = sorted(self._identities.values(), key=lambda one: (not _is_grave(one), one.id))
            self._drop("identities", [one.id for one in ranked[MOST_RECORDS:]], self._identities)
        if len(self._credentials) > MOST_RECORDS:
            self._drop("credentials", sorted(self._credentials)[MOST_RECORDS:], self._credentials)
        if len(self._nodes) > MOST_NODES:
            self._drop("nodes", self._order()[MOST_NODES:], self._nodes)
        self._edges = {
            key: edge
            for key, edge in self._edges.items()
            if key[0] in self._nodes and key[1] in self._nodes
        }
        if len(self._edges) > MOST_EDGES:  # what leads in from outside stays
            ranked_edges = sorted(self._edges, key=lambda key: (key[0] in self._identities, key))
            self._drop("edges", ranked_edges[MOST_EDGES:], self._edges)

    def _drop(self, what: str, keys: Iterable[Any], kept: dict[Any, Any]) -> None:
        for key in keys:
            del kept[key]
            self._left_out[what] += 1

    def _order(self) -> list[str]:
        """Of all nodes: identities first, then what proves them, then what most depends on."""
        degree: Counter[str] = Counter()
        for start, to, *_ in self._edges:
            degree[start] += 1
            degree[to] += 1
        return sorted(
            self._nodes,
            key=lambda id: (
                id not in self._identities,
                id not in self._identities and id not in self._credentials,
                0 if id in self._identities else -degree[id],
                id,
            ),
        )


def _is_grave(one: RolledIdentity) -> bool:
    return bool(one.leads_to) or one.privilege == "admin"
