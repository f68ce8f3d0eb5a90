"""Files for a while: nobody else may read them, and none is left."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from keymuster import temporary


def test_a_file_beside_another_is_new_and_private(tmp_path: Path) -> None:
    made = [temporary.beside(str(tmp_path), ".new-") for _ in range(3)]

    for handle, path in made:
        assert stat.S_IMODE(os.fstat(handle).st_mode) == 0o600
        assert os.path.dirname(path) == str(tmp_path)
        os.write(handle, b"text")
        os.close(handle)
    assert {path.name for path in tmp_path.iterdir()} == {
        os.path.basename(path) for _, path in made
    }


def test_a_name_that_is_taken_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter([b"a" * 8, b"a" * 8, b"b" * 8])
    monkeypatch.setattr(os, "urandom", lambda size: next(numbers))
    (tmp_path / "elsewhere").touch()
    (tmp_path / f".new-{(b'a' * 8).hex()}").symlink_to(tmp_path / "elsewhere")
    next(numbers)

    handle, path = temporary.beside(str(tmp_path), ".new-")
    os.close(handle)

    assert path.endswith((b"b" * 8).hex())
    assert (tmp_path / "elsewhere").stat().st_size == 0


@pytest.mark.parametrize("usable", [True, False])
def test_a_file_without_a_name_keeps_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usable: bool
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path if usable else tmp_path / "missing"))

    with temporary.unnamed() as file:
        assert [*tmp_path.iterdir()] == []
        file.write(b"one\ntwo\n")
        file.seek(0)
        assert file.read() == b"one\ntwo\n"
    assert [*tmp_path.iterdir()] == []
