"""Reading batches in one process or in several."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from keymuster import pipeline, registry, work, workers
from keymuster.collect.base import Batch, Blob, Fragment, Observed, Read
from keymuster.errors import CollectError, Unreadable
from keymuster.model import FileLocation, Identity, IdentityKind, Storage, Trouble
from keymuster.opening import Readers
from keymuster.rules.schema import RuleSet
from repositories import Repository
from scans import context, look

Token = Callable[..., str]


@pytest.fixture
def _guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other processes do all."""
    monkeypatch.setattr(work, "GUARDED", 1)


@pytest.fixture
def _shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other processes do a part of it."""
    monkeypatch.setattr(work, "WORTH_FORKING", 1e-9)


class Stub:
    """A source of blobs that are named after numbers, some of which do harm."""

    name = "stub"

    def __init__(self, count: int, per_batch: int = 3, harm: Callable[[str], None] | None = None):
        self._names = [str(number) for number in range(count)]
        self._size = per_batch
        self._harm = harm or (lambda name: None)

    def batches(self) -> Iterator[Batch | Trouble]:
        for start in range(0, len(self._names), self._size):
            yield Batch(items=tuple(self._names[start : start + self._size]), bytes=100)

    def read(self, batch: Batch) -> Iterator[Read]:
        for name in batch.items:
            self._harm(name)
            yield Blob(path=name, data=b"", storage=Storage.TREE)


class Echo:
    """A reader that says which blob it was given."""

    name = "echo"

    def reads(self, path: str) -> bool:
        return True

    def read(self, blob: Blob) -> Iterator[Identity]:
        yield Identity(
            id=blob.path, kind=IdentityKind.OTHER, provider="", name="",
            location=FileLocation(path=blob.path),
        )  # fmt: skip


def run(source: Any, jobs: int, readers: Any = None) -> list[Observed]:
    return list(work.run(source, readers or [Echo()], source.batches(), jobs, lambda size: None))


def names(observed: list[Observed]) -> list[str]:
    return [one.scope if isinstance(one, Trouble) else one.id for one in observed]


class TestSeveralProcesses:
    @pytest.mark.parametrize("how", ["_guarded", "_shared"])
    @pytest.mark.parametrize("source", ["worktree", "history"])
    def test_their_number_changes_nothing(
        self, tmp_path: Path, make_repo: Callable[..., Repository], rules: RuleSet, token: Token,
        source: str, how: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        request.getfixturevalue(how)
        monkeypatch.setattr("keymuster.collect.sources.worktree._BATCH_FILES", 2)
        monkeypatch.setattr("keymuster.collect.sources.history._BATCH_OBJECTS", 2)
        repo = make_repo(tmp_path)
        for number in range(4):
            files = {f"{number}-{other}.py": token("github-pat", number) for other in range(5)}
            repo.commit(files)
        os.mkfifo(tmp_path / "2-pipe")

        alone, together = (look(source, rules, tmp_path, jobs=jobs) for jobs in (1, 3))

        assert len(alone.credentials) == 20
        assert together.credentials == alone.credentials
        assert together.troubles == alone.troubles
        assert together.counts == alone.counts

    @pytest.mark.parametrize("how", ["_guarded", "_shared"])
    def test_the_order_is_that_of_the_batches(
        self, how: str, request: pytest.FixtureRequest
    ) -> None:
        request.getfixturevalue(how)

        def slow_at_first(name: str) -> None:
            time.sleep(0.05 if name in ("0", "4") else 0)

        expected = [str(number) for number in range(60)]

        assert names(run(Stub(60, harm=slow_at_first), jobs=3)) == expected

    @pytest.mark.usefixtures("_guarded")
    @pytest.mark.usefixtures("_guarded")
    def test_an_interrupt_keeps_what_is_done(self) -> None:
        class Interrupted(Stub):
            def batches(self) -> Iterator[Batch | Trouble]:
                yield from super().batches()
                time.sleep(0.5)
                raise KeyboardInterrupt

        kept: list[Observed] = []
        source = Interrupted(6)
        with pytest.raises(KeyboardInterrupt):
            kept.extend(work.run(source, [Echo()], source.batches(), 2, lambda size: None))  # type: ignore[arg-type]
        assert names(kept) == [str(number) for number in range(6)]

    @pytest.mark.usefixtures("_guarded")
    def test_they_are_other_processes(self) -> None:
        here = os.getpid()

        def refuse(name: str) -> None:
            assert os.getpid() != here

        assert len(run(Stub(6, harm=refuse), jobs=2)) == 6

    @pytest.mark.usefixtures("_guarded")
    def test_one_that_dies_costs_the_file_it_died_of_and_no_other(self) -> None:
        def die(name: str) -> None:
            if name == "17":
                os._exit(1)

        observed = run(Stub(60, per_batch=8, harm=die), jobs=2)

        assert names(observed) == [str(number) for number in range(60)]
        [trouble] = [one for one in observed if isinstance(one, Trouble)]
        assert trouble.scope == "17"
        assert "died" in trouble.message

    @pytest.mark.usefixtures("_guarded")
    def test_one_that_is_killed_by_chance_costs_nothing(self, tmp_path: Path) -> None:
        def die_once(name: str) -> None:
            if name == "17" and not (tmp_path / "died").exists():
                (tmp_path / "died").touch()
                os.kill(os.getpid(), signal.SIGKILL)

        observed = run(Stub(60, harm=die_once), jobs=2)

        assert (tmp_path / "died").exists()
        assert names(observed) == [str(number) for number in range(60)]
        assert not [one for one in observed if isinstance(one, Trouble)]

    @pytest.mark.usefixtures("_guarded")
    def test_several_deaths_are_several_troubles(self) -> None:
        def die(name: str) -> None:
            if name in ("0", "30", "31", "59"):
                os._exit(1)

        observed = run(Stub(60, per_batch=4, harm=die), jobs=2)

        assert names(observed) == [str(number) for number in range(60)]
        assert [one.scope for one in observed if isinstance(one, Trouble)] == [
            "0",
            "30",
            "31",
            "59",
        ]

    @pytest.mark.usefixtures("_guarded")
    def test_an_interrupt_in_the_parent_ends_them(self, tmp_path: Path, rules: RuleSet) -> None:
        pids = tmp_path / "pids"

        def note(name: str) -> None:
            with open(pids, "a") as file:
                file.write(f"{os.getpid()}\n")

        def interrupt(size: int) -> None:
            raise KeyboardInterrupt

        source = Stub(60, harm=note)
        with pytest.raises(KeyboardInterrupt):
            list(work.run(source, [Echo()], source.batches(), 2, interrupt))

        alive = [pid for pid in set(pids.read_text().split()) if Path("/proc", pid).exists()]
        assert not alive

    @pytest.mark.usefixtures("_shared")
    def test_of_little_work_this_process_does_its_part(self, tmp_path: Path) -> None:
        def note(name: str) -> None:
            with open(tmp_path / "pids", "a") as file:
                file.write(f"{os.getpid()}\n")
            until(lambda: name == "0" or len(set((tmp_path / "pids").read_text().split())) == 2)

        assert names(run(Stub(8, per_batch=1, harm=note), jobs=2)) == [*"01234567"]

        assert str(os.getpid()) in (tmp_path / "pids").read_text().split()

    @pytest.mark.usefixtures("_shared")
    def test_one_that_helps_and_dies_costs_nothing_else(self) -> None:
        here = os.getpid()

        def die(name: str) -> None:
            if os.getpid() != here:
                os._exit(1)
            time.sleep(0.005)

        observed = run(Stub(30, per_batch=3, harm=die), jobs=2)

        assert names(observed) == [str(number) for number in range(30)]
        assert 1 <= len([one for one in observed if isinstance(one, Trouble)]) < 30

    @pytest.mark.parametrize("at", [3, 20, 40])
    @pytest.mark.usefixtures("_guarded")
    def test_one_that_dies_while_it_tells_what_it_found_costs_nothing(
        self, at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In the head of what it says, in its text, and behind the head of another."""
        write = os.write

        def torn(pipe: int, content: Any) -> int:
            if here != os.getpid() and not (tmp_path / "died").exists() and len(content) > at:
                (tmp_path / "died").touch()
                write(pipe, content[:at])
                os._exit(1)
            return write(pipe, content)

        here = os.getpid()
        monkeypatch.setattr(os, "write", torn)
        observed = run(Stub(60, per_batch=8), jobs=2)

        assert (tmp_path / "died").exists()
        assert names(observed) == [str(number) for number in range(60)]
        assert not [one for one in observed if isinstance(one, Trouble)]

    @pytest.mark.usefixtures("_guarded")
    def test_one_that_dies_before_it_says_what_it_has_taken_costs_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        take = workers.Workers._task

        def dies(self: workers.Workers) -> bytes | None:
            task = take(self)
            if task and os.getpid() != here and not (tmp_path / "died").exists():
                (tmp_path / "died").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return task

        here = os.getpid()
        monkeypatch.setattr(workers.Workers, "_task", dies)
        observed = run(Stub(60), jobs=2)

        assert (tmp_path / "died").exists()
        assert names(observed) == [str(number) for number in range(60)]

    @pytest.mark.usefixtures("_guarded")
    def test_more_than_a_pipe_holds_comes_back(self) -> None:
        class Long(Echo):
            def read(self, blob: Blob) -> Iterator[Identity]:
                yield _said(blob.path + " " * 3_000_000)

        observed = run(Stub(8, per_batch=2), jobs=2, readers=[Long()])

        assert [one.name.strip() for one in observed if isinstance(one, Identity)] == [*"01234567"]
        assert {len(one.name) for one in observed if isinstance(one, Identity)} == {3_000_001}

    @pytest.mark.usefixtures("_guarded")
    def test_batches_for_which_there_is_no_room_wait_or_are_done_alone(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workers, "_ROOM", 400)

        class Uneven(Stub):
            def batches(self) -> Iterator[Batch | Trouble]:
                for number in range(40):
                    items = [f"{number}:{more}" for more in range(120 if number in (7, 39) else 3)]
                    yield Batch(items=tuple(items), bytes=100)
                    if number == 20:
                        yield Trouble(part="stub", scope="between", message="")

        source = Uneven(0)
        expected = [
            item
            for one in source.batches()
            for item in (one.items if isinstance(one, Batch) else ["between"])
        ]

        assert names(run(source, jobs=3)) == expected

    @pytest.mark.parametrize("how", ["_guarded", "_shared"])
    def test_an_error_comes_in_its_place(self, how: str, request: pytest.FixtureRequest) -> None:
        request.getfixturevalue(how)

        def refuse(name: str) -> None:
            if name in ("13", "20"):
                raise Unreadable(f"{name} is not what it seems", "Look again.")

        kept: list[Observed] = []
        source = Stub(40, harm=refuse)
        with pytest.raises(Unreadable, match="13 is not") as raised:
            kept.extend(work.run(source, [Echo()], source.batches(), 2, lambda size: None))  # type: ignore[arg-type]
        assert raised.value.advice() == "Look again."
        assert names(kept) == [str(number) for number in range(13)]

    @pytest.mark.parametrize("jobs", [1, 3])
    @pytest.mark.parametrize("how", ["_guarded", "_shared"])
    def test_what_a_source_says_before_it_fails_is_read(
        self, how: str, jobs: int, request: pytest.FixtureRequest
    ) -> None:
        request.getfixturevalue(how)

        class Failing(Stub):
            def batches(self) -> Iterator[Batch | Trouble]:
                yield from super().batches()
                raise Unreadable("the rest is no folder")

        kept: list[Observed] = []
        source = Failing(20)
        with pytest.raises(Unreadable, match="the rest"):
            kept.extend(work.run(source, [Echo()], source.batches(), jobs, lambda size: None))  # type: ignore[arg-type]
        assert names(kept) == [str(number) for number in range(20)]

    @pytest.mark.usefixtures("_guarded")
    def test_an_interrupt_while_one_is_made_leaves_none_behind(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fork = os.fork
        here = os.getpid()

        def interrupted() -> int:
            pid = fork()
            if os.getpid() == here:
                signal.raise_signal(signal.SIGINT)
            return pid

        monkeypatch.setattr(os, "fork", interrupted)
        before = len(os.listdir("/dev/fd"))
        with pytest.raises(KeyboardInterrupt):
            run(Stub(60), jobs=2)
        assert len(os.listdir("/dev/fd")) == before
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)

    @pytest.mark.usefixtures("_guarded")
    def test_no_more_is_handed_out_than_pipes_hold(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """While all wait to be listened to."""

        class Long(Echo):
            def read(self, blob: Blob) -> Iterator[Identity]:
                yield _said(blob.path + " " * (3_000_000 if len(blob.path) == 1 else 0))

        def late(*_: object) -> None:
            raise AssertionError

        monkeypatch.setattr(workers, "_AHEAD", 100_000)
        before = signal.signal(signal.SIGALRM, late)
        signal.alarm(10)
        try:
            assert len(run(Stub(5000, per_batch=1), jobs=2, readers=[Long()])) == 5000
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)

    @pytest.mark.usefixtures("_guarded")
    def test_what_cannot_be_told_to_another_process_is_an_error(self) -> None:
        class Odd(Echo):
            def read(self, blob: Blob) -> Iterator[Any]:
                yield Fragment(id="", reader="odd", content=lambda: None)

        with pytest.raises(CollectError, match="cannot be told"):
            run(Stub(3), jobs=2, readers=[Odd()])

    @pytest.mark.usefixtures("_guarded")
    def test_where_no_process_can_be_made_this_one_does_all(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse() -> int:
            raise BlockingIOError

        monkeypatch.setattr(os, "fork", refuse)
        before = len(os.listdir("/dev/fd"))

        assert names(run(Stub(20), jobs=3)) == [str(number) for number in range(20)]
        assert len(os.listdir("/dev/fd")) == before

    @pytest.mark.parametrize("how", ["_guarded", "_shared"])
    def test_nothing_is_left_behind(self, how: str, request: pytest.FixtureRequest) -> None:
        request.getfixturevalue(how)
        before = len(os.listdir("/dev/fd"))
        run(Stub(60), jobs=3)
        assert len(os.listdir("/dev/fd")) == before
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)

    @pytest.mark.usefixtures("_guarded", "_shared")
    def test_where_other_threads_are_nothing_is_forked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse() -> int:
            raise AssertionError

        monkeypatch.setattr(os, "fork", refuse)
        stop = threading.Event()
        thread = threading.Thread(target=stop.wait)
        thread.start()
        try:
            assert len(run(Stub(20), jobs=3)) == 20
        finally:
            stop.set()
            thread.join()

    def test_they_end_with_their_parent(self, tmp_path: Path) -> None:
        """Whatever ends it, and whether they work or wait."""
        (tmp_path / "pids").touch()
        process = subprocess.Popen(
            [sys.executable, "-c", _DIES, str(tmp_path / "pids")],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([*sys.path, str(Path(__file__).parent)])},
        )  # fmt: skip
        assert process.wait(timeout=20) == -signal.SIGKILL

        pids = (tmp_path / "pids").read_text().split()
        assert len(pids) == 2
        until(lambda: not any(_is_alive(pid) for pid in pids))


def _is_alive(pid: str) -> bool:
    """A process that has ended, but that nobody has asked for, is there still."""
    try:
        return Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


_DIES = """
import os, signal, sys
import test_work
from keymuster import work

work.GUARDED = 1

def note(name):
    with open(sys.argv[1], "a") as file:
        file.write(f"{os.getpid()}\\n")
    test_work.until(lambda: open(sys.argv[1]).read().count("\\n") == 2)

class Endless(test_work.Stub):
    def batches(self):
        yield from super().batches()
        test_work.until(lambda: open(sys.argv[1]).read().count("\\n") == 2)
        os.kill(os.getpid(), signal.SIGKILL)

test_work.run(Endless(2, per_batch=1, harm=note), jobs=2)
"""
"""A scan that is killed when both of its processes have work."""


class TestReadersThatFail:
    def test_an_unexpected_fault_costs_one_file_and_is_not_quoted(self, token: Token) -> None:
        secret = token("github-pat")

        class Faulty(Echo):
            def read(self, blob: Blob) -> Iterator[Identity]:
                if blob.path == "1":
                    raise ValueError(secret)
                yield from super().read(blob)

        first, trouble, last = run(Stub(3), jobs=1, readers=[Faulty()])

        assert isinstance(trouble, Trouble)
        assert (trouble.part, trouble.scope) == ("echo", "1")
        assert "ValueError" in trouble.message
        assert secret not in str(trouble)
        assert names([first, last]) == ["0", "2"]

    def test_an_error_on_purpose_keeps_its_words(self) -> None:
        class Refusing(Echo):
            def read(self, blob: Blob) -> Iterator[Identity]:
                raise Unreadable("not what it seems", "Look again.")

        [trouble] = run(Stub(1), jobs=1, readers=[Refusing()])

        assert isinstance(trouble, Trouble)
        assert (trouble.message, trouble.advice) == ("not what it seems", "Look again.")

    def test_what_was_said_before_a_fault_is_kept(self) -> None:
        class Halfway(Echo):
            def read(self, blob: Blob) -> Iterator[Identity]:
                yield from super().read(blob)
                raise ValueError

        said, trouble = run(Stub(1), jobs=1, readers=[Halfway()])

        assert isinstance(said, Identity)
        assert isinstance(trouble, Trouble)

    def test_a_file_without_a_name_is_called_by_its_object(self) -> None:
        class Faulty(Echo):
            def read(self, blob: Blob) -> Iterator[Identity]:
                raise ValueError

        blob = Blob(path="", data=b"", storage=Storage.HISTORY, object="ab12")

        class One(Stub):
            def read(self, batch: Batch) -> Iterator[Read]:
                yield blob

        [trouble] = run(One(1), jobs=1, readers=[Faulty()])

        assert isinstance(trouble, Trouble)
        assert trouble.scope == "object ab12"


class TestInterrupts:
    def test_one_leaves_a_report_that_says_it_is_not_complete(
        self, tmp_path: Path, rules: RuleSet, token: Token, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("keymuster.collect.sources.worktree._BATCH_FILES", 1)
        for number in range(4):
            (tmp_path / f"{number}.py").write_text(token("github-pat", number))
        left = [2, 1]

        def interrupt(size: int) -> None:
            if not left.pop():
                raise KeyboardInterrupt
            if left == []:
                left.append(0)

        report = pipeline.scan(context(rules, tmp_path), "worktree", progress=interrupt)

        assert not report.complete
        assert len(report.findings) == 3
        assert ["interrupted" in one.message for one in report.troubles] == [True]

    @pytest.mark.parametrize("jobs", ["1", "2"])
    @pytest.mark.parametrize("planted", [True, False], ids=["findings", "clean"])
    def test_ctrl_c_ends_the_command_with_a_report(
        self, tmp_path: Path, token: Token, jobs: str, planted: bool
    ) -> None:
        (tmp_path / "0.py").write_text(token("github-pat") if planted else "x")
        filler = os.urandom(3 << 20).hex().encode()
        (tmp_path / "1").write_bytes(filler * 2)
        for number in range(2, 200):
            os.link(tmp_path / "1", tmp_path / str(number))
        process = subprocess.Popen(
            [sys.executable, "-c", _TELLS, "scan", ".", "--jobs", jobs, "--format", "json"],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert process.stderr is not None
        assert process.stderr.readline() == "a batch is done\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)

        report = json.loads(out)
        assert not report["complete"]
        assert "Traceback" not in err
        assert len(report["findings"]) == planted
        assert process.returncode == 3


_TELLS = """
import contextlib, signal, sys
from keymuster.cli import main, scanning

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it

@contextlib.contextmanager
def told(quiet):
    yield lambda size: print("a batch is done", file=sys.stderr, flush=True)

scanning._progress = told
main()
"""
"""The command line, with a progress bar that says when something has been read."""


def test_the_number_of_processes_is_bounded() -> None:
    assert 1 <= work.default_jobs() <= 8


class TestFragments:
    class Sum:
        """A reader that says how much all files hold together."""

        name = "sum"

        def finish(self, fragments: Sequence[int]) -> Iterator[Observed]:
            yield _said(str(sum(fragments)))

    def test_what_only_the_whole_explains_takes_the_place_of_its_parts(self) -> None:
        parts: list[Observed] = [
            Fragment(id=f"sum:{n}", reader="sum", content=n) for n in (1, 2, 39)
        ]
        readers: Any = [Echo(), self.Sum()]
        [first, last] = work.explained([_said("other"), *parts], readers)
        assert isinstance(first, Identity)
        assert isinstance(last, Identity)
        assert (first.name, last.name) == ("other", "42")

    def test_a_reader_that_fails_over_the_whole_leaves_a_trouble(self) -> None:
        readers: Any = [self.Sum()]
        [trouble] = work.explained([Fragment(id="x", reader="sum", content="no number")], readers)
        assert isinstance(trouble, Trouble)
        assert (trouble.part, trouble.scope) == ("sum", "all files")


def _said(name: str) -> Identity:
    return Identity(
        id=name, kind=IdentityKind.OTHER, provider="stub", name=name, location=FileLocation(path="")
    )


def test_only_readers_that_a_name_leaves_a_chance_are_asked() -> None:
    class Never(Echo):
        name = "never"

        def reads(self, path: str) -> bool:
            raise AssertionError(path)

    class Some(work.Chosen):
        def __iter__(self) -> Iterator[Any]:
            return iter([Echo(), Never()])

        def of(self, blob: Blob) -> list[Any]:
            return [Echo()]

    blobs = Stub(3)
    [batch] = list(blobs.batches())
    assert isinstance(batch, Batch)
    assert len(list(work.observe(blobs, Some(), batch))) == 3  # type: ignore[arg-type]


def test_source_code_is_for_the_readers_that_search_everything_and_of_programs(
    rules: RuleSet,
) -> None:
    given = context(rules, Path())
    readers = Readers(given, [], registry.part("source", "worktree")(given))
    every = {one.name for one in readers}
    searching = {"secrets", "inline-allows"}
    assert {one.name for one in readers.of(_empty("src/main.c"))} == searching | {"agent-code"}
    assert {one.name for one in readers.of(_empty("main.tf"))} == every > searching


def test_what_an_agent_wrote_down_is_searched_and_declares_nothing(rules: RuleSet) -> None:
    given = context(rules, Path())
    readers = Readers(given, [], registry.part("source", "machine")(given))
    blob = _empty("~/.claude/file-history/main.tf", Storage.AGENT_TRANSCRIPT)
    assert {one.name for one in readers.of(blob)} == {"secrets", "inline-allows"}


def _empty(path: str, storage: Storage = Storage.TREE) -> Blob:
    return Blob(path=path, data=b"", storage=storage)
