"""Zip archives."""

from __future__ import annotations

import struct
import time
import zipfile
import zlib

import pytest

from archives import opened, zipped

CENTRAL = b"PK\x01\x02"


def changed(data: bytes, at: int, format: str, value: int, mark: bytes = CENTRAL) -> bytes:
    """The archive with one number of its first record of a kind replaced."""
    start = data.index(mark) + at
    return data[:start] + struct.pack(format, value) + data[start + struct.calcsize(format) :]


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_members_are_read_whatever_they_are_compressed_with(method: int) -> None:
    files = {"a.env": b"A=b\n" * 1000, "empty": b"", "x/y/z.txt": b"text"}
    found = opened(zipped(files, method))
    assert found.members == files
    assert found.troubles == []


def test_a_zip_behind_a_program_is_opened() -> None:
    assert opened(b"#!/usr/bin/env python3\n" + zipped({"a": b"text"})).members == {"a": b"text"}
    assert opened(b"MZ" + bytes(500) + zipped({"a": b"text"})).members == {"a": b"text"}


def test_a_program_that_makes_zips_is_none() -> None:
    found = opened(b"MZ" + bytes(500) + b"PK\x01\x02 and PK\x05\x06" + bytes(500))
    assert [blob.opened for blob in found.blobs] == [False]
    assert found.troubles == []


def test_folders_are_no_members() -> None:
    assert opened(zipped({"a/": b"", "a/b": b"text"})).members == {"a/b": b"text"}


def test_an_encrypted_member_is_said_and_the_others_are_read() -> None:
    data = zipped({"a": b"secret", "b": b"text"}, zipfile.ZIP_STORED)
    found = opened(changed(changed(data, 8, "<H", 1), 6, "<H", 1, b"PK\x03\x04"))
    assert found.members == {"b": b"text"}
    assert found.trouble == "was not looked at in full: a is encrypted"


def test_an_unknown_method_is_said() -> None:
    found = opened(changed(zipped({"a": b"text"}), 10, "<H", 98))
    assert found.members == {}
    assert "a is compressed in a way that is not supported" in found.trouble


@pytest.mark.parametrize("said", [0, 3, 1 << 30])
@pytest.mark.parametrize(("at", "mark"), [(24, CENTRAL), (20, CENTRAL), (22, b"PK\x03\x04")])
def test_what_is_said_of_sizes_hides_nothing(said: int, at: int, mark: bytes) -> None:
    content = b"A=b\n" * 500
    found = opened(changed(zipped({"a": content}), at, "<I", said, mark))
    assert found.members == {"a": content}
    in_the_directory = at == 24
    assert [("of another size" in one.message) for one in found.troubles] == [
        True
    ] * in_the_directory


def test_a_damaged_member_costs_only_itself() -> None:
    data = bytearray(zipped({"a": bytes(range(256)) * 64, "b": b"text"}))
    data[60:90] = b"\xff" * 30
    found = opened(bytes(data))
    assert found.members["b"] == b"text"
    assert "a is damaged" in found.trouble


def test_what_comes_before_the_damage_is_read() -> None:
    content = b"".join(b"%d %d\n" % (number, number * 7919 % 10007) for number in range(200_000))
    data = bytearray(zipped({"a": content}))
    data[len(data) // 2 : len(data) // 2 + 50] = b"\xff" * 50
    found = opened(bytes(data))
    assert found.members["a"].startswith(content[:10_000])
    assert "a is damaged" in found.trouble


def test_an_archive_cut_short_is_damaged() -> None:
    data = zipped({"a": b"text" * 100})
    assert opened(data[: len(data) // 2]).trouble == "was not looked at in full: it is damaged"


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "a/./b", "a\nb\x1b[31m", "C:\\x", "x" * 60_000, "\u202e"],
)
def test_a_name_is_only_a_name(name: str) -> None:
    found = opened(zipped({name: b"text"}))
    [member] = found.members
    assert found.members[member] == b"text"
    assert len(member) <= 1024
    assert not member.startswith("/")


def test_a_name_ends_at_a_zero() -> None:
    data = zipped({"axb": b"text"}).replace(b"axb", b"a\0b")
    assert opened(data).members == {"a": b"text"}


def test_a_link_is_not_followed() -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    data = zipped({info: b"/etc/passwd"})  # type: ignore[dict-item]
    assert opened(data).members == {"link": b"/etc/passwd"}


def test_entries_that_share_their_bytes_are_a_bomb() -> None:
    kernel = zlib.compress(bytes(10_000_000), 9)[2:-4]
    local = struct.pack(
        "<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(kernel), 10_000_000, 1, 0
    )
    entry = struct.pack(
        "<4s6H3I5H2I", CENTRAL, 20, 20, 0, 8, 0, 0, 0, len(kernel), 10_000_000, 1, 0, 0, 0, 0, 0, 0
    )
    count = 500
    directory = (entry + b"a") * count
    body = local + b"a" + kernel
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    start = time.process_time()
    found = opened(body + directory + end)
    assert "it unpacks to more than 250 times its size" in found.trouble
    assert sum(map(len, found.members.values())) < 80_000_000
    assert time.process_time() - start < 10


def test_a_directory_of_too_many_entries_is_not_even_listed() -> None:
    found = opened(zipped({str(number): b"" for number in range(60)}), members=50)
    assert found.members == {}
    assert "it has more than 50 members" in found.trouble
