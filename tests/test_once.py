"""What is made once for all processes of a test run."""

from __future__ import annotations

from pathlib import Path

from once import once


def _refuse() -> bytes:
    raise AssertionError("it is there already")


def test_the_second_takes_what_the_first_made(tmp_path: Path) -> None:
    file = tmp_path / "made.bin"
    assert once(file, lambda: b"first") == b"first"
    assert once(file, _refuse) == b"first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.begun", "made.bin"]


def test_who_waits_in_vain_makes_it_too(tmp_path: Path) -> None:
    file = tmp_path / "made.bin"
    file.with_suffix(".begun").touch()  # of somebody who died
    assert once(file, lambda: b"second", patience=0) == b"second"
    assert once(file, _refuse) == b"second"
