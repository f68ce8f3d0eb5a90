"""Where the graph of a page lies: groups in groups, none with more members than people can read, each a circle.

Whatever is opened or closed stays where it is. The force-directed layout is that of rustworkx; members of one
group are then moved onto a grid, or apart from each other, so that none covers another.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, pairwise
from typing import TypeVar

from msgspec import Struct, field

from keymuster.model import GraphEdge, GraphNode, Roll

MOST = 60
"""Members of a group, that are groups or nodes."""

CELL = 90.0
ROW = 62.0
"""Room for a node and its name."""

_WIDE = 1.4
"""Screens are wider than they are high."""
_LEAST = 0.28
"""Of the largest circle beside it: what is smaller could not be read."""
_GOLDEN = math.pi * (3 - math.sqrt(5))
_NOBODY = "nobody known"


class Group(Struct, kw_only=True):
    """A circle with other groups or with nodes in it. `parent` is the number of the group that it is in, -1 of those that are in
    none. `size` is how many nodes are in it, however deep, `scale` how much larger than usual all in it is, so that it fills a
    group that would be too small to be read."""

    name: str
    parent: int
    size: int
    x: float = 0
    y: float = 0
    r: float = 0
    scale: float = 1


class Layout(Struct, kw_only=True):
    """All groups, those outside before those in them, and of each node its group and place."""

    groups: list[Group]
    at: list[tuple[int, int, int]]


def layouts(roll: Roll) -> dict[str, Layout]:
    """By the name of what nodes are grouped by."""
    by_account = _laid_out(roll, "accounts", (_account, _kind))
    by_owner = _laid_out(roll, "owners", (_owner, _account, _kind))
    return {"account": by_account, "owner": by_owner}


_Key = Callable[[GraphNode], str]


def _account(one: GraphNode) -> str:
    return one.account


def _owner(one: GraphNode) -> str:
    return one.owner or _NOBODY


def _kind(one: GraphNode) -> str:
    return one.kind.replace("_", " ")


class _Tree(Struct):
    """A group before it has a place: groups or numbers of nodes."""

    name: str
    groups: list[_Tree] = []
    nodes: list[int] = []
    size: int = 0
    r: float = 0
    scale: float = 1
    places: list[tuple[float, float]] = []
    pulls: Counter[tuple[int, int]] = field(default_factory=Counter)


def _laid_out(roll: Roll, word: str, keys: Sequence[_Key]) -> Layout:
    trees = _grouped(range(len(roll.nodes)), roll.nodes, keys, word)
    root = _Tree("", groups=trees, size=len(roll.nodes))
    _connect(root, roll.edges)
    _place(root)
    groups: list[Group] = []
    at: list[tuple[int, int, int]] = [(-1, 0, 0)] * len(roll.nodes)
    _flatten(root, -1, (0, 0, 1), groups, at)
    return Layout(groups=groups, at=at)


def _flatten(
    tree: _Tree, number: int, within: tuple[float, float, float], groups: list[Group],
    at: list[tuple[int, int, int]],
) -> None:  # fmt: skip
    """Places and scale of a group are those `within` the whole; of its members, those in it."""
    x, y, scale = within
    for node, (dx, dy) in zip(tree.nodes, tree.places, strict=False):
        at[node] = (number, round(x + dx * scale), round(y + dy * scale))
    for group, (dx, dy) in zip(tree.groups, tree.places, strict=False):
        inner = (x + dx * scale, y + dy * scale, scale * group.scale)
        groups.append(
            Group(
                name=group.name, parent=number, size=group.size, x=round(inner[0]), y=round(inner[1]),
                r=round(group.r * scale), scale=round(inner[2], 2),
            )
        )  # fmt: skip
        _flatten(group, len(groups) - 1, inner, groups, at)


# --- groups --------------------------------------------------------------------------------------


def _grouped(
    numbers: Iterable[int], nodes: Sequence[GraphNode], keys: Sequence[_Key], word: str
) -> list[_Tree]:
    """By the first of the keys, and what is too large for people by the others. If there are too many groups, the smallest
    are in one."""
    by: dict[str, list[int]] = defaultdict(list)
    for number in numbers:
        by[keys[0](nodes[number])].append(number)
    trees = [_tree(name, by[name], nodes, keys[1:]) for name in sorted(by)]
    if len(trees) <= MOST:
        return trees
    ordered = sorted(trees, key=lambda one: (-one.size, one.name))
    large, small = ordered[: MOST - 1], sorted(ordered[MOST - 1 :], key=lambda one: one.name)
    return [*large, _joined(f"{len(small):,} smaller {word}", small)]


def _tree(name: str, numbers: list[int], nodes: Sequence[GraphNode], keys: Sequence[_Key]) -> _Tree:
    if len(numbers) <= MOST:
        return _Tree(name, nodes=numbers, size=len(numbers))
    if keys:
        parts = _grouped(numbers, nodes, keys, "groups")
        if len(parts) > 1:
            return _Tree(name, groups=parts, size=len(numbers))
        return _tree(name, numbers, nodes, keys[1:])
    ordered = sorted(numbers, key=lambda one: (nodes[one].name, one))
    parts = [
        _Tree(_span(part, nodes), nodes=part, size=len(part)) for part in _parted(ordered, MOST)
    ]
    return _joined(name, parts)


def _joined(name: str, trees: list[_Tree]) -> _Tree:
    """One group of several, which are put together until they are few enough."""
    while len(trees) > MOST:
        trees = [
            _Tree(f"{part[0].name} to {part[-1].name}", groups=part, size=sum(one.size for one in part))
            for part in _parted(trees, MOST)
        ]  # fmt: skip
    return _Tree(name, groups=trees, size=sum(one.size for one in trees))


_T = TypeVar("_T")


def _parted(several: Sequence[_T], most: int) -> list[list[_T]]:
    parts = math.ceil(len(several) / most)
    ends = [round(len(several) * number / parts) for number in range(parts + 1)]
    return [list(several[begin:end]) for begin, end in pairwise(ends)]


def _span(numbers: Sequence[int], nodes: Sequence[GraphNode]) -> str:
    return f"{nodes[numbers[0]].name[:12]} to {nodes[numbers[-1]].name[:12]}"


# --- places --------------------------------------------------------------------------------------


def _connect(root: _Tree, edges: Iterable[GraphEdge]) -> None:
    """Tell each group which of its members belong together: an edge counts in the innermost group that has both
    of its ends."""
    ways: dict[int, list[tuple[_Tree, int]]] = {}
    _ways(root, [], ways)
    for edge in edges:
        for (tree, here), (other, there) in zip(ways[edge.start], ways[edge.to], strict=False):
            if tree is not other:
                break
            if here != there:
                tree.pulls[min(here, there), max(here, there)] += 1
                break


def _ways(
    tree: _Tree, above: list[tuple[_Tree, int]], found: dict[int, list[tuple[_Tree, int]]]
) -> None:
    for number, group in enumerate(tree.groups):
        _ways(group, [*above, (tree, number)], found)
    for number, node in enumerate(tree.nodes):
        found[node] = [*above, (tree, number)]


def _place(tree: _Tree) -> None:
    """Places for the members of all groups, around the middle of each, the innermost first: how large they are is
    known then."""
    for group in tree.groups:
        _place(group)
    if tree.groups:
        largest = max(one.r for one in tree.groups)
        for group in tree.groups:
            group.scale = max(1, largest * _LEAST / group.r)
            group.r *= group.scale
    wanted = _spread(len(tree.groups) or len(tree.nodes), tree.pulls)
    if tree.groups:
        tree.places = _apart(wanted, [one.r for one in tree.groups])
        reach = (math.hypot(x, y) + one.r for (x, y), one in zip(tree.places, tree.groups, strict=True))  # fmt: skip
        tree.r = max(reach) + CELL / 4
    else:
        tree.places = _on_a_grid(wanted)
        tree.r = max((math.hypot(x, y) for x, y in tree.places), default=0) + CELL * 0.55


def _spread(size: int, pulls: Mapping[tuple[int, int], int]) -> list[tuple[float, float]]:
    """Places between -1 and 1, where those that belong together are near each other."""
    if not pulls:
        return [_spiral(number, size) for number in range(size)]
    import rustworkx  # only a page with a graph needs it

    graph: rustworkx.PyGraph[int, float] = rustworkx.PyGraph()
    graph.add_nodes_from(range(size))
    graph.add_edges_from([(*pair, math.sqrt(pull)) for pair, pull in sorted(pulls.items())])
    begin = {number: _spiral(number, size) for number in range(size)}
    found = rustworkx.spring_layout(graph, pos=begin, weight_fn=float, num_iter=60, seed=1, scale=1)
    return [(float(found[number][0]), float(found[number][1])) for number in range(size)]


def _spiral(number: int, size: int) -> tuple[float, float]:
    """Like the seeds of a sunflower."""
    far = math.sqrt((number + 0.5) / size)
    return far * math.cos(number * _GOLDEN), far * math.sin(number * _GOLDEN)


def _on_a_grid(wanted: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Each on the free cell that is nearest to where it wants to be, in rows that are set off."""
    cells = _cells(len(wanted))
    far = max((math.hypot(x, y) for x, y in cells), default=0)
    found: list[tuple[float, float]] = []
    for x, y in wanted:
        cell = min(cells, key=lambda one: (one[0] - x * far) ** 2 + (one[1] - y * far) ** 2)
        cells.remove(cell)
        found.append(cell)
    return found


def _cells(size: int) -> list[tuple[float, float]]:
    """So many as there are nodes, as near to the middle as can be."""
    side = math.ceil(math.sqrt(size)) + 2
    every = [
        ((column + (row % 2) / 2) * CELL, row * ROW)
        for row in range(-side, side + 1)
        for column in range(-side, side + 1)
    ]
    every.sort(key=lambda one: (round(math.hypot(*one), 6), one))
    return every[:size]


def _apart(
    wanted: Sequence[tuple[float, float]], radii: Sequence[float]
) -> list[tuple[float, float]]:
    """The largest first, each as near to where it wants to be as the others let it."""
    area = math.sqrt(sum(r * r for r in radii)) * 0.8
    places: dict[int, tuple[float, float]] = {}
    for number in sorted(range(len(radii)), key=lambda one: (-radii[one], one)):
        r = radii[number]
        x, y = wanted[number][0] * area * _WIDE, wanted[number][1] * area
        taken = [(places[one], r + radii[one] + CELL / 6) for one in places]
        places[number] = next(
            at
            for at in _around(x, y, max(r / 3, CELL / 4))
            if all((at[0] - px) ** 2 + (at[1] - py) ** 2 >= far * far for (px, py), far in taken)
        )
    middle_x = sum(places[one][0] * radii[one] ** 2 for one in places) / sum(r * r for r in radii)
    middle_y = sum(places[one][1] * radii[one] ** 2 for one in places) / sum(r * r for r in radii)
    return [(places[one][0] - middle_x, places[one][1] - middle_y) for one in range(len(radii))]


def _around(x: float, y: float, step: float) -> Iterator[tuple[float, float]]:
    """Places farther and farther away."""
    yield x, y
    for number in count(1):
        far = step * math.sqrt(number)
        yield x + _WIDE * far * math.cos(number * _GOLDEN), y + far * math.sin(number * _GOLDEN)
