"""Containers of every kind: whatever is in them, all that can be read comes out, within bounds."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import sys
import zlib
from collections.abc import Callable
from functools import cache
from random import Random

import archives
from keymuster import registry
from keymuster.collect.base import Blob, Limits
from keymuster.collect.containers.base import RATIO_COUNTS_FROM
from keymuster.collect.unpack import Unpacker
from keymuster.model import Storage, Trouble

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LARGEST = 65_536
_LIMITS = Limits(members=5_000, seconds=20)


@cache
def _unpacker() -> Unpacker:
    kinds = [part() for part in registry.builtin("container").values()]
    return Unpacker(kinds, (), _LIMITS, 1 << 26, lambda path: False)


def check(data: bytes) -> None:
    size = 0
    given = None
    for given in _unpacker()(Blob(path="a/outer.bin", data=data, storage=Storage.TREE)):
        if isinstance(given, Trouble):
            assert given.message, "a trouble without words"
            given.message.encode("utf-8", "surrogateescape")
            continue
        given.path.encode("utf-8", "surrogateescape")
        assert given.path == "a/outer.bin" or given.member, "a member without a name"
        size += len(given.data)
    assert isinstance(given, Blob), "the file itself comes last"
    assert given.data == data, "the file itself comes last"
    assert size <= 5 * max(RATIO_COUNTS_FROM, _LIMITS.ratio * len(data)), "more than the limits"


_PACKERS: tuple[tuple[bytes, Callable[[bytes], bytes], Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", gzip.compress, lambda data: zlib.decompressobj(31).decompress(data, LARGEST)),
    (b"BZh", bz2.compress, lambda data: bz2.BZ2Decompressor().decompress(data, LARGEST)),
    (b"\xfd7zXZ", lzma.compress, lambda data: lzma.LZMADecompressor().decompress(data, LARGEST)),
    (b"\x28\xb5\x2f\xfd", zstd.compress, lambda data: zstd.ZstdDecompressor().decompress(data, LARGEST)),
)  # fmt: skip
_CODERS = ("lzma", "lzma2", "copy", "deflate", "aes", "ppmd")


def mutated(data: bytes, random: Random) -> bytes:
    """Changed bytes, often inside what is compressed; and checksums that fit what was changed."""
    for magic, pack, unpack in _PACKERS:
        if data.startswith(magic) and random.random() < 0.6:
            try:
                return pack(mutated(unpack(data), random))[:LARGEST]
            except (ValueError, OSError, EOFError, zlib.error, lzma.LZMAError, zstd.ZstdError):
                break
    match random.randrange(12):
        case 0:
            return random.choice(list(archives.SAMPLES.values()))()
        case 1:
            return _wrapped(data, random)
        case 2:
            return data + random.choice(list(archives.SAMPLES.values()))()
        case _:
            return _mended(spoiled(data, random))[:LARGEST]


def _wrapped(data: bytes, random: Random) -> bytes:
    files = {"a": data, "b/c.txt": b"text", "é" * random.choice((1, 200)): data[:100]}
    match random.randrange(4):
        case 0:
            return archives.zipped(files, random.choice((0, 8, 12, 14)))
        case 1:
            return archives.tarred(files, format=random.choice((1, 2)))
        case 2:
            return archives.seven_zipped(files, random.choice(_CODERS))
        case _:
            return random.choice(_PACKERS)[1](data)


_NUMBERS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\1\0\0\0")


def spoiled(data: bytes, random: Random) -> bytes:
    for _ in range(random.choice((1, 1, 2, 4))):
        at = random.randint(0, len(data))
        if random.random() < 0.3:
            at = min(at, random.choice((16, 64, 300)))
        size = random.choice((0, 1, 1, 2, 4, 8, 64))
        other = random.randint(0, len(data))
        match random.randrange(7):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + data[at + size :]
            case 2:
                data = data[:at] + data[other : other + size] + data[at + size :]
            case 3:
                data = data[:at] + data[at : at + size] * random.choice((2, 9, 999)) + data[at:]
            case 4:
                data = data[:at] + random.choice(_NUMBERS)[: max(1, size)] + data[at + 4 :]
            case 5:
                data = data[:at] + random.randbytes(size) + data[at + size :]
            case _:
                flipped = (data[at : at + 1] or b"0")[0] ^ 1 << random.randrange(8)
                data = data[:at] + bytes([flipped]) + data[at + 1 :]
        data = data[:LARGEST]
    return data


def _mended(data: bytes) -> bytes:
    """With right checksums where a wrong one would be the end."""
    if data.startswith(b"7z\xbc\xaf\x27\x1c") and len(data) >= 32:
        offset, size = struct.unpack("<QQ", data[12:28])
        header = data[32 + offset : 32 + offset + size]
        return data[:28] + struct.pack("<I", zlib.crc32(header)) + data[32:]
    if data[257:262] != b"ustar":
        return data
    out = bytearray(data)
    for at in range(0, len(data) - 511, 512):
        block = out[at : at + 512]
        if block[257:262] == b"ustar":
            total = sum(block[:148]) + sum(block[156:]) + 8 * 32
            out[at + 148 : at + 156] = b"%06o\0 " % total
    return bytes(out)


_PYTHON = """
import os
NAME = "first"
class Settings:
    title: str = "second"
    def __init__(self, value=b"third", *, more={1: 2.5, 3j: (None, True, ...)}):
        self.place = "fourth"
        local = f"{value} fifth"
        big = 123456789012345678901234567890
"""


def seeds() -> list[bytes]:
    made = [make() for make in archives.SAMPLES.values()]
    table = archives.database(
        "CREATE TABLE users (name TEXT, password TEXT, photo BLOB, total AS (length(name)))",
        ("INSERT INTO users (name, password, photo) VALUES (?, ?, ?)", ("a", "b" * 900, b"\0" * 9000)),
        "CREATE TABLE plain (id INTEGER PRIMARY KEY, value) WITHOUT ROWID",
        "CREATE INDEX names ON users (name)",
        "INSERT INTO plain VALUES (1, 1.5), (2, NULL), (3, x'00ff')",
    )  # fmt: skip
    made += [table, archives.compiled(_PYTHON)]
    made += [archives.seven_zipped({"a": b"text" * 99, "b": b"more"}, coder) for coder in _CODERS]
    made += [archives.zipped({"a": b"text" * 99}, method) for method in (0, 8, 12, 14)]
    made += [archives.tarred({"a" * 150: b"text" * 999, "b": b""}, format=form) for form in (1, 2)]
    made += [archives.tarred({"a": b"text"}, kind) for kind in ("gz", "bz2", "xz")]
    made += [archives.docx(["one", "two"], ["three"]), archives.zipped({"a.pyc": made[-1]})]
    made += [archives.pdf("one", "two"), archives.zipped(archives.image([archives.tarred({"a": b"b"})],
             archives.image_config({"Env": ["A=b"], "Labels": {"a": "b"}, "Cmd": ["x"]}, "RUN y")))]  # fmt: skip
    return made
