"""7z archives. What the helper writes was held against archives of other writers."""

from __future__ import annotations

import struct
import time

import pytest

from archives import opened, seven_zip_file, seven_zipped

FILES = {"a.env": b"A=b\n" * 100, "x/\u304f.txt": b"text", "z": b"end"}


@pytest.mark.parametrize("coder", ["lzma2", "lzma", "deflate", "copy"])
def test_members_of_a_folder(coder: str) -> None:
    found = opened(seven_zipped(FILES, coder))
    assert found.members == FILES
    assert found.troubles == []


def test_one_file() -> None:
    assert opened(seven_zipped({"a": b"text"})).members == {"a": b"text"}


def test_a_member_too_large_costs_only_itself() -> None:
    found = opened(seven_zipped(FILES), most=50)
    assert set(found.members) == {"x/\u304f.txt", "z"}
    assert "a.env is larger than 50 bytes" in found.trouble


@pytest.mark.parametrize(
    ("coder", "reason"),
    [("aes", "encrypted"), ("ppmd", "compressed in a way that is not supported")],
)
def test_what_cannot_be_read_is_said(coder: str, reason: str) -> None:
    found = opened(seven_zipped(FILES, coder))
    assert found.members == {}
    assert f"3 members are {reason}, the first is a.env" in found.trouble


def test_an_empty_archive() -> None:
    assert opened(seven_zip_file(b"", b"")).troubles == []


def test_a_damaged_list_is_said() -> None:
    data = bytearray(seven_zipped(FILES))
    data[-10] ^= 0xFF
    assert opened(bytes(data)).trouble == "was not looked at in full: it is damaged"
    assert "damaged" in opened(bytes(data[:40])).trouble


HUGE = b"\xff" + struct.pack("<Q", 1 << 62)


@pytest.mark.parametrize(
    "header",
    [
        b"\x01\x05" + HUGE,  # files
        b"\x01\x04\x06\x00" + HUGE,  # packed streams
        b"\x01\x04\x07\x0b" + HUGE,  # folders
        b"\x01\x04\x07\x0b\x01\x00\x1f",  # coders
        b"\x01\x04\x07\x0b\x01\x00\x01\x21\x21" + HUGE,  # properties
        b"\x01\x05\x01\x11" + HUGE,  # names
        b"\x17" * 50,
        b"\x01\x04\x08\x0d",
        b"\x99",
    ],
)
def test_no_count_is_taken_for_granted(header: bytes) -> None:
    start = time.process_time()
    found = opened(seven_zip_file(b"", header))
    assert found.members == {}
    assert len(found.troubles) == 1
    assert time.process_time() - start < 2


def test_every_header_cut_short_or_changed_is_survived() -> None:
    data = seven_zipped(FILES)
    packed = data[32 : 32 + struct.unpack_from("<Q", data, 12)[0]]
    header = data[32 + len(packed) :]
    for at in range(len(header)):
        opened(seven_zip_file(packed, header[:at]))
        for value in (0, 1, 0x7F, 0xFF):
            changed = header[:at] + bytes([value]) + header[at + 1 :]
            assert len(opened(seven_zip_file(packed, changed)).troubles) <= 1


def test_a_dictionary_too_large_is_refused() -> None:
    data = seven_zipped(FILES, "lzma")
    packed = data[32 : 32 + struct.unpack_from("<Q", data, 12)[0]]
    header = data[32 + len(packed) :].replace(struct.pack("<I", 1 << 20), b"\xff" * 4)
    assert "dictionary that is too large" in opened(seven_zip_file(packed, header)).trouble


def test_a_list_of_members_that_gives_itself_has_an_end() -> None:
    start = time.process_time()
    header = b"\x17\x06\0\1\x09%c\0\x07\x0b\1\0\1\1\0\x0c%c\0\0"
    found = opened(seven_zip_file(b"", header % (len(header) - 2, len(header) - 2)))
    assert "damaged" in found.trouble
    assert time.process_time() - start < 2
