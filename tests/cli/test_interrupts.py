"""Ctrl-C while a command is loaded, and when it has begun."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a process there gets no such signal")

_INTERRUPT = """
import os, signal, sys

def interrupt():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        signal.pthread_sigmask(signal.SIG_BLOCK, [])
    except KeyboardInterrupt:
        os._exit(42)
"""
_WHILE_LOADED = """
class Fragile:
    def find_spec(self, name, *_):
        if name == {module!r}:
            interrupt()

sys.meta_path.insert(0, Fragile())
"""
_BEGUN = """
from {of} import {name}
{name}.{call} = lambda *_, **__: interrupt()
"""
_GO = """
sys.argv[1:] = {words!r}
from keymuster.cli import script
script()
"""


def _interrupted(
    folder: Path, code: str, words: list[str], **about: str
) -> subprocess.CompletedProcess[bytes]:
    program = _INTERRUPT + code.format(**about) + _GO.format(words=words)
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, check=False
    )


@pytest.mark.parametrize(
    ("words", "module"),
    [
        (["scan"], "keymuster.cli.scanning"),
        (["scan", "--jobs=1"], "keymuster.rules.stored"),
        (["scan", "--timings"], "keymuster.cli.scan"),
        (["rules", "list"], "keymuster.cli.rules"),
    ],
)
def test_an_interrupt_while_loading_is_never_raised_inside_it(
    tmp_path: Path, words: list[str], module: str
) -> None:
    done = _interrupted(tmp_path, _WHILE_LOADED, words, module=module)
    assert done.returncode == 3
    assert done.stdout == b""
    assert done.stderr.strip() == b"keymuster: interrupted before there was anything to report"


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (["scan"], {"of": "keymuster", "name": "pipeline", "call": "scan"}),
        (["scan", "--timings"], {"of": "keymuster", "name": "pipeline", "call": "scan"}),
        (["rules", "list"], {"of": "keymuster", "name": "pipeline", "call": "load_rules"}),
    ],
)
def test_one_that_comes_later_is_raised_where_what_was_done_is_kept(
    tmp_path: Path, words: list[str], about: dict[str, str]
) -> None:
    assert _interrupted(tmp_path, _BEGUN, words, **about).returncode == 42
