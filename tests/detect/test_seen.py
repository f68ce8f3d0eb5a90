"""Text that comes back is not searched again, and that makes no difference."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster.detect.hits import Hits as Told
from keymuster.detect.hits import Plain, planned
from keymuster.detect.patterns import STANDS_FREE
from keymuster.detect.seen import Keep, Memory, Seen

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


def made() -> Seen:
    accelerator = pytest.importorskip("keymuster.detect._accelerator")
    found: Seen = accelerator.Seen(bytearray(4096), bytes(accelerator.KEY_BYTES), WIDTH)
    return found


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


def listed(found: Told) -> Hits:
    return [found.hit(at) for at in range(len(found))]


def fresh(seen: Seen, text: bytes, function: Callable[[bytes], Hits | None]) -> Hits:
    return listed(seen.read(text, None, 0, (), function))


@given(texts=st.lists(TEXTS, min_size=1, max_size=6))
@settings(max_examples=80, deadline=None)
def test_all_hits_are_told_whatever_was_seen_before(texts: list[bytes]) -> None:
    seen = Memory().of(WIDTH)
    if seen is None:
        pytest.skip("was not built")
    for text in [*texts, *texts[::-1], b"".join(texts), texts[0][1:]]:
        whole = fresh(seen, text, hits)
        assert whole == sorted(whole)
        assert meaning(whole) == meaning(hits(text))


@given(texts=st.lists(TEXTS, min_size=1, max_size=6), chance=st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_all_hits_are_told_of_a_text_made_of_another(texts: list[bytes], chance: Random) -> None:
    seen = Memory().of(WIDTH)
    if seen is None:
        pytest.skip("was not built")
    text = texts[0]
    found = seen.read(text, None, 0, (), hits)
    for new in texts:
        other, kept, at = b"", list[tuple[int, int, int]](), 0
        for cut in sorted(chance.randrange(len(text) + 1) for _ in range(3)):
            if cut > at:
                kept.append((len(other), at, cut - at))
            other += text[at:cut] + new[: chance.randrange(len(new) + 1)]
            at = min(len(text), cut + chance.choice([0, 0, 1, 20]))
        found = seen.read(other, found, len(text), kept, hits)
        text = other
        assert meaning(listed(found)) == meaning(hits(text))


def from_no_start(text: bytes) -> Hits:
    return [one for one in hits(text) if one[1] < len(GATES)]


@given(texts=st.lists(TEXTS, min_size=2, max_size=2), chance=st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_what_is_taken_over_is_the_same_in_python(texts: list[bytes], chance: Random) -> None:
    """Whatever is said to be kept, be it true or not."""
    seen = Memory().of(WIDTH)
    if seen is None:
        pytest.skip("was not built")
    text, other = texts
    had, kept = seen.read(other, None, 0, (), from_no_start), stretches(chance, text, other)
    mine = Plain(from_no_start(other))
    assert listed(mine) == listed(had)
    for at in range(len(mine)):
        far = [0, 1, 15, 40, 2047, 2049, 1 << 59]
        said = chance.choice([(), (), ("a finding",)])
        answer = chance.choice(far), chance.choice(far), chance.randrange(5000), said
        if chance.random() < 0.7:
            mine.answer(at, answer)
            had.answer(at, answer)
    runs, spans = planned(kept, len(text), len(other), WIDTH)
    wanted = spans if runs else [(0, len(text) + 1)]
    new = [one for one in from_no_start(text) if any(a < one[0] < b for a, b in wanted)]
    expected = Plain.merged(new, runs, mine)
    found = seen.read(text, had, len(other), kept, from_no_start)
    assert listed(found) == listed(expected)
    for at in range(len(expected)):
        assert found.answer_of(at) == expected.answer_of(at)
        assert found.is_repeated(at) == expected.is_repeated(at)
    for first in (0, 2, 5):
        groups = [1, 0, 1, 2, 0]
        assert found.grouped(first, groups) == expected.grouped(first, groups)


def stretches(chance: Random, text: bytes, other: bytes) -> list[tuple[int, int, int]]:
    kept, at = list[tuple[int, int, int]](), 0
    while at < len(text) and chance.random() < 0.9:
        at += chance.choice([0, 0, 1, 20, 300])
        length = min(chance.choice([1, 5, 160, 3000]), len(text) - at, len(other))
        if length < 1:
            break
        last = len(other) - length
        kept.append(
            (at, chance.choice([0, last, chance.randrange(last + 1), min(at, last)]), length)
        )
        at += length
    return kept


def test_what_was_seen_is_not_searched_again(seen: Seen) -> None:
    text = b"".join(b"line %d of a text with a key\n" % number for number in range(2000))
    other = text[:30_000] + b"something new\n" + text[30_000:]
    searched: list[int] = []

    def search(text: bytes) -> Hits:
        searched.append(len(text))
        return []

    fresh(seen, text, search)
    fresh(seen, text, search)
    assert searched == [len(text)]
    fresh(seen, other, search)
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
        fresh(seen, text, lambda _: [])
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    fresh(seen, text, lambda _: pytest.fail("it was seen"))


def test_more_hits_than_are_kept_are_all_told(seen: Seen) -> None:
    for number in range(12):
        text = b"%d\n" % number + b"xk" * 60_000
        found = [(end, 0, 0) for end in range(1, len(text) + 1)]
        assert fresh(seen, text, lambda _, found=found: found) == found
        assert fresh(seen, text, lambda _: pytest.fail("it was seen")) == found


@pytest.mark.parametrize(
    "kept",
    [
        [(0, 0, 11)], [(8, 0, 3)], [(0, 0, 5), (4, 4, 3)], [(0, 8, 4)], [(-1, 0, 2)], [(0, -1, 2)],
        [(0, 0, -1)], [(0, 0, 1 << 63)], [(1, 2)], [3], ["abc"], 3,
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(seen: Seen, kept: Any) -> None:
    other = seen.read(b"0123456789", None, 0, (), lambda _: [])
    with pytest.raises((ValueError, TypeError, OverflowError)):
        seen.read(b"0123456789", other, 10, kept, lambda _: [])
    with pytest.raises((ValueError, TypeError, OverflowError)):
        seen.read(b"0123456789", None, 10, [(0, 0, 10)], lambda _: [])
    with pytest.raises(TypeError):
        seen.read(b"0123456789", Plain(), 10, [(0, 0, 10)], lambda _: [])


@pytest.mark.parametrize(
    "found",
    [[(3, 1)], [3], [(3, 1, 2 << 40)], [(3, -1, 2)], [(4, 0, 0), (3, 0, 0)], (), [("a", 0, 0)], [(1 << 70, 0, 0)]],
)  # fmt: skip
def test_hits_that_are_none_are_refused(seen: Seen, found: Hits) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        fresh(seen, b"0123456789", lambda _: found)
    assert fresh(seen, b"0123456789", lambda _: [(3, 0, 0)]) == [(3, 0, 0)]


def test_hits_outside_of_what_was_searched_count_for_nothing(seen: Seen) -> None:
    text = b"0123456789\n" * 3
    assert fresh(seen, text, lambda _: [(5, 0, 7), (10**9, 0, 0)]) == [(5, 0, 7)]


def test_keepers_keep_the_hits_of_several_databases_in_order(seen: Seen) -> None:
    """Each moves its numbers. Of those at each further byte, those inside of a word do not count."""
    text = b"xaaaa\\naaa %41aaa a"
    of_words, others = seen.keeper(0, [(-1, False), (2, True)]), seen.keeper(7, [])

    def search(text: bytes) -> None:
        others(3, 0, 9, 0, None)
        others(1, 0, 2, 0, None)
        for end in range(3, len(text) + 1):
            if text[end - 2 : end] == b"aa":
                of_words(1, 0, end, 0, None)
        of_words(0, 2, 5, 0, None)
        of_words(0, 2, 6, 0, None)

    expected = [(end, 1, 0) for end in range(3, len(text) + 1) if text[end - 2 : end] == b"aa"]
    runs = [one for one in expected if (one[0] - 1, 1, 0) in expected]
    free = [one for one in runs if STANDS_FREE.match(text, one[0] - 2)]
    expected = [one for one in expected if one not in runs or one in free]
    # of those that begin at one place, the first
    expected += [(2, 8, 0), (5, 0, 3), (9, 10, 0)]
    assert fresh(seen, text, search) == sorted(expected)


def test_a_keeper_keeps_nothing_but_what_is_searched(seen: Seen) -> None:
    keep = seen.keeper(0, [])
    for hit in [(0, 0, 1, 0, None), (), ("a", 0, 1)]:
        with pytest.raises((ValueError, TypeError)):
            keep(*hit)
    for outside in [(0, 0, 11), (0, 3, 2), (1 << 40, 0, 1)]:
        with pytest.raises((ValueError, OverflowError)):
            fresh(seen, b"0123456789", lambda _, hit=outside: keep(*hit, 0, None))
    for gates in [[(-2, False)], [(1 << 40, False)], [3], [("a", True)]]:
        with pytest.raises((ValueError, TypeError)):
            seen.keeper(0, gates)


@pytest.mark.parametrize("end", [0, 1, 2, 3, 4, 5, 6])
def test_what_stands_free_does_so_in_both(end: int) -> None:
    pieces = [b"\\", b"n", b"x", b"u", b"%", b"4", b"F", b"g", b" ", b"_", b"\xe9"]
    chance = Random(end)
    for _ in range(300):
        seen = made()
        keep = seen.keeper(0, [(1, True)])
        begin = b"".join(chance.choices(pieces, k=end))

        def search(text: bytes, keep: Keep = keep) -> None:
            keep(0, 0, len(text) - 2, 0, None)  # an end before, so that it is asked
            keep(0, 0, len(text) - 1, 0, None)

        stands = STANDS_FREE.match(begin, end) is not None
        text = begin + b"a\n"
        assert ((end + 1, 0, 0) in fresh(seen, text, search)) == stands


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hit", (1,)), ("hit", (-1,)), ("hit", ("a",)), ("answer_of", (1,)), ("is_repeated", (7,)),
        ("answer", (1, (0, 0, 0, ()))), ("answer", (0, (0, 0, ()))), ("answer", (0, "abcd")),
        ("answer", (0, (1, 2, 3, None))), ("grouped", (0, [])), ("grouped", (-5, [0])),
        ("grouped", (0, [[]])), ("grouped", (0, None)),
    ],
)  # fmt: skip
def test_what_is_no_place_does_no_harm(name: str, words: Any) -> None:
    accelerator = pytest.importorskip("keymuster.detect._accelerator")
    with pytest.raises((TypeError, ValueError, OverflowError, IndexError)):
        getattr(accelerator.Hits([(3, 0, 0)]), name)(*words)


@pytest.mark.parametrize("hits", [[(1, 2)], [3], [(-1, 0, 0)], [(1, -1, 0)], [(1, 0, 1 << 40)]])
def test_hits_that_are_none_are_not_made(hits: Any) -> None:
    accelerator = pytest.importorskip("keymuster.detect._accelerator")
    with pytest.raises((TypeError, ValueError)):
        accelerator.Hits(hits)


def test_a_search_does_not_search_in_itself(seen: Seen) -> None:
    def search(text: bytes) -> Hits:
        return fresh(seen, text, lambda _: [])

    with pytest.raises(RuntimeError):
        fresh(seen, b"a text", search)
    assert fresh(seen, b"a text", lambda _: []) == []


def test_a_key_or_a_table_that_is_too_small_is_refused() -> None:
    accelerator = pytest.importorskip("keymuster.detect._accelerator")
    key = bytes(accelerator.KEY_BYTES)
    for table, secret, width in (
        (bytearray(8), key, 1), (bytearray(1024), key[1:], 1), (bytearray(1024), key, -1),
        (bytearray(1024), key, accelerator.WIDEST + 1),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="too"):
            accelerator.Seen(table, secret, width)
