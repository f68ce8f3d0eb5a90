"""Whether bytes are text, and in which encoding."""

from __future__ import annotations

import pytest

from keymuster.detect.text import as_text

ENCODINGS = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", ["password = one\r\nuser = two\r\n", "größe = 1\nkey = x\n"])
def test_mostly_ascii_text_needs_no_mark(encoding: str, text: str) -> None:
    shown = as_text(text.encode(encoding))
    assert (shown.content, shown.binary) == (text.encode(), False)


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"), ("utf-32-be", b"\0\0\xfe\xff")],
)
def test_a_mark_is_enough_where_no_byte_is_zero(encoding: str, mark: bytes) -> None:
    text = "密码是什么呢" * 9
    assert as_text(mark + text.encode(encoding)).content == text.encode()


@pytest.mark.parametrize(
    "content", [b"\x7fELF\2\1\1\0\0\0", bytes(range(256)) * 4, b"\0" * 64, b"a\0\0b\0\0\0\0c" * 9]
)
def test_other_bytes_with_zeros_are_binary(content: bytes) -> None:
    assert as_text(content) == type(as_text(content))(content, binary=True)
