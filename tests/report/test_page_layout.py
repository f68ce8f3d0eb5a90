"""Where the graph of a page lies: nothing covers anything, and nobody has to read more than a screen of it."""

from __future__ import annotations

import math
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.model import GraphEdge, GraphNode, Roll
from keymuster.report._page.layout import CELL, MOST, Layout, layouts
from report.rolls import large, small


def members(layout: Layout) -> dict[int, list[tuple[float, float, float]]]:
    """Of each group, and of -1 for what is in none: the circles that are in it."""
    found = defaultdict(list)
    for group in layout.groups:
        found[group.parent].append((group.x, group.y, group.r))
    for parent, x, y in layout.at:
        scale = layout.groups[parent].scale if parent >= 0 else 1
        found[parent].append((x, y, 0.3 * CELL * scale))
    return found


def assert_is_sound(roll: Roll, layout: Layout) -> None:
    assert len(layout.at) == len(roll.nodes)
    sizes = defaultdict(int)
    for parent, _, _ in layout.at:
        while parent >= 0:
            sizes[parent] += 1
            parent = layout.groups[parent].parent
    assert [one.size for one in layout.groups] == [sizes[n] for n in range(len(layout.groups))]
    for parent, circles in members(layout).items():
        assert len(circles) <= MOST
        for number, (x, y, r) in enumerate(circles):
            for ox, oy, other in circles[:number]:
                assert math.hypot(x - ox, y - oy) >= r + other - 3
            if parent >= 0:
                outer = layout.groups[parent]
                assert math.hypot(x - outer.x, y - outer.y) + r <= outer.r + 3


@pytest.mark.parametrize("by", ["account", "owner"])
def test_five_thousand_nodes_are_few_groups_of_which_none_covers_another(by: str) -> None:
    roll = large(5000)
    layout = layouts(roll)[by]
    assert_is_sound(roll, layout)
    tops = [one for one in layout.groups if one.parent < 0]
    assert 10 < len(tops) <= MOST
    largest = max(one.r for one in tops)
    assert min(one.r for one in tops) > largest / 5


def test_groups_are_accounts_or_owners() -> None:
    found = layouts(small())
    names = {by: {one.name for one in found[by].groups} for by in found}
    assert names["account"] == {"aws 111122223333", "gcp acme", "files", "outside"}
    assert names["owner"] == {"team-platform", "jo", "nobody known"}


def test_what_belongs_together_lies_together() -> None:
    nodes = tuple(GraphNode(id=str(n), kind="role", name=str(n), account="a") for n in range(40))
    edges = tuple(
        GraphEdge(start=a, to=b, sort=0)
        for half in (range(20), range(20, 40))
        for a in half
        for b in half
        if a < b
    )
    at = layouts(Roll(nodes=nodes, edges=edges))["account"].at

    def far(several: list[tuple[int, int]]) -> float:
        return sum(math.hypot(at[a][1] - at[b][1], at[a][2] - at[b][2]) for a, b in several) / len(several)  # fmt: skip

    near = [(a, b) for a in range(20) for b in range(a)]
    apart = [(a, b + 20) for a in range(20) for b in range(20)]
    assert far(near) < 0.8 * far(apart)


_NODES = st.lists(
    st.tuples(st.integers(0, 90), st.integers(0, 70), st.integers(0, 1)), max_size=160
)


@given(_NODES, st.randoms(use_true_random=False))
def test_any_roll_has_a_sound_layout(kinds: list[tuple[int, int, int]], random: object) -> None:
    nodes = tuple(
        GraphNode(id=str(number), kind=("role", "user")[kind], name=f"n{number}", account=f"a{account}", owner=f"o{owner}" if owner else "")
        for number, (account, owner, kind) in enumerate(kinds)
    )  # fmt: skip
    edges = tuple(
        GraphEdge(start=random.randrange(len(nodes)), to=random.randrange(len(nodes)), sort=0)  # type: ignore[attr-defined]
        for _ in nodes
    )
    roll = Roll(nodes=nodes, edges=edges)
    for layout in layouts(roll).values():
        assert_is_sound(roll, layout)
