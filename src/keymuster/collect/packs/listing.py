"""What lies in the folders of an object store, opened."""

from __future__ import annotations

import errno
import os
from typing import TypeAlias

from keymuster.collect.packs import index, loose
from keymuster.collect.packs.base import WIDTHS, Listing, Unsupported
from keymuster.collect.packs.files import File
from keymuster.collect.packs.functions import Functions
from keymuster.collect.packs.pack import Pack

Stamps: TypeAlias = dict[bytes, tuple[int, bytes]]
"""The packs of a `Listing`."""

_TRIES = 3


def listed(
    folders: list[str],
    algorithm: str,
    functions: Functions,
    known: Stamps,
    *,
    doubting: bool = False,
) -> tuple[list[Pack], list[tuple[int, bytes]], Listing]:
    """All packs that are not known, the (number of the folder, id) of all objects in files of their
    own, and what there is."""
    width = WIDTHS[algorithm]
    # git moves objects from files to packs and back: those listed on both sides of the packs
    # are missed by none
    before = [loose.ids(folder, width) for folder in folders]
    stamps: Stamps = {}
    packs = _packs(folders, algorithm, width, functions.rising, known, stamps, doubting)
    try:
        after = [loose.ids(folder, width) for folder in folders]
    except BaseException:
        close(packs)
        raise
    files: dict[bytes, int] = {}
    for number, (one, other) in enumerate(zip(before, after, strict=True)):
        for id in sorted(one | other):
            files.setdefault(id, number)
    listing = Listing(stamps, frozenset(files))
    return packs, [(folder, id) for id, folder in files.items()], listing


def _packs(
    folders: list[str], algorithm: str, width: int, rising: index.Rising,
    known: Stamps, stamps: Stamps, doubting: bool,
) -> list[Pack]:  # fmt: skip
    """All packs that are not known. They are listed again if git deletes some before they are open."""
    for _ in range(_TRIES):
        packs: list[Pack] = []
        stamps.clear()
        try:
            for folder in folders:
                _open(
                    os.path.join(folder, "pack"), algorithm, width, rising, packs, known, stamps, doubting,
                )  # fmt: skip
        except OSError as error:
            close(packs)
            gone = error
        except BaseException:
            close(packs)
            raise
        else:
            return packs
        if gone.errno != errno.ENOENT:
            break
    name = os.path.basename(gone.filename or "a pack")
    raise Unsupported(f"{name} cannot be read: {gone.strerror}") from gone


def _open(
    folder: str, algorithm: str, width: int, rising: index.Rising, packs: list[Pack],
    known: Stamps, stamps: Stamps, doubting: bool,
) -> None:  # fmt: skip
    """Add the packs of a folder to the list, and the stamps of all."""
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
        path = os.path.join(folder, name)
        file = File(path)
        try:
            stamp = file.size, file.at(max(0, file.size - width), width)
            stamps[os.fsencode(path)] = stamp
            if indexed and known.get(os.fsencode(path)) == stamp:
                file.close()
                continue
            pack = Pack(file, algorithm, width, doubting=doubting)
        except BaseException:
            file.close()
            raise
        packs.append(pack)
        if indexed:
            with File(os.path.join(folder, f"{stem}.idx")) as found:
                pack.take(index.read(found, algorithm, pack.objects, rising))
        else:
            bare[f"{stem}.idx"] = pack
    if bare and known:
        raise Unsupported("a pack has no index of its own")
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


def close(packs: list[Pack]) -> None:
    for pack in packs:
        pack.file.close()
