"""Text that comes back is not searched again, and that makes no difference."""

from __future__ import annotations

import os
import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster.detect.seen import Memory, Seen

Hits = list[tuple[int, int, int]]

WIDTH = 21
GATES = (
    rb"key",
    rb"\bab{1,19}\b",  # asks what stands before and behind
    rb"(?:^|[^a])b",
    rb"\n",
    rb"y\Z|y(?=x)",
)
FROM_START = (rb"[xk]y{1,18}",)


def hits(text: bytes) -> Hits:
    """As Hyperscan tells them: every end of a match, with the furthest begin if that was asked for."""
    found: Hits = []
    for number, gate in enumerate(GATES):
        found += sorted({(one.end(), number, 0) for one in _overlapping(gate, text)})
    for number, gate in enumerate(FROM_START, len(GATES)):
        begins: dict[int, int] = {}
        for one in _overlapping(gate, text):
            for end in range(one.start() + 2, one.end() + 1):
                begins[end] = min(begins.get(end, end), one.start())
        found += [(end, number, end - begin) for end, begin in begins.items()]
    return sorted(found)


def _overlapping(gate: bytes, text: bytes) -> list[re.Match[bytes]]:
    whole = re.compile(gate)
    found = (whole.match(text, at) for at in range(len(text) + 1))
    return [one for one in found if one]


def meaning(found: Hits) -> set[tuple[int, int, int]]:
    """Without what says the same: of those that begin at one place, one."""
    firsts: dict[tuple[int, int], int] = {}
    for end, number, back in sorted(found, reverse=True):
        if back:
            firsts[number, end - back] = end
    plain = {one for one in found if not one[2]}
    return plain | {(end, number, end - begin) for (number, begin), end in firsts.items()}


@pytest.fixture
def seen() -> Seen:
    made = Memory().of(WIDTH)
    if made is None:
        pytest.skip("was not built")
    return made


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(
            [b"key", b"xyyyy", b"\n", b"\n\n", b" ", b"ab", b"abbb", b"x", b"y" * 20, b"k"]
        ),
        st.sampled_from([b"a line of words\n", b"z" * 40, b"z" * 700, b"another = line\n" * 30]),
    ),
    max_size=40,
).map(b"".join)


@given(texts=st.lists(TEXTS, min_size=1, max_size=6), chance=st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_all_hits_are_told_whatever_was_seen_before(texts: list[bytes], chance: Random) -> None:
    seen = Memory().of(WIDTH)
    if seen is None:
        pytest.skip("was not built")
    for text in [*texts, *texts[::-1], b"".join(texts), texts[0][1:]]:
        whole = seen.search(text, [(0, len(text) + 1)], hits)
        assert whole == sorted(whole)
        assert meaning(whole) == meaning(hits(text))
        places = sorted({chance.randrange(len(text) + 2) for _ in range(6)})
        spans = [*zip(places[::2], places[1::2], strict=False)]
        inside = seen.search(text, spans, hits)
        expected = [
            one for one in hits(text) if any(after < one[0] < before for after, before in spans)
        ]
        assert {one for one in inside if not one[2]} == {one for one in expected if not one[2]}
        # of those from one place only the first is told, be it that it ends before the span
        ends = {(n, end - back): end for end, n, back in sorted(hits(text), reverse=True) if back}
        begins = {(n, end - back) for end, n, back in inside if back}
        wanted = {(n, end - back) for end, n, back in expected if back}
        assert begins <= wanted
        assert all(
            not any(after < ends[one] < before for after, before in spans)
            for one in wanted - begins
        )


def test_what_was_seen_is_not_searched_again(seen: Seen) -> None:
    text = b"".join(b"line %d of a text with a key\n" % number for number in range(2000))
    other = text[:30_000] + b"something new\n" + text[30_000:]
    searched: list[int] = []

    def search(text: bytes) -> Hits:
        searched.append(len(text))
        return []

    seen.search(text, [(0, len(text) + 1)], search)
    seen.search(text, [(0, len(text) + 1)], search)
    assert searched == [len(text)]
    seen.search(other, [(0, len(other) + 1)], search)
    assert len(searched) == 2
    assert searched[1] < 3000


def test_what_was_learned_is_shared() -> None:
    if not hasattr(os, "fork"):
        pytest.skip("nothing is forked")
    memory = Memory()
    seen = memory.of(WIDTH)
    if seen is None:
        pytest.skip("was not built")
    text = b"a line that nothing hits in\n" * 50
    child = os.fork()
    if not child:
        seen.search(text, [(0, len(text) + 1)], lambda _: [])
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    seen.search(text, [(0, len(text) + 1)], lambda _: pytest.fail("it was seen"))


def test_more_hits_than_are_kept_are_all_told(seen: Seen) -> None:
    for number in range(12):
        text = b"%d\n" % number + b"xk" * 60_000
        found = [(end, 0, 0) for end in range(1, len(text) + 1)]
        whole = [(0, len(text) + 1)]
        assert seen.search(text, whole, lambda _, found=found: found) == found
        again = seen.search(text, whole, lambda _: pytest.fail("it was seen"))
        assert again == found


@pytest.mark.parametrize(
    "spans", [[(0, 12)], [(5, 5)], [(5, 3)], [(0, 5), (4, 8)], [(1, 2, 3)], [(-1, 2)], [3], ["ab"]]
)
def test_spans_out_of_the_text_are_refused(seen: Seen, spans: list[tuple[int, int]]) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        seen.search(b"0123456789", spans, lambda _: [])


@pytest.mark.parametrize(
    "found",
    [[(3, 1)], [3], [(3, 1, 2 << 40)], [(3, -1, 2)], [(4, 0, 0), (3, 0, 0)], (), [("a", 0, 0)], [(1 << 70, 0, 0)]],
)  # fmt: skip
def test_hits_that_are_none_are_refused(seen: Seen, found: Hits) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        seen.search(b"0123456789", [(0, 11)], lambda _: found)
    assert seen.search(b"0123456789", [(0, 11)], lambda _: [(3, 0, 0)]) == [(3, 0, 0)]


def test_hits_outside_of_what_was_searched_count_for_nothing(seen: Seen) -> None:
    text = b"0123456789\n" * 3
    assert seen.search(text, [(0, 12)], lambda _: [(5, 0, 7), (10**9, 0, 0)]) == [(5, 0, 7)]


def test_a_search_does_not_search_in_itself(seen: Seen) -> None:
    def search(text: bytes) -> Hits:
        return seen.search(text, [(0, len(text) + 1)], lambda _: [])

    with pytest.raises(RuntimeError):
        seen.search(b"a text", [(0, 7)], search)
    assert seen.search(b"a text", [(0, 7)], lambda _: []) == []


def test_a_key_or_a_table_that_is_too_small_is_refused() -> None:
    accelerator = pytest.importorskip("keymuster.detect._accelerator")
    key = bytes(accelerator.KEY_BYTES)
    for table, secret, width in (
        (bytearray(8), key, 1), (bytearray(1024), key[1:], 1), (bytearray(1024), key, -1),
        (bytearray(1024), key, accelerator.WIDEST + 1),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="too"):
            accelerator.Seen(table, secret, width)
