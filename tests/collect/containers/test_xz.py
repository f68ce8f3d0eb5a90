"""Files compressed with xz."""

from __future__ import annotations

import lzma

import pytest

from archives import opened
from keymuster.collect.containers import xz


def test_streams_and_the_padding_between_them_are_one_file() -> None:
    data = lzma.compress(b"one ") + bytes(8) + lzma.compress(b"two") + bytes(4)
    found = opened(data, "a.txt.xz")
    assert found.members == {"a.txt": b"one two"}
    assert found.troubles == []


def test_a_file_cut_short_is_said() -> None:
    data = lzma.compress(bytes(range(256)) * 100)
    assert "damaged" in opened(data[: len(data) // 2]).trouble


def test_a_dictionary_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xz, "MOST_MEMORY", 1 << 20)
    found = opened(lzma.compress(b"text" * 1000, preset=9))
    assert found.members == {}
    assert "damaged" in found.trouble
