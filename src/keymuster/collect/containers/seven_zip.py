"""7z archives."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from keymuster.collect.containers.base import (
    CHUNK,
    DAMAGED,
    ENCRYPTED,
    UNSUPPORTED,
    Budget,
    Container,
    Content,
    Cursor,
    Decompressed,
    Decompressor,
    Form,
    Inflater,
    Member,
    Readable,
    Refused,
    Skipped,
    UpTo,
    Window,
)

_MAGIC = b"7z\xbc\xaf\x27\x1c"
_MOST_OF_A_HEADER = 32 * 1024 * 1024
"""Bytes of the list of members, which is compressed itself."""
_MOST_PACKED = 4
"""How often that may be compressed: once is usual, and a list can be made that gives itself."""
_MOST_MEMORY = 256 * 1024 * 1024
"""Bytes of a dictionary: `7z -mx=9` uses 64 MiB."""

_AES, _COPY = b"\x06\xf1\x07\x01", b"\0"
_LZMA = (b"\x03\x01\x01", b"\x21")
_DELTA = b"\x03"
_FILTERS = {
    b"\x03\x03\x01\x03": "FILTER_X86",
    b"\x04": "FILTER_X86",
    b"\x03\x03\x02\x05": "FILTER_POWERPC",
    b"\x05": "FILTER_POWERPC",
    b"\x03\x03\x04\x01": "FILTER_IA64",
    b"\x06": "FILTER_IA64",
    b"\x03\x03\x05\x01": "FILTER_ARM",
    b"\x07": "FILTER_ARM",
    b"\x03\x03\x07\x01": "FILTER_ARMTHUMB",
    b"\x08": "FILTER_ARMTHUMB",
    b"\x03\x03\x08\x05": "FILTER_SPARC",
    b"\x09": "FILTER_SPARC",
}
"""Ids of 7-Zip's branch filters, and their names in `lzma`."""


class SevenZip(Container):
    """Members of every folder, in their order: a folder is one stream that holds several files.

    The list of members is read here and the streams by the standard library: `py7zr` brings ten
    more packages and believes the sizes and counts of the list, for which it reserves memory.
    LZMA, LZMA2 (with filters), Deflate, bzip2, zstd and plain storage are read; what needs two
    streams (BCJ2) or PPMd is left out.
    """

    name: ClassVar[str] = "seven-zip"
    form: ClassVar[Form] = Form.ARCHIVE
    streams: ClassVar[bool] = False

    def recognizes(self, data: bytes) -> bool:
        return data.startswith(_MAGIC)

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        data = content.whole
        offset, size = _number(data[12:20]), _number(data[20:28])
        header = data[32 + offset : 32 + offset + size]
        if len(header) < size or zlib.crc32(header) != _number(data[28:32]):
            raise Skipped(DAMAGED)
        for _ in range(_MOST_PACKED):
            if header.startswith(b"\x17"):
                header = _unpacked(data, header, budget)
        if not header:
            return
        archive = _Reader(header, budget.limits.members).archive()
        names = iter(archive.names)
        for folder in archive.folders:
            inside = [(size, next(names, "unnamed")) for size in folder.sizes]
            yield from _folder(data, folder, inside, budget)


def _folder(
    data: bytes, folder: _Folder, inside: Sequence[tuple[int, str]], budget: Budget
) -> Iterator[Member]:
    try:
        plain = _opened(data, folder)
    except Skipped as why:
        yield from (Member(name, Refused(why.message)) for _, name in inside)
        return
    for size, name in inside:
        member = UpTo(plain, size)
        yield Member(name, member)
        while passed := member.read(CHUNK):
            budget.spend(len(passed))


def _unpacked(data: bytes, header: bytes, budget: Budget) -> bytes:
    """The list of members, out of its compressed form."""
    folders = _Reader(header[1:], budget.limits.members).streams()
    if len(folders) != 1 or folders[0].unpacked > _MOST_OF_A_HEADER:
        raise Skipped(DAMAGED)
    content = Content(UpTo(_opened(data, folders[0]), folders[0].unpacked), budget)
    return content.exactly(folders[0].unpacked)


def _opened(data: bytes, folder: _Folder) -> Readable:
    """The plain bytes of a folder."""
    *filters, (codec, properties) = folder.chain()
    if any(id == _AES for id, _ in (*filters, (codec, b""))):
        raise Skipped(ENCRYPTED)
    packed: Readable = Window(data, 32 + folder.start, folder.packed)
    if codec in _LZMA:
        branches = [_branch_filter(id, more) for id, more in filters]
        plain: Readable = Decompressed(packed, _lzma([*branches, lzma_filter(properties)]))
    elif filters:  # they are liblzma's, and it has them only above its own codecs
        raise Skipped(UNSUPPORTED)
    else:
        plain = packed if codec == _COPY else Decompressed(packed, _codec(codec), several=True)
    return UpTo(plain, folder.unpacked)


def _codec(id: bytes) -> Callable[[], Decompressor]:
    match id:
        case b"\x04\x01\x08":
            return lambda: Inflater(-15)
        case b"\x04\x02\x02":
            from bz2 import BZ2Decompressor

            return BZ2Decompressor
        case b"\x04\xf7\x11\x01":
            from keymuster.collect.containers.zstd import decompressor

            return decompressor
    raise Skipped(UNSUPPORTED)


def _lzma(filters: list[dict[str, Any]]) -> Callable[[], Decompressor]:
    import lzma

    return lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)


def lzma_filter(properties: bytes) -> dict[str, Any]:
    """What `lzma` calls the properties of LZMA (5 bytes) or LZMA2 (1 byte)."""
    import lzma

    if len(properties) == 1 and properties[0] <= 40:
        bits = properties[0]
        size = (2 | bits & 1) << (bits // 2 + 11)
        made: dict[str, Any] = {"id": lzma.FILTER_LZMA2, "dict_size": size}
    elif len(properties) == 5 and properties[0] < 9 * 5 * 5:
        rest, lc = divmod(properties[0], 9)
        pb, lp = divmod(rest, 5)
        size = _number(properties[1:])
        made = {"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": lc, "lp": lp, "pb": pb}
    else:
        raise Skipped(DAMAGED)
    if size > _MOST_MEMORY:
        raise Skipped("compressed with a dictionary that is too large")
    return made


def _branch_filter(id: bytes, properties: bytes) -> dict[str, Any]:
    import lzma

    if id == _DELTA:
        return {"id": lzma.FILTER_DELTA, "dist": properties[0] + 1 if properties else 1}
    if id not in _FILTERS:
        raise Skipped(UNSUPPORTED)
    return {"id": getattr(lzma, _FILTERS[id])}


class _Folder(Struct, kw_only=True):
    """One packed stream: how it was made, where it lies, and the sizes of the files in it."""

    coders: list[tuple[bytes, bytes, int]]
    bonds: list[tuple[int, int]]
    start: int = 0
    packed: int = 0
    outputs: list[int] = []
    sizes: list[int] = []
    has_digest: bool = False

    def chain(self) -> list[tuple[bytes, bytes]]:
        """(id, properties) of the coders, the one whose output is the plain text first."""
        if any(inputs != 1 for _, _, inputs in self.coders):
            raise Skipped(UNSUPPORTED)
        feeds = dict(self.bonds)
        order = [self._last()]
        while (before := feeds.get(order[-1])) is not None:
            if before in order:
                raise Skipped(DAMAGED)
            order.append(before)
        return [self.coders[number][:2] for number in order]

    @property
    def unpacked(self) -> int:
        """The bytes of the plain text."""
        return self.outputs[self._last()]

    def _last(self) -> int:
        """The coder whose output no other takes."""
        taken = {output for _, output in self.bonds}
        for number in range(len(self.coders)):
            if number not in taken:
                return number
        raise Skipped(DAMAGED)


class _Archive(Struct):
    """The folders, and the names of the files that have content."""

    folders: list[_Folder]
    names: list[str]


class _Reader(Cursor):
    """The list of members, as `7zFormat.txt` of the LZMA SDK describes it. Every count is held
    against what is left to read, or against the limit, before anything is made of it."""

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self._most = most

    def archive(self) -> _Archive:
        folders: list[_Folder] = []
        names: list[str] = []
        self._expect(1)
        while kind := self._byte():
            if kind == 4:
                folders = self.streams()
            elif kind == 5:
                names = self._files()
            else:
                raise Skipped(UNSUPPORTED)
        return _Archive(folders, names)

    def streams(self) -> list[_Folder]:
        start, packed = 0, list[int]()
        folders: list[_Folder] = []
        while kind := self._byte():
            if kind == 6:
                start, packed = self._pack_info()
            elif kind == 7:
                folders = self._folders()
            elif kind == 8:
                self._substreams(folders)
            else:
                raise Skipped(DAMAGED)
        lengths = iter(packed)
        for folder in folders:
            streams = sum(inputs for _, _, inputs in folder.coders) - len(folder.bonds)
            taken = [next(lengths, 0) for _ in range(self._checked(streams))]
            folder.start, folder.packed = start, sum(taken)
            start += folder.packed
            folder.sizes = folder.sizes or [folder.unpacked]
        return [folder for folder in folders if folder.sizes != [-1]]

    def _pack_info(self) -> tuple[int, list[int]]:
        start, count = self.number(), self._count()
        sizes: list[int] = []
        while kind := self._byte():
            if kind == 9:
                sizes = [self.number() for _ in range(count)]
            else:
                self._digests(count)
        return start, sizes

    def _folders(self) -> list[_Folder]:
        self._expect(0x0B)
        count = self._count()
        self._expect(0)
        folders = [self._folder() for _ in range(count)]
        while kind := self._byte():
            if kind == 0x0C:
                for folder in folders:
                    folder.outputs = [self.number() for _ in folder.coders]
            else:
                for folder, known in zip(folders, self._digests(count), strict=True):
                    folder.has_digest = known
        return folders

    def _folder(self) -> _Folder:
        coders: list[tuple[bytes, bytes, int]] = []
        for _ in range(self._checked(self.number(), 32)):
            flags = self._byte()
            id = self._bytes(flags & 0x0F)
            inputs = outputs = 1
            if flags & 0x10:
                inputs, outputs = self._checked(self.number(), 32), self.number()
            if outputs != 1:
                raise Skipped(UNSUPPORTED)
            coders.append((id, self._bytes(self.number()) if flags & 0x20 else b"", inputs))
        bonds = [(self.number(), self.number()) for _ in range(len(coders) - 1)]
        streams = sum(inputs for _, _, inputs in coders) - len(bonds)
        if not coders or streams < 1:
            raise Skipped(DAMAGED)
        if streams > 1:
            for _ in range(streams):
                self.number()
        return _Folder(coders=coders, bonds=bonds)

    def _substreams(self, folders: Sequence[_Folder]) -> None:
        counts = [1] * len(folders)
        kind = self._byte()
        if kind == 0x0D:
            counts = [self._checked(self.number()) for _ in folders]
            self._checked(sum(counts))
            kind = self._byte()
        for folder, count in zip(folders, counts, strict=True):
            known = [self.number() for _ in range(count - 1)] if kind == 9 else []
            folder.sizes = [*known, folder.unpacked - sum(known)] if count else [-1]
            if count and (len(folder.sizes) != count or folder.sizes[-1] < 0):
                raise Skipped(DAMAGED)
        if kind == 9:
            kind = self._byte()
        while kind:
            unknown = (
                0 if count == 1 and folder.has_digest else count
                for folder, count in zip(folders, counts, strict=True)
            )
            self._digests(sum(unknown))
            kind = self._byte()

    def _files(self) -> list[str]:
        """The names of the files that are not empty."""
        count = self._count()
        empty = [False] * count
        names: list[str] = []
        while kind := self._byte():
            size = self.number()
            block = _Reader(self._bytes(size), self._most)
            if kind == 0x0E:
                empty = block._bits(count)
            elif kind == 0x11 and block._byte() == 0:
                words = block._data[1:].decode("utf-16-le", "replace").split("\0")
                names = words[:count]
        return [name for name, none in zip(names, empty, strict=False) if not none]

    def _digests(self, count: int) -> list[bool]:
        """Which of so many streams have a checksum."""
        defined = [True] * count if self._byte() else self._bits(count)
        self._bytes(4 * sum(defined))
        return defined

    def number(self) -> int:
        """A number in as many bytes as its first one has leading ones."""
        first = self._byte()
        extra = 8 - (~first & 0xFF).bit_length()
        low = _number(self._bytes(extra))
        return low | ((first & (0x7F >> extra)) << (8 * extra))

    def _count(self) -> int:
        return self._checked(self.number())

    def _checked(self, count: int, most: int | None = None) -> int:
        if count > (self._most if most is None else most):
            raise Skipped(f"an archive that says it has {count:,} members")
        return count

    def _bits(self, count: int) -> list[bool]:
        bits = self._bytes((count + 7) // 8)
        return [bool(bits[at // 8] & (0x80 >> at % 8)) for at in range(count)]

    def _expect(self, kind: int) -> None:
        if self._byte() != kind:
            raise Skipped(DAMAGED)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
