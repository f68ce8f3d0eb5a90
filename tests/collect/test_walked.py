"""A history that is walked without git: it tells what git tells, or git is asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

import histories
import packing
from histories import Made
from keymuster.collect import forked
from keymuster.collect.git import Git
from keymuster.collect.log import Log
from keymuster.collect.packs.functions import PLAIN, accelerated
from keymuster.collect.packs.store import Store
from keymuster.collect.walked import STARTED
from keymuster.errors import Unreadable
from keymuster.rules.schema import RuleSet
from packing import BLOB, COMMIT, TREE, Entry
from repositories import Repository
from scans import look
from stores import created

Token = Callable[..., str]


@pytest.fixture(autouse=True)
def _walks() -> None:
    fast = accelerated()
    if fast is None or fast.walk is None or not forked.may_fork():
        pytest.skip("histories are walked by git here")


class Told:
    """What a log says, to be compared; who told it; and what it was wanted for."""

    def __init__(self, log: Log, store: Store, only: set[str] | None = None) -> None:
        self.failed = False
        self.by_commits: dict[str, list[Any]] = {}
        try:
            for one in log.introductions(only):
                self.by_commits.setdefault(one.commit.id, []).append(one)
        except Unreadable:
            self.failed = True
        self.commits, self.late, self.lacking = log.commits, log.late, log.lacking(store)
        log._file.seek(0)
        self.is_walked = log._file.read(len(STARTED)) == STARTED
        log.close()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Told) and self._all() == other._all()

    __hash__ = None  # type: ignore[assignment]

    def _all(self) -> object:
        return self.failed, self.by_commits, self.commits, self.late, self.lacking


def both(
    repo: Repository, tips: list[str], algorithm: str = "sha1", only: set[str] | None = None
) -> tuple[Told, Told]:
    """What a walk tells, and what git does."""
    git = Git(str(repo.path))
    with Store.open(str(repo.path / ".git" / "objects"), algorithm) as store:
        logs = [Log(git, (), tips, store=store), Log(git, (), tips)]
        for _ in store.families(1 << 20):
            pass
        walk, log = (Told(one, store, only) for one in logs)
    return walk, log


def stored(repo: Repository, made: Made) -> list[str]:
    made.write(repo.path / ".git" / "objects")
    return made.tips


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("seed", range(12))
def test_it_tells_what_git_tells(tmp_path: Path, algorithm: str, seed: int) -> None:
    repo = created(tmp_path, algorithm)
    made = Made(Random(seed), algorithm)

    walk, log = both(repo, stored(repo, made), algorithm)

    assert walk.is_walked
    assert walk == log
    assert not log.failed
    assert log.commits == sum(kind == COMMIT for kind, _ in made.objects.values())


@pytest.mark.parametrize("seed", range(25))
def test_it_tells_the_same_of_what_git_would_not_make(tmp_path: Path, seed: int) -> None:
    repo = created(tmp_path, "sha1")

    walk, log = both(repo, stored(repo, Made(Random(seed), odd=0.03)))

    assert walk == log


def test_it_tells_only_what_is_wanted(tmp_path: Path) -> None:
    repo = created(tmp_path, "sha1")
    made = Made(Random(4))
    blobs = {id.hex() for id, (kind, _) in made.objects.items() if kind == BLOB}

    every, _ = both(repo, stored(repo, made))
    some = {*[one.object for told in every.by_commits.values() for one in told][:3]} & blobs
    walk, log = both(repo, made.tips, only=some)

    assert walk.is_walked
    assert walk == log
    assert {one.object for told in walk.by_commits.values() for one in told} == some != set()


class Odd:
    """A commit with one file, and one after it, of which something is not as it should be."""

    def __init__(self) -> None:
        self.blob = packing.whole(b"text")
        self.tree = packing.whole(b"100644 a\0" + self.blob.id, TREE)
        self.first = commit(self.tree.id)
        self.second = commit(self.tree.id, self.first.id)

    def entries(self) -> list[Entry]:
        return [self.blob, self.tree, self.first, self.second]


def commit(tree: bytes, *parents: bytes, more: bytes = b"") -> Entry:
    who = b"A <a@b> 1767225600 +0000"
    lines = [b"tree " + tree.hex().encode(), *(b"parent " + one.hex().encode() for one in parents)]
    lines += [b"author " + who, b"committer " + who]
    return packing.whole(b"\n".join(lines) + b"\n" + more + b"\ntext\n", COMMIT)


def without_tree(odd: Odd) -> list[Entry]:
    return [odd.blob, odd.first, odd.second]


def without_parent(odd: Odd) -> list[Entry]:
    return [odd.blob, odd.tree, odd.second]


def with_a_damaged_tree(odd: Odd) -> list[Entry]:
    odd.tree.compressed = b"x\x9cnothing that is compressed"
    return odd.entries()


def with_a_tree_of_another_size(odd: Odd) -> list[Entry]:
    odd.tree.size = 20
    return odd.entries()


def with_a_blob_for_a_tree(odd: Odd) -> list[Entry]:
    odd.tree.kind = BLOB
    return odd.entries()


def with_a_tree_in_itself(odd: Odd) -> list[Entry]:
    odd.tree.content += b"40000 b\0" + odd.tree.id
    return odd.entries()


def with_a_parent_that_follows(odd: Odd) -> list[Entry]:
    odd.first.content = commit(odd.tree.id, odd.second.id).content
    return odd.entries()


def with_a_tree_cut_off(odd: Odd) -> list[Entry]:
    odd.tree.content = odd.tree.content[:-1]
    return odd.entries()


@pytest.mark.parametrize(
    "entries",
    [
        without_tree, without_parent, with_a_damaged_tree, with_a_tree_of_another_size,
        with_a_blob_for_a_tree, with_a_parent_that_follows, with_a_tree_cut_off,
    ],
)  # fmt: skip
def test_git_is_asked_where_something_is_odd(
    tmp_path: Path, entries: Callable[[Odd], list[Entry]]
) -> None:
    repo = created(tmp_path, "sha1")
    odd = Odd()
    packing.store(repo.path / ".git" / "objects", entries(odd))

    walk, log = both(repo, [odd.second.name])

    assert not walk.is_walked
    assert walk == log


def bomb() -> list[Entry]:
    """Twelve folders with ten names each for the next one."""
    entries = [packing.whole(b"text")]
    mode = b"100644"
    for _ in range(12):
        names = (b"%b %d\0%b" % (mode, name, entries[-1].id) for name in range(10))
        entries.append(packing.whole(b"".join(names), TREE))
        mode = b"40000"
    return [*entries, commit(entries[-1].id)]


def in_itself() -> list[Entry]:
    odd = Odd()
    with_a_tree_in_itself(odd)
    return [odd.blob, odd.tree, odd.first]


def deep() -> list[Entry]:
    entries = [packing.whole(b"text")]
    for number in range(1500):
        entries.append(
            packing.whole(b"%b a\0%b" % (b"40000" if number else b"100644", entries[-1].id), TREE)
        )
    return [*entries, commit(entries[-1].id)]


@pytest.mark.parametrize("entries", [bomb, in_itself, deep])
def test_what_has_no_end_is_given_up(tmp_path: Path, entries: Callable[[], list[Entry]]) -> None:
    made = entries()
    objects = packing.store(tmp_path / "objects", made)

    with Store.open(str(objects), "sha1") as store, (tmp_path / "file").open("wb") as file:
        assert not store.walk([made[-1].name], file.fileno())

    assert (tmp_path / "file").stat().st_size < 1 << 28


def test_an_interrupt_does_not_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = created(tmp_path, "sha1")
    walk = Store.walk

    def interrupted(store: Store, commits: list[str], descriptor: int) -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        return walk(store, commits, descriptor)

    monkeypatch.setattr(Store, "walk", interrupted)

    told, log = both(repo, stored(repo, Made(Random(3))))

    assert told.is_walked
    assert told == log


@pytest.mark.parametrize(
    "end", ["it is killed", "it fails", "it cannot be forked", "there is no C"]
)
def test_the_same_is_found_when_it_is_not_walked(
    tmp_path: Path, rules: RuleSet, token: Token, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    repo = created(tmp_path, "sha1")
    for number in range(3):
        repo.commit({"a.py": f"key = '{token('github-pat', number)}'\n"})
    repo.git("repack", "-adq")
    want = look("history", rules, repo.path)
    assert len(want.credentials) == 3

    def walk(store: Store, commits: list[str], descriptor: int) -> bool:
        os.write(descriptor, STARTED)
        if end == "it is killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError

    monkeypatch.setattr(Store, "walk", walk)
    if end == "it cannot be forked":
        monkeypatch.setattr("keymuster.collect.log.beside", lambda work: None)
    if end == "there is no C":
        monkeypatch.setattr("keymuster.collect.packs.store.fastest", lambda: PLAIN)

    assert look("history", rules, repo.path).observed == want.observed


def test_who_reads_what_a_killed_scan_says_does_not_wait_for_the_copy() -> None:
    code = (
        "import os, signal, sys\n"
        "from keymuster.collect.forked import beside\n"
        "ready, tell = os.pipe()\n"
        "def work():\n"
        "    os.write(tell, b'%d' % os.getpid())\n"
        "    signal.pause()\n"
        "process = beside(work)\n"
        "print(os.read(ready, 9).decode(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        copy = int(process.stdout.readline())
        try:
            said, complained = process.communicate(timeout=5)
        finally:
            os.kill(copy, signal.SIGKILL)
    assert (said, complained) == (b"", b"")


@pytest.mark.parametrize("closed", ["0", "01", "02", "012", "10"])
def test_a_copy_becomes_git_also_where_files_stand_in_the_places_of_standard_ones(
    tmp_path: Path, make_repo: Callable[..., Repository], closed: str
) -> None:
    repo = make_repo(tmp_path / "repo")
    repo.commit({"a": "a"})
    commit = repo.git("rev-parse", "HEAD")
    repo.git(
        "checkout", "-q", "--orphan", "empty"
    )  # a git that is asked nothing has nothing to say
    code = (
        "import os, sys\n"
        "from keymuster import temporary\n"
        "from keymuster.collect.git import Git, lines\n"
        "git, commit, closed = Git(sys.argv[1]), sys.argv[2], sys.argv[3]\n"
        "said = os.dup(2)\n"
        "for one in closed: os.close(int(one))\n"
        "files = [temporary.unnamed()] if closed[0] == '1' else []\n"
        "if closed[0] == '1': assert files[0].fileno() == 0\n"
        "with lines([commit]) as asked:\n"
        "    files = files or [temporary.unnamed()]\n"
        "    pid = os.fork()\n"
        "    if not pid:\n"
        "        try: git.become('log', '--format=%H', '--stdin', stdin=asked, stdout=files[0])\n"
        "        finally: os._exit(9)\n"
        "    assert os.waitpid(pid, 0)[1] == 0\n"
        "files[0].seek(0)\n"
        "os.write(said, files[0].read())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(repo.path), commit, closed],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.stderr.strip() == commit.strip()


def test_what_git_could_not_write_to_its_end_is_unreadable(
    tmp_path: Path, make_repo: Callable[..., Repository]
) -> None:
    repo = make_repo(tmp_path / "repo")
    repo.commit({"a": "a", "b": "b"})
    log = Log(Git(str(repo.path)), ("--all",))
    log._process.wait()
    size = os.fstat(log._file.fileno()).st_size
    log._process.returncode = 128
    for cut in range(size - 1, 0, -1):
        os.ftruncate(log._file.fileno(), cut)
        with pytest.raises(Unreadable):
            [*log.introductions()]
    log.close()


def test_all_steps_of_a_delta_are_followed(tmp_path: Path) -> None:
    text = bytes(range(200))
    for other in (b"", text, text[:50], b"x" + text, text[:50] + b"x" + text[60:]):
        change = histories.changed(text, other)
        assert PLAIN.expand(text, change, 1, 1 << 20)[0] == other
