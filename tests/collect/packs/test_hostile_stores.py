"""Stores made to mislead or to exhaust: everything is read or named, in bounded time and memory."""

from __future__ import annotations

import os
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

import pytest

import packing
from fuzz import packs
from keymuster.collect.packs.base import Unsupported
from keymuster.collect.packs.functions import PLAIN, Functions
from packing import BLOB, TREE, Entry, delta, identity, made, whole
from stores import Seen, see

TEXT = b"".join(b"line %d of a text\n" % number for number in range(100))
Many = Callable[[str, int], Path]
See = Callable[..., Seen]


@pytest.fixture
def read(tmp_path: Path, functions: Functions) -> See:
    """What is seen in packs of these entries."""

    def read(*packs: list[Entry], **limits: int) -> Seen:
        return see(packing.store(tmp_path / "objects", *packs), functions, **limits)

    return read


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Many:
    """A store with a chain, or with as many objects made from one."""

    @cache
    def many(form: str, count: int) -> Path:
        entries = [whole(b"0" * 40)]
        for number in range(1, count):
            change = delta(40, 40, (0, 33), b"%07d" % number)
            base = {"by offset": number - 1, "by id": entries[-1].id, "wide": 0}[form]
            entries.append(made(b"0" * 33 + b"%07d" % number, base, change))
        return packing.store(tmp_path_factory.mktemp("many"), entries)

    return many


def child(base: bytes, more: bytes, of: int | bytes, **wrong: object) -> Entry:
    """A text with something behind it, as a delta."""
    steps = [(at, min(0x10000, len(base) - at)) for at in range(0, len(base), 0x10000)]
    made_of = delta(len(base), len(base) + len(more), *steps, more)
    return made(base + more, of, made_of, **wrong)


def wrong(steps: bytes, base: int = len(TEXT), result: int = 10) -> Entry:
    """A delta of TEXT, the first entry, that holds these bytes."""
    return made(b"result", 0, delta(base, result) + steps)


class TestPacksByHand:
    def test_are_read(self, read: See) -> None:
        seen = read([whole(TEXT), child(TEXT, b"end", 0), whole(b"tree", TREE), whole(b"")])

        assert sorted(one.data for one in seen.versions.values()) == [b"", TEXT, TEXT + b"end"]
        [kept] = [one.kept for one in seen.versions.values() if one.base]
        assert list(kept) == [(0, 0, len(TEXT))]

    def test_a_delta_has_the_type_of_its_root(self, read: See) -> None:
        seen = read([whole(TEXT, TREE), child(TEXT, b"a", 0), child(TEXT + b"a", b"b", 1)])

        assert not seen.ids
        assert not seen.damaged

    def test_offsets_beyond_four_gigabytes(self, tmp_path: Path, functions: Functions) -> None:
        far = 5 << 30
        folder = tmp_path / "pack"
        folder.mkdir()
        entry = packing.header(BLOB, len(TEXT)) + zlib.compress(TEXT)
        with (folder / "pack-far.pack").open("wb") as file:
            file.write(b"PACK" + struct.pack(">II", 2, 3) + entry)
            for offset in (3 << 30, far):
                file.seek(offset)
                file.write(entry)
            file.write(b"checksum-of-20-bytes")
        ids = [bytes([number]) * 20 for number in range(3)]
        places = list(zip(ids, (12, 3 << 30, far), strict=True))
        (folder / "pack-far.idx").write_bytes(packing.index(places, b"checksum-of-20-bytes"))

        seen = see(tmp_path, functions)

        assert [one.data for one in seen.versions.values()] == [TEXT] * 3


class TestChains:
    @pytest.mark.parametrize(("named", "count"), [("by offset", 100_000), ("by id", 10_000)])
    def test_that_are_very_long(
        self, many: Many, functions: Functions, named: str, count: int
    ) -> None:
        began = time.process_time()

        seen = see(many(named, count), functions, most=1 << 20)

        assert time.process_time() - began < 10
        assert len(seen.versions) == count
        assert max(one.data for one in seen.versions.values()).endswith(b"%07d" % (count - 1))
        assert sum(len(one.rows) for one in seen.families) < 3 * 70 * count
        assert len(seen.families) > 3

    def test_that_are_very_wide(self, many: Many, functions: Functions) -> None:
        seen = see(many("wide", 30_000), functions, most=1 << 20)

        assert len(seen.versions) == 30_000
        assert len(seen.families) > 20

    @pytest.mark.parametrize("pattern", [(0,), (1, 0), (1, 2, 0), (2, 2, 2), (0, 0, 1)])
    def test_bases_in_a_circle(self, read: See, pattern: tuple[int, ...]) -> None:
        ids = [bytes([65 + number]) * 20 for number in range(len(pattern))]
        entries = [
            made(b"", ids[base], delta(0, 0), id=id) for id, base in zip(ids, pattern, strict=True)
        ]

        seen = read([*entries, whole(TEXT)])

        assert set(seen.damaged) == {id.hex() for id in ids}
        assert "does not end" in seen.reasons
        assert len(seen.versions) == 1

    def test_a_circle_through_two_packs(self, read: See) -> None:
        a, b = b"a" * 20, b"b" * 20

        seen = read([made(b"", b, b"", id=a)], [made(b"", a, b"", id=b), whole(TEXT)])

        assert set(seen.damaged) == {a.hex(), b.hex()}

    def test_a_circle_that_copies_break(self, read: See) -> None:
        long = TEXT + b"end"
        shorten = made(TEXT, 0, delta(len(long), len(TEXT), (0, len(TEXT))))

        seen = read([whole(TEXT), child(TEXT, b"end", 0)], [whole(long), shorten])

        assert not seen.damaged
        assert seen.ids == {identity(TEXT).hex(), identity(long).hex()}

    @pytest.mark.parametrize("place", ["another pack", "a file"])
    def test_a_base_in(self, tmp_path: Path, functions: Functions, place: str) -> None:
        thin = [child(TEXT, b"end", identity(TEXT)), child(TEXT + b"end", b"!", 0)]
        packs = [thin, [whole(TEXT)]] if place == "another pack" else [thin]
        objects = packing.store(tmp_path, *packs)
        if place == "a file":
            packing.loose(objects, TEXT)

        seen = see(objects, functions)

        assert not seen.damaged
        assert [one.base for one in seen.versions.values()].count(None) == 1
        assert len(seen.versions) == 3

    def test_a_base_that_is_nowhere(self, read: See) -> None:
        seen = read([child(TEXT, b"end", b"?" * 20), child(TEXT + b"end", b"!", 0)])

        assert len(seen.damaged) == 2
        assert "pack-0.pack" in seen.reasons

    @pytest.mark.parametrize("back", [-1, -5, -11, -12, -100, -(1 << 40)])
    def test_a_base_where_no_object_is(self, read: See, back: int) -> None:
        seen = read([whole(TEXT), child(TEXT, b"x", back)])

        assert len(seen.damaged) == len(seen.versions) == 1

    def test_of_a_damaged_base(self, read: See) -> None:
        seen = read([
            whole(TEXT, compressed=b"?" + zlib.compress(TEXT)[1:]),
            child(TEXT, b"a", 0),
            child(TEXT + b"a", b"b", 1),
        ])  # fmt: skip

        assert len(seen.damaged) == 3
        assert seen.reasons.count("its base") == 2
        assert seen.reasons.count("cannot be read") == 3


class TestDeltas:
    @pytest.mark.parametrize(
        ("steps", "said"),
        [
            (b"", "less than it declares"),
            (b"\x05abc", "ends too early"),
            (b"\x0b" + b"a" * 11, "more than it declares"),
            (b"\x00" + b"a" * 10, "does not know"),
            (b"\x91", "ends too early"),
            (b"\x90\x0b", "more than it declares"),
            (b"\x80", "outside of the base"),
            (b"\x9f\xff\xff\xff\xff\x01", "outside of the base"),
            (b"\x93\xff\x06\x0a", "outside of the base"),
            (b"\x90\x0a\x01", "ends too early"),
        ],
    )
    def test_that_are_wrong(self, read: See, steps: bytes, said: str) -> None:
        seen = read([whole(TEXT), wrong(steps)])

        assert said in seen.reasons
        assert "pack-0.pack" in seen.reasons

    def test_for_another_base(self, read: See) -> None:
        assert "another size" in read([whole(TEXT), wrong(b"\x90\x0a", base=9)]).reasons

    @pytest.mark.parametrize(
        "head", [b"", b"\x80", b"\xff" * 30, b"\x05", b"\x05\xff", b"\x05" + b"\xff" * 9 + b"\x01"]
    )
    def test_that_declare_nothing(self, read: See, head: bytes) -> None:
        seen = read([whole(TEXT), made(b"result", 0, head)])

        assert len(seen.damaged) == 1

    def test_that_make_more_than_anybody_wants(self, read: See) -> None:
        seen = read([whole(TEXT), wrong(b"\x90\x0a", result=1 << 40)])

        assert list(seen.large.values()) == [1 << 40]

    def test_of_what_takes_too_much_memory(self, read: See) -> None:
        huge = bytes(10_000)
        entries = [whole(huge), child(huge, b"a", 0), made(b"a", 1, delta(10_001, 1, (10_000, 1)))]

        seen = read(entries, memory=15_000)

        assert set(seen.damaged) == {one.name for one in entries}
        assert "10,000 bytes" in seen.reasons

    def test_a_bomb_costs_no_memory_before_it_is_due(self, read: See) -> None:
        big = 32 << 20
        entries = [whole(TEXT), wrong(b"\x90\x0a", result=big)]
        tracemalloc.start()

        seen = read(entries, largest=big)

        assert "less than it declares" in seen.reasons
        assert tracemalloc.get_traced_memory()[1] < 3 * big
        tracemalloc.stop()


class TestCompressedBytes:
    @pytest.mark.parametrize(
        ("compressed", "said"),
        [
            (b"", "cannot be read"),
            (b"not compressed at all", "cannot be read"),
            (zlib.compress(TEXT)[:-5], "larger"),
            (zlib.compress(TEXT)[:-1] + b"?", "cannot be read"),
            (zlib.compress(TEXT[:-1]), "smaller"),
            (zlib.compress(TEXT + b"?"), "larger"),
        ],
    )
    def test_that_are_wrong(self, read: See, compressed: bytes, said: str) -> None:
        seen = read([whole(TEXT, compressed=compressed + bytes(20))])

        assert len(seen.damaged) == 1
        assert said in seen.reasons or "compressed wrongly" in seen.reasons

    def test_with_something_behind_them(self, read: See) -> None:
        padded = zlib.compress(TEXT) + bytes(300_000)

        assert len(read([whole(TEXT, compressed=padded), whole(b"")]).versions) == 2

    def test_that_need_more_than_what_they_hold(self, read: See) -> None:
        stored = zlib.compressobj(0)
        padded = b"".join(
            stored.compress(b"") + stored.flush(zlib.Z_FULL_FLUSH) for _ in range(50_000)
        )
        padded += stored.compress(TEXT) + stored.flush()

        assert len(read([whole(TEXT, compressed=padded)]).versions) == 1

    def test_a_bomb(self, read: See) -> None:
        bomb = zlib.compress(bytes(64 << 20))
        tracemalloc.start()

        seen = read(
            [
                whole(bytes(10), compressed=bomb),
                whole(TEXT),
                wrong(b"", 0, 0),
                made(b"", 1, delta(len(TEXT), 0), compressed=bomb),
            ]
        )

        assert tracemalloc.get_traced_memory()[1] < 8 << 20
        tracemalloc.stop()
        assert len(seen.damaged) == 3


class TestHeaders:
    @pytest.mark.parametrize("kind", [0, 5])
    def test_of_a_type_that_does_not_exist(self, read: See, kind: int) -> None:
        seen = read([whole(TEXT), whole(b"?", kind, id=b"?" * 20)])

        assert list(seen.damaged) == [(b"?" * 20).hex()]

    @pytest.mark.parametrize("size", [0, 1, 1 << 30, 1 << 59])
    def test_of_a_wrong_size(self, read: See, size: int) -> None:
        seen = read([whole(TEXT, size=size), whole(b"")])

        assert len(seen.versions) == 1
        assert len(seen.damaged) + len(seen.large) == 1

    def test_without_an_end(self, read: See) -> None:
        endless = whole(TEXT, compressed=b"\xff" * 40, size=(1 << 63) - 1)

        assert len(read([endless, whole(b"")]).damaged) == 1


class TestIndexes:
    def test_two_objects_in_one_place(self, read: See) -> None:
        seen = read([whole(TEXT), whole(b"other", offset=12), whole(b"third")])

        assert len(seen.damaged) == 2
        assert len(seen.versions) == 1

    @pytest.mark.parametrize("offset", [0, 11, 13, 1 << 20, (1 << 31) + 5, 1 << 62])
    def test_a_place_where_nothing_is(self, read: See, offset: int) -> None:
        seen = read([whole(TEXT), whole(b"other", offset=offset), whole(b"third")])

        assert len(seen.ids | set(seen.damaged)) == 3
        assert identity(b"other").hex() in {*seen.damaged, *seen.large}

    def test_the_good_copy_of_a_damaged_object_is_taken(self, read: See) -> None:
        seen = read(
            [whole(TEXT, 5)],
            [whole(TEXT), whole(b"tree", 5)],
            [whole(b"tree", TREE, id=identity(b"tree"))],
        )

        assert not seen.damaged
        assert len(seen.versions) == 1

    def changed(self, objects: Path, place: int, value: bytes) -> None:
        """A file whose checksum is right all the same."""
        path = objects / "pack" / "pack-0.idx"
        data = bytearray(path.read_bytes()[:-20])
        data[place : place + len(value)] = value
        path.write_bytes(packing.sealed(bytes(data)))

    @pytest.mark.parametrize(
        ("place", "value"),
        [
            (8, b"\0\0\0\3"),  # a fanout that goes down
            (8 + 255 * 4, b"\0\0\0\1"),
            (8 + 255 * 4, b"\xff\xff\xff\xff"),
            (8 + 256 * 4, b"\xff" * 20),  # not sorted
            (8 + 256 * 4 + 20, b"\0" * 20),
            (3, b"d"),
            (7, b"\3"),
        ],
    )
    def test_that_are_not_what_they_should_be(
        self, tmp_path: Path, functions: Functions, place: int, value: bytes
    ) -> None:
        objects = packing.store(tmp_path, [whole(TEXT), whole(b"b")])
        self.changed(objects, place, value)

        with pytest.raises(Unsupported):
            see(objects, functions)

    def test_a_far_offset_that_is_not_there(self, tmp_path: Path, functions: Functions) -> None:
        objects = packing.store(tmp_path, [whole(TEXT), whole(b"b")])
        self.changed(objects, 8 + 256 * 4 + 2 * 24, b"\x80\0\0\7")

        assert len(see(objects, functions).damaged) == 1

    def test_of_another_pack(self, tmp_path: Path) -> None:
        objects = packing.store(tmp_path, [whole(TEXT)], [whole(b"b")])
        (objects / "pack" / "pack-0.pack").replace(objects / "pack" / "pack-1.pack")
        (objects / "pack" / "pack-0.idx").unlink()

        with pytest.raises(Unsupported, match="does not match"):
            see(objects, PLAIN)


class TestMultiplePackIndexes:
    @pytest.fixture
    def objects(self, tmp_path: Path) -> Path:
        """Two packs without indexes, and one for both."""
        packs = [[whole(TEXT), child(TEXT, b"a", 0)], [whole(b"b"), whole(TEXT)]]
        objects = packing.store(tmp_path, *packs)
        names = [f"pack-{number}.idx" for number in range(2)]
        places = [
            (entry.id, number, offset)
            for number, entries in enumerate(packs)
            for entry, offset in zip(entries, packing.packed(entries)[1], strict=True)
        ]
        for name in names:
            (objects / "pack" / name).unlink()
        (objects / "pack" / "multi-pack-index").write_bytes(packing.multiple(names, places))
        return objects

    def test_are_read(self, objects: Path, functions: Functions) -> None:
        assert len(see(objects, functions).versions) == 3

    @pytest.mark.parametrize(
        ("place", "value"),
        [
            (0, b"X"),
            (4, b"\2"),
            (5, b"\2"),
            (6, b"\3"),
            (6, b"\xff"),
            (7, b"\1"),
            (11, b"\1"),
            (11, b"\3"),
            (12, b"NAME"),
            (16, b"\xff"),
            (24 + 8, b"\0\0\xff"),
            (-3 * 8, b"\0\0\0\2"),  # the pack of the first object
            (-3 * 8 - 60, b"\xff" * 20),  # not sorted
        ],
    )
    def test_that_are_not_what_they_should_be(
        self, objects: Path, place: int, value: bytes
    ) -> None:
        path = objects / "pack" / "multi-pack-index"
        data = bytearray(path.read_bytes()[:-20])
        place %= len(data)
        data[place : place + len(value)] = value
        path.write_bytes(packing.sealed(bytes(data)))

        with pytest.raises(Unsupported):
            see(objects)

    def test_that_are_as_large_as_no_store_needs(self, objects: Path) -> None:
        with (objects / "pack" / "multi-pack-index").open("r+b") as file:
            file.truncate(1 << 40)

        with pytest.raises(Unsupported, match="too large"):
            see(objects)


class TestMadeAtRandom:
    """What the fuzzer begins with; it goes on from there."""

    def test_stores_are_the_same_in_c_and_in_python(self) -> None:
        for seed in packs.seeds():
            packs.check(seed)

    def test_changed_stores_are_too(self) -> None:
        random = Random(2)
        for seed in packs.seeds()[:20]:
            packs.check(packs.mutated(seed, random))


class TestFiles:
    """Objects in files of their own."""

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"no zlib",
            zlib.compress(b"blob 4\0text")[:-4],
            zlib.compress(b"blob 4\0text") + b"more",
            zlib.compress(b"blob 3\0text"),
            zlib.compress(b"blob 5\0text"),
            zlib.compress(b"blob 04\0text"),
            zlib.compress(b"blob -4\0text"),
            zlib.compress(b"blob 4 text"),
            zlib.compress(b"blub 4\0text"),
            zlib.compress(b"blob " + b"9" * 5000),
        ],
    )
    def test_that_are_damaged(self, tmp_path: Path, content: bytes) -> None:
        name = packing.loose(tmp_path, b"text")
        (tmp_path / name[:2] / name[2:]).write_bytes(content)

        assert list(see(tmp_path).damaged) == [name]

    def test_that_declare_too_much(self, tmp_path: Path) -> None:
        name = packing.loose(tmp_path, b"text", header=b"blob 999999999999\0")

        assert see(tmp_path).large == {name: 999_999_999_999}

    def test_that_are_bombs(self, tmp_path: Path) -> None:
        name = packing.loose(tmp_path, bytes(32 << 20), header=b"blob 10\0")
        tracemalloc.start()

        seen = see(tmp_path)

        assert tracemalloc.get_traced_memory()[1] < 4 << 20
        tracemalloc.stop()
        assert list(seen.damaged) == [name]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
    def test_that_are_none(self, tmp_path: Path) -> None:
        name = packing.loose(tmp_path, b"text")
        other = packing.loose(tmp_path, b"other")
        (tmp_path / name[:2] / name[2:]).unlink()
        os.mkfifo(tmp_path / name[:2] / name[2:])
        (tmp_path / other[:2] / other[2:]).unlink()
        (tmp_path / other[:2] / other[2:]).mkdir()

        assert set(see(tmp_path).damaged) == {name, other}

    def test_names_that_are_no_ids_are_nobodys(self, tmp_path: Path) -> None:
        for name in ("ab/cd", "ab/" + "x" * 38, "ab/tmp_obj_123456", "zz/" + "a" * 38, "pack/x"):
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"?")

        seen = see(tmp_path)

        assert not seen.ids
        assert not seen.damaged
