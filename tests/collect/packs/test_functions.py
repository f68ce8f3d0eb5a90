"""The inner loops: in C and in Python they do the same, and what they should."""

from __future__ import annotations

import struct
import zlib
from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import packing
from keymuster.collect.packs.functions import PLAIN, Functions, accelerated
from keymuster.collect.packs.objects import _declared
from keymuster.collect.packs.plain import NONE
from packing import delta

Kept = list[tuple[int, int, int]]

_BASE = bytes(range(256)) * 40
_steps = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=200),
        st.tuples(st.integers(0, 5000), st.integers(1, 5240)),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def fast() -> Functions:
    found = accelerated()
    if found is None:
        pytest.skip("the C accelerator was not built")
    return found


def outcome(functions: Functions, base: bytes, change: bytes, least: int, most: int) -> object:
    try:
        return functions.expand(base, change, least, most)
    except ValueError as error:
        return str(error)


class TestExpand:
    @given(steps=_steps, least=st.integers(0, 600))
    def test_makes_what_the_steps_say(
        self, steps: list[bytes | tuple[int, int]], least: int
    ) -> None:
        want = b"".join(
            step if isinstance(step, bytes) else _BASE[step[0] : sum(step)] for step in steps
        )
        change = delta(len(_BASE), len(want), *steps)

        for functions in filter(None, (PLAIN, accelerated())):
            result, kept = functions.expand(_BASE, change, least, len(want))

            assert result == want
            assert all(length >= max(1, least) for _, _, length in kept)
            assert all(
                want[here : here + length] == _BASE[there : there + length]
                for here, there, length in kept
            )

    @given(data=st.data(), base=st.binary(max_size=40), least=st.integers(-1, 30))
    def test_is_the_same_for_any_bytes(
        self, fast: Functions, data: st.DataObject, base: bytes, least: int
    ) -> None:
        body = data.draw(st.binary(max_size=60))
        size = data.draw(st.integers(0, 300))
        change = data.draw(
            st.sampled_from([body, packing.number(len(base)) + packing.number(size) + body])
        )
        most = data.draw(st.sampled_from([-1, 0, 20, 300, 1 << 40]))

        assert outcome(PLAIN, base, change, least, most) == outcome(fast, base, change, least, most)

    @pytest.mark.parametrize(
        ("steps", "kept"),
        [
            ([], []),
            ([b"new"], []),
            ([(0, 50), (50, 50)], [(0, 0, 100)]),
            ([(0, 50), b"x", (50, 50)], [(0, 0, 50), (51, 50, 50)]),
            ([(50, 50), (0, 50)], [(0, 50, 50), (50, 0, 50)]),
            ([(0, 9), (9, 9), (90, 9)], [(0, 0, 18)]),
            ([(0, 9), (10, 9)], []),
        ],
    )
    def test_merges_and_leaves_out(
        self, functions: Functions, steps: list[bytes | tuple[int, int]], kept: Kept
    ) -> None:
        size = sum(len(step) if isinstance(step, bytes) else step[1] for step in steps)

        _, found = functions.expand(_BASE, delta(len(_BASE), size, *steps), 10, size)

        assert found == kept

    def test_copies_64_KiB_where_no_length_is_given(self, functions: Functions) -> None:
        base = bytes(70_000)

        result, kept = functions.expand(base, delta(70_000, 0x10000) + b"\x80", 1, 0x10000)

        assert len(result) == 0x10000
        assert kept == [(0, 0, 0x10000)]


@st.composite
def forests(draw: st.DrawFn) -> tuple[bytearray, array[int]]:
    """Wanted objects, and bases without a circle."""
    count = draw(st.integers(0, 60))
    shuffled = draw(st.permutations(range(count)))
    bases = array("I", [NONE] * count)
    for place, number in enumerate(shuffled):
        above = draw(st.integers(-1, place - 1))
        bases[number] = shuffled[above] if above >= 0 else NONE
    wanted = draw(st.binary(min_size=count, max_size=count))
    return bytearray(byte & 1 for byte in wanted), bases


class TestArrange:
    @given(forest=forests())
    def test_bases_come_first_and_the_heaviest_child_last(
        self, forest: tuple[bytearray, array[int]]
    ) -> None:
        wanted, bases = forest

        order, places = PLAIN.arrange(wanted, bases)

        assert len(set(order)) == len(order)
        assert {number for number, flag in enumerate(wanted) if flag} <= set(order)
        waiting: list[int] = []
        most = 0
        uses = [sum(base == place for base in places) for place in range(len(order))]
        for here, (number, base) in enumerate(zip(order, places, strict=True)):
            if base == NONE:
                assert bases[number] == NONE
                assert not waiting
            else:
                assert order[base] == bases[number]
                assert waiting[-1] == base, "not depth first"
                uses[base] -= 1
                if not uses[base]:
                    waiting.pop()
            if uses[here]:
                waiting.append(here)
            most = max(most, len(waiting))
        assert most <= 1 + len(order).bit_length()

    @given(forest=forests())
    def test_is_the_same_in_both(
        self, fast: Functions, forest: tuple[bytearray, array[int]]
    ) -> None:
        assert PLAIN.arrange(*forest) == fast.arrange(*forest)


class TestRoots:
    @given(data=st.data())
    def test_is_the_same_in_both_and_always_ends(
        self, fast: Functions, data: st.DataObject
    ) -> None:
        kinds = data.draw(st.lists(st.sampled_from([0, 1, 2, 3, 4, 6, 6, 7, 7]), max_size=30))
        numbers = st.sampled_from([NONE, *range(len(kinds))])
        bases = array("I", [data.draw(numbers) for _ in kinds])

        found = PLAIN.roots(bytearray(kinds), bases)

        assert found == fast.roots(bytearray(kinds), bases)
        for number, root in enumerate(found):
            above = number
            for _ in kinds:
                if kinds[above] < 6 or bases[above] == NONE:
                    break
                above = bases[above]
            assert root == (kinds[above] if kinds[above] < 6 else 0)


class TestHeaders:
    @given(
        chunk=st.binary(max_size=300),
        offsets=st.lists(st.integers(0, 320), max_size=20),
        start=st.integers(0, 40),
        final=st.booleans(),
    )
    def test_is_the_same_in_both(
        self, fast: Functions, chunk: bytes, offsets: list[int], start: int, final: bool
    ) -> None:
        def read(functions: Functions) -> object:
            count = len(offsets)
            kinds, lengths = bytearray(count), bytearray(count)
            sizes, bases = array("Q", bytes(8 * count)), array("I", [NONE] * count)
            end = functions.headers(
                chunk,
                start,
                array("Q", sorted(offsets)),
                0,
                20,
                final,
                kinds,
                sizes,
                lengths,
                bases,
            )
            return end, kinds, sizes, lengths, bases

        assert read(PLAIN) == read(fast)

    def test_is_refused_for_arrays_that_are_too_short(self, fast: Functions) -> None:
        with pytest.raises(ValueError, match="lengths"):
            fast.headers(
                bytes(99), 0, array("Q", [12, 30]), 0, 20, True,
                bytearray(2), array("Q", [0]), bytearray(2), array("I", [0, 0]),
            )  # fmt: skip


class TestOrder:
    @given(offsets=st.lists(st.integers(0, (1 << 64) - 1) | st.integers(0, 5)))
    def test_of_offsets(self, fast: Functions, offsets: list[int]) -> None:
        places, found = PLAIN.ascending(array("Q", offsets))

        assert list(found) == sorted(offsets)
        assert [offsets[place] for place in places] == sorted(offsets)
        assert (places, found) == fast.ascending(array("Q", offsets))

    @given(ids=st.lists(st.binary(min_size=3, max_size=3)), sort=st.booleans())
    def test_of_ids(self, fast: Functions, ids: list[bytes], sort: bool) -> None:
        ids = sorted(ids) if sort else ids
        want = all(a < b for a, b in pairwise(ids))

        assert PLAIN.rising(b"".join(ids), 3) == fast.rising(b"".join(ids), 3) == want


class TestListingInC:
    """What stands in Python in `families` and in `_Heads`, and is compared with that in `test_store`."""

    @staticmethod
    def part(fast: Functions, **other: object) -> object:
        said: dict[str, object] = {
            "order": array("I", [0, 1]), "above": array("I", [NONE, 0]), "wanted": bytearray([1, 1]),
            "sizes": array("Q", [9, 9]), "totals": array("Q", [0, 0]), "begin": 0, "most": 5,
            "width": 3,
            "sources": [
                (0, 2, 7, True, 99, array("Q", [12, 40]), bytearray([1, 2]), array("I", [1, 0]),
                 array("Q", [5, 6]), b"abcdef"),
            ],
        }  # fmt: skip
        assert fast.part is not None
        return fast.part(*(said | other).values())

    def test_a_part_ends_where_it_weighs_enough(self, fast: Functions) -> None:
        plain = struct.Struct("=IQQQQI?3s").pack
        top = (7, 13, 40, 5, 9, NONE)
        below = (7, 42, 99, 6, 9, 0)
        assert self.part(fast) == (1, 1, 9, plain(*top, False, b"def"))
        rest = plain(*top, True, b"def") + plain(*below, False, b"abc")
        assert self.part(fast, begin=1) == (2, 1, 9, rest)

    @pytest.mark.parametrize(
        "other",
        [
            {"order": array("I", [0, 5])},
            {"order": array("I", [0])},
            {"above": array("I", [NONE, 1]), "begin": 1},
            {"above": array("I", [1, NONE]), "begin": 0},
            {"sizes": array("Q", [9])},
            {"totals": array("Q", [0])},
            {"begin": 2},
            {"begin": -1},
            {"width": 0},
            {"width": 65},
            {"sources": []},
            {"sources": [(0, 2)]},
            {"sources": [(0, 2, 0, False, 0, b"", b"", b"", b"", b"")]},
            {"sources": [(2, 0, 0, True, 0, b"", b"", b"", b"", b"")]},
            {"sources": [(0, 2, 0, True, 0, bytes(16), b"", b"", b"", b"")]},
        ],
    )
    def test_what_is_no_listing_does_no_harm(
        self, fast: Functions, other: dict[str, object]
    ) -> None:
        with pytest.raises((ValueError, TypeError)):
            self.part(fast, **other)

    @given(heads=st.lists(st.binary(max_size=24), max_size=6), flags=st.binary(max_size=6))
    def test_what_a_delta_makes(self, fast: Functions, heads: list[bytes], flags: bytes) -> None:
        chunk, offsets = b"", array("Q")
        for head in heads:
            offsets.append(100 + len(chunk))
            chunk += b"." + zlib.compress(head).ljust(48, b".")
        marks = bytearray(byte & 1 for byte in flags.ljust(len(heads), b"\1")[: len(heads)])
        want = [
            _declared(zlib.compress(head)) if mark else 0
            for head, mark in zip(heads, marks, strict=True)
        ]
        sizes = array("Q", bytes(8 * len(heads)))
        assert fast.declare is not None

        end = fast.declare(
            zlib.decompressobj, chunk, 100, offsets, bytearray([1] * len(heads)), marks, 0,
            memoryview(sizes), 48, 20,
        )  # fmt: skip

        stops = [place for place, size in enumerate(want) if size < 0]
        assert end == (stops[0] if stops else len(heads))
        assert list(sizes[:end]) == want[:end]

    def test_what_a_delta_makes_is_asked_of_arrays_that_fit(self, fast: Functions) -> None:
        assert fast.declare is not None
        for lengths, flags, sizes, most in (
            (1, 2, 2, 9), (2, 1, 2, 9), (2, 2, 1, 9), (2, 2, 2, 0), (2, 2, 2, -1),
        ):  # fmt: skip
            with pytest.raises(ValueError, match="lengths"):
                fast.declare(
                    zlib.decompressobj, bytes(99), 0, array("Q", [12, 30]), bytearray(lengths),
                    bytearray(flags), 0, memoryview(array("Q", [0] * sizes)), most, 20,
                )  # fmt: skip
