"""Lines and columns, held against the plain way to count them."""

from __future__ import annotations

from codecs import BOM_UTF8

import pytest
from hypothesis import given
from hypothesis import strategies as st

import timing
from keymuster.detect import positions
from keymuster.detect.positions import Positions


def naive(text: str, place: int) -> tuple[int, int]:
    before = text[:place]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


@given(
    text=st.text(alphabet="ab\n\r\té€😀\u2028", max_size=60),
    places=st.lists(st.integers(0, 60), max_size=10),
)
def test_positions_are_those_of_a_plain_count(text: str, places: list[int]) -> None:
    counted = Positions(text.encode())
    for place in sorted(min(place, len(text)) for place in places):
        assert counted.at(len(text[:place].encode())) == naive(text, place)


def test_a_piece_begins_where_it_is_told() -> None:
    counted = Positions(b"ab\ncd", line=7, column=5)
    assert [counted.at(offset) for offset in (1, 2, 3, 4)] == [(7, 6), (7, 7), (8, 1), (8, 2)]


def test_latin1_bytes_count_one_column_each() -> None:
    assert Positions(b"\xe9t\xe9 = x").at(4) == (1, 5)


def test_a_mark_at_the_top_of_a_file_has_no_column() -> None:
    counted = Positions(BOM_UTF8 + b"key\nnext")
    assert [counted.at(offset) for offset in (3, 4, 7)] == [(1, 1), (1, 2), (2, 1)]


def test_a_mark_inside_a_file_is_a_character() -> None:
    assert Positions(BOM_UTF8 + b"key", line=3).at(3) == (3, 2)


@given(
    pieces=st.lists(
        st.sampled_from(
            [
                b"a",
                b"\x80",
                b"\xe2",
                b"\xe2\x82",
                b"\xf0\x9f\x98",
                b"\xff",
                *map(str.encode, "é€😀"),
            ]
        ),
        max_size=40,
    )
)
def test_a_line_counted_in_parts_is_as_long_as_in_one(pieces: list[bytes]) -> None:
    content = b"".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(positions, "_CHUNK", 4)
        assert Positions(content).at(len(content))[1] == len(content.decode("utf-8", "replace")) + 1


def test_what_is_no_text_is_read_once_too() -> None:
    assert Positions(b"\x80" * 1_000_000).at(1_000_000) == (1, 1_000_001)


def test_one_long_line_with_many_places_is_read_once() -> None:
    def read(size: int) -> None:
        counted = Positions("é".encode() * (size // 2))
        for offset in range(0, size, 200):
            counted.at(offset)

    assert timing.is_linear(lambda: read(10_000_000), lambda: read(20_000_000))
