"""Files compressed with Zstandard."""

from __future__ import annotations

from archives import opened, tarred, zstandard


def test_frames_are_one_file() -> None:
    found = opened(zstandard(b"one ") + zstandard(b"two"), "a.txt.zst")
    assert found.members == {"a.txt": b"one two"}
    assert found.troubles == []


def test_an_archive_inside() -> None:
    assert opened(zstandard(tarred({"a": b"text"})), "x.tar.zst").members == {"a": b"text"}


def test_a_file_cut_short_is_said() -> None:
    data = zstandard(bytes(range(256)) * 100)
    assert "damaged" in opened(data[: len(data) // 2]).trouble
