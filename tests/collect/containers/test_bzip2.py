"""Files compressed with bzip2."""

from __future__ import annotations

import bz2

from archives import opened


def test_one_stream_or_several_are_one_file() -> None:
    found = opened(bz2.compress(b"one ") + bz2.compress(b"two"), "a.txt.bz2")
    assert found.members == {"a.txt": b"one two"}
    assert found.troubles == []


def test_an_empty_file() -> None:
    assert opened(bz2.compress(b"")).members == {"content": b""}


def test_words_that_begin_the_same_are_no_container() -> None:
    assert opened(b"BZh9 is how a bzip2 file begins").blobs[0].opened is False


def test_a_file_cut_short_is_said() -> None:
    data = bz2.compress(bytes(range(256)) * 100)
    assert "damaged" in opened(data[: len(data) // 2]).trouble
