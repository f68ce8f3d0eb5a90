"""The smallest set of edges to cut, so that nobody gets there any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from keymuster.analysis.reach.flow import SINK, SOURCE, Arc, smallest_cut
from keymuster.analysis.reach.graph import Edge, Graph
from keymuster.analysis.reach.search import Search


class Cut(NamedTuple):
    """The edges, and what a search without them still reaches: nothing, or it is no cut. None of either if
    there is a way that nobody can cut."""

    edges: tuple[Edge, ...]
    possible: bool
    still_reached: tuple[str, ...] = ()

    @property
    def is_verified(self) -> bool:
        return self.possible and not self.still_reached


def cut(graph: Graph, starts: Sequence[str], ends: Sequence[str]) -> Cut:
    """The edges between those who begin and what is to be kept from them."""
    begins, kept = set(starts), set(ends) - set(starts)
    nodes: dict[str, int] = {}
    for id in begins:
        nodes[id] = SOURCE
    for id in kept:
        nodes[id] = SINK
    count = 2
    numbered: list[Arc] = []
    for number, edge in _between(graph, begins, kept):
        for id in (edge.start, edge.to):
            if id not in nodes:
                nodes[id] = count
                count += 1
        start, to = nodes[edge.start], nodes[edge.to]
        if start != to and start != SINK and to != SOURCE:
            numbered.append(Arc(number, start, to, bool(edge.kind.cut)))
    numbers = smallest_cut(count, numbered)
    if numbers is None:
        return Cut((), possible=False)
    without = Search(graph, numbers).reached(begins)
    return Cut(
        tuple(graph.edges[number] for number in numbers),
        possible=True,
        still_reached=tuple(sorted(without & kept)),
    )


def _between(graph: Graph, begins: set[str], kept: set[str]) -> list[tuple[int, Edge]]:
    """Those on any way: the nodes that they join are reached, and lead there."""
    search = Search(graph)
    ahead = search.reached(begins)
    if not ahead & kept:
        return []
    behind = search.leading(kept)
    return [
        (number, edge)
        for number, edge in enumerate(graph.edges)
        if edge.start in ahead and edge.to in behind
    ]
