"""Files in which a former scan saw nothing: never searched in vain, never passed over."""

from __future__ import annotations

import gzip
import os
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import msgpack
from msgspec.structs import replace

from acme import TOKENS
from keymuster import cache, gathering, pipeline, registry, work
from keymuster.collect import clean, kept
from keymuster.collect.base import Blob, Context, Limits, Selection
from keymuster.collect.clean import CleanFiles, clean_files
from keymuster.collect.kept import Notes
from keymuster.collect.readers.secrets import Secrets
from keymuster.collect.sources import worktree
from keymuster.collect.syntax import code
from keymuster.collect.together import Together
from keymuster.errors import LATER
from keymuster.evaluate.choice import Choice
from keymuster.model import Confidence, Report
from keymuster.model.secret import PUBLIC_KEY
from keymuster.rules import loader
from keymuster.rules.schema import RuleSet
from keymuster.settings import Exclude, Settings
from repositories import Repository

Token = Callable[..., str]
MakeRepo = Callable[..., Repository]

ALLOW = "# key" + "muster: allow[secret-in-tree] until=2030-01-01 reason=a test\n"


class Scans:
    """Scans of one folder, each with the cache and then without it, which must say the same.
    `searched` and `opened` are the files that the one with the cache searched and opened."""

    def __init__(self, root: Path, rules: RuleSet, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.rules = rules
        self.searched: list[str] = []
        self.opened: list[str] = []
        self._together: set[str] = set()
        self._spy(monkeypatch)

    def __call__(self, *, jobs: int = 1, now: datetime | None = None, **more: Any) -> Report:
        """The report. Unless a time is given, an hour has passed since the last change."""
        now = now or _later()
        choice = Choice(confidence=more.pop("confidence", Confidence.MEDIUM))
        rules, exclude = more.pop("rules", self.rules), more.pop("leave_out", Exclude())
        paths = tuple(
            str(self.root / path) for path in more.pop("paths", [""]) if (self.root / path).exists()
        )
        key = more.pop("key", PUBLIC_KEY)
        chosen = Selection(root=str(self.root), paths=paths, **more)
        context = Context(selection=chosen, rules=rules, exclude=exclude, fingerprint_key=key)

        def scan(cached: bool) -> Report:
            self.searched, self.opened = [], []
            self._together.clear()
            made = pipeline.scan(
                context, "worktree", choice=choice, jobs=jobs, now=now, cached=cached
            )
            return replace(made, ended_at=now)

        plain, made = scan(cached=False), scan(cached=True)
        assert made == plain
        return made

    def _spy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read, among = Secrets.read, Secrets.among
        file, in_one = worktree.Worktree._file, worktree.Worktree._in_one
        together = self._together

        def searching(reader: Secrets, blob: Blob) -> Any:
            if blob.path in together:
                together.remove(blob.path)
            else:
                self.searched.append(blob.path)
            return read(reader, blob)

        def searching_together(reader: Secrets, files: Together) -> Any:
            paths = [one.path for one in files.files]
            self.searched += paths
            together.update(paths)
            return among(reader, files)

        def opening(source: worktree.Worktree, one: worktree._File) -> Any:
            self.opened.append(one.relative)
            return file(source, one)

        def opening_at_once(source: worktree.Worktree, one: worktree._File) -> Any:
            if blob := in_one(source, one):
                self.opened.append(one.relative)
            return blob

        monkeypatch.setattr(Secrets, "read", searching)
        monkeypatch.setattr(Secrets, "among", searching_together)
        monkeypatch.setattr(worktree.Worktree, "_file", opening)
        monkeypatch.setattr(worktree.Worktree, "_in_one", opening_at_once)


@pytest.fixture
def scan(rules: RuleSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scans:
    (tmp_path / "in").mkdir()
    return Scans(tmp_path / "in", rules, monkeypatch)


@pytest.fixture
def repo(scan: Scans, make_repo: MakeRepo) -> Repository:
    """The folder as an empty repository."""
    return make_repo(scan.root)


@pytest.fixture
def secret(token: Token) -> str:
    return token("github-pat")


@pytest.fixture
def acme(tmp_path: Path) -> RuleSet:
    """Other rules: one format, so that a database is compiled in a moment."""
    (tmp_path / "own/tokens").mkdir(parents=True)
    (tmp_path / "own/tokens/acme.yaml").write_text(TOKENS)
    return loader.one_folder(tmp_path / "own")


def paths(report: Report) -> list[str]:
    return sorted({place.path for one in report.findings for place in one.places})  # type: ignore[union-attr]


class TestWhatIsNotReadAgain:
    def test_a_file_in_which_nothing_was_seen(self, scan: Scans, repo: Repository) -> None:
        repo.commit({"a.py": "x = 1\n", "sub/b.py": "y = 2\n"})

        scan()
        assert scan.searched == ["a.py", "sub/b.py"]
        report = scan()

        assert scan.opened == []
        assert report.counts["files"] == 2
        assert report.counts["bytes"] == 12

    def test_nor_one_that_git_does_not_track(self, scan: Scans, repo: Repository) -> None:
        repo.write("new.py", "x = 1\n")
        scan()
        scan()
        assert scan.opened == []

    def test_nor_one_outside_of_a_repository(self, scan: Scans) -> None:
        (scan.root / "a.py").write_text("x = 1\n")
        scan()
        scan()
        assert scan.opened == []

    def test_nor_when_only_its_folder_or_itself_is_named(
        self, scan: Scans, repo: Repository
    ) -> None:
        repo.commit({"a/one.py": "x = 1\n", "b/two.py": "x = 1\n"})
        scan()
        scan(paths=["a", "b/two.py"])
        assert scan.opened == []

    def test_a_container_with_all_that_is_in_it(self, scan: Scans) -> None:
        with zipfile.ZipFile(scan.root / "a.zip", "w") as archive:
            archive.writestr("inner.txt", "nothing here")
        scan()
        assert scan.searched == ["a.zip!/inner.txt", "a.zip"]
        scan()
        assert scan.opened == []

    def test_a_file_that_comes_in_pieces(
        self, scan: Scans, secret: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(worktree, "_PIECE", 4096)
        monkeypatch.setattr(worktree, "_OVERLAP", 1024)
        (scan.root / "large.txt").write_text("x \n" * 10_000)
        (scan.root / "leak.txt").write_text(f"{secret}\n" + "x \n" * 10_000)
        scan()
        assert scan.searched.count("large.txt") > 2
        report = scan()
        assert scan.opened == ["leak.txt"]
        assert paths(report) == ["leak.txt"]

    @pytest.mark.parametrize("jobs", [1, 2])
    def test_whatever_the_number_of_processes(
        self, scan: Scans, secret: str, jobs: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(work, "GUARDED", 1)
        monkeypatch.setattr(worktree, "_BATCH_FILES", 2)
        for number in range(9):
            (scan.root / f"{number}.txt").write_text(f"nothing {number}")
        (scan.root / "leak.txt").write_text(secret)
        scan(jobs=jobs)
        assert paths(scan(jobs=1)) == ["leak.txt"]
        assert scan.opened == []


class TestWhatWasSeen:
    """Is told again, of files that nobody opens."""

    def test_a_finding(self, scan: Scans, repo: Repository, secret: str) -> None:
        repo.commit({"a.py": secret, "b.py": "x\n"})
        for _ in range(2):
            assert paths(scan()) == ["a.py"]
        assert scan.opened == []

    def test_what_is_left_out(self, scan: Scans, secret: str) -> None:
        (scan.root / "a.py").write_text(f"my_token = '{secret}'\n")
        for _ in range(2):
            report = scan(leave_out=Exclude(names=("my_token",)))
            assert report.findings == ()
            assert report.counts["excluded_by_name"] == 1
        assert scan.opened == []

    def test_a_comment_that_accepts_a_finding(self, scan: Scans, secret: str) -> None:
        (scan.root / "a.py").write_text(f"{ALLOW}k = '{secret}'\n")
        (scan.root / "unused.py").write_text(ALLOW)
        for _ in range(2):
            [finding] = scan().findings
            assert finding.suppression is not None
        assert scan.opened == []

    def test_what_several_files_say_together(self, scan: Scans) -> None:
        for name, content in (("main.tf", DECLARATIONS[0]), ("sub/more.tf", DECLARATIONS[1])):
            (scan.root / name).parent.mkdir(exist_ok=True)
            (scan.root / name).write_text(content.replace(PASSWORD, "${var.unknown}"))
        scan()
        scan()
        assert scan.opened == []

    def test_where_one_of_them_has_changed_the_others_are_read_for_what_they_say_together(
        self, scan: Scans
    ) -> None:
        """But not searched."""
        for name, content in (("main.tf", DECLARATIONS[0]), ("sub/more.tf", DECLARATIONS[1])):
            (scan.root / name).parent.mkdir(exist_ok=True)
            (scan.root / name).write_text(content)
        scan()
        (scan.root / "main.tf").write_text(DECLARATIONS[0] + "\n")
        scan()
        assert scan.searched == ["main.tf"]
        assert scan.opened == ["main.tf", "sub/more.tf"]

    def test_what_one_of_them_now_says_is_told(self, scan: Scans) -> None:
        trusting = (
            'resource "aws_iam_role" "r" {\n  name = "r"\n  assume_role_policy = jsonencode({ Statement = [{\n'
            '    Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "*" } }] })\n}\n'
        )
        file = scan.root / "main.tf"
        file.write_text(trusting.replace('"*"', '"111122223333"'))
        before = scan().findings
        file.write_text(trusting)
        assert scan().findings != before

    def test_a_trouble_of_a_reader(self, scan: Scans) -> None:
        (scan.root / ".github/workflows").mkdir(parents=True)
        (scan.root / ".github/workflows/ci.yml").write_text(DECLARATIONS[-1])
        for _ in range(2):
            assert [one.part for one in scan().troubles] == ["github-actions"]
        assert scan.opened == []

    def test_it_holds_for_one_key_of_fingerprints(self, scan: Scans, secret: str) -> None:
        (scan.root / "a.py").write_text(secret)
        one, other = scan(), scan(key=b"another")
        assert one.findings[0].subject != other.findings[0].subject

    def test_it_lies_where_only_its_user_may_read(self, scan: Scans, secret: str) -> None:
        before = {*Path(cache.folder()).iterdir()}
        (scan.root / "a.py").write_text(secret)
        scan()
        for new in {*Path(cache.folder()).iterdir()} - before:
            assert new.stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize("damage", [b"", b"x" * 48, b"\x92\x80\x81", None])
    def test_where_it_is_damaged_files_are_read(
        self, scan: Scans, secret: str, damage: bytes | None
    ) -> None:
        (scan.root / "a.py").write_text(secret)
        scan()
        known = clean_files(_context(scan), _later())
        assert known is not None
        name = clean.beside(known.name, "seen")
        if damage is None:
            stored = msgpack.decode(cache.read(name) or b"")
            stored[0] = dict.fromkeys(stored[0], b"\xc1")
            damage = msgpack.encode(stored)
        cache.write(name, damage)
        assert paths(scan()) == ["a.py"]
        assert scan.opened == ["a.py"]

    def test_no_more_is_kept_than_there_is_room_for(
        self, scan: Scans, secret: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kept, "MOST_BYTES", 2000)
        for number in range(9):
            (scan.root / f"{number}.py").write_text(secret)
        scan()
        assert paths(scan()) == [f"{number}.py" for number in range(9)]
        assert 0 < len(scan.opened) < 9


class TestWhatIsReadButNotSearched:
    """Content that is known, in a file of which the file system says something new."""

    def test_a_file_that_was_touched(self, scan: Scans, repo: Repository) -> None:
        repo.commit({"a.py": "x = 1\n"})
        scan()
        os.utime(scan.root / "a.py", (1, 1))
        scan()
        assert (scan.opened, scan.searched) == (["a.py"], [])
        scan()
        assert scan.opened == []

    def test_a_file_whose_mode_changed(self, scan: Scans, repo: Repository) -> None:
        repo.commit({"a.py": "x = 1\n"})
        scan()
        (scan.root / "a.py").chmod(0o755)
        scan()
        assert (scan.opened, scan.searched) == (["a.py"], [])

    def test_a_file_that_was_changed_and_put_back(self, scan: Scans, repo: Repository) -> None:
        repo.commit({"a.py": "x = 1\n"})
        scan()
        repo.write("a.py", "x = 2\n")
        scan()
        assert scan.searched == ["a.py"]
        repo.git("checkout", "a.py")
        scan()
        assert (scan.opened, scan.searched) == (["a.py"], [])

    def test_a_branch_that_was_scanned_before(self, scan: Scans, repo: Repository) -> None:
        repo.commit({"a.py": "x = 1\n"})
        repo.git("checkout", "--quiet", "-b", "other")
        repo.commit({"a.py": "x = 2\n", "b.py": "y\n"})
        scan()
        repo.git("checkout", "--quiet", "main")
        scan()
        repo.git("checkout", "--quiet", "other")
        scan()
        assert (scan.opened, scan.searched) == (["a.py", "b.py"], [])

    def test_a_fresh_clone_in_the_same_place(
        self, scan: Scans, make_repo: MakeRepo, tmp_path: Path
    ) -> None:
        origin = make_repo(tmp_path / "origin")
        origin.commit({"a.py": "x = 1\n", "b.py": "y\n"})
        for _ in range(2):
            origin.git("clone", "--quiet", ".", str(scan.root / "clone"))
            scan(paths=["clone"])
            (scan.root / "clone").rename(tmp_path / f"old{len(scan.searched)}")
        assert (scan.opened, scan.searched) == (["clone/a.py", "clone/b.py"], [])

    def test_what_was_changed_a_moment_ago(self, scan: Scans) -> None:
        """Its times may not tell of the next change."""
        (scan.root / "a.py").write_text("x = 1\n")
        scan(now=datetime.now(UTC))
        scan(now=datetime.now(UTC))
        assert (scan.opened, scan.searched) == (["a.py"], [])


class TestWhatIsSearchedAgain:
    def test_a_file_that_was_changed(self, scan: Scans, repo: Repository, secret: str) -> None:
        repo.commit({"a.py": "x = 1\n", "b.py": "y = 2\n"})
        scan()
        repo.write("a.py", secret)
        assert paths(scan()) == ["a.py"]
        assert scan.opened == ["a.py"]

    def test_a_change_of_the_same_size_whose_time_was_put_back(
        self, scan: Scans, repo: Repository, secret: str
    ) -> None:
        repo.commit({"a.py": "x" * len(secret)})
        about = (scan.root / "a.py").stat()
        scan()
        with open(scan.root / "a.py", "r+") as file:
            file.write(secret)
        os.utime(scan.root / "a.py", ns=(about.st_atime_ns, about.st_mtime_ns))
        assert paths(scan()) == ["a.py"]

    def test_a_change_directly_behind_git_add(
        self, scan: Scans, repo: Repository, secret: str
    ) -> None:
        repo.write("a.py", "x" * len(secret))
        scan(now=datetime.now(UTC))
        repo.git("add", "a.py")
        about = (scan.root / "a.py").stat()
        repo.write("a.py", secret)
        os.utime(scan.root / "a.py", ns=(about.st_atime_ns, about.st_mtime_ns))
        assert paths(scan(now=datetime.now(UTC))) == ["a.py"]

    def test_a_change_that_the_clock_of_the_file_system_does_not_tell(
        self, scan: Scans, secret: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As if it had counted whole seconds."""
        file = scan.root / "a.py"
        file.write_text("x" * len(secret))
        time = file.stat().st_mtime_ns

        def coarse(ask: Callable[[Any], os.stat_result]) -> Callable[[Any], Any]:
            def told(file: Any) -> Any:
                about = ask(file)
                return SimpleNamespace(
                    st_mode=about.st_mode, st_ino=about.st_ino, st_size=about.st_size,
                    st_mtime_ns=time, st_ctime_ns=time,
                )  # fmt: skip

            return told

        monkeypatch.setattr(os, "lstat", coarse(os.lstat))
        monkeypatch.setattr(os, "fstat", coarse(os.fstat))
        scan(now=datetime.now(UTC))
        file.write_text(secret)
        assert paths(scan(now=datetime.now(UTC))) == ["a.py"]

    def test_a_file_of_another_name(self, scan: Scans, repo: Repository) -> None:
        """Values are weighed with their path."""
        repo.commit({"a.py": "x = 1\n"})
        scan()
        repo.git("mv", "a.py", "b.py")
        scan()
        assert scan.searched == ["b.py"]

    def test_a_file_that_is_also_called_otherwise(self, scan: Scans) -> None:
        (scan.root / "a.py").write_text("x = 1\n")
        os.link(scan.root / "a.py", scan.root / "b.py")
        scan(paths=["a.py"])
        scan()
        assert scan.searched == ["b.py"]

    def test_a_container_with_a_trouble(self, scan: Scans, secret: str) -> None:
        with zipfile.ZipFile(scan.root / "leak.zip", "w") as archive:
            archive.writestr("inner.txt", secret)
        (scan.root / "cut.gz").write_bytes(gzip.compress(os.urandom(5000))[:-2000])
        for _ in range(2):
            report = scan()
            assert paths(report) == ["leak.zip"]
            assert [one.scope for one in report.troubles] == ["cut.gz"]
        assert scan.opened == ["cut.gz"]

    def test_a_file_that_a_reader_failed_on(
        self, scan: Scans, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(reader: Secrets, blob: Blob) -> Any:
            raise ValueError

        (scan.root / "a.py").write_text("x = 1\n")
        with monkeypatch.context() as patch:
            patch.setattr(Secrets, "read", fail)
            assert [one.scope for one in scan().troubles] == ["a.py"]
        assert scan().troubles == ()
        assert scan.searched == ["a.py"]

    def test_a_program_for_which_time_was_short(
        self, scan: Scans, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = "from agents import Agent\nagent = Agent(name='a')\n" + "x = [1, 2]\n" * 9000
        (scan.root / "a.py").write_text(program)
        with monkeypatch.context() as patch:
            patch.setattr(code, "_SECONDS", -1)
            [trouble] = scan().troubles
            assert (trouble.part, trouble.advice) == ("agent-code", LATER)
        assert scan().troubles == ()

    def test_a_file_that_changed_while_it_was_read(
        self, scan: Scans, secret: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = scan.root / "a.py"
        file.write_text("x" * len(secret))
        times = count(1_700_000_000)

        def late(read: Callable[[int, int], bytes], handle: int, size: int) -> bytes:
            content = read(handle, size)
            if content:
                now = next(times)
                file.write_text(str(now).ljust(len(secret)))
                os.utime(file, (now, now))
            return content

        with monkeypatch.context() as patch:
            patch.setattr(worktree, "read", partial(late, worktree.read))
            patch.setattr(os, "read", partial(late, os.read))
            context = _context(scan, clean_files(_context(scan), _later()))
            source = worktree.Worktree(context)
            gathering.collect(source, [], 1, lambda size: None, [], None, context)
        about = file.stat()
        file.write_text(secret)
        os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
        assert paths(scan()) == ["a.py"]

    def test_a_file_whose_place_another_took(
        self, scan: Scans, repo: Repository, secret: str
    ) -> None:
        repo.commit({"a.py": "x = 1\n", "folder/b.py": "y = 2\n"})
        repo.write("leak.py", secret)
        scan()
        (scan.root / "a.py").unlink()
        (scan.root / "leak.py").rename(scan.root / "a.py")
        (scan.root / "folder/b.py").unlink()
        (scan.root / "folder").rmdir()
        (scan.root / "folder").write_text(secret)
        assert paths(scan()) == ["a.py", "folder"]


class TestWhatHasToBeTheSame:
    @pytest.fixture
    def scanned(self, scan: Scans) -> Scans:
        (scan.root / "a.py").write_text("x = 1\n")
        scan()
        scan()
        assert scan.searched == []
        return scan

    @pytest.mark.parametrize(
        "other",
        [
            {"confidence": Confidence.LOW},
            {"leave_out": Exclude(names=("some",))},
            {"leave_out": Exclude(values=("some*",))},
            {"exclude": ("*.zip!/docs",)},
            {"max_file_bytes": 1000},
            {"containers": Limits(depth=0)},
            {"containers": Limits(seconds=1)},
        ],
        ids=str,
    )
    def test_the_settings(self, scanned: Scans, other: dict[str, Any]) -> None:
        scanned(**other)
        assert scanned.searched == ["a.py"]

    def test_the_rules(self, scanned: Scans, acme: RuleSet) -> None:
        scanned(rules=replace(acme, key=f"those of {scanned.root}"))
        assert scanned.searched == ["a.py"]

    def test_the_code(self, scanned: Scans, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loader, "stamps", lambda *_: iter([("new.py", 1, 1)]))
        scanned()
        assert scanned.searched == ["a.py"]

    @pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there is one user")
    def test_the_user(self, scanned: Scans, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
        scanned()
        assert scanned.searched == ["a.py"]

    def test_rules_without_a_key_are_like_no_others(self, scan: Scans, acme: RuleSet) -> None:
        assert acme.key == ""
        (scan.root / "a.py").write_text("x = 1\n")
        for _ in range(2):
            scan(rules=acme)
            assert scan.searched == ["a.py"]

    def test_nothing_is_known_where_an_extension_looks(
        self, scanned: Scans, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(registry, "installed", lambda point, allowed: {})
        context = _context(scanned)
        pipeline.scan(context, "worktree", configured=Settings(extensions=("dates",)), cached=True)
        assert scanned.searched == ["a.py"]


class TestScansThatEndEarly:
    def test_what_was_not_reached_is_not_known(
        self, scan: Scans, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(worktree, "_BATCH_FILES", 2)
        for number in range(6):
            (scan.root / f"{number}.txt").write_text(f"nothing {number}")
        left = [1, 2]

        def interrupt(size: int) -> None:
            left.pop()
            if not left:
                raise KeyboardInterrupt

        report = pipeline.scan(
            _context(scan), "worktree", choice=Choice(confidence=Confidence.MEDIUM),
            now=_later(), cached=True, progress=interrupt,
        )  # fmt: skip

        assert not report.complete
        scan()
        assert scan.opened == ["4.txt", "5.txt"]

    def test_what_was_seen_is_told_though_files_are_being_read_again(
        self, scan: Scans, secret: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (scan.root / "a.txt").write_text(secret)
        for name, content in (("main.tf", DECLARATIONS[0]), ("sub/more.tf", DECLARATIONS[1])):
            (scan.root / name).parent.mkdir(exist_ok=True)
            (scan.root / name).write_text(content)
        scan()
        (scan.root / "main.tf").write_text(DECLARATIONS[0] + "\n")

        def interrupted(source: worktree.Worktree, paths: Iterable[str]) -> Any:
            raise KeyboardInterrupt

        monkeypatch.setattr(worktree.Worktree, "again", interrupted)
        report = pipeline.scan(_context(scan), "worktree", now=_later(), cached=True)

        assert not report.complete
        assert [one.part for one in report.troubles] == ["interrupt"]
        assert "a.txt" in paths(report)

    def test_nor_is_a_batch_that_was_not_finished(
        self, scan: Scans, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(3):
            (scan.root / f"{number}.txt").write_text(f"nothing {number}")
        file = worktree.Worktree._file

        def interrupted(source: worktree.Worktree, one: worktree._File) -> Any:
            if one.relative == "2.txt":
                raise KeyboardInterrupt
            return file(source, one)

        with monkeypatch.context() as patch:
            patch.setattr(worktree.Worktree, "_file", interrupted)
            pipeline.scan(_context(scan), "worktree", now=_later(), cached=True)
        scan(confidence=Confidence.LOW)
        assert len(scan.opened) == 3

    def test_nor_is_one_whose_process_died(
        self, scan: Scans, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(work, "GUARDED", 1)
        monkeypatch.setattr(worktree, "_BATCH_FILES", 2)
        for number in range(8):
            (scan.root / f"{number}.txt").write_text(f"nothing {number}")
        in_one = worktree.Worktree._in_one

        def dying(source: worktree.Worktree, one: worktree._File) -> Any:
            if one.relative == "3.txt":
                os._exit(1)
            return in_one(source, one)

        with monkeypatch.context() as patch:
            patch.setattr(worktree.Worktree, "_in_one", dying)
            report = scan(jobs=2)
            assert [one.scope for one in report.troubles] == [str(scan.root / "3.txt")]
        assert scan().troubles == ()
        assert {"2.txt", "3.txt"} <= set(scan.opened)


class TestWhatGitMakesOfFiles:
    """Its index may call a file unchanged that holds something else than the object it names."""

    def test_a_file_that_is_assumed_to_be_unchanged(
        self, scan: Scans, repo: Repository, secret: str
    ) -> None:
        repo.commit({"a.py": "x = 1\n", "b.py": "x = 1\n"})
        repo.git("update-index", "--assume-unchanged", "a.py")
        repo.git("update-index", "--skip-worktree", "b.py")
        scan()
        repo.write("a.py", secret)
        repo.write("b.py", secret)
        assert paths(scan()) == ["a.py", "b.py"]

    def test_a_file_that_a_filter_fills_in_later(
        self, scan: Scans, repo: Repository, secret: str
    ) -> None:
        """As `git lfs pull` does, and `git-crypt unlock`."""
        repo.commit({"a.bin": "pointer\n", ".gitattributes": "*.bin filter=large\n"})
        scan()
        repo.git("config", "filter.large.smudge", f"sed s/pointer/{secret}/")
        repo.git("config", "filter.large.clean", f"sed s/{secret}/pointer/")
        (scan.root / "a.bin").unlink()
        repo.git("checkout", "a.bin")
        assert repo.git("status", "--short") == ""
        assert paths(scan()) == ["a.bin"]
        (scan.root / "a.bin").unlink()
        repo.git("config", "--unset", "filter.large.smudge")
        repo.git("checkout", "a.bin")
        assert paths(scan()) == []

    def test_a_file_with_other_line_ends(self, scan: Scans, repo: Repository) -> None:
        repo.commit({"a.txt": "one\ntwo\n"})
        scan()
        repo.git("config", "core.autocrlf", "true")
        (scan.root / "a.txt").unlink()
        repo.git("checkout", "a.txt")
        assert (scan.root / "a.txt").read_bytes() == b"one\r\ntwo\r\n"
        scan()
        assert scan.searched == ["a.txt"]

    def test_files_of_a_submodule(
        self, scan: Scans, repo: Repository, make_repo: MakeRepo, tmp_path: Path, secret: str
    ) -> None:
        inner = make_repo(tmp_path / "inner")
        inner.commit({"a.py": "x = 1\n", "leak.py": secret})
        repo.git("submodule", "--quiet", "add", str(inner.path), "sub")
        repo.commit()
        scan()
        assert paths(scan()) == ["sub/leak.py"]
        assert scan.opened == []
        (scan.root / "sub/a.py").write_text(secret)
        assert paths(scan()) == ["sub/a.py", "sub/leak.py"]


class TestTheStore:
    def test_who_does_not_ask_does_not_wait(self) -> None:
        def refuse() -> str:
            raise AssertionError

        CleanFiles(refuse, 0).save()

    @pytest.fixture
    def stored(self, scan: Scans) -> Path:
        (scan.root / "name-of-a-file.py").write_text("text of a file\n")
        scan()
        known = clean_files(_context(scan), _later())
        assert known is not None
        return Path(cache.folder(), known.name)

    def test_it_holds_digests_and_nothing_else(self, stored: Path) -> None:
        content = stored.read_bytes()
        assert len(content) == 4 + 16 * 2  # of the whole, of the content, of the state
        assert b"name" not in content
        assert b"text" not in content

    @pytest.mark.parametrize("damage", [b"", b"x" * 16, b"x" * 48, None])
    def test_damage_makes_it_empty(self, stored: Path, scan: Scans, damage: bytes | None) -> None:
        stored.write_bytes(stored.read_bytes()[:-1] if damage is None else damage)
        scan()
        assert len(scan.searched) == 1
        scan()
        assert scan.opened == []

    def test_content_of_another_length_makes_it_empty(self, stored: Path, scan: Scans) -> None:
        cache.write(stored.name, b"x" * 17)
        scan()
        assert len(scan.searched) == 1

    def test_it_may_be_deleted(self, stored: Path, scan: Scans) -> None:
        stored.unlink()
        scan()
        assert len(scan.searched) == 1

    def test_it_is_written_only_when_there_is_something_new(
        self, stored: Path, scan: Scans
    ) -> None:
        before = stored.stat()
        scan()
        after = stored.stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_a_cache_that_cannot_be_written_costs_time_only(
        self, scan: Scans, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*names: str) -> None:
            raise PermissionError

        (scan.root / "a.py").write_text("x = 1\n")
        monkeypatch.setattr(os, "replace", refuse)
        for _ in range(2):
            scan()
            assert scan.searched == ["a.py"]

    def test_what_was_noted_first_goes_when_it_is_full(
        self, stored: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(clean, "MOST_KEPT", 4)
        for number in range(10):
            files = CleanFiles(lambda: stored.name, 0)
            files.note(Notes(unseen=[bytes([number]) * 16]))
            files.save()
        files = CleanFiles(lambda: stored.name, 0)
        assert [number for number in range(10) if bytes([number]) * 16 in files] == [6, 7, 8, 9]


def _context(scan: Scans, known: CleanFiles | None = None) -> Context:
    chosen = Selection(root=str(scan.root), paths=(str(scan.root),))
    return Context(selection=chosen, rules=scan.rules, confidence=Confidence.MEDIUM, clean=known)


def _later() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


# --- anything at all -----------------------------------------------------------------------------

NAMES = (
    "a.py", "b.txt", "sub/c.env", "sub/d.zip", "main.tf", "sub/more.tf", "kustomization.yaml", "k8s/app.yaml",
    ".github/workflows/ci.yml", ".github/workflows/more.yml", ".keymuster/exceptions/e.yaml",
)  # fmt: skip

PASSWORD = "tulipx-" + "wagonx-7"

DECLARATIONS = (
    'resource "aws_iam_role" "r" {\n  assume_role_policy = var.policy\n}\nmodule "m" {\n  source = "./sub"\n}\n',
    'variable "policy" {\n  default = "{}"\n}\nresource "aws_db_instance" "d" {\n  password = "' + PASSWORD + '"\n}\n',
    "resources: [k8s/app.yaml]\nsecretGenerator:\n- name: s\n  envs: [sub/c.env]\n",
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app}\n",
    "on: push\njobs:\n  a:\n    uses: ./.github/workflows/more.yml\n    secrets: inherit\n",
    "on: workflow_call\njobs:\n  b:\n    runs-on: x\n    permissions: write-all\n    steps:\n    - run: echo\n",
    "on: [push\njobs: {",
)  # fmt: skip
"""Some of which mean something together, and one of which cannot be read."""


@pytest.fixture
def acts(scan: Scans, repo: Repository, token: Token) -> dict[str, Callable[[str, int], None]]:
    """What somebody may do to a file, given with a number for a choice."""
    size = len(token("github-pat"))
    texts = [
        "x" * size, "y" * size, token("github-pat"), token("github-pat", "other"),
        f"{ALLOW}k = '{token('github-pat')}'\n", "", "db_password = 'k7Q2x9Wb4Tz8'\n",
        *DECLARATIONS,
    ]  # fmt: skip

    def write(name: str, number: int) -> None:
        content = texts[number % len(texts)]
        repo.write(name, content)
        if name.endswith(".zip"):
            with zipfile.ZipFile(scan.root / name, "w") as archive:
                archive.writestr("inner.txt", content)

    def write_and_restore_time(name: str, number: int) -> None:
        if (scan.root / name).exists():
            about = (scan.root / name).stat()
            write(name, number)
            os.utime(scan.root / name, ns=(about.st_atime_ns, about.st_mtime_ns))

    def rename(name: str, number: int) -> None:
        if (scan.root / name).exists():
            target = scan.root / NAMES[number % len(NAMES)]
            target.parent.mkdir(exist_ok=True)
            (scan.root / name).rename(target)

    def git(*words: str) -> Callable[[str, int], None]:
        return lambda name, number: void(repo.git(*words, name, check=False))

    return {
        "write": write,
        "write and restore time": write_and_restore_time,
        "rename": rename,
        "remove": lambda name, number: (scan.root / name).unlink(missing_ok=True),
        "touch": lambda name, number: void(
            (scan.root / name).exists() and os.utime(scan.root / name, (number, number))
        ),
        "add": git("add", "--"),
        "checkout": git("checkout", "--"),
        "commit": lambda name, number: void(repo.commit()),
        "assume unchanged": git("update-index", "--assume-unchanged", "--"),
        "refresh": git("update-index", "--refresh", "--"),
        "stash": lambda name, number: void(repo.git("stash", check=False)),
    }


def void(value: object) -> None:
    """For what is done for its effect."""


OTHER_SETTINGS = (
    {"confidence": Confidence.LOW}, {"exclude": ("sub/",)}, {"key": b"another"}, {"paths": ["sub"]},
)  # fmt: skip


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_happens_to_files_the_report_is_the_same(
    scan: Scans, acts: dict[str, Callable[[str, int], None]], data: st.DataObject
) -> None:
    settled = data.draw(st.booleans())
    for _ in range(data.draw(st.integers(1, 5))):
        for _ in range(data.draw(st.integers(1, 3))):
            act = acts[data.draw(st.sampled_from(sorted(acts)))]
            act(data.draw(st.sampled_from(NAMES)), data.draw(st.integers(0, 20)))
        more: dict[str, Any] = data.draw(st.sampled_from([{}, {}, *OTHER_SETTINGS]))
        scan(now=_later() if settled else datetime.now(UTC), **more)
