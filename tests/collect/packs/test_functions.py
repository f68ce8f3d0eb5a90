"""The inner loops: in C and in Python they do the same, and what they should."""

from __future__ import annotations

import gc
import os
import struct
import zlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from random import Random

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
            chunk, 100, offsets, bytearray([1] * len(heads)), marks, 0, memoryview(sizes), 48
        )  # fmt: skip

        stops = [place for place, size in enumerate(want) if size < 0]
        assert end == (stops[0] if stops else len(heads))
        assert list(sizes[:end]) == want[:end]

    def test_what_a_delta_makes_is_asked_of_arrays_that_fit(self, fast: Functions) -> None:
        assert fast.declare is not None
        for lengths, flags, sizes, most in (
            (1, 2, 2, 9), (2, 1, 2, 9), (2, 2, 1, 9), (2, 2, 2, 0), (2, 2, 2, -1), (2, 2, 2, 999),
        ):  # fmt: skip
            with pytest.raises(ValueError, match="lengths"):
                fast.declare(
                    bytes(99), 0, array("Q", [12, 30]), bytearray(lengths), bytearray(flags), 0,
                    memoryview(array("Q", [0] * sizes)), most,
                )  # fmt: skip


_texts = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda part, times: part * times, st.binary(min_size=1, max_size=40), st.integers(1, 2000)),
    st.builds(
        lambda seed, size, of: bytes(Random(seed).choices(range(of), k=size)),
        st.integers(), st.integers(0, 9000), st.integers(1, 256),
    ),
)  # fmt: skip
_ways = st.tuples(st.integers(0, 9), st.integers(1, 9), st.integers(0, 4))


def compressed(text: bytes, way: tuple[int, int, int], cut: int) -> bytes:
    """The text in all forms that zlib knows: by level, memory and strategy, in more blocks than one."""
    level, memory, strategy = way
    deflater = zlib.compressobj(level, zlib.DEFLATED, 15, memory, strategy)
    begun = deflater.compress(text[:cut]) + deflater.flush(zlib.Z_FULL_FLUSH)
    return begun + deflater.compress(text[cut:]) + deflater.flush()


@pytest.fixture(scope="module")
def made(
    fast: Functions, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., tuple[bytes, Kept] | None]:
    """What is made of bytes in a file, whose size is given."""
    path = tmp_path_factory.mktemp("make") / "pack"
    if fast.make is None:
        pytest.skip("it is not there on this system")
    make = fast.make

    def of(
        stored: bytes, size: int, inflated: int | None = None, base: bytes | None = None, least: int = 1,
        behind: bytes = b"", before: bytes = b"",
    ) -> tuple[bytes, Kept] | None:  # fmt: skip
        path.write_bytes(before + stored + behind)
        file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            begin, end = len(before), len(before + stored + behind)
            held = size if inflated is None else inflated
            return make(file, begin, end, held, size, base, least)
        finally:
            os.close(file)

    return of


InACollection = Callable[[Callable[[], object]], AbstractContextManager[None]]


@pytest.fixture
def in_a_collection() -> InACollection:
    """Does something when Python collects garbage, which it does as soon as it makes some objects."""

    class Garbage:
        def __init__(self, act: Callable[[], object]) -> None:
            self.act = act
            self.itself = self

        def __del__(self) -> None:
            gc.set_threshold(*before)
            self.act()

    @contextmanager
    def acting(act: Callable[[], object]) -> Iterator[None]:
        Garbage(act)
        gc.set_threshold(1000)
        try:
            yield
        finally:
            gc.set_threshold(*before)
            gc.collect()

    before = gc.get_threshold()
    gc.collect()
    return acting


class TestMake:
    """Reading, inflating and expanding in one step, where that is there."""

    @given(text=_texts, way=_ways, cut=st.integers(0, 400), behind=st.binary(max_size=40))
    def test_inflates_whatever_zlib_makes(
        self, made: Callable[..., object], text: bytes, way: tuple[int, int, int], cut: int, behind: bytes
    ) -> None:  # fmt: skip
        stored = compressed(text, way, cut)

        assert made(stored, len(text), behind=behind, before=b"PACK") == (text, ())

    @given(
        text=_texts,
        way=_ways,
        changes=st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=4),
        cut=st.integers(0),
    )
    def test_takes_nothing_that_zlib_would_not(
        self, made: Callable[..., tuple[bytes, Kept] | None], text: bytes, way: tuple[int, int, int],
        changes: list[tuple[int, int]], cut: int,
    ) -> None:  # fmt: skip
        stored = bytearray(compressed(text, way, cut % 1000))
        for at, change in changes:
            stored[at % len(stored)] ^= change
        for some in (bytes(stored), bytes(stored[: cut % len(stored)])):
            try:
                want = zlib.decompress(some)
            except zlib.error:
                want = None

            for size in (len(text), max(0, len(text) - 1), len(text) + 1):
                found = made(some, size)

                assert found is None or found == (want, ())

    @given(steps=_steps, least=st.integers(0, 600), wrong=st.integers(-1, 1))
    def test_expands_what_it_inflated(
        self, fast: Functions, made: Callable[..., object], steps: list[bytes | tuple[int, int]],
        least: int, wrong: int,
    ) -> None:  # fmt: skip
        size = sum(len(s) if isinstance(s, bytes) else len(_BASE[s[0] : sum(s)]) for s in steps)
        change = delta(len(_BASE), size, *steps)
        want = fast.expand(_BASE, change, least, size)

        found = made(zlib.compress(change), size + wrong, len(change), _BASE, least)

        assert found == (None if wrong else want)

    def test_expands_though_another_object_is_made_meanwhile(
        self, made: Callable[..., tuple[bytes, Kept] | None], in_a_collection: InACollection
    ) -> None:
        steps = [(at * 8 % 9000, 4) for at in range(3000)]
        change = delta(len(_BASE), 12_000, *steps)
        other = bytes(len(change))  # so that it takes the same place
        others = []

        with in_a_collection(lambda: others.append(made(zlib.compress(other), len(other)))):
            found = made(zlib.compress(change), 12_000, len(change), _BASE)

        assert found is not None
        assert found[0] == b"".join(_BASE[at : at + size] for at, size in steps)
        assert others == [(other, ())]

    def test_what_is_damaged_is_left_to_others(self, made: Callable[..., object]) -> None:
        for change in (
            b"",
            b"\x05\x01\x01a",
            b"\x01\x05\x01a",
            b"\x01\x01\x00",
            b"\x01\x01\x91\x05\x01",
        ):
            assert made(zlib.compress(change), 1, len(change), b"x") is None
        assert made(b"", 0) is None
        assert made(zlib.compress(b"text", wbits=9), 4) is None  # git writes another window
        assert made(zlib.compress(b"text", wbits=-15), 4) is None

    def test_a_file_that_is_not_there_is_left_to_others(self, fast: Functions) -> None:
        if fast.make is None:
            pytest.skip("it is not there on this system")
        assert fast.make(-1, 0, 9, 1, 1, None, 1) is None
        assert fast.make(0, 9, 0, 1, 1, None, 1) is None
        assert fast.make(0, 0, 1 << 60, 1, 1, None, 1) is None
        with pytest.raises(TypeError, match="base"):
            fast.make(-1, 0, 9, 1, 1, "text", 1)
