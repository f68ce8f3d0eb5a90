"""Paths: the surest first, then the shortest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.reach.making import CUTTABLE, graph
from keymuster.analysis.reach import search as searching
from keymuster.analysis.reach.cuts import cut
from keymuster.analysis.reach.graph import Edge
from keymuster.analysis.reach.search import Path, Search


def nodes(path: Path) -> str:
    return "".join([path.start, *(one.to for one in path.edges)])


def found(edges: list[str], starts: str, ends: str) -> list[str]:
    return sorted(nodes(one) for one in Search(graph(*edges)).paths([*starts], [*ends]).paths)


def test_the_shortest_path_is_found() -> None:
    assert found(["a>b", "b>c", "c>d", "a>c"], "a", "d") == ["acd"]


def test_a_longer_path_that_is_proved_comes_before_a_shorter_one_that_is_assumed() -> None:
    assert found(["a?d", "a>b", "b>c", "c>d"], "a", "d") == ["abcd"]
    assert found(["a?d", "a>b", "b?c", "c?d"], "a", "d") == ["ad"]


def test_there_is_a_path_for_each_pair_of_ends() -> None:
    assert found(["a>c", "b>c", "c>d", "c>e"], "ab", "de") == ["acd", "ace", "bcd", "bce"]


def test_cycles_end() -> None:
    assert found(["a>b", "b>a", "b>c", "c>b", "c>c"], "a", "c") == ["abc"]


def test_what_nobody_leads_to_has_no_path() -> None:
    assert found(["a>b", "d>c"], "a", "c") == []
    assert found(["a>b"], "a", "z") == []
    assert found(["a>b"], "a", "a") == []


def test_of_edges_beside_each_other_the_proved_one_is_taken() -> None:
    one = graph("a?b", "a>b")
    [path] = Search(one).paths(["a"], ["b"]).paths
    assert path.is_proved


@pytest.mark.parametrize("limit", ["_MOST_WORK", "_MOST_PAIRS"])
def test_of_too_many_pairs_each_end_has_its_best_path(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, limit, 0)
    edges = ["a>c", "b>a", "c>d", "c>e"]
    answer = Search(graph(*edges)).paths(["a", "b"], ["d", "e"])
    assert not answer.every
    told = sorted(nodes(one) for one in answer.paths)
    assert {one[0] for one in told} == {"a", "b"}
    assert {one[-1] for one in told} == {"d", "e"}
    assert "acd" in told


def test_a_chain_of_a_hundred_thousand_is_walked() -> None:
    long = 100_000
    chain = graph(*(Edge(str(one), str(one + 1), CUTTABLE) for one in range(long)))
    [path] = Search(chain).paths(["0"], [str(long)]).paths
    assert len(path.edges) == long
    parted = cut(chain, ["0"], [str(long)])
    assert [one.start for one in parted.edges] == ["0"]
    assert parted.is_verified


_EDGES = st.lists(st.tuples(*[st.sampled_from("abcdefg")] * 2, st.sampled_from(">?=")), max_size=18)


@given(_EDGES)
def test_no_path_is_surer_or_shorter(edges: list[tuple[str, str, str]]) -> None:
    written = [f"{start}{sign}{to}" for start, to, sign in edges]
    best: dict[str, tuple[int, int]] = {"a": (0, 0)}
    for _ in range(8):
        for start, to, sign in edges:
            if start in best and start != to:
                doubts, length = best[start]
                now = (doubts + (sign == "?"), length + 1)
                best[to] = min(best.get(to, now), now)
    answer = Search(graph(*written)).paths(["a"], [*"bcdefg"])
    told = {
        one.end: (sum(not edge.is_proved for edge in one.edges), len(one.edges))
        for one in answer.paths
    }
    assert told == {end: size for end, size in best.items() if end != "a"}
    assert Search(graph(*written)).reached(["a"]) >= told.keys()


@given(_EDGES)
def test_nothing_is_reached_without_what_is_cut(edges: list[tuple[str, str, str]]) -> None:
    one = graph(*(f"{start}{sign}{to}" for start, to, sign in edges), "a>b", "f>g")
    parted = cut(one, ["a", "b"], ["f", "g", "c"])
    if not parted.possible:
        assert not parted.edges
        return
    assert parted.is_verified
    left = [edge for edge in one.edges if edge not in parted.edges]
    assert not Search(graph(*left)).paths(["a", "b"], ["f", "g", "c"]).paths


def test_what_cannot_be_cut_is_not_cut() -> None:
    parted = cut(graph("a=b", "b>c", "a>d", "d=c"), ["a"], ["c"])
    assert sorted(f"{one.start}{one.to}" for one in parted.edges) == ["ad", "bc"]
    parted = cut(graph("a=b", "b=c", "a>c"), ["a"], ["c"])
    assert (parted.possible, parted.is_verified, parted.edges) == (False, False, ())


def test_where_nothing_leads_nothing_is_cut() -> None:
    parted = cut(graph("a>b", "c>d"), ["a"], ["d"])
    assert (parted.edges, parted.is_verified) == ((), True)
