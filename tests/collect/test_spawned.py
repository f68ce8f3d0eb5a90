"""Programs that are started without `subprocess` say and end as with it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from keymuster.collect import spawned

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_spawnp"), reason="there is no such way here")

_MUCH = 300_000
"""Bytes that fit into no pipe."""


def _python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


def test_a_program_that_has_ended_has_said_all_whichever_way_it_said_it() -> None:
    code = (
        "import os\n"
        f"for _ in range(3): os.write(2, b'e' * {_MUCH}); os.write(1, b'o' * {_MUCH})\n"
        "os.write(1, os.read(0, 9) + os.environ['SAID'].encode())\n"
        "raise SystemExit(7)"
    )
    done = spawned.ended(_python(code), {"SAID": "so"})
    assert done == spawned.Ended(7, b"o" * 3 * _MUCH + b"so", b"e" * 3 * _MUCH)


def test_a_program_reads_what_it_is_given_and_says_it_as_it_comes(tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(b"one\ntwo\n")
    with (tmp_path / "words").open("rb") as words:
        code = (
            "import sys\nfor line in sys.stdin: print(line.strip().upper())\nsys.stderr.write('x')"
        )
        process = spawned.at_work(_python(code), {}, words.fileno())
    assert process is not None
    assert process.stdout is not None
    with process.stdout as said:
        assert [*said] == [b"ONE\n", b"TWO\n"]
    assert process.wait() == process.wait() == 0


def test_a_signal_ends_it() -> None:
    process = spawned.at_work(_python("while True: pass"), {}, None)
    assert process is not None
    assert process.stdout is not None
    process.kill()
    assert process.wait() == -9
    process.kill()  # it is no more
    process.stdout.close()


def test_what_there_is_not_is_an_error_and_leaves_nothing_open() -> None:
    before = os.listdir("/dev/fd")
    with pytest.raises(FileNotFoundError):
        spawned.ended(["no-such-program-at-all"], {"PATH": "/bin"})
    with pytest.raises(FileNotFoundError):
        spawned.at_work(["no-such-program-at-all"], {}, None)
    assert os.listdir("/dev/fd") == before


def test_who_closed_standard_input_gets_another_start() -> None:
    code = (
        "import os\nfrom keymuster.collect import spawned\nos.close(0)\n"
        "print(spawned.ended(['true'], {}), spawned.at_work(['true'], {}, None), os.listdir('/dev/fd'))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = spawned.ended([sys.executable, "-c", code], environment)
    assert done is not None
    assert done.stdout.startswith(b"None None ['")
    assert b"'0', '1', '2'" in done.stdout  # that of the listing itself


def test_a_program_that_writes_into_a_file_is_waited_for_or_ended(tmp_path: Path) -> None:
    (tmp_path / "asked").write_bytes(b"hello")
    code = "import sys; sys.stdout.write(sys.stdin.read()[::-1]); sys.exit(5)"
    with open(tmp_path / "asked", "rb") as asked, open(tmp_path / "said", "wb") as said:
        process = spawned.writing(_python(code), {}, asked.fileno(), said.fileno())
        assert process is not None
        assert process.wait() == process.poll() == process.returncode == 5
        process.kill()  # too late: nobody is hit
        endless = spawned.writing(_python("while True: pass"), {}, asked.fileno(), said.fileno())
        assert endless is not None
        assert endless.poll() is None
        endless.kill()
        assert endless.wait() == -signal.SIGKILL
        assert spawned.writing(_python(code), {}, 0, said.fileno()) is None
    assert (tmp_path / "said").read_bytes() == b"olleh"
