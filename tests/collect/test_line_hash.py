"""GitHub's line hash, against the vectors that github/codeql-action publishes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.line_hash import LineHashes

VECTORS = {
    "nothing": ("", ["c129715d7a2bc9a3:1"]),
    "spaces and tabs are dropped": (
        " a\nb\n  \t\tc\n d",
        ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
    ),
    "empty lines": (
        " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End",
        [
            "8b7cf3e952e7aeb2:1",
            "b1ae1287ec4718d9:1",
            "bff680108adb0fcc:1",
            "c6805c5e1288b612:1",
            "b86d3392aea1be30:1",
            "e6ceba753e1a442:1",
        ],
    ),
    "a line end at the end": (
        " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n",
        [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ],
    ),
    "lines that repeat": (
        "Lorem ipsum dolor sit amet.\n" * 10,
        [
            *(f"a7f2ff13bc495cf2:{count}" for count in range(1, 7)),
            "a7f2ff1481e87703:1",
            "a9cf91f7bbf1862b:1",
            "55ec222b86bcae53:1",
            "cc97dc7b1d7d8f7b:1",
            "c129715d7a2bc9a3:1",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), VECTORS.values(), ids=VECTORS.keys())
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_every_line_has_the_published_value(text: str, expected: list[str], line_end: str) -> None:
    hashes = LineHashes(text.replace("\n", line_end).encode())

    assert [hashes.of(line) for line in range(1, len(expected) + 1)] == expected


def test_lines_may_be_left_out() -> None:
    text, expected = VECTORS["lines that repeat"]

    assert LineHashes(text.encode()).of(6) == expected[5]


def test_two_readers_may_ask_one_after_the_other() -> None:
    text, expected = VECTORS["lines that repeat"]
    hashes = LineHashes(text.encode())

    first = [hashes.of(line) for line in (2, 9)]
    again = [hashes.of(line) for line in (1, 2, 10)]

    assert first == [expected[1], expected[8]]
    assert again == [expected[0], expected[1], expected[9]]


def test_the_window_counts_utf16_code_units() -> None:
    keys = "\N{KEY}" * 50  # two units each: what comes after them is outside of the window
    hashes = LineHashes(f"{keys}a\n{keys}b\n".encode())

    first, second = hashes.of(1), hashes.of(2)

    assert (first.partition(":")[0], second.partition(":")[2]) == (second.partition(":")[0], "2")


def test_a_file_too_large_to_be_uploaded_has_none() -> None:
    assert LineHashes(b"x" * (16 * 1024 * 1024 + 1)).of(1) == ""


def test_bytes_that_are_not_utf8_do_no_harm() -> None:
    assert LineHashes(b"caf\xe9\nx").of(2) == LineHashes(b"caf?\nx").of(2)


@given(
    st.lists(
        st.sampled_from(["a", "\n", "ab" * 60, " \tab" * 60, "é", "𐀀" * 50, " ", "\r"]), max_size=60
    )
)
def test_a_few_lines_and_all_of_them_are_counted_alike(parts: list[str]) -> None:
    content = "".join(parts).encode()
    lines = range(1, len(content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")) + 1)
    every = LineHashes(content)
    told = [every.of(line) for line in [*[1] * 20, *lines]][20:]
    assert told == [LineHashes(content).of(line) for line in lines]


@pytest.mark.parametrize("text", [b"a\r \nb", b"a\r\t\nb", b"caf\xe9 \xbb\nb", b"\xc3 \xa9\nb"])
def test_blanks_are_dropped_from_characters_and_after_line_ends(text: bytes) -> None:
    plain = text.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    plain = plain.replace(" ", "").replace("\t", "")
    for line in range(1, plain.count("\n") + 2):
        assert LineHashes(text).of(line) == LineHashes(plain.encode()).of(line)
