"""An object folder of git, read without git: packs, multi-pack-index, alternates, loose objects."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from keymuster.collect.packs import alternates, index, loose
from keymuster.collect.packs.base import WIDTHS, Damaged, Family, TooLarge, Unsupported, Version
from keymuster.collect.packs.families import families
from keymuster.collect.packs.files import File
from keymuster.collect.packs.functions import Functions, fastest
from keymuster.collect.packs.objects import Objects
from keymuster.collect.packs.pack import Pack
from keymuster.collect.packs.reading import Reading

MEMORY = 512 * 1024 * 1024
"""Bytes of texts held for others to be made from. Nothing above half of it is made at all."""

MOST = 16 * 1024 * 1024
"""Bytes after which a family ends where it can."""

_TRIES = 3


class Store:
    """Open from the start, so that packs can be read after git has deleted them; and in processes
    that were forked from this one."""

    def __init__(
        self, folders: list[str], packs: list[Pack], files: list[tuple[int, bytes]], width: int,
        functions: Functions, memory: int,
    ) -> None:  # fmt: skip
        self._folders = folders
        self._packs = packs
        self._files = files
        self._width = width
        self._functions = functions
        self._memory = memory

    @classmethod
    def open(
        cls,
        objects: str,
        algorithm: str,
        *,
        functions: Functions | None = None,
        memory: int = MEMORY,
    ) -> Store:
        """The store in an `objects` folder, whose ids are made by `sha1` or `sha256`. Unsupported if
        any part of it is not understood."""
        if algorithm not in WIDTHS:
            raise Unsupported(f"its ids are made by {algorithm}")
        width = WIDTHS[algorithm]
        folders = alternates.folders(objects)
        # git moves objects from files to packs and back: those listed on both sides of the packs
        # are missed by none
        before = [loose.ids(folder, width) for folder in folders]
        functions = functions or fastest()
        packs = _packs(folders, algorithm, width, functions.rising)
        try:
            after = [loose.ids(folder, width) for folder in folders]
        except BaseException:
            _close(packs)
            raise
        files: dict[bytes, int] = {}
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            for id in sorted(one | other):
                files.setdefault(id, number)
        listed = [(folder, id) for id, folder in files.items()]
        return cls(folders, packs, listed, width, functions, memory)

    def families(self, largest: int, most: int = MOST) -> Iterator[Family | TooLarge | Damaged]:
        """Every blob once, in about the order of the packs: in families, or alone if it is larger
        than `largest` or cannot be read."""
        objects = Objects(self._packs, self._folders, self._files, self._width, self._functions)
        return families(objects, self._functions, self._width, largest, most)

    def read(self, family: Family, least: int) -> Iterator[Version | Damaged]:
        """The blobs of a family, each behind its base. Stretches kept from it are told if they have
        `least` bytes."""
        reading = Reading(
            self._packs, self._folders, self._functions, family, self._width, self._memory
        )
        return reading.versions(least)

    def lacks(self, ids: Iterable[bytes]) -> set[bytes]:
        """Those of the ids that no object here has."""
        left = set(ids)
        left.difference_update(id for _, id in self._files)
        width = self._width
        for pack in self._packs:
            listed = pack.index.ids
            left.difference_update(listed[at : at + width] for at in range(0, len(listed), width))
        return left

    def close(self) -> None:
        _close(self._packs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()


def _packs(folders: list[str], algorithm: str, width: int, rising: index.Rising) -> list[Pack]:
    """All packs. They are listed again if git deletes some before they are open."""
    for _ in range(_TRIES):
        packs: list[Pack] = []
        try:
            for folder in folders:
                _open(os.path.join(folder, "pack"), algorithm, width, rising, packs)
        except OSError as error:
            _close(packs)
            gone = error
        except BaseException:
            _close(packs)
            raise
        else:
            return packs
        if gone.errno != errno.ENOENT:
            break
    name = os.path.basename(gone.filename or "a pack")
    raise Unsupported(f"{name} cannot be read: {gone.strerror}") from gone


def _open(folder: str, algorithm: str, width: int, rising: index.Rising, packs: list[Pack]) -> None:
    """Add the packs of a folder to the list."""
    try:
        names = set(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    bare: dict[str, Pack] = {}
    for name in sorted(names):
        stem, kind = os.path.splitext(name)
        indexed = f"{stem}.idx" in names
        if kind == ".idx" and f"{stem}.pack" not in names:
            raise FileNotFoundError(errno.ENOENT, "it is missing", f"{stem}.pack")
        if kind != ".pack" or not (indexed or stem.startswith("pack-")):
            continue  # without an index, only one that git has begun to write has another name
        file = File(os.path.join(folder, name))
        try:
            pack = Pack(file, algorithm, width)
        except BaseException:
            file.close()
            raise
        packs.append(pack)
        if indexed:
            with File(os.path.join(folder, f"{stem}.idx")) as found:
                pack.take(index.read(found, algorithm, pack.objects, rising))
        else:
            bare[f"{stem}.idx"] = pack
    if bare:
        path = os.path.join(folder, "multi-pack-index")
        objects = sum(pack.objects for pack in packs)
        _take_multiple(path, algorithm, objects, bare, rising)


def _take_multiple(
    path: str, algorithm: str, objects: int, bare: dict[str, Pack], rising: index.Rising
) -> None:
    """Give the packs that have no index what the multi-pack-index says of them."""
    indexes: dict[str, index.Index] = {}
    if os.path.exists(path):
        with File(path) as file:
            indexes = index.read_multiple(file, algorithm, objects, bare, rising)
    for name, pack in bare.items():
        if name not in indexes:
            raise FileNotFoundError(errno.ENOENT, "it is missing", name)
        pack.take(indexes[name])


def _close(packs: list[Pack]) -> None:
    for pack in packs:
        pack.file.close()
