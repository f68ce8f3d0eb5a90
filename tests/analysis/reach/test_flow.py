"""The smallest cut, against two referees: trying every set of edges, and networkx."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.analysis.reach.flow import SINK, SOURCE, Arc, smallest_cut


def arcs(nodes: int, most: int) -> st.SearchStrategy[list[Arc]]:
    number = st.integers(0, nodes - 1)
    ends = st.tuples(number, number, st.sampled_from([True, True, True, False]))
    return st.lists(ends, max_size=most).map(
        lambda several: [
            Arc(place, start, to, may)
            for place, (start, to, may) in enumerate(several)
            if start != to and start != SINK and to != SOURCE
        ]
    )


def leads(several: list[Arc], without: set[int]) -> bool:
    seen, waiting = {SOURCE}, [SOURCE]
    while waiting:
        here = waiting.pop()
        for one in several:
            if one.start == here and one.number not in without and one.to not in seen:
                seen.add(one.to)
                waiting.append(one.to)
    return SINK in seen


@given(arcs(6, 11))
def test_no_smaller_set_of_edges_parts_the_sides(several: list[Arc]) -> None:
    found = smallest_cut(6, several)
    open_to_cuts = [one.number for one in several if one.may_be_cut]
    sizes = [
        size
        for size in range(len(open_to_cuts) + 1)
        if any(not leads(several, {*some}) for some in combinations(open_to_cuts, size))
    ]
    if found is None:
        assert not sizes
        return
    assert not leads(several, {*found})
    assert {*found} <= {*open_to_cuts}
    assert len(found) == sizes[0]


@given(arcs(30, 120))
def test_networkx_finds_cuts_of_the_same_size(several: list[Arc]) -> None:
    networkx = pytest.importorskip("networkx")
    network = networkx.DiGraph()
    network.add_nodes_from((SOURCE, SINK))
    for one in several:
        more = 1 if one.may_be_cut else float("inf")
        known = network.get_edge_data(one.start, one.to, {"capacity": 0})["capacity"]
        network.add_edge(one.start, one.to, capacity=known + more)
    try:
        size, _ = networkx.minimum_cut(network, SOURCE, SINK)
    except networkx.NetworkXUnbounded:
        assert smallest_cut(30, several) is None
        return
    found = smallest_cut(30, several)
    assert found is not None
    assert (len(found), leads(several, {*found})) == (size, False)


def test_of_several_smallest_cuts_the_one_nearest_to_the_source_is_taken() -> None:
    chain = [Arc(0, SOURCE, 2, True), Arc(1, 2, 3, True), Arc(2, 3, SINK, True)]
    assert smallest_cut(4, chain) == [0]


def test_edges_beside_each_other_are_each_cut() -> None:
    both = [
        Arc(0, SOURCE, 2, True),
        Arc(1, SOURCE, 2, True),
        Arc(2, 2, 3, False),
        Arc(3, 3, SINK, False),
    ]
    assert smallest_cut(4, both) == [0, 1]


def test_a_chain_may_be_as_long_as_it_likes() -> None:
    long = 20_000
    chain = [Arc(0, SOURCE, 2, False)]
    chain += [Arc(number, number + 1, number + 2, number == 500) for number in range(1, long)]
    chain.append(Arc(long, long + 1, SINK, False))
    assert smallest_cut(long + 2, chain) == [500]
