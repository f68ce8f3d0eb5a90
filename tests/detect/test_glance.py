"""A first look: what it loads, and what stops it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import hyperscan
import pytest

from keymuster.detect.encodings import json
from keymuster.detect.glance import _ESCAPES, Glance, _undone
from keymuster.detect.version import Version

ALONE = """
import sys
from keymuster.detect.glance import Glance
with open(sys.argv[1], "rb") as file:
    glance = Glance(file.read())
assert "hyperscan" not in sys.modules and "typing" not in sys.modules
import hyperscan
database = hyperscan.Database()
database.compile(expressions=[b"abc"], ids=[7], elements=1, flags=0)
found = []
database.scan(b"xabc", match_event_handler=lambda *hit: found.append(hit[0]))
assert found == [7]
"""


def test_hyperscan_works_as_ever_after_a_glance(glance_database: bytes, tmp_path: Path) -> None:
    file = tmp_path / "database"
    file.write_bytes(glance_database)
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(file)], capture_output=True, check=False
    )
    assert done.stderr == b""
    assert done.returncode == 0


@pytest.mark.parametrize("stored", [b"", b"no database"])
def test_nobody_looks_with_something_else(stored: bytes) -> None:
    with pytest.raises(hyperscan.HyperscanError):
        Glance(stored)


@pytest.mark.parametrize(
    "text",
    [rb"a\nb", rb"\\n", rb"\\\n", rb"\"x\'y\`\/", rb"\t\r\b\f\d\q", rb"a\\", b"\\\n\\", rb"\\\\\""],
)
def test_escapes_are_undone_as_the_engine_does(text: bytes) -> None:
    [piece] = json.ENCODING.decode(text, {0: [len(text)]}, 1000)
    lines = text.split(b"\n")
    assert _undone(text).endswith(piece.text)
    assert len(lines) > 1 or _undone(text) == piece.text


def test_every_escape_of_one_letter_is_known() -> None:
    known = {
        bytes((92, byte)) for byte in range(33, 127) if json._meaning(bytes((92, byte))) is not None
    }
    assert {*_ESCAPES} <= known


@pytest.mark.parametrize("written", [r"x = '\x61\x62'", r"x = '\u0061'", "y" * 5000 + r"\n' = 1"])
def test_what_is_spelled_otherwise_is_a_doubt(written: str, glance: Glance) -> None:
    clean = Version([(True, b"x = 'a line\\nanother line\\n'\n")], True)
    assert glance.is_clean(clean)
    assert not glance.is_clean(Version([(True, clean.text + written.encode() + b"\\n'\n")], True))
