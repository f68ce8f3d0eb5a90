"""Small files, of which each reader is asked together which it has to read: of most, none has anything to say, and to
ask a reader takes longer than to search what they hold."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TypeAlias

from msgspec import Struct

from keymuster.collect.base import Blob, Read, Reader
from keymuster.detect.text import is_plain

_SMALL = 1024
"""Bytes of a file in which mostly nobody sees anything."""

_MANY = 64
"""Files that are held at once."""

Of: TypeAlias = Callable[[Blob], Iterable[Reader]]
"""Which readers there are for a file: for many the same object."""


class Together(Struct, frozen=True):
    """Small files that are text, and the text of all of them, with line feeds between."""

    files: Sequence[Blob]
    text: bytes

    def having(self, marks: Iterable[bytes]) -> list[int]:
        """The numbers of the files that hold one of the marks, none of which has a line feed in it."""
        text = self.text
        places = []
        for mark in marks:
            at = text.find(mark)
            while at >= 0:
                places.append(at)
                at = text.find(mark, at + 1)
        if not places:
            return []
        starts = [0, *accumulate(len(file.data) + 1 for file in self.files)]
        return sorted({bisect_right(starts, at) - 1 for at in places})


def with_readers(
    files: Iterable[Read], of: Of, unpack: Callable[[Blob], Iterable[Read]] | None = None
) -> Iterator[tuple[Read, Iterable[Reader]]]:
    """Each file with the readers that have to read it, in order."""
    for one in _grouped(files, unpack):
        if isinstance(one, list):
            yield from _asked(one, of)
        else:
            yield one, of(one) if isinstance(one, Blob) else ()


def _grouped(
    files: Iterable[Read], unpack: Callable[[Blob], Iterable[Read]] | None
) -> Iterator[list[Blob] | Read]:
    """Those that follow each other and are asked about together, as lists; all others as they are."""
    held: list[Blob] = []
    try:
        for file in files:
            if (
                isinstance(file, Blob)
                and file.notes is None
                and _is_asked_with_others(file, unpack)
            ):
                held.append(file)
                if len(held) < _MANY:
                    continue
                yield held
            else:
                if held:
                    yield held
                yield file
            held = []
    except Exception:  # what came before it comes first
        yield held
        raise
    yield held


def _is_asked_with_others(blob: Blob, unpack: Callable[[Blob], Iterable[Read]] | None) -> bool:
    """Whether a file without notes is small, and all that there is to read."""
    return (
        len(blob.data) <= _SMALL
        and blob.said is None
        and blob.core is None
        and (unpack is None or unpack(blob) == (blob,))
    )


def _asked(files: Sequence[Blob], of: Of) -> Iterator[tuple[Blob, Iterable[Reader]]]:
    kinds: dict[int, tuple[Iterable[Reader], list[Blob]]] = {}
    for file in files:
        readers = of(file)
        kinds.setdefault(id(readers), (readers, []))[1].append(file)
    asked: dict[int, Iterable[Reader]] = {}
    for readers, some in kinds.values():
        text = b"\n".join([file.data for file in some])
        if len(some) > 1 and is_plain(text):
            asked.update(_chosen(readers, Together(some, text)))
        else:
            asked.update((id(file), readers) for file in some)
    for file in files:
        yield file, asked[id(file)]


def _chosen(readers: Iterable[Reader], together: Together) -> Iterator[tuple[int, list[Reader]]]:
    chosen: list[list[Reader]] = [[] for _ in together.files]
    for reader in readers:
        for number in _among(reader, together):
            chosen[number].append(reader)
    return zip(map(id, together.files), chosen, strict=True)


def _among(reader: Reader, together: Together) -> Iterable[int]:
    """The numbers of those that the reader has to read."""
    among = getattr(reader, "among", None)
    if among is not None:
        try:
            numbers: Iterable[int] = among(together)
            return numbers
        except Exception:  # noqa: BLE001 - it will be told of each of them, when it reads that
            return range(len(together.files))
    return [number for number, file in enumerate(together.files) if reader.reads(file.path)]
