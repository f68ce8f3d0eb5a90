"""Tape archives."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from archives import opened, tarred

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


@pytest.mark.parametrize("format", FORMATS)
def test_members_of_every_format(format: int) -> None:
    files = {"a.env": b"A=b", "empty": b"", "block": b"x" * 512, f"{'d' * 60}/{'f' * 60}": b"text"}
    found = opened(tarred(files, format=format))
    assert found.members == files
    assert found.troubles == []


@pytest.mark.parametrize("format", FORMATS[1:])
def test_long_and_foreign_names(format: int) -> None:
    files = {"n" * 300: b"long", "\u304f\u3089": b"foreign", "last": b"text"}
    assert opened(tarred(files, format=format)).members == files


def test_compression_is_no_level_of_its_own() -> None:
    for compression in ("gz", "bz2", "xz"):
        found = opened(tarred({"a": b"text"}, compression), f"x.tar.{compression}", depth=1)
        assert list(found.texts) == [f"x.tar.{compression}!/a", f"x.tar.{compression}"]
        assert found.troubles == []


def test_links_and_devices_have_no_content() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for number, kind in enumerate((b"1", b"2", b"3", b"4", b"5", b"6")):
            info = tarfile.TarInfo(f"special {number}")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("file")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"text"))
    assert opened(out.getvalue()).members == {"file": b"text"}


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\nb\x1b[0m", "\udcff"])
def test_a_name_is_only_a_name(name: str) -> None:
    [member] = opened(tarred({name: b"text"})).members
    assert member == name.lstrip("/")


def test_the_holes_of_a_sparse_file_are_not_unpacked() -> None:
    def header(size: int, real: int) -> bytes:
        info = tarfile.TarInfo("sparse")
        info.size, info.type = size, b"S"
        block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
        block[386:398] = b"%011o\0" % (real - size)
        block[398:410] = b"%011o\0" % size
        block[482] = 1
        block[483:495] = b"%011o\0" % real
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        return bytes(block)

    more = bytes(504) + b"\0" * 8
    data = header(4, 1 << 32) + more + b"text".ljust(512, b"\0") + tarred({"b": b"next"})
    assert opened(data).members == {"sparse": b"text", "b": b"next"}


def test_a_sparse_file_of_gnu_tar_in_a_pax_archive_keeps_its_name() -> None:
    info = tarfile.TarInfo("GNUSparseFile.0/a")
    info.size = 4
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.name": "a.img"}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(info, io.BytesIO(b"text"))
    assert opened(out.getvalue()).members == {"a.img": b"text"}


def test_what_comes_before_the_end_is_read() -> None:
    data = tarred({"a": b"text", "b": b"x" * 5000})
    found = opened(data[:3000])
    assert found.members == {"a": b"text", "b": b"x" * (3000 - 3 * 512)}
    assert "b is damaged" in found.trouble


def test_an_archive_that_ends_in_the_middle_of_a_block_is_said_to() -> None:
    found = opened(tarred({"a": b"text", "b": b"more"})[: 512 + 4])
    assert found.members == {"a": b"text"}
    assert "damaged" in found.trouble


def test_a_damaged_header_is_not_the_end() -> None:
    data = bytearray(tarred({"a": b"text", "b": b"text"}))
    data[1024:1030] = b"\xff" * 6
    found = opened(bytes(data))
    assert found.members == {"a": b"text"}
    assert "it is damaged" in found.trouble


def test_an_archive_behind_the_end_is_said() -> None:
    found = opened(tarred({"a": b"text"}) + tarred({"b": b"text"}))
    assert found.members == {"a": b"text"}
    assert "behind the end" in found.trouble


@pytest.mark.parametrize("kind", [b"x", b"L"])
def test_an_extended_header_may_not_be_huge(kind: bytes) -> None:
    info = tarfile.TarInfo("a")
    info.type, info.size = kind, 1 << 30
    bomb = gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(10_000_000))
    found = opened(bomb)
    assert "damaged" in found.trouble


@pytest.mark.parametrize(
    "record", [b"9" * 30 + b" a=b\n", b"x a=b\n", b"0 a=b\n", b"99 a=b\n", b"-1 a=b\n"]
)
def test_a_record_may_not_lie_about_its_length(record: bytes) -> None:
    info = tarfile.TarInfo("a")
    info.type, info.size = b"x", len(record)
    data = info.tobuf(tarfile.GNU_FORMAT) + record.ljust(512, b"\0") + tarred({"b": b"text"})
    assert "damaged" in opened(data).trouble


def test_a_size_below_zero_is_damage() -> None:
    data = tarred({"a": b"text"})
    header = bytearray(data[:512])
    header[124:136] = b"\xff" * 12
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert "damaged" in opened(bytes(header) + data[512:]).trouble
