"""Compiled Python."""

from __future__ import annotations

import struct
import time
import tracemalloc

import pytest

from archives import compiled, opened

SOURCE = """
API = "one"
def f(word="two"):
    local = "three"
    self.attribute = "four"
    return g(x="five", y=b"six", z=("seven", 8, 9.5, 3j, 10**30), s={"eight"})
"""


def constants(data: bytes) -> list[str]:
    return opened(data, "a.pyc").members["constants"].decode().splitlines()


def test_texts_are_lines_with_the_name_they_are_assigned_to() -> None:
    lines = constants(compiled(SOURCE))
    assert {'API = "one"', 'local = "three"', 'attribute = "four"'} <= set(lines)
    assert {"two", "five", "six", "seven", "eight"} <= set(lines)
    assert "one" not in lines


def test_a_text_stands_free_whatever_its_length_byte_is() -> None:
    for length in (48, 65, 97, 122):  # digits and letters, of which no token begins
        assert "q" * length in constants(compiled(f"f({'q' * length!r})"))


def test_an_argument_wider_than_a_byte() -> None:
    source = "".join(f"name{number} = 'value {number}'\n" for number in range(700))
    assert 'name699 = "value 699"' in constants(compiled(source))


def test_python_2() -> None:
    def text(value: bytes) -> bytes:
        return b"t" + struct.pack("<I", len(value)) + value

    def raw(value: bytes) -> bytes:
        return b"s" + struct.pack("<I", len(value)) + value

    empty = b"(" + struct.pack("<I", 0)
    code = (
        b"c" + struct.pack("<4I", 0, 0, 1, 64) + raw(b"d\0\0")
        + b"(" + struct.pack("<I", 2) + text(b"one") + b"N"
        + b"(" + struct.pack("<I", 1) + b"R" + struct.pack("<I", 0)
        + empty * 3 + text(b"module.py") + text(b"<module>") + struct.pack("<I", 1) + raw(b"")
    )  # fmt: skip
    assert constants(b"\x03\xf3\r\n" + bytes(4) + code) == ["one", "module.py", "<module>"]


HEADER = compiled("")[:16]


@pytest.mark.parametrize(
    "code",
    [
        b"",
        b"(\xff\xff\xff\xff",
        b"(" + struct.pack("<I", 1 << 30) + b"N" * 1000,
        b")\x01" * 100_000,
        b"r\xff\xff\xff\x7f",
        b"\xa9\x01r\0\0\0\0",
        b"s\xff\xff\xff\xff",
        b"l\xff\xff\xff\x7f",
        b"{" * 1000,
        b"c",
        b"?",
    ],
)
def test_made_up_code_is_survived(code: bytes) -> None:
    start = time.process_time()
    found = opened(HEADER + code)
    assert len(found.troubles) + len(found.members) == 1
    assert time.process_time() - start < 2


def test_no_more_lines_are_made_than_are_read() -> None:
    value = "v" * 20_000
    data = compiled("".join(f"n{number} = {value!r}\n" for number in range(3000)))
    tracemalloc.start()
    found = opened(data, most=1_000_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "larger than 1,000,000 bytes" in found.trouble
    assert most < 20_000_000


def test_code_that_is_referred_to_again_and_again() -> None:
    """All of it would be read for each of the short objects that refer to it."""
    code = b"\xf3" + struct.pack("<I", 30_000) + bytes((100, 0, 90, 0)) * 7_500
    empty = b")\0"
    one = b"r" + bytes(4) + b")\x01z\x03one" + b")\x01z\x04name" + empty * 3 + b"NN"
    function = b"c" + bytes(24) + one + bytes(4) + b"N"
    code_objects = b"(" + struct.pack("<I", 1001) + code + function * 1000
    start = time.process_time()
    assert "one" in " ".join(constants(MAGIC_3_8 + bytes(12) + code_objects))
    assert time.process_time() - start < 2


MAGIC_3_8 = struct.pack("<H", 3413) + b"\r\n"


def test_every_file_cut_short_or_changed_is_survived() -> None:
    data = compiled(SOURCE)
    for at in range(16, len(data)):
        assert len(opened(data[:at]).troubles) == 1
        assert len(opened(data[:at] + b"\xff" + data[at + 1 :]).troubles) <= 1
