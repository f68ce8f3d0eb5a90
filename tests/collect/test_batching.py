"""Items put together."""

from __future__ import annotations

from keymuster.collect.base import Batch
from keymuster.collect.batching import batched
from keymuster.model import Trouble

TROUBLE = Trouble(part="p", scope="s", message="m")


def test_a_batch_ends_with_the_item_that_makes_it_large_enough() -> None:
    made = list(batched([("a", 1), ("b", 2), ("c", 3), ("d", 1)], items=9, bytes=3))
    assert made == [
        Batch(items=("a", "b"), bytes=3), Batch(items=("c",), bytes=3), Batch(items=("d",), bytes=1),
    ]  # fmt: skip


def test_a_batch_has_no_more_items_than_it_may() -> None:
    made = list(batched([(one, 0) for one in "abc"], items=2, bytes=9))
    assert made == [Batch(items=("a", "b"), bytes=0), Batch(items=("c",), bytes=0)]


def test_troubles_do_not_wait_for_a_batch() -> None:
    made = list(batched([("a", 1), TROUBLE, ("b", 1)], items=9, bytes=9))
    assert made == [TROUBLE, Batch(items=("a", "b"), bytes=2)]


def test_of_nothing_there_is_no_batch() -> None:
    assert list(batched([], items=1, bytes=1)) == []


def test_behind_many_items_a_batch_may_have_more() -> None:
    made = list(batched(((one, 0) for one in range(1000)), items=4, bytes=9, most=8))
    sizes = [len(one.items) for one in made if isinstance(one, Batch)]
    assert sizes[0] == 4
    assert 5 in sizes
    assert max(sizes) == 8
    assert sum(sizes) == 1000
