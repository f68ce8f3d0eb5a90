"""Containers of every kind, made for tests: sound ones with the usual tools, bad ones by hand."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import marshal
import sqlite3
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from importlib.util import MAGIC_NUMBER

from keymuster import registry
from keymuster.collect.base import Blob, Limits
from keymuster.collect.exclude import excluder
from keymuster.collect.unpack import Unpacker
from keymuster.model import Storage, Trouble

Files = Mapping[str, bytes]


class Opened:
    """What was found in a file: the text of members by path, and the troubles."""

    def __init__(self, given: Iterable[Blob | Trouble]) -> None:
        self.blobs: list[Blob] = []
        self.troubles: list[Trouble] = []
        for one in given:
            if isinstance(one, Trouble):
                self.troubles.append(one)
            else:
                self.blobs.append(one)

    @property
    def texts(self) -> dict[str, bytes]:
        return {blob.path: blob.data for blob in self.blobs}

    @property
    def members(self) -> dict[str, bytes]:
        """The members that are no containers themselves, by their name in the outermost file."""
        return {blob.member: blob.data for blob in self.blobs if blob.member and not blob.opened}

    @property
    def trouble(self) -> str:
        """What the one trouble says."""
        [one] = self.troubles
        return one.message


def opened(
    data: bytes, path: str = "outer", *, most: int = 1 << 28, exclude: tuple[str, ...] = (),
    **limits: float,
) -> Opened:  # fmt: skip
    """A file opened with all built-in kinds of containers."""
    kinds = [part() for part in registry.builtin("container").values()]
    unpack = Unpacker(kinds, (), Limits(**limits), most, excluder(exclude))  # type: ignore[arg-type]
    return Opened(unpack(Blob(path=path, data=data, storage=Storage.TREE)))


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files: Files, compression: str = "", format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{compression}", format=format) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def seven_zipped(files: Files, coder: str = "lzma2") -> bytes:
    """A 7z archive with one folder that holds all files, as `7zFormat.txt` describes it."""
    plain = b"".join(files.values())
    match coder:
        case "lzma2":
            filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
            packed = lzma.compress(plain, lzma.FORMAT_RAW, filters=filters)
            coders = b"\x01\x21\x21\x01\x10"
        case "lzma":
            filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 20, "lc": 3, "lp": 0, "pb": 2}]
            packed = lzma.compress(plain, lzma.FORMAT_RAW, filters=filters)
            coders = b"\x01\x23\x03\x01\x01\x05" + bytes([93]) + struct.pack("<I", 1 << 20)
        case "deflate":
            packed = zlib.compress(plain, 6, -15)
            coders = b"\x01\x03\x04\x01\x08"
        case "copy":
            packed, coders = plain, b"\x01\x01\x00"
        case "aes":
            packed, coders = plain, b"\x01\x24\x06\xf1\x07\x01\x01\x00"
        case _:
            packed, coders = plain, b"\x01\x03\x03\x04\x01"  # PPMd
    sizes = [len(content) for content in files.values()]
    streams = (
        b"\x06" + _number(0) + _number(1) + b"\x09" + _number(len(packed)) + b"\0"
        b"\x07\x0b" + _number(1) + b"\0" + coders + b"\x0c" + _number(len(plain)) + b"\0"
        b"\x08\x0d" + _number(len(files))
        + (b"\x09" + b"".join(map(_number, sizes[:-1])) if len(sizes) > 1 else b"")
        + b"\x0a\x01" + b"".join(struct.pack("<I", zlib.crc32(one)) for one in files.values())
        + b"\0\0"
    )  # fmt: skip
    names = b"\0" + b"".join(f"{name}\0".encode("utf-16-le") for name in files)
    listed = _number(len(files)) + b"\x11" + _number(len(names)) + names + b"\0"
    header = b"\x01\x04" + streams + b"\x05" + listed + b"\0"
    return seven_zip_file(packed, header)


def seven_zip_file(packed: bytes, header: bytes) -> bytes:
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    magic = b"7z\xbc\xaf\x27\x1c\x00\x04"
    return magic + struct.pack("<I", zlib.crc32(start)) + start + packed + header


def _number(value: int) -> bytes:
    """A number as 7z writes it."""
    for extra in range(8):
        if value < 1 << (7 * (extra + 1)):
            lead = (0xFF << (8 - extra)) & 0xFF
            return bytes([lead | value >> (8 * extra)]) + (value & ((1 << 8 * extra) - 1)).to_bytes(
                extra, "little"
            )
    return b"\xff" + value.to_bytes(8, "little")


def database(*statements: str | tuple[str, tuple[object, ...]]) -> bytes:
    connection = sqlite3.connect(":memory:")
    for statement in statements:
        words = (statement,) if isinstance(statement, str) else statement
        connection.execute(*words)
    connection.commit()
    return connection.serialize()


def pdf(*pages: str, more: Mapping[str, str] | None = None) -> bytes:
    """A document with compressed pages of text in a standard font."""
    objects: list[bytes] = [b"", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for page in pages:
        shown = "".join(f"({line}) Tj T*\n" for line in page.splitlines())
        content = zlib.compress(f"BT /F1 12 Tf 14 TL 72 720 Td\n{shown}ET".encode())
        objects.append(
            b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(content), content)
        )
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R"
            b"/Resources<</Font<</F1 3 0 R>>>>>>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[0] = b"<</Type/Catalog/Pages 2 0 R>>"
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    out = b"%PDF-1.4\n"
    places = []
    for number, text in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, table, len(objects) + 1, len(out),
    )  # fmt: skip


def docx(*paragraphs: Iterable[str]) -> bytes:
    """A document whose paragraphs consist of the given runs."""
    body = "".join(
        "<w:p>" + "".join(f"<w:r><w:t>{run}</w:t></w:r>" for run in runs) + "</w:p>"
        for runs in paragraphs
    )
    return zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": office_xml(body)})


def office_xml(body: str, declarations: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{declarations}<w:document xmlns:w='
        '"http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
        f"{body}</w:body></w:document>"
    ).encode()


def image_config(config: Mapping[str, object], *history: str) -> bytes:
    said = {
        "architecture": "amd64",
        "config": config,
        "history": [{"created_by": step} for step in history],
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    return json.dumps(said).encode()


def image(layers: Iterable[bytes], config: bytes) -> dict[str, bytes]:
    """The files of an OCI image layout."""
    files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}

    def blob(content: bytes) -> dict[str, object]:
        digest = sha256(content).hexdigest()
        files[f"blobs/sha256/{digest}"] = content
        return {"digest": f"sha256:{digest}", "size": len(content)}

    digests = [blob(layer) for layer in layers]
    described = {"schemaVersion": 2, "config": blob(config), "layers": digests}
    manifest = json.dumps(described).encode()
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [blob(manifest)]}).encode()
    return files


def compiled(source: str) -> bytes:
    """A module as the Python that runs this compiles it."""
    code = marshal.dumps(compile(source, "module.py", "exec"))
    return MAGIC_NUMBER + bytes(12) + code


def zstandard(plain: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    packed: bytes = zstd.compress(plain)
    return packed


SAMPLES: Mapping[str, Callable[[], bytes]] = {
    "bzip2": lambda: bz2.compress(b"text"),
    "gzip": lambda: gzip.compress(b"text"),
    "image-config": lambda: image_config({"Env": ["A=b"]}),
    "office": lambda: office_xml("text"),
    "pdf": lambda: pdf("text"),
    "pyc": lambda: compiled("a = 'text'"),
    "seven-zip": lambda: seven_zipped({"a": b"text"}),
    "sqlite": lambda: database("CREATE TABLE a (b)", "INSERT INTO a VALUES ('text')"),
    "tar": lambda: tarred({"a": b"text"}),
    "xz": lambda: lzma.compress(b"text"),
    "zip": lambda: zipped({"a": b"text"}),
    "zstd": lambda: zstandard(b"text"),
}
"""A small file of every kind of container."""
