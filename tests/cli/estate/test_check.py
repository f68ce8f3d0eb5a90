"""`keymuster estate check`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cli.conftest import Said

Run = Callable[..., Said]


def test_a_file_that_is_not_there_is_said_so(keymuster: Run) -> None:
    said = keymuster("estate", "check")
    assert (said.code, said.out) == (2, "")
    assert "estate.yaml: cannot be read" in said.err


def test_a_word_that_is_nearly_a_subcommand(keymuster: Run, tmp_path: Path) -> None:
    said = keymuster("estate", "chek")
    assert said.code == 2
    assert "Did you mean 'check'?" in said.err
