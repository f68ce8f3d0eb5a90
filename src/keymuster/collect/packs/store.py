"""An object folder of git, read without git: packs, multi-pack-index, alternates, loose objects."""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import compress
from types import TracebackType
from typing import Self

from keymuster.collect.packs import alternates, loose
from keymuster.collect.packs.base import (
    WIDTHS,
    Damaged,
    Family,
    Listing,
    TooLarge,
    Unsupported,
    Version,
)
from keymuster.collect.packs.families import families
from keymuster.collect.packs.files import Garbled
from keymuster.collect.packs.functions import Functions, fastest
from keymuster.collect.packs.listing import close, listed
from keymuster.collect.packs.objects import Objects
from keymuster.collect.packs.pack import Pack
from keymuster.collect.packs.reading import Reading

MEMORY = 512 * 1024 * 1024
"""Bytes of texts held for others to be made from. Nothing above half of it is made at all."""

MOST = 16 * 1024 * 1024
"""Bytes after which a family ends where it can."""

_LARGEST_TREE = 64 * 1024 * 1024
"""Bytes, as in C."""


class Store:
    """Open from the start, so that packs can be read after git has deleted them; and in processes
    that were forked from this one. A store that `is_newer` has only what was not listed before, and
    all of that is still there. The `listing` is of both."""

    def __init__(
        self, folders: list[str], packs: list[Pack], files: list[tuple[int, bytes]], width: int,
        functions: Functions, memory: int, listing: Listing, is_newer: bool,
    ) -> None:  # fmt: skip
        self.listing = listing
        self.is_newer = is_newer
        self._folders = folders
        self._packs = packs
        self._files = files
        self.width = width
        self._functions = functions
        self._memory = memory
        self._blobs: tuple[list[bytearray], set[bytes]] = ([bytearray()] * len(packs), set())

    @classmethod
    def open(
        cls,
        objects: str,
        algorithm: str,
        *,
        functions: Functions | None = None,
        memory: int = MEMORY,
        known: Listing | None = None,
        doubting: bool = False,
    ) -> Store:
        """The store in an `objects` folder, whose ids are made by `sha1` or `sha256`; if possible only
        what is not `known`. Unsupported if any part of it is not understood; but a damaged pack is read as far as it
        goes by one that is `doubting`, and named in its `doubts`."""
        if algorithm not in WIDTHS:
            raise Unsupported(f"its ids are made by {algorithm}")
        folders = alternates.folders(objects)
        functions = functions or fastest()
        if known is not None and (newer := _newer(folders, algorithm, functions, memory, known)):
            return newer
        packs, files, listing = listed(folders, algorithm, functions, {}, doubting=doubting)
        return cls(folders, packs, files, WIDTHS[algorithm], functions, memory, listing, False)

    @property
    def doubts(self) -> list[str]:
        """Of each damaged pack, what is wrong with it."""
        return [pack.doubt for pack in self._packs if pack.doubt]

    @property
    def expands_quickly(self) -> bool:
        """Whether texts are made of deltas in C."""
        return self._functions.part is not None

    @property
    def largest(self) -> int:
        """Bytes of the largest text or delta that is looked at, be it to make another one."""
        return self._memory // 2

    def families(
        self, largest: int, most: int = MOST, without: Container[bytes] = ()
    ) -> Iterator[Family | TooLarge | Damaged]:
        """Every blob once, but for those `without` which it is to be, in about the order of the packs:
        in families, or alone if it is larger than `largest` or cannot be read."""
        objects = Objects(self._packs, self._folders, self._files, self.width, self._functions)
        self._blobs = objects.blobs()
        return families(objects, self._functions, self.width, largest, most, without)

    def listed(self, blobs: set[bytes]) -> None:
        """Take it that these are all there are, as somebody else listed them."""
        self._blobs = ([bytearray()] * len(self._packs), blobs)

    def has(self, count: int) -> bool:
        """Whether so many objects are here, each counted once."""
        width = self.width
        if count == len(self._files) + sum(len(pack.index.ids) // width for pack in self._packs):
            return True
        every = {id for _, id in self._files}
        for pack in self._packs:
            ids = pack.index.ids
            every.update(ids[at : at + width] for at in range(0, len(ids), width))
        return len(every) == count

    def read(self, family: Family, least: int) -> Iterator[Version | Damaged]:
        """The blobs of a family, each behind its base. Stretches kept from it are told if they have
        `least` bytes."""
        reading = Reading(
            self._packs, self._folders, self._functions, family, self.width, self._memory
        )
        return reading.versions(least)

    def lacks(self, ids: Iterable[bytes]) -> set[bytes]:
        """Those of the ids that no object here has."""
        left = set(ids)
        left.difference_update(id for _, id in self._files)
        width = self.width
        for pack in self._packs:
            listed = pack.index.ids
            left.difference_update(listed[at : at + width] for at in range(0, len(listed), width))
        return left

    def lacks_blobs(self, ids: Iterable[bytes]) -> set[bytes]:
        """Those of the ids that no blob has which `families` came by."""
        packed, files = self._blobs
        left = set(ids)
        left -= files
        width = self.width
        for pack, flags in zip(self._packs, packed, strict=True):
            listed = pack.index.ids
            blobs = compress(range(0, len(listed), width), flags)
            left.difference_update([listed[at : at + width] for at in blobs])
        return left

    def lacks_marked(self, marks: bytes, ids: Iterable[bytes]) -> set[bytes]:
        """The same of objects that are marked, as `walk` does it, and of further ids."""
        left = {*ids}
        packed, blobs = self._blobs
        width = self.width
        place = 0
        for pack, flags in zip(self._packs, packed, strict=True):
            count = len(pack.index.offsets)
            doubtful = int.from_bytes(marks[place : place + count]) & ~int.from_bytes(flags)
            place += count
            if doubtful:
                others = doubtful.to_bytes(count)
                listed = pack.index.ids
                left.update(
                    listed[at : at + width]
                    for at in compress(range(0, count * width, width), others)
                )
        left.update(id for id in compress(self._loose(), marks[place:]) if id not in blobs)
        return self.lacks_blobs(left)

    @property
    def walks(self) -> bool:
        """Whether it can `walk`, and all commits are there."""
        return self._functions.walk is not None and not self.is_newer

    def walk(self, commits: Sequence[str], descriptor: int) -> bool:
        """Write into a file what these commits and all before them brought in: see `walked.py`. Not if there is
        anything in the way, be it no more than that something is not as git makes it."""
        assert self._functions.walk is not None
        ids = self._loose()
        folders = {id: self._folders[folder] for folder, id in self._files}

        def fetched(place: int, kind: int) -> bytes | None:
            try:
                return loose.content(folders[ids[place]], ids[place], kind, _LARGEST_TREE)
            except Garbled:
                return None

        packs = [
            (pack.file.descriptor, pack.end, pack.index.ids, pack.index.offsets)
            for pack in self._packs
        ]
        tips = b"".join(map(unhexlify, commits))
        return self._functions.walk([*packs, b"".join(ids)], self.width, tips, fetched, descriptor)

    def _loose(self) -> list[bytes]:
        """The ids of the objects in files of their own, ascending."""
        return sorted(id for _, id in self._files)

    def close(self) -> None:
        close(self._packs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()


def _newer(
    folders: list[str], algorithm: str, functions: Functions, memory: int, known: Listing
) -> Store | None:
    """A store of what is not known; None if something known is gone, or that cannot be told."""
    try:
        packs, files, listing = listed(folders, algorithm, functions, known.packs)
    except Unsupported:
        return None
    files = [one for one in files if one[1] not in known.loose]
    store = Store(folders, packs, files, WIDTHS[algorithm], functions, memory, listing, True)
    stays = known.packs.items() <= listing.packs.items()
    if not stays or store.lacks(known.loose - listing.loose):
        store.close()
        return None
    return store
