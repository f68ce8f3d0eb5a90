"""Packs written by hand, right ones and wrong ones."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

COMMIT, TREE, BLOB, TAG, OFFSET_DELTA, ID_DELTA = 1, 2, 3, 4, 6, 7
_TYPES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}


@dataclass
class Entry:
    """One object of a pack. `base` is the number of an entry (before it), the distance to another
    place if negative, or an id. What is not given is made as it should be."""

    id: bytes
    kind: int
    content: bytes
    base: int | bytes | None = None
    size: int | None = None
    compressed: bytes | None = None
    offset: int | None = None

    @property
    def name(self) -> str:
        return self.id.hex()


def identity(data: bytes, kind: int = BLOB, algorithm: str = "sha1") -> bytes:
    return hashlib.new(algorithm, _TYPES[kind] + b" %d\0" % len(data) + data).digest()


def whole(data: bytes, kind: int = BLOB, **wrong: object) -> Entry:
    name = identity(data, kind if kind in _TYPES else BLOB)
    return replace(Entry(name, kind, data), **wrong)  # type: ignore[arg-type]


def made(result: bytes, base: int | bytes, delta: bytes, **wrong: object) -> Entry:
    """An object made from an entry, by its number, or from an id."""
    kind = ID_DELTA if isinstance(base, bytes) else OFFSET_DELTA
    return replace(Entry(identity(result), kind, delta, base), **wrong)  # type: ignore[arg-type]


def number(value: int) -> bytes:
    """As in the head of a delta."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def delta(base: int, result: int, *steps: bytes | tuple[int, int]) -> bytes:
    """A delta of declared sizes. A step is text to insert, or (offset, length) to copy."""
    out = [number(base), number(result)]
    for step in steps:
        if isinstance(step, bytes):
            for at in range(0, len(step), 127):
                piece = step[at : at + 127]
                out.append(bytes([len(piece)]) + piece)
            continue
        offset, length = step
        command, numbers = 0x80, b""
        for bit, byte in enumerate(struct.pack("<I", offset) + struct.pack("<I", length)[:3]):
            if byte:
                command |= 1 << bit
                numbers += bytes([byte])
        out.append(bytes([command]) + numbers)
    return b"".join(out)


def header(kind: int, size: int) -> bytes:
    byte, size = kind << 4 | size & 15, size >> 4
    out = bytearray()
    while size:
        out.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    return bytes([*out, byte])


def distance(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        value -= 1
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def packed(entries: Sequence[Entry]) -> tuple[bytes, list[int]]:
    """A pack without its checksum, and where each entry stands."""
    out = bytearray(b"PACK" + struct.pack(">II", 2, len(entries)))
    offsets: list[int] = []
    for entry in entries:
        offsets.append(len(out))
        out += header(entry.kind, len(entry.content) if entry.size is None else entry.size)
        if isinstance(entry.base, bytes):
            out += entry.base
        elif entry.base is not None:
            back = -entry.base if entry.base < 0 else offsets[-1] - offsets[entry.base]
            out += distance(back)
        out += zlib.compress(entry.content) if entry.compressed is None else entry.compressed
    return bytes(out), offsets


def index(entries: Sequence[tuple[bytes, int]], checksum: bytes, algorithm: str = "sha1") -> bytes:
    """An index of (id, offset) pairs."""
    entries = sorted(entries)
    out = [b"\xfftOc\0\0\0\2"]
    out += _fanout([id[0] for id, _ in entries])
    out += [id for id, _ in entries]
    out.append(bytes(4 * len(entries)))
    far = []
    for _, offset in entries:
        if offset < 0x80000000:
            out.append(struct.pack(">I", offset))
        else:
            out.append(struct.pack(">I", 0x80000000 | len(far)))
            far.append(struct.pack(">Q", offset))
    return sealed(b"".join([*out, *far, checksum]), algorithm)


def _fanout(firsts: Sequence[int]) -> list[bytes]:
    counts = [0] * 256
    for first in firsts:
        counts[first] += 1
    total = 0
    out = []
    for count in counts:
        total += count
        out.append(struct.pack(">I", total))
    return out


def sealed(data: bytes, algorithm: str = "sha1") -> bytes:
    """With its checksum behind it."""
    return data + hashlib.new(algorithm, data).digest()


def store(folder: Path, *packs: Sequence[Entry], algorithm: str = "sha1") -> Path:
    """An object folder with these packs."""
    (folder / "pack").mkdir(parents=True, exist_ok=True)
    for place, entries in enumerate(packs):
        data, offsets = packed(entries)
        data = sealed(data, algorithm)
        places = [
            (entry.id, offset if entry.offset is None else entry.offset)
            for entry, offset in zip(entries, offsets, strict=True)
        ]
        width = hashlib.new(algorithm).digest_size
        stem = folder / "pack" / f"pack-{place}"
        stem.with_suffix(".pack").write_bytes(data)
        stem.with_suffix(".idx").write_bytes(index(places, data[-width:], algorithm))
    return folder


def loose(folder: Path, data: bytes, *, header: bytes | None = None) -> str:
    """A blob in a file of its own; its id."""
    name = identity(data).hex()
    path = folder / name[:2] / name[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zlib.compress((b"blob %d\0" % len(data) if header is None else header) + data))
    return name


def multiple(names: Sequence[str], places: Sequence[tuple[bytes, int, int]]) -> bytes:
    """A multi-pack-index of (id, number of the pack, offset); the first of an id counts."""
    first: dict[bytes, tuple[int, int]] = {}
    for id, owner, offset in places:
        first.setdefault(id, (owner, offset))
    ids = sorted(first)
    far: list[int] = []
    near = []
    for id in ids:
        owner, offset = first[id]
        if offset >= 0x80000000:
            far.append(offset)
            offset = 0x80000000 | len(far) - 1
        near.append(struct.pack(">II", owner, offset))
    chunks = {
        b"PNAM": b"".join(name.encode() + b"\0" for name in sorted(names)),
        b"OIDF": b"".join(_fanout([id[0] for id in ids])),
        b"OIDL": b"".join(ids),
        b"OOFF": b"".join(near),
    }
    if far:
        chunks[b"LOFF"] = b"".join(struct.pack(">Q", offset) for offset in far)
    out = [b"MIDX\1\1" + bytes([len(chunks), 0]) + struct.pack(">I", len(names))]
    at = 12 + 12 * (len(chunks) + 1)
    for name, content in [*chunks.items(), (bytes(4), b"")]:
        out.append(name + struct.pack(">Q", at))
        at += len(content)
    return sealed(b"".join([*out, *chunks.values()]))
