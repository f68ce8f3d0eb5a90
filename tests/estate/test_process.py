"""One target in a process of its own: whatever that does, somebody is told what came of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from keymuster.estate import process
from keymuster.estate.base import Bounds, Failure, Outcome
from keymuster.estate.process import perform
from keymuster.estate.surroundings import surroundings
from pretend import Pretending

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it kills as POSIX does")


@pytest.fixture
def pretend(tmp_path: Path) -> Pretending:
    (tmp_path / "kind").mkdir()
    return Pretending(tmp_path / "kind")


@pytest.fixture
def given(pretend: Pretending, tmp_path: Path) -> dict[str, str]:
    """The environment of a process."""
    return {**surroundings((), os.environ), "PYTHONPATH": pretend.path}


def failure(came: Outcome | Failure) -> Failure:
    assert isinstance(came, Failure)
    return came


def message(came: Outcome | Failure) -> str:
    return failure(came).trouble.message


def test_it_answers_with_what_it_saw_and_what_that_cost(
    pretend: Pretending, given: dict[str, str]
) -> None:
    came = perform(pretend.task(), given)
    assert isinstance(came, Outcome)
    assert came.report is not None
    assert [one.message for one in came.report.findings] == ["pretended"]
    assert [one.id for one in came.observations] == ["pretend:one"]
    assert came.left == {"looked": "x"}
    assert came.cost.calls == 3
    assert 0 < came.cost.cpu <= came.cost.seconds * 2


def test_names_that_are_not_utf_8_come_through(pretend: Pretending, given: dict[str, str]) -> None:
    came = perform(pretend.task(path=r"caf\udce9"), given)
    assert isinstance(came, Outcome)
    assert came.report is not None
    assert came.report.findings[0].location.path == "caf\\xe9"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("do", "said"),
    [
        ("die", "ended by SIGKILL, without an answer"),
        ("quit", "ended with code 0, without an answer"),
        ("stumble", "failed (ValueError at pretend_kind.py:"),
        ("fill", "the disk of this machine is full"),
        ("be_unreachable", "it does not answer"),
    ],
)  # fmt: skip
def test_what_ends_it_is_told_and_worth_another_try(
    do: str, said: str, pretend: Pretending, given: dict[str, str]
) -> None:
    came = failure(perform(pretend.task(do, message="words of what was scanned"), given))
    assert said in came.trouble.message
    assert "words" not in str(came)
    assert (came.trouble.part, came.trouble.scope) == ("pretend", "one")
    assert came.retry
    assert came.here == (do == "fill")


def test_what_it_cannot_look_at_is_not_tried_again_and_says_no_secret(
    pretend: Pretending, given: dict[str, str], token: Callable[..., str]
) -> None:
    secret = token("github-pat")
    came = failure(perform(pretend.task("fail", message=f"no: {secret}"), given))
    assert not came.retry
    assert came.trouble.message.startswith("no: ")
    assert secret not in str(came)
    assert came.trouble.advice == "Mend it."


def test_a_full_disk_is_the_fault_of_the_machine(
    pretend: Pretending, given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "git clone failed: write error: No space left on device"
    came = failure(perform(pretend.task("fail", message=said), given))
    assert (came.here, came.retry) == (True, True)
    monkeypatch.setattr(process, "_is_full", lambda place: True)
    came = failure(perform(pretend.task("fail", message="it is no repository"), given))
    assert (came.here, came.retry) == (True, True)
    assert "disk" in came.trouble.message
    assert isinstance(perform(pretend.task(), given), Outcome)


def test_nonsense_for_an_answer(pretend: Pretending, given: dict[str, str]) -> None:
    # 3 is where it keeps the stream of its answer, after the one that it lives by
    assert "cannot be read" in message(perform(pretend.task("nonsense", descriptor=4), given))
    assert "cannot be read" in message(perform(pretend.task(**{"as": "another target"}), given))


def test_what_it_prints_goes_nowhere(
    pretend: Pretending, given: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(perform(pretend.task("print"), given), Outcome)
    assert capfd.readouterr() == ("", "")


def is_there(pid: int) -> bool:
    """A process that has ended, and is only not waited for, is not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(*pids: int) -> bool:
    for _ in range(500):
        if not any(map(is_there, pids)):
            return True
        time.sleep(0.01)
    return False


linux = pytest.mark.skipif(sys.platform != "linux", reason="the system tells of processes")


@linux
def test_one_that_hangs_is_ended_with_all_that_it_started(
    pretend: Pretending, given: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    marks = tmp_path / "pids"
    task = pretend.task("hang", marks=str(marks), deaf=True, bounds=Bounds(seconds=0.8))
    assert "more than 0.8 seconds" in message(perform(task, given))
    assert gone(*map(int, marks.read_text().split()))


@linux
def test_memory_of_all_its_processes_is_bounded(pretend: Pretending, given: dict[str, str]) -> None:
    came = perform(pretend.task("eat", bounds=Bounds(memory=200 << 20)), given)
    assert "more than 200 MB of memory" in message(came)
    at_once = pretend.task("eat_at_once", bytes=2 << 30, bounds=Bounds(memory=200 << 20))
    assert "more memory than it may take" in message(perform(at_once, given))


def test_what_it_hands_back_is_bounded(pretend: Pretending, given: dict[str, str]) -> None:
    came = perform(pretend.task("flood", descriptor=4, bounds=Bounds(output=1 << 20)), given)
    assert "more than it may hand back" in message(came)


@linux
def test_nothing_of_it_stays(pretend: Pretending, given: dict[str, str], tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    assert isinstance(perform(pretend.task("daemonize", marks=str(marks)), given), Outcome)
    assert gone(int(marks.read_text()))
    own = tmp_path / "own"
    own.mkdir()
    came = perform(pretend.task("litter", marks=str(marks)), given, folder=str(own))
    assert isinstance(came, Outcome)
    assert marks.read_text().startswith(str(own))
    assert list(own.iterdir()) == []


@linux
def test_it_ends_when_it_is_stopped(
    pretend: Pretending, given: dict[str, str], tmp_path: Path
) -> None:
    marks, stop, came = tmp_path / "pids", threading.Event(), []

    def run() -> None:
        try:
            perform(pretend.task("hang", marks=str(marks)), given, stop=stop)
        except process.Stopped:
            came.append("stopped")

    thread = threading.Thread(target=run)
    thread.start()
    while not marks.exists() or not marks.read_text():
        time.sleep(0.01)
    stop.set()
    thread.join(10)
    assert came == ["stopped"]
    assert gone(*map(int, marks.read_text().split()))


@linux
@pytest.mark.parametrize("also_itself", [False, True])
def test_it_ends_with_who_wants_it(
    also_itself: bool, pretend: Pretending, given: dict[str, str], tmp_path: Path
) -> None:
    """Even while it hangs in C, and even if it is killed at the same time and leaves a program behind."""
    marks = tmp_path / "pids"
    code = (
        "import os, sys, msgspec; from keymuster.estate.base import Task; from keymuster.estate.process import perform\n"
        "perform(msgspec.json.decode(sys.stdin.read(), type=Task), dict(os.environ))"
    )
    import msgspec

    task = pretend.task("hang", marks=str(marks))
    parent = subprocess.Popen([sys.executable, "-c", code], env=given, stdin=subprocess.PIPE)
    assert parent.stdin is not None
    parent.stdin.write(msgspec.json.encode(task))
    parent.stdin.close()
    while not marks.exists() or not marks.read_text():
        time.sleep(0.01)
    pids = [int(one) for one in marks.read_text().split()]
    assert all(map(is_there, pids))
    if also_itself:
        with contextlib.suppress(OSError):
            os.kill(pids[0], signal.SIGKILL)
    parent.kill()
    parent.wait()
    assert gone(*pids)


def test_it_sees_its_own_secrets_and_no_others(
    pretend: Pretending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ACME_TOKEN", "OTHER_TOKEN", "KEYMUSTER_DB"):
        monkeypatch.setenv(name, "x")
    marks = tmp_path / "names"
    given = {**surroundings(("ACME_TOKEN",), os.environ), "PYTHONPATH": pretend.path}
    assert isinstance(perform(pretend.task("show", marks=str(marks)), given), Outcome)
    seen = marks.read_text().split()
    assert "ACME_TOKEN" in seen
    assert "PATH" in seen
    assert "OTHER_TOKEN" not in seen
    assert "KEYMUSTER_DB" not in seen
