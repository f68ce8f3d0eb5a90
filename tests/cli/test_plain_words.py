"""Words that are understood without click mean what click makes of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import pytest

from keymuster.cli.options import Number, Takes
from keymuster.cli.plain_words import understood
from keymuster.cli.scan import command
from keymuster.cli.scan_options import EVERY
from keymuster.cli.service_options import _all

_OF_SERVICES = {name.replace("-", "_") for name in _all()}

_VALUES = {Takes.TEXT: "a=b", Takes.PATH: "no/such/file"}


def _examples() -> list[list[str]]:
    """Each option by itself, in each way of writing it."""
    found = []
    for one in EVERY:
        for flag in one.flags.split():
            if one.takes is Takes.NOTHING:
                found.append([flag])
                continue
            value = (
                _VALUES[one.takes]
                if isinstance(one.takes, Takes)
                else "3"
                if isinstance(one.takes, Number)
                else one.takes[0]
            )
            found.append([flag, value])
            if flag.startswith("--"):
                found.append([f"{flag}={value}", flag, value])
    return found


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["."],
        ["a", "-q", "b", "--verbose", "-v", "c"],
        ["-o", "sarif=a", "--output=json=b", "-o", "-x"],
        ["--rule", "--staged"],
        ["--confidence", "low", "--confidence", "high"],
        ["--exclude", "", "--since="],
        *_examples(),
    ],
    ids=" ".join,
)
def test_plain_words_mean_what_click_makes_of_them(words: list[str]) -> None:
    plain = understood(words)
    if plain is None:  # it is left to click
        assert {"--timings", "--service"} & {word.partition("=")[0] for word in words}
        return
    paths, options = plain
    assert {"paths": paths, **options} == _of_click(words)


@pytest.mark.parametrize(
    "words",
    [
        ["--"],
        ["-"],
        ["-vv"],
        ["-qv"],
        ["-osarif=a"],
        ["-o=a"],
        ["-o"],
        ["--help"],
        ["-h"],
        ["--stage"],
        ["--quiet=yes"],
        ["--jobs", "-1"],
        ["--jobs", "1_0"],
        ["--jobs", "two"],
        ["--container-depth", "21"],
        ["--fail-on", "High"],
        ["--service", "aws"],
        ["--profile", "audit"],
        ["--timings"],
    ],
    ids=" ".join,
)
def test_what_is_not_plain_is_left_to_click(words: list[str]) -> None:
    assert understood(words) is None


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="who may read everything"
)
def test_what_may_not_be_read_is_left_to_click(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.touch(0o000)
    assert understood([str(closed)]) is None
    assert understood(["--config", str(closed)]) is None


def _of_click(words: list[str]) -> dict[str, Any]:
    with command.make_context("scan", [*words]) as context:
        assert isinstance(context, click.Context)
        return {name: value for name, value in context.params.items() if name not in _OF_SERVICES}
