"""Whole object stores: every object comes out, or its name and what is wrong; C and Python agree."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import shutil
import struct
import tempfile
import zlib
from functools import cache
from pathlib import Path
from random import Random

import packing
from fuzz import deltas
from fuzz.containers import spoiled
from keymuster.collect.packs.base import Unsupported
from keymuster.collect.packs.functions import PLAIN, Functions, accelerated
from packing import BLOB, ID_DELTA, OFFSET_DELTA, TREE, Entry, identity
from stores import Seen, see

LARGEST = 65_536
_FILE = struct.Struct("<cI")
"""A store in one piece: for each file its kind and its length, then its bytes. Checksums are left
out; they are always right."""

_PACK, _INDEX, _MULTIPLE, _LOOSE, _ALTERNATES = (b"P", b"I", b"M", b"L", b"A")


def check(data: bytes) -> None:
    objects = _written(_files(data))
    limits = {"most": (1, 3000, 1 << 24)[len(data) % 3], "memory": (2000, 1 << 22)[len(data) % 2]}
    want = _outcome(objects, PLAIN, limits)
    if functions := accelerated():
        got = _outcome(objects, functions, limits)
        assert got == want, "C and Python differ"


def _outcome(objects: Path, functions: Functions, limits: dict[str, int]) -> object:
    try:
        seen = see(objects, functions, largest=1 << 16, **limits)
    except Unsupported as error:
        error.message.encode("utf-8", "surrogateescape")
        return error.message
    _complete(seen, objects)
    return seen.versions, seen.damaged, seen.large, seen.families


def _complete(seen: Seen, objects: Path) -> None:
    """Files of their own are blobs here, so each must have been named."""
    for path in objects.glob("??/*"):
        assert path.parent.name + path.name in {*seen.ids, *seen.damaged}, "not named"


def _files(data: bytes) -> list[tuple[bytes, bytes]]:
    found = []
    at = 0
    while at + _FILE.size <= len(data):
        kind, size = _FILE.unpack_from(data, at)
        at += _FILE.size
        found.append((kind, data[at : at + size]))
        at += size
    return found


def _joined(files: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(_FILE.pack(kind, len(content)) + content for kind, content in files)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="keymuster-fuzz-packs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _written(files: list[tuple[bytes, bytes]]) -> Path:
    objects = _folder() / "objects"
    shutil.rmtree(objects, ignore_errors=True)
    folder = objects / "pack"
    folder.mkdir(parents=True)
    (objects / "info").mkdir()
    checksum = bytes(20)
    packs = 0
    for kind, content in files:
        if kind == _PACK:
            data = packing.sealed(content)
            checksum = data[-20:]
            packs += 1
            (folder / f"pack-{packs}.pack").write_bytes(data)
        elif kind == _INDEX:
            (folder / f"pack-{packs}.idx").write_bytes(packing.sealed(content + checksum))
        elif kind == _MULTIPLE:
            (folder / "multi-pack-index").write_bytes(packing.sealed(content))
        elif kind == _ALTERNATES:
            (objects / "info" / "alternates").write_bytes(content)
        else:
            name = hashlib.sha1(content).hexdigest()
            path = objects / name[:2] / name[2:]
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    return objects


def mutated(data: bytes, random: Random) -> bytes:
    if random.random() < 0.4:
        return _made(random)[:LARGEST]
    files = _files(data) or _files(_made(random))
    place = random.randrange(len(files))
    kind, content = files[place]
    match random.randrange(8):
        case 0:
            del files[place]
        case 1:
            files.insert(random.randint(0, len(files)), random.choice(_files(_made(random))))
        case 2 if kind == _LOOSE:
            with contextlib.suppress(zlib.error):
                content = zlib.compress(spoiled(zlib.decompress(content), random))
            files[place] = kind, content
        case 3 if kind == _INDEX and len(content) > 1032:
            at = random.randrange(1032, len(content))  # an id or an offset
            files[place] = kind, content[:at] + random.randbytes(4) + content[at + 4 :]
        case _:
            files[place] = kind, spoiled(content, random)
    return _joined(files)[:LARGEST]


def _made(random: Random) -> bytes:
    files: list[tuple[bytes, bytes]] = []
    texts: list[bytes] = [b"", b"a"]
    packs = [_entries(random, texts) for _ in range(random.choice((1, 1, 2, 3)))]
    multiple = random.random() < 0.25
    everything = []
    for number, entries in enumerate(packs):
        content, offsets = packing.packed(entries)
        places = [(one.id, at) for one, at in zip(entries, offsets, strict=True)]
        if random.random() < 0.2:
            places[0] = places[0][0], random.choice((0, 12, 13, 1 << 31, (1 << 63) + 5))
        everything += [(id, number, at) for id, at in places]
        files.append((_PACK, content))
        if not multiple or random.random() < 0.3:
            files.append((_INDEX, packing.index(places, b"")[:-20]))
    if multiple:
        names = [f"pack-{number + 1}.idx" for number in range(len(packs))]
        files.append((_MULTIPLE, packing.multiple(names, everything)[:-20]))
    if random.random() < 0.2:
        text = random.choice(texts)
        files.append((_LOOSE, zlib.compress(b"blob %d\0" % len(text) + text)))
    if random.random() < 0.05:
        files.append((_ALTERNATES, random.choice((b".\n", b"../objects\n#\n\n", b"/none\n"))))
    return _joined(files)


def _entries(random: Random, texts: list[bytes]) -> list[Entry]:
    """Objects of one pack, most of them right; their texts join those of the packs before."""
    entries: list[Entry] = []
    held: list[bytes] = []
    for _ in range(random.choice((1, 3, 10, 40))):
        kind = random.choice((BLOB, BLOB, TREE, OFFSET_DELTA, OFFSET_DELTA, ID_DELTA))
        if kind < OFFSET_DELTA or not entries:
            text = random.choice((random.randbytes(50), b"line\n" * random.randrange(200)))
            entry = packing.whole(text, BLOB if random.random() < 0.9 else TREE)
        else:
            base = random.randrange(len(entries))
            text = random.choice(texts) if random.random() < 0.1 else held[base]
            steps: list[bytes | tuple[int, int]] = [(0, len(text))] if text else []
            more = random.randbytes(5)
            change = packing.delta(len(text), len(text) + 5, *steps, more)
            if random.random() < 0.1:
                change = deltas.made(text, random)
            if random.random() < 0.05:
                change = spoiled(change, random)
            named: int | bytes = base if kind == OFFSET_DELTA else identity(text)
            if random.random() < 0.05:
                named = random.choice((-1, -20, -(1 << 40), bytes(20), entries[-1].id))
            text += more
            entry = packing.made(text, named, change)
        if random.random() < 0.05:
            entry.size = random.choice(
                (0, 1, 15, 16, len(entry.content) + 1, 1 << 40, (1 << 62) - 1)
            )
        if random.random() < 0.05:
            entry.id = random.choice((random.randbytes(20), identity(random.choice(texts))))
        if random.random() < 0.03:
            entry.compressed = spoiled(zlib.compress(entry.content), random)
        entries.append(entry)
        held.append(text)
        texts.append(text)
    forward = [one.id for one in entries]
    for entry in entries:
        if isinstance(entry.base, bytes) and random.random() < 0.1:
            entry.base = random.choice(forward)  # circles, and bases that come later
    return _first(entries)


def _first(entries: list[Entry]) -> list[Entry]:
    """With ids of their own; what stands where stays."""
    seen: set[bytes] = set()
    for number, entry in enumerate(entries):
        if entry.id in seen:
            entry.id = hashlib.sha1(b"%d" % number).digest()
        seen.add(entry.id)
    return entries


def seeds() -> list[bytes]:
    random = Random(1)
    return [_made(random)[:LARGEST] for _ in range(60)]
