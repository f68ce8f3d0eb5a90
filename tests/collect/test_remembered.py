"""A history that was scanned before: what is new is read, and the report is that of a first scan."""

from __future__ import annotations

import gzip
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from keymuster import cache, harmless, pipeline, work
from keymuster.collect.base import Blob, Context, Selection
from keymuster.collect.order import Order
from keymuster.collect.readers.secrets import Secrets
from keymuster.collect.remembered import Ids
from keymuster.evaluate.choice import Choice
from keymuster.model import Confidence, Report
from keymuster.rules.schema import RuleSet
from repositories import START, Repository

Token = Callable[..., str]
MakeRepo = Callable[..., Repository]

ALLOW = "# key" + "muster: allow[secret-in-tree] until=2030-01-01 reason=a test\n"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Scans:
    """Scans of one repository, each with the cache and then without it, which must say the same.
    `searched` are the objects that the one with the cache searched, sorted."""

    def __init__(self, root: Path, rules: RuleSet, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.rules = rules
        self.searched: list[str] = []
        read = Secrets.read

        def searching(reader: Secrets, blob: Blob) -> Any:
            self.searched.append(blob.object or "")
            return read(reader, blob)

        monkeypatch.setattr(Secrets, "read", searching)

    def __call__(self, *, jobs: int = 1, root: Path | None = None, **more: Any) -> Report:
        choice = Choice(confidence=more.pop("confidence", Confidence.MEDIUM))
        chosen = Selection(root=str(root or self.root), **more)
        context = Context(selection=chosen, rules=self.rules)
        plain = pipeline.scan(context, "history", choice=choice, jobs=jobs, now=NOW)
        self.searched = []
        made = pipeline.scan(context, "history", choice=choice, jobs=jobs, now=NOW, cached=True)
        self.searched.sort()
        assert _said(made) == _said(plain)
        return made


def _said(report: Report) -> Report:
    """All but what depends on how much was read."""
    counts = {
        name: number
        for name, number in report.counts.items()
        if name not in ("objects", "bytes", "known", "read_by_git")
    }
    return replace(report, counts=counts, ended_at=NOW)


@pytest.fixture
def repo(tmp_path: Path, make_repo: MakeRepo) -> Repository:
    return make_repo(tmp_path / "repo")


@pytest.fixture
def scan(rules: RuleSet, repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Scans:
    return Scans(repo.path, rules, monkeypatch)


@pytest.fixture
def secret(token: Token) -> str:
    return token("github-pat")


def places(report: Report) -> list[tuple[str, str, bool | None]]:
    """(path, commit, whether HEAD has it) of all findings, sorted."""
    return sorted(
        (place.path, place.commit.id if place.commit else "", place.in_head)  # type: ignore[union-attr]
        for one in report.findings
        for place in one.places
    )


def blob(repo: Repository, name: str) -> str:
    return repo.git("rev-parse", name)


def memories() -> set[Path]:
    return set(Path(cache.folder()).glob("history-*"))


class TestWhatIsNotReadAgain:
    def test_a_version_in_which_nothing_was_seen(self, repo: Repository, scan: Scans) -> None:
        for number in range(5):
            repo.commit({"a.py": f"x = {number}\n"})
        scan()
        assert len(scan.searched) == 5

        report = scan()

        assert scan.searched == []
        assert report.counts == {"objects": 0, "bytes": 0, "commits": 5, "known": 5}

    def test_a_version_with_a_secret_that_stood_there_before(
        self, repo: Repository, scan: Scans, secret: str
    ) -> None:
        """The first one tells where it came from, the last one whether it still stands there."""
        repo.commit({"b.py": secret})
        for number in range(5):
            repo.commit({"a.py": f"{number}\n{secret}\n"})
        first = scan()

        assert places(scan()) == places(first)

        assert scan.searched == []

    def test_what_was_not_kept_is_read_again(
        self, repo: Repository, scan: Scans, secret: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        repo.commit({"b.py": secret})
        for number in range(5):
            repo.commit({"a.py": f"{number}\n{secret}\n"})
        monkeypatch.setattr(harmless.Harmless, "__call__", lambda check, said: False)
        scan()

        scan()

        first = [blob(repo, name) for name in ("HEAD~5:b.py", "HEAD~4:a.py", "HEAD:a.py")]
        assert scan.searched == sorted(first)

    def test_only_what_commits_bring_is_read(
        self, repo: Repository, scan: Scans, secret: str
    ) -> None:
        repo.commit({"a.py": "x\n", "b.py": "y\n"})
        scan()
        new = repo.commit({"a.py": f"x\n{secret}\n"})

        report = scan()

        assert scan.searched == [blob(repo, "HEAD:a.py")]
        assert places(report) == [("a.py", new, True)]
        assert report.counts["commits"] == 2
        assert report.counts["known"] == 2

    @pytest.mark.parametrize("jobs", [1, 2])
    def test_whatever_the_number_of_processes(
        self, repo: Repository, scan: Scans, secret: str, jobs: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(work, "GUARDED", 1)
        repo.commit({f"{number}.py": f"x = {number}\n" for number in range(9)})
        repo.commit({"leak.py": secret})
        scan(jobs=jobs)
        repo.commit({"new.py": "x = 10\n"})
        scan(jobs=jobs)
        assert scan.searched == ([] if jobs > 1 else [blob(repo, "HEAD:new.py")])

    @pytest.mark.parametrize("words", [("-ad",), ("-d",), ("-Ad", "--unpack-unreachable=now")])
    def test_nor_after_the_objects_were_packed(
        self, repo: Repository, scan: Scans, secret: str, words: tuple[str, ...]
    ) -> None:
        repo.commit({"a.py": "x\n"})
        repo.commit({"a.py": f"{secret}\n"})
        scan()
        repo.git("repack", "-q", *words)
        scan()
        assert scan.searched == []
        repo.commit({"c.py": "z\n"})
        repo.git("repack", "-q", "-d")
        scan()
        assert scan.searched == [blob(repo, "HEAD:c.py")]

    def test_nor_when_a_branch_was_moved_back(
        self, repo: Repository, scan: Scans, secret: str
    ) -> None:
        """Then all commits are walked."""
        first = repo.commit({"a.py": f"{secret}\n"})
        repo.commit({"a.py": "x\n"})
        scan()
        repo.git("reset", "--hard", "--quiet", first)
        last = repo.commit({"b.py": f"{secret}\n", "c.py": "y\n"})

        report = scan()

        assert places(report) == [("a.py", first, True), ("b.py", last, True)]
        assert scan.searched == [blob(repo, "HEAD:c.py")]

    def test_worktrees_have_one_memory(
        self, repo: Repository, scan: Scans, secret: str, tmp_path: Path
    ) -> None:
        repo.commit({"a.py": "x\n"})
        scan()
        repo.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
        other = Repository(tmp_path / "other")
        brought = other.commit({"b.py": secret})
        assert places(scan(root=other.path)) == [("b.py", brought, True)]
        assert scan.searched == [blob(other, "HEAD:b.py")]
        assert places(scan()) == [("b.py", brought, False)]


class TestWhatHasToBeSaidAnew:
    def test_whether_it_still_stands_there(
        self, repo: Repository, scan: Scans, secret: str
    ) -> None:
        first = repo.commit({"a.py": f"{secret}\n"})
        middle = repo.commit({"a.py": f"again\n{secret}\n"})
        repo.commit({"a.py": "clean\n"})
        assert places(scan()) == [("a.py", first, False)]
        repo.git("checkout", "--quiet", "--detach", middle)
        assert places(scan()) == [("a.py", first, True)]

    def test_an_old_version_at_another_path(
        self, repo: Repository, scan: Scans, secret: str
    ) -> None:
        first = repo.commit({"a.py": f"{secret}\n"})
        repo.commit({"a.py": f"again\n{secret}\n"})
        repo.commit({"a.py": "clean\n"})
        scan()
        last = repo.commit({"b.py": f"again\n{secret}\n"})
        assert places(scan()) == [("a.py", first, False), ("b.py", last, True)]

    @pytest.mark.parametrize("content", ["{secret}\n", "before\n{secret}\n"])
    def test_an_older_commit_that_brought_it_too(
        self, repo: Repository, scan: Scans, secret: str, content: str
    ) -> None:
        """It was made before, and came later, with the same version or with another one."""
        repo.commit({"x.py": "x\n"})
        repo.git("checkout", "--quiet", "-b", "side")
        older = repo.commit({"a.py": content.format(secret=secret)})
        repo.git("checkout", "--quiet", "main")
        newer = repo.commit({"a.py": f"{secret}\n"})
        kept = repo.git("rev-parse", "side")
        repo.git("branch", "-D", "--quiet", "side")
        assert places(scan()) == [("a.py", newer, True)]

        repo.git("branch", "side", kept)

        assert places(scan()) == [("a.py", older, True)]
        assert places(scan()) == [("a.py", older, True)]

    @pytest.mark.parametrize("seconds", [0, 5, 10])
    def test_whose_commit_was_first_where_clocks_were_wrong(
        self, repo: Repository, scan: Scans, secret: str, seconds: int
    ) -> None:
        """A new commit of an old time must not turn two old ones around."""
        for branch, second in (("one", 5), ("two", 5)):
            repo.git("checkout", "--quiet", "--orphan", branch)
            repo.stage({"a.py": f"{branch}\n{secret}\n"})
            _commit_at(repo, second)
        before = places(scan())
        for branch in ("one", "two"):
            repo.git("checkout", "--quiet", branch)
            repo.stage({"b.py": f"{branch}\n"})
            _commit_at(repo, seconds)
            after = places(scan())
            assert [place[:2] for place in after] == [place[:2] for place in before]

    def test_a_file_that_a_tag_names(self, repo: Repository, scan: Scans, secret: str) -> None:
        repo.commit({"a.py": "x\n"})
        id = repo.git("hash-object", "-w", "--stdin", input=secret.encode())
        assert places(scan()) == []
        repo.git("tag", "light", id)
        for _ in range(2):
            assert places(scan()) == [("<refs/tags/light>", "", None)]
        repo.git("tag", "-d", "light")
        assert places(scan()) == []

    def test_comments(self, repo: Repository, scan: Scans, secret: str) -> None:
        repo.commit({"a.py": f"{secret}\n"})
        scan()
        repo.commit({"a.py": f"{ALLOW}{secret}\n"})
        for _ in range(2):
            [finding] = scan().findings
            assert finding.suppression is not None
        repo.commit({"a.py": f"{secret}\n"})
        [finding] = scan().findings
        assert finding.suppression is None

    def test_a_container_that_is_cut_off(self, repo: Repository, scan: Scans, secret: str) -> None:
        packed = gzip.compress(os.urandom(5000), mtime=0)[:-2000]
        repo.commit({"cut.gz": packed, "b.py": secret})
        for number in range(3):
            [trouble] = scan().troubles
            assert trouble.scope == f"object {blob(repo, 'HEAD:cut.gz')}"
            repo.commit({"c.py": f"{number}\n"})

    def test_a_container_that_is_cut_off_and_holds_what_was_there_before(
        self, repo: Repository, scan: Scans, secret: str
    ) -> None:
        repo.commit({"a.gz": f"{secret}\n"})
        inside = f"{secret}\n".encode() + random.Random(1).randbytes(200_000)
        repo.commit({"a.gz": gzip.compress(inside, mtime=0)[:-2000]})
        id = blob(repo, "HEAD:a.gz")
        for number in range(3):
            repo.commit({"a.gz": f"{number}\n"})
            assert [one.scope for one in scan().troubles] == [f"object {id}"]
            assert id in scan.searched

    def test_a_version_that_is_too_large(self, repo: Repository, scan: Scans, secret: str) -> None:
        repo.commit({"large.txt": "x \n" * 1000})
        for number in range(3):
            [trouble] = scan(max_file_bytes=1000).troubles
            assert "more than the limit" in trouble.message
            repo.commit({"c.py": f"{secret}{number}\n"})
            if number == 1:
                repo.git("repack", "-adq")

    def test_an_object_that_is_gone(self, repo: Repository, scan: Scans, secret: str) -> None:
        repo.commit({"a.py": f"{secret}\n", "b.py": "y\n"})
        scan()
        for name in ("b.py", "a.py"):
            id = blob(repo, f"HEAD:{name}")
            (repo.path / f".git/objects/{id[:2]}/{id[2:]}").unlink()
            for _ in range(2):
                assert f"object {id}" in [one.scope for one in scan().troubles]


class TestWhatIsNotRemembered:
    def test_a_part_of_the_history(self, repo: Repository, scan: Scans, secret: str) -> None:
        first = repo.commit({"a.py": "x\n"})
        repo.commit({"a.py": secret})
        before = memories()
        scan(since=first)
        scan(range=("HEAD~1..HEAD",))
        scan(unreachable=True)
        assert memories() == before

    def test_a_shallow_clone(
        self, repo: Repository, scan: Scans, secret: str, tmp_path: Path
    ) -> None:
        repo.commit({"a.py": secret})
        repo.commit({"a.py": f"x\n{secret}"})
        clone = tmp_path / "clone"
        repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(clone))
        before = memories()
        last = scan(root=clone)
        assert memories() == before
        Repository(clone).git("fetch", "--quiet", "--unshallow")
        assert places(scan(root=clone)) != places(last)

    def test_a_scan_that_was_interrupted(
        self, repo: Repository, scan: Scans, rules: RuleSet, secret: str
    ) -> None:
        def interrupt(size: int) -> None:
            raise KeyboardInterrupt

        repo.commit({"a.py": secret})
        before = memories()
        context = Context(selection=Selection(root=str(repo.path)), rules=rules)
        report = pipeline.scan(context, "history", cached=True, progress=interrupt)
        assert not report.complete
        assert memories() == before

    def test_a_history_with_a_hole(self, repo: Repository, scan: Scans, secret: str) -> None:
        repo.commit({"a.py": secret, "b.py": "y\n"})
        id = blob(repo, "HEAD:b.py")
        (repo.path / f".git/objects/{id[:2]}/{id[2:]}").unlink()
        before = memories()
        scan()
        assert memories() == before

    def test_what_other_settings_saw(self, repo: Repository, scan: Scans, token: Token) -> None:
        repo.commit({"a.py": "x\n"})
        scan()
        for more in (
            {"confidence": Confidence.LOW},
            {"max_file_bytes": 1000},
            {"exclude": ("vendor/",)},
        ):
            scan(**more)
            assert len(scan.searched) == 1, more

    def test_the_text_of_a_secret_or_of_a_clean_file(
        self, repo: Repository, scan: Scans, secret: str
    ) -> None:
        before = memories()
        repo.commit({"a.py": f"my_token = '{secret}'\n", "b.py": "some words\n"})
        scan()
        [stored] = memories() - before
        content = stored.read_bytes()
        assert b"a.py" in content
        for text in (secret, secret[:8], secret[-4:], "words"):
            assert text.encode() not in content, text


class TestTheStore:
    @pytest.mark.parametrize("damage", [b"", b"x" * 48, None])
    def test_damage_makes_it_empty(
        self, repo: Repository, scan: Scans, damage: bytes | None
    ) -> None:
        before = memories()
        repo.commit({"a.py": "x\n"})
        scan()
        [stored] = memories() - before
        stored.write_bytes(stored.read_bytes()[:-1] if damage is None else damage)
        scan()
        assert len(scan.searched) == 1
        scan()
        assert scan.searched == []

    def test_what_another_version_wrote_makes_it_empty(self, repo: Repository, scan: Scans) -> None:
        before = memories()
        repo.commit({"a.py": "x\n"})
        scan()
        [stored] = memories() - before
        cache.write(stored.name, b"\x80")
        scan()
        assert len(scan.searched) == 1

    def test_it_is_written_only_when_there_is_something_new(
        self, repo: Repository, scan: Scans, secret: str
    ) -> None:
        before = memories()
        repo.commit({"a.py": f"{secret}\n"})
        scan()
        [stored] = memories() - before
        about = stored.stat()
        scan()
        assert (stored.stat().st_ino, stored.stat().st_mtime_ns) == (
            about.st_ino,
            about.st_mtime_ns,
        )


@given(st.sets(st.binary(min_size=4, max_size=4)), st.sets(st.binary(min_size=4, max_size=4)))
def test_sorted_ids_are_a_set(known: set[bytes], more: set[bytes]) -> None:
    ids = Ids(b"".join(sorted(known)), 4)
    assert set(ids) == known
    assert len(ids) == len(known)
    assert {id for id in known | more if id in ids} == known
    assert ids.with_more(more) == b"".join(sorted(known | more))


@given(st.lists(st.tuples(st.integers(0, 6), st.sets(st.integers(0, 20))), max_size=20), st.data())
def test_the_order_of_commits_stays_when_more_come(
    commits: list[tuple[int, set[int]]], data: st.DataObject
) -> None:
    """Parents first, and the same whether all are ranked at once or the later ones on their own."""
    parents = [[one for one in named if one < number] for number, (_, named) in enumerate(commits)]
    whole = Order()
    ranks = [
        whole.add(bytes([number]), [bytes([one]) for one in parents[number]], time)
        for number, (time, _) in enumerate(commits)
    ]
    for number, above in enumerate(parents):
        assert all(ranks[one] < ranks[number] for one in above)
        assert ranks[number][0] >= commits[number][0]
    cut = data.draw(st.integers(0, len(commits)))
    first = Order()
    for number in range(cut):
        first.add(bytes([number]), [bytes([one]) for one in parents[number]], commits[number][0])
    second = Order(first.late)
    for number in range(cut):
        second.begin_behind(bytes([number]), commits[number][0])
    for number in range(cut, len(commits)):
        rank = second.add(
            bytes([number]), [bytes([one]) for one in parents[number]], commits[number][0]
        )
        assert rank == ranks[number]


# --- anything at all -----------------------------------------------------------------------------


def _commit_at(repo: Repository, second: int) -> None:
    when = f"{START + second} +0000"
    dates = {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}
    repo.git("commit", "--quiet", "--allow-empty", "-m", "x", env=dates, check=False)


NAMES = ("a.py", "b.txt", "sub/c.env")
BRANCHES = ("main", "one", "two")


def _acts(repo: Repository, token: Token) -> dict[str, Callable[[int, int], object]]:
    """What may happen to a repository, given with two numbers for choices."""
    one, two = token("github-pat"), token("github-pat", "other")
    texts = [
        "x = 1\n", "y = 2\n", f"{one}\n", f"{two}\n", f"x\n{one}\n", f"{one}\n{two}\n",
        f"{ALLOW}k = '{one}'\n", "",
    ]  # fmt: skip

    def git(*words: str) -> object:
        return repo.git(*words, check=False)

    def commit(which: int, what: int) -> None:
        name = NAMES[which % len(NAMES)]
        repo.stage({name: texts[what % len(texts)]})
        _commit_at(repo, what * 7 % 5 + which % 3)

    def remove(which: int, what: int) -> None:
        git("rm", "--quiet", "--force", NAMES[which % len(NAMES)])
        _commit_at(repo, what)

    def merge(which: int, what: int) -> None:
        git("merge", "--quiet", "--no-ff", "-X", "ours", "-m", "m", BRANCHES[which % 3])
        if git("ls-files", "--unmerged"):
            git("reset", "--hard", "--quiet")

    def tag(which: int, what: int) -> None:
        content = texts[what % len(texts)].encode()
        id = repo.git("hash-object", "-w", "--stdin", input=content)
        git("tag", "--force", f"t{which % 2}", id)

    def add(which: int, what: int) -> None:
        repo.git("hash-object", "-w", "--stdin", input=texts[what % len(texts)].encode())

    def stash(which: int, what: int) -> None:
        repo.stage({NAMES[which % len(NAMES)]: texts[what % len(texts)]})
        git("-c", "user.name=a", "-c", "user.email=a@b", "stash", "--quiet")

    return {
        "commit": commit,
        "commit once more": commit,
        "remove": remove,
        "branch": lambda which, what: git(
            "branch", "--force", BRANCHES[which % 3], f"HEAD~{what % 3}"
        ),
        "checkout": lambda which, what: git("checkout", "--quiet", "--force", BRANCHES[which % 3]),
        "detach": lambda which, what: git(
            "checkout", "--quiet", "--force", "--detach", f"HEAD~{what % 3}"
        ),
        "orphan": lambda which, what: git("checkout", "--quiet", "--orphan", f"new{what % 3}"),
        "merge": merge,
        "delete a branch": lambda which, what: git("branch", "-D", BRANCHES[which % 3]),
        "move back": lambda which, what: git("reset", "--hard", "--quiet", f"HEAD~{what % 3}"),
        "bring back": lambda which, what: git("reset", "--hard", "--quiet", f"HEAD@{{{what % 5}}}"),
        "tag": tag,
        "delete a tag": lambda which, what: git("tag", "-d", f"t{which % 2}"),
        "add": add,
        "stash": stash,
        "drop": lambda which, what: git("stash", "drop", "--quiet"),
        "pack": lambda which, what: git("repack", "-q", "-d"),
        "pack all": lambda which, what: git("repack", "-q", "-a", "-d"),
        "prune": lambda which, what: git("-c", "gc.reflogExpire=now", "prune", "--expire=now"),
    }


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_whatever_happens_to_a_history_the_report_is_the_same(
    tmp_path: Path, make_repo: MakeRepo, rules: RuleSet, token: Token, data: st.DataObject
) -> None:
    repo = make_repo(tmp_path / f"{len(os.listdir(tmp_path))}")
    acts = _acts(repo, token)
    with pytest.MonkeyPatch.context() as patch:
        scan = Scans(repo.path, rules, patch)
        acts["commit"](0, data.draw(st.integers(0, 20)))
        for _ in range(data.draw(st.integers(2, 5))):
            for _ in range(data.draw(st.integers(1, 5))):
                act = acts[data.draw(st.sampled_from(sorted(acts)))]
                act(data.draw(st.integers(0, 5)), data.draw(st.integers(0, 20)))
            scan()
