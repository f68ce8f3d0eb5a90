"""The best way from each who begins to what they reach: fewest assumed edges first, then fewest edges."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from keymuster.analysis.reach.graph import Edge, Graph

if TYPE_CHECKING:
    import rustworkx

_MOST_WORK = 3_000_000
_MOST_PAIRS = 10_000
"""Edges that are looked at to find every pair of ends, and how many of those; beyond either, the best way of each
end is found."""


class Path(NamedTuple):
    """Edges, one after the other."""

    edges: tuple[Edge, ...]

    @property
    def start(self) -> str:
        return self.edges[0].start

    @property
    def end(self) -> str:
        return self.edges[-1].to

    @property
    def is_proved(self) -> bool:
        return all(one.is_proved for one in self.edges)


class Found(NamedTuple):
    """`every` says whether there is a path for each pair of ends; if not, there is one for each who begins
    and for each that is reached."""

    paths: list[Path]
    every: bool


class Search:
    """Looks through one graph, from several sides."""

    def __init__(self, graph: Graph, without: Collection[int] = ()) -> None:
        self._graph = graph
        self._without = frozenset(without)
        self._network = self._left(graph.laid_out()) if without else graph.network
        self._weights = graph.weights

    def reached(self, starts: Iterable[str]) -> set[str]:
        """The nodes that any of these lead to, and themselves."""
        return {self._graph.ids[number] for number in self.ahead(self.numbers(starts))}

    def leading(self, ends: Iterable[str]) -> set[str]:
        """The nodes that lead to any of these, and themselves."""
        return {self._graph.ids[number] for number in self.behind(self.numbers(ends))}

    def ahead(self, starts: Collection[int]) -> set[int]:
        """The same as `reached`, by number."""
        from rustworkx import descendants

        with _with_one_more(
            self._network, lambda extra: [(extra, one, -1) for one in starts]
        ) as extra:
            return set(descendants(self._network, extra))

    def behind(self, ends: Collection[int]) -> set[int]:
        """The same as `leading`, by number."""
        from rustworkx import ancestors

        with _with_one_more(
            self._network, lambda extra: [(one, extra, -1) for one in ends]
        ) as extra:
            return set(ancestors(self._network, extra))

    def nearest(self, starts: Iterable[str], goals: Sequence[Sequence[str]]) -> dict[str, Path]:
        """The best path of each to the first of some sorts of goals that it leads to; none of one that is such a
        goal itself."""
        found: dict[str, Path] = {}
        left = {self._graph.numbers[id]: id for id in starts}
        for one in goals:
            there = self.numbers(one)
            walk = _Walk(self._turned, there, self._weights)
            for number in there:
                left.pop(number, None)
            for number, id in [*left.items()]:
                if numbers := walk.back(number):
                    found[id] = Path(tuple(self._graph.edges[each] for each in numbers))
                    del left[number]
        return found

    def paths(self, starts: Sequence[str], ends: Sequence[str]) -> Found:
        """The best path of each pair, or of each end if there are too many."""
        here, there = self.numbers(starts), self.numbers(ends)
        if not here or not there:
            return Found([], every=True)
        work = min(len(here), len(there)) * (len(self._graph.edges) + len(self._graph.ids))
        if work <= _MOST_WORK and len(here) * len(there) <= _MOST_PAIRS:
            return Found([*self._pairs(here, there)], every=True)
        forward = self._forward(here, there)
        backward = self._backward(here, there)
        found = {(one.start, one.end): one for one in (*forward, *backward)}
        return Found([*found.values()], every=False)

    def _pairs(self, here: list[int], there: list[int]) -> Iterable[Path]:
        if len(here) <= len(there):
            for number in here:
                yield from self._forward([number], there)
        else:
            for number in there:
                yield from self._backward(here, [number])

    def _forward(self, here: list[int], there: list[int]) -> list[Path]:
        """To each that is reached, from the nearest."""
        walk = _Walk(self._network, here, self._weights)
        return [
            Path(tuple(self._graph.edges[number] for number in reversed(numbers)))
            for end in there
            if (numbers := walk.back(end))
        ]

    def _backward(self, here: list[int], there: list[int]) -> list[Path]:
        """From each who begins, to the nearest."""
        walk = _Walk(self._turned, there, self._weights)
        return [
            Path(tuple(self._graph.edges[number] for number in numbers))
            for start in here
            if (numbers := walk.back(start))
        ]

    @cached_property
    def _turned(self) -> rustworkx.PyDiGraph[int, int]:
        return self._left(self._graph.laid_out(turned=True))

    def _left(self, network: rustworkx.PyDiGraph[int, int]) -> rustworkx.PyDiGraph[int, int]:
        """A network that was just laid out, so that the places of its edges are their numbers."""
        for number in self._without:
            network.remove_edge_from_index(number)
        return network

    def numbers(self, ids: Iterable[str]) -> list[int]:
        return [self._graph.numbers[id] for id in dict.fromkeys(ids) if id in self._graph.numbers]


class _Walk:
    """The ways back from all that some nodes lead to. Each step is looked for once."""

    def __init__(
        self, network: rustworkx.PyDiGraph[int, int], starts: list[int], weights: list[float]
    ) -> None:
        self._network = network
        self._weights = weights
        self._starts = set(starts)
        self._distances = _distances(network, starts, weights)
        self._before: dict[int, tuple[int, int]] = {}

    def back(self, end: int) -> list[int]:
        """The numbers of the edges, the last one first; none if it is not reached, or begins itself."""
        if end not in self._distances:
            return []
        numbers: list[int] = []
        while end not in self._starts:
            end, number = self._step(end)
            numbers.append(number)
        return numbers

    def _step(self, node: int) -> tuple[int, int]:
        if node not in self._before:
            here = self._distances[node]
            self._before[node] = min(
                (
                    (start, number)
                    for start, _, number in self._network.in_edges(node)
                    if start in self._distances
                    and self._distances[start] + self._weights[number] == here
                ),
                key=lambda one: one[1],
            )
        return self._before[node]


def _distances(
    network: rustworkx.PyDiGraph[int, int], starts: Iterable[int], weights: list[float]
) -> dict[int, float]:
    """How far each node is from the nearest of some."""
    from rustworkx import digraph_dijkstra_shortest_path_lengths

    with _with_one_more(network, lambda extra: [(extra, one, -1) for one in starts]) as extra:
        found = digraph_dijkstra_shortest_path_lengths(network, extra, weights.__getitem__)
        return dict(found.items())


@contextmanager
def _with_one_more(
    network: rustworkx.PyDiGraph[int, int], edges: Callable[[int], list[tuple[int, int, int]]]
) -> Iterator[int]:
    """A node for a time, that stands for several."""
    extra = network.add_node(-1)
    try:
        network.add_edges_from(edges(extra))
        yield extra
    finally:
        network.remove_node(extra)
