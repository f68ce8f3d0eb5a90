"""The smallest set of edges that parts two sides of a directed graph: maximum flow by Dinic's algorithm.

rustworkx has none for directed graphs (its `stoer_wagner_min_cut` takes undirected ones). Nothing here recurses,
so chains may be as long as they like.

E. A. Dinic, Algorithm for solution of a problem of maximum flow in networks with power estimation (1970)
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import NamedTuple

SOURCE, SINK = 0, 1
"""The numbers of the two sides. All other nodes come behind them."""

_UNBOUNDED = 1 << 40
"""More than there are edges."""


_NOWHERE = -2
"""The rank of a node from which nothing gets through: next to none."""


class Arc(NamedTuple):
    """An edge by its number, from one node to another; one that cannot be cut carries any flow."""

    number: int
    start: int
    to: int
    may_be_cut: bool


def smallest_cut(nodes: int, arcs: Sequence[Arc]) -> list[int] | None:
    """The numbers of as few edges as possible without which nothing leads from the source to the sink, those
    that lie nearest to the source; None if what cannot be cut leads there."""
    if _leads(nodes, [one for one in arcs if not one.may_be_cut]):
        return None
    flow = _Flow(nodes, arcs)
    while flow.rank():
        flow.fill()
    side = flow.left()
    return [one.number for one in arcs if side[one.start] and not side[one.to]]


def _leads(nodes: int, arcs: Sequence[Arc]) -> bool:
    after: dict[int, list[int]] = defaultdict(list)
    for one in arcs:
        after[one.start].append(one.to)
    seen, waiting = {SOURCE}, [SOURCE]
    while waiting:
        for node in after.get(waiting.pop(), ()):
            if node not in seen:
                seen.add(node)
                waiting.append(node)
    return SINK in seen


class _Flow:
    """What each edge can carry still. Each has a twin at the next number, by which flow is taken back."""

    def __init__(self, nodes: int, arcs: Sequence[Arc]) -> None:
        room: dict[tuple[int, int], int] = defaultdict(int)
        for one in arcs:
            room[one.start, one.to] += 1 if one.may_be_cut else _UNBOUNDED
        self._to: list[int] = []
        self._room: list[int] = []
        self._out: list[list[int]] = [[] for _ in range(nodes)]
        for (start, to), size in room.items():
            self._out[start].append(len(self._to))
            self._to.append(to)
            self._room.append(size)
            self._out[to].append(len(self._to))
            self._to.append(start)
            self._room.append(0)
        self._rank: list[int] = []

    def rank(self) -> bool:
        """Number the nodes by how far they are from the sink; whether the source is among them. What is as far
        as the source, or farther, is left out."""
        to, room, out = self._to, self._room, self._out
        rank = [-1] * len(out)
        rank[SINK] = 0
        here = [SINK]
        depth = 0
        while here and rank[SOURCE] < 0:
            depth += 1
            following = []
            for node in here:
                for edge in out[node]:
                    if rank[to[edge]] < 0 and room[edge ^ 1]:
                        rank[to[edge]] = depth
                        following.append(to[edge])
            here = following
        self._rank = rank
        return rank[SOURCE] >= 0

    def fill(self) -> None:
        """Send flow from rank to rank until no more gets through."""
        to, room, out, rank = self._to, self._room, self._out, self._rank
        tried = [0] * len(out)
        way: list[int] = []
        node = SOURCE
        while True:
            if node == SINK:
                node = self._send(way)
                continue
            edges, at, following = out[node], tried[node], rank[node] - 1
            while at < len(edges) and not (rank[to[edges[at]]] == following and room[edges[at]]):
                at += 1
            tried[node] = at
            if at < len(edges):
                way.append(edges[at])
                node = to[edges[at]]
            elif node == SOURCE:
                return
            else:
                rank[node] = _NOWHERE
                node = to[way.pop() ^ 1]

    def _send(self, way: list[int]) -> int:
        """Send what the way can carry, and go back to where its first full edge begins."""
        room = self._room
        size = min(room[edge] for edge in way)
        full = len(way)
        for place in range(len(way) - 1, -1, -1):
            edge = way[place]
            room[edge] -= size
            room[edge ^ 1] += size
            if not room[edge]:
                full = place
        node = self._to[way[full] ^ 1]
        del way[full:]
        return node

    def left(self) -> list[bool]:
        """Which nodes flow from the source can still get to."""
        to, room, out = self._to, self._room, self._out
        side = [False] * len(out)
        side[SOURCE] = True
        waiting = deque([SOURCE])
        while waiting:
            for edge in out[waiting.popleft()]:
                if room[edge] and not side[to[edge]]:
                    side[to[edge]] = True
                    waiting.append(to[edge])
        return side
