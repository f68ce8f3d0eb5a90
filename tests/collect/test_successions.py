"""Chains of versions: each version once, and where commits tell it, behind one that took its place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.successions import chains

ZERO = b"0" * 40


def id(number: int) -> bytes:
    return b"%040x" % number


@given(
    st.dictionaries(st.integers(1, 30), st.integers(0, 500), max_size=25),
    st.lists(
        st.tuples(st.integers(1, 35), st.integers(0, 35), st.sampled_from("abc")), max_size=60
    ),
    st.integers(0, 900),
    st.integers(1, 900),
)
def test_each_version_is_in_one_chain_whatever_commits_say(
    sizes: dict[int, int], replaced: list[tuple[int, int, str]], least: int, most: int
) -> None:
    """They may say that two took the place of each other, or one its own."""
    held = {id(number): size for number, size in sizes.items()}
    said = [(id(new), id(old), path.encode()) for new, old, path in replaced]
    found = list(chains(held, said, least, most))
    parts = [one.encode() for chain in found for one in chain.parts()]
    assert sorted(parts) == sorted(held)
    for chain in found:
        assert chain.count == len(chain.parts())
        assert chain.bytes == sum(held[one.encode()] for one in chain.parts())
    for chain in found[:-1]:
        assert chain.bytes >= min(least, most)
        without_last = chain.bytes - held[chain.parts()[-1].encode()]
        assert without_last < max(least, most)


def test_the_newest_of_a_file_come_first() -> None:
    said = [(id(1), ZERO, b"a"), (id(9), ZERO, b"b"), (id(2), id(1), b"a"), (id(3), id(2), b"a")]
    [chain] = chains({id(n): 10 for n in (1, 9, 2, 3)}, said, 100, 100)
    assert chain.parts() == [id(n).decode() for n in (3, 2, 1, 9)]


def test_a_version_comes_behind_all_that_took_its_place_and_a_short_branch_behind_a_long_one() -> (
    None
):
    said = [
        (id(1), ZERO, b"a"), (id(2), id(1), b"a"), (id(3), id(2), b"a"), (id(4), id(1), b"a"),
        (id(5), id(3), b"a"),
    ]  # fmt: skip
    [chain] = chains({id(n): 10 for n in range(1, 6)}, said, 100, 100)
    assert chain.parts() == [id(n).decode() for n in (5, 3, 2, 4, 1)]


def test_files_of_one_name_stand_together() -> None:
    said = [
        (id(1), ZERO, b"a/x.py"), (id(2), ZERO, b"a/y.py"), (id(3), ZERO, b"b/x.py"),
    ]  # fmt: skip
    [chain] = chains({id(n): 10 for n in (1, 2, 3, 4)}, said, 100, 100)
    assert chain.parts() == [id(n).decode() for n in (4, 1, 3, 2)]


def test_chains_are_shorter_near_the_end() -> None:
    found = list(chains({id(n): 10 for n in range(600)}, [], 100, 500))
    weights = [one.bytes for one in found]
    assert weights[0] == 500
    assert weights == sorted(weights, reverse=True)
    assert 100 in weights


def test_a_chain_does_not_show_what_it_holds() -> None:
    [chain] = chains({id(n): 10 for n in range(3)}, [], 100, 500)
    assert repr(chain) == "a chain of 3 blobs"
