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
    search = Search(graph)
    begins = set(search.numbers(starts))
    kept = set(search.numbers(ends)) - begins
    nodes, arcs = _between(graph, search, begins, kept)
    numbers = smallest_cut(nodes, arcs)
    if numbers is None:
        return Cut((), possible=False)
    still = Search(graph, numbers).ahead(begins) & kept
    return Cut(
        tuple(graph.edges[number] for number in numbers),
        possible=True,
        still_reached=tuple(sorted(graph.ids[number] for number in still)),
    )


def _between(
    graph: Graph, search: Search, begins: set[int], kept: set[int]
) -> tuple[int, list[Arc]]:
    """How many nodes are on any way, and the edges that join them: all who begin are one side, all that is
    kept from them the other."""
    on_the_way = search.ahead(begins)
    if on_the_way.isdisjoint(kept):
        return 2, []
    on_the_way &= search.behind(kept)
    side = [-1] * len(graph.ids)
    for place, number in enumerate(sorted(on_the_way - begins - kept)):
        side[number] = place + 2
    for number in begins:
        side[number] = SOURCE
    for number in kept:
        side[number] = SINK
    arcs = []
    for number, (one, other) in enumerate(zip(graph.begins, graph.leads, strict=True)):
        start, to = side[one], side[other]
        if start >= 0 and to >= 0 and start != to and start != SINK and to != SOURCE:
            arcs.append(Arc(number, start, to, bool(graph.edges[number].kind.cut)))
    return max(side, default=1) + 1, arcs
