"""The command line, called as a person calls it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from keymuster.cli import main
from keymuster.collect.sources.worktree import Worktree
from keymuster.detect import examples

PASSWORD = examples.from_shape("{base62:16}", "a password")
"""A value that no format knows, as somebody's generator might have made it."""


class Said(Struct):
    """What a run ended with, and what it said on either channel."""

    code: int
    out: str
    err: str


@pytest.fixture
def keymuster(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Said]:
    """`keymuster("scan", "x")` runs the command in `tmp_path`; `input` is standard input."""

    def run(*words: object, input: str = "", cwd: Path = tmp_path) -> Said:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["keymuster", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(input.encode())))
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert isinstance(end.value.code, int)
        return Said(end.value.code, out, err)

    return run


@pytest.fixture
def secret(token: Callable[..., str], tmp_path: Path) -> Path:
    """A file with a secret of high severity, below a folder of its own."""
    path = tmp_path / "code/leak.py"
    path.parent.mkdir()
    path.write_text(f"key = '{token('github-pat')}'\n")
    return path


def end_the_source_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every reading of the working tree end so, after all of it."""
    whole = Worktree.batches

    def batches(self: Worktree) -> Iterator[object]:
        yield from whole(self)
        raise error

    monkeypatch.setattr(Worktree, "batches", batches)
