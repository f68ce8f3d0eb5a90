"""Standard input as a source."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from keymuster.collect.base import Blob, Context, Selection
from keymuster.collect.sources.input import Input
from keymuster.model import Storage, Trouble
from keymuster.rules.schema import RuleSet


class Standard:
    """What `sys.stdin` is when bytes are piped in."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def read(rules: RuleSet, most: int = 100) -> list[Any]:
    source = Input(
        Context(selection=Selection(root=str(Path.cwd()), max_file_bytes=most), rules=rules)
    )
    out: list[Any] = []
    for batch in source.batches():
        out.extend([batch] if isinstance(batch, Trouble) else source.read(batch))
    return out


def test_what_is_piped_in_is_one_file(rules: RuleSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Standard(b"a\nb\n"))
    [blob] = read(rules)
    assert isinstance(blob, Blob)
    assert (blob.path, blob.data, blob.storage) == ("<stdin>", b"a\nb\n", Storage.INPUT)


def test_nothing_piped_in_is_an_empty_file(rules: RuleSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Standard(b""))
    [blob] = read(rules)
    assert blob.data == b""


def test_more_than_the_limit_is_cut_and_said(
    rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Standard(b"x" * 101))
    blob, trouble = read(rules)
    assert len(blob.data) == 100
    assert isinstance(trouble, Trouble)
    assert "rest was not read" in trouble.message


def test_exactly_the_limit_is_read_whole(rules: RuleSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Standard(b"x" * 100))
    [blob] = read(rules)
    assert len(blob.data) == 100
