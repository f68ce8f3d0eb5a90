"""Every version of every file that the commits of a repository hold."""

from __future__ import annotations

import os
import random
import shutil
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

import packing
from keymuster import pipeline, registry
from keymuster.collect.base import Blob
from keymuster.errors import SettingsError, Unreadable
from keymuster.model import Credential, FileLocation, Storage
from keymuster.rules.schema import RuleSet
from repositories import AUTHOR, START, Repository
from scans import Look, context, look, secret_id

Token = Callable[..., str]
MakeRepo = Callable[..., Repository]
Scan = Callable[..., Look]


@pytest.fixture
def repo(tmp_path: Path, make_repo: MakeRepo) -> Repository:
    return make_repo(tmp_path / "repo")


@pytest.fixture
def scan(rules: RuleSet, repo: Repository) -> Scan:
    def scan(**selection: object) -> Look:
        return look("history", rules, repo.path, **selection)

    return scan


@pytest.fixture
def secret(token: Token) -> str:
    return token("github-pat")


def told(place: FileLocation) -> tuple[str, int, str, bool | None]:
    """(path, line, commit, whether HEAD has it)."""
    return place.path, place.line, place.commit.id if place.commit else "", place.in_head


class TestWhereASecretCameFrom:
    def test_it_is_the_first_commit_that_had_it_there(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.commit({"a.py": "clean\n"})
        first = repo.commit({"a.py": f"clean\nkey = {secret}\n"})
        repo.commit({"a.py": f"\n\n\nclean\nkey = {secret}\n"})

        [place] = scan().places(secret)

        assert told(place) == ("a.py", 2, first, True)
        assert place.column == 7

    def test_author_and_date_are_those_of_that_commit(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.commit({"a.py": "x"})
        repo.commit({"a.py": secret})

        [place] = scan().places(secret)

        assert place.commit is not None
        assert place.commit.author == AUTHOR
        assert place.commit.date == datetime.fromtimestamp(START + 60, UTC)
        assert place.commit.date.tzinfo == timezone(timedelta(hours=1))

    @pytest.mark.parametrize(
        ("author", "expected"),
        [
            (b"J\xf6rg <j@example.org> 1767225600 +0000", "J\ufffdrg <j@example.org>"),
            (b"a\x02b\x01c <d\x02e> 1767225600 +0000", "a\x02b\x01c <d\x02e>"),
            (b" <> 1767225600 +0000", " <>"),
        ],
    )
    def test_strange_authors_do_no_harm(
        self, repo: Repository, secret: str, scan: Scan, author: bytes, expected: str
    ) -> None:
        repo.stage({"a.py": secret})
        _commit_object(repo, author)

        [place] = scan().places(secret)

        assert place.commit is not None
        assert place.commit.author == expected

    @pytest.mark.parametrize(
        "date", [b"99999999999999 +0000", b"0 +9999", b"soon", b"-5 +0000", b""]
    )
    def test_strange_dates_do_no_harm(
        self, repo: Repository, secret: str, scan: Scan, date: bytes
    ) -> None:
        repo.stage({"a.py": secret})
        _commit_object(repo, b"A <a> " + date)

        assert scan().paths(secret) == ["a.py"]

    def test_one_that_is_gone_is_in_the_history_only(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        first = repo.commit({"a.py": f"{secret}\n"})
        repo.commit({"a.py": "clean\n"})

        seen = scan()

        assert [told(place) for place in seen.places(secret)] == [("a.py", 1, first, False)]
        assert seen.credentials[0].storage is Storage.HISTORY

    def test_one_that_comes_back_is_in_head_and_keeps_its_first_commit(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        first = repo.commit({"a.py": f"{secret}\n"})
        repo.git("rm", "--quiet", "a.py")
        repo.commit()
        repo.commit({"a.py": f"again\n{secret}\n"})

        seen = scan()

        assert [told(place) for place in seen.places(secret)] == [("a.py", 1, first, True)]
        assert seen.credentials[0].storage is Storage.TREE

    def test_renames_and_copies_are_places_of_their_own(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        first = repo.commit({"a.py": f"{secret}\n"})
        repo.git("mv", "a.py", "b.py")
        second = repo.commit()
        third = repo.commit({"copy/c.py": f"{secret}\n"})

        assert [told(place) for place in scan().places(secret)] == [
            ("a.py", 1, first, False),
            ("b.py", 1, second, True),
            ("copy/c.py", 1, third, True),
        ]

    def test_one_brought_by_a_branch_belongs_to_the_branch_and_not_to_the_merge(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.commit({"a.py": "x"})
        repo.git("checkout", "--quiet", "-b", "side")
        brought = repo.commit({"b.py": secret})
        repo.git("checkout", "--quiet", "main")
        repo.commit({"c.py": "y"})
        repo.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")

        assert [told(place) for place in scan().places(secret)] == [("b.py", 1, brought, True)]

    def test_one_that_only_a_merge_brings_belongs_to_the_merge(
        self, repo: Repository, secret: str, token: Token, scan: Scan
    ) -> None:
        repo.commit({"a.py": "x\n"})
        repo.git("checkout", "--quiet", "-b", "side")
        repo.commit({"a.py": "side\n"})
        repo.git("checkout", "--quiet", "main")
        repo.commit({"a.py": "main\n"})
        repo.git("merge", "--no-commit", "side", check=False)
        evil = repo.commit({"a.py": f"resolved\n{secret}\n", "new.py": token("gitlab-pat")})

        seen = scan()

        assert [told(place) for place in seen.places(secret)] == [("a.py", 2, evil, True)]
        assert [told(place) for place in seen.places(token("gitlab-pat"))] == [
            ("new.py", 1, evil, True)
        ]

    def test_an_octopus_and_unrelated_roots_are_walked(
        self, repo: Repository, token: Token, scan: Scan
    ) -> None:
        repo.commit({"base.py": "x"})
        brought = {}
        for name in ("one", "two"):
            repo.git("checkout", "--quiet", "-b", name, "main")
            brought[name] = repo.commit({f"{name}.py": token("github-pat", name)})
        repo.git("checkout", "--quiet", "--orphan", "three")
        repo.git("rm", "-r", "--force", "--quiet", ".")
        brought["three"] = repo.commit({"three.py": token("github-pat", "three")})
        repo.git("checkout", "--quiet", "main")
        repo.git("merge", "--quiet", "-m", "o", "one", "two")
        repo.tick()
        repo.git("merge", "--quiet", "-m", "o", "--allow-unrelated-histories", "three")

        seen = scan()

        for name, commit in brought.items():
            [place] = seen.places(token("github-pat", name))
            assert told(place) == (f"{name}.py", 1, commit, True)

    def test_branches_tags_notes_and_all_stashes_are_walked(
        self, repo: Repository, token: Token, scan: Scan
    ) -> None:
        tokens = {
            name: token("github-pat", name)
            for name in ("branch", "tag", "note", "new", "old", "untracked", "index", "remote")
        }
        repo.commit({"a.py": "x\n"})
        for name, kind in (("branch", "heads/b"), ("tag", "tags/t"), ("remote", "remotes/o/r")):
            repo.git("checkout", "--quiet", "--detach", "main")
            commit = repo.commit({f"{name}.py": tokens[name]})
            repo.git("update-ref", f"refs/{kind}", commit)
        repo.git("checkout", "--quiet", "main")
        repo.git("notes", "add", "-m", tokens["note"])
        repo.write("a.py", tokens["old"])
        repo.write("untracked.py", tokens["untracked"])
        repo.git("stash", "push", "--quiet", "--include-untracked")
        repo.tick()
        repo.stage({"a.py": tokens["index"]})
        repo.write("a.py", tokens["new"])
        repo.git("stash", "push", "--quiet")

        seen = scan()

        noted = repo.git("rev-parse", "main")
        paths = {name: seen.paths(token) for name, token in tokens.items()}
        assert paths == {
            "branch": ["branch.py"], "tag": ["tag.py"], "remote": ["remote.py"], "note": [noted],
            "old": ["a.py"], "new": ["a.py"], "index": ["a.py"], "untracked": ["untracked.py"],
        }  # fmt: skip
        assert not seen.troubles

    def test_a_file_that_a_tag_names_without_a_commit_is_scanned(
        self, repo: Repository, token: Token, scan: Scan
    ) -> None:
        repo.commit({"a.py": "x"})
        blobs = [
            repo.git("hash-object", "-w", "--stdin", input=token("github-pat", n).encode())
            for n in range(3)
        ]
        repo.git("tag", "light", blobs[0])
        repo.git("tag", "-a", "-m", "annotated", "heavy", blobs[1])
        tree = repo.git("mktree", input=f"100644 blob {blobs[2]}\tkey.py\n".encode())
        repo.git("tag", "tree", tree)

        seen = scan()

        assert [seen.paths(token("github-pat", n)) for n in range(3)] == [
            ["<refs/tags/light>"], ["<refs/tags/heavy>"], ["<refs/tags/tree>/key.py"]
        ]  # fmt: skip

    def test_empty_commits_and_an_unborn_head_do_no_harm(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        assert scan().counts["commits"] == 0
        repo.commit()
        repo.commit({"a.py": secret})
        repo.commit()
        repo.git("checkout", "--quiet", "--orphan", "new")

        seen = scan()

        assert [place.in_head for place in seen.places(secret)] == [False]
        assert seen.counts["commits"] == 3
        assert not seen.troubles

    def test_a_detached_head_is_walked(self, repo: Repository, secret: str, scan: Scan) -> None:
        repo.commit({"a.py": "x"})
        repo.git("checkout", "--quiet", "--detach")
        repo.commit({"a.py": secret})

        assert [place.in_head for place in scan().places(secret)] == [True]

    def test_names_that_are_not_utf8_or_hold_line_ends_are_kept(
        self, repo: Repository, token: Token, scan: Scan
    ) -> None:
        names = [b"caf\xe9", b"two\nlines", b"\nfirst", b"\x01\x02", b":colon", b"tab\t", b" \n "]
        for number, name in enumerate(names):
            repo.write(name, token("github-pat", number))
        repo.git("add", "--all")
        repo.commit()

        seen = scan()

        for number, name in enumerate(names):
            assert [os.fsencode(path) for path in seen.paths(token("github-pat", number))] == [name]
            assert seen.places(token("github-pat", number))[0].in_head

    def test_a_submodule_is_not_a_file(
        self, repo: Repository, make_repo: MakeRepo, tmp_path: Path, scan: Scan
    ) -> None:
        library = make_repo(tmp_path / "library")
        library.commit({"a.py": "x"})
        repo.git("submodule", "--quiet", "add", str(library.path), "sub")
        repo.commit()

        assert not scan().troubles

    def test_a_type_that_changes_is_followed(
        self, repo: Repository, token: Token, scan: Scan
    ) -> None:
        repo.commit({"a": token("github-pat", 1)})
        (repo.path / "a").unlink()
        repo.commit({"a/b": token("github-pat", 2)})
        shutil.rmtree(repo.path / "a")
        (repo.path / "a").symlink_to(token("github-pat", 3))
        repo.git("add", "--all")
        repo.commit()

        seen = scan()

        assert [seen.paths(token("github-pat", n)) for n in (1, 2, 3)] == [["a"], ["a/b"], ["a"]]

    def test_excluded_paths_do_not_count(self, repo: Repository, secret: str, scan: Scan) -> None:
        repo.commit({"vendor/a.py": secret, "b.py": secret})

        assert scan(exclude=("vendor/",)).paths(secret) == ["b.py"]


class TestAgainstBruteForce:
    """The same secrets at the same paths as by looking into the tree of every commit."""

    @pytest.mark.parametrize("seed", [1, 2])
    def test_nothing_is_missed_and_nothing_invented(
        self, repo: Repository, rules: RuleSet, token: Token, scan: Scan, seed: int
    ) -> None:
        _grow(repo, token, random.Random(seed), commits=200)

        seen = scan()

        trees = _trees(repo)
        expected = _in_trees(repo, rules, trees)
        assert len(expected) > 100
        assert seen.pairs() == {pair for found in expected.values() for pair in found}
        assert not seen.troubles
        head = expected[repo.git("rev-parse", "HEAD")]
        for one in seen.credentials:
            assert isinstance(one.location, FileLocation)
            assert one.location.commit is not None
            here = (one.id, one.location.path)
            assert here in expected[one.location.commit.id]
            assert one.location.in_head == (here in head)
            for parent in trees[one.location.commit.id].parents:
                assert here not in expected[parent]

    def test_a_range_is_what_its_commits_bring_in(
        self, repo: Repository, rules: RuleSet, token: Token, scan: Scan
    ) -> None:
        _grow(repo, token, random.Random(3), commits=120)
        words = ("--all", "--not", repo.git("rev-list", "--all").splitlines()[40])
        inside = set(repo.git("rev-list", *words).splitlines())

        seen = scan(range=words)

        trees = _trees(repo)
        held = _in_trees(repo, rules, trees)
        brought = {
            pair
            for commit in inside
            for pair in held[commit]
            if not any(pair in held[parent] for parent in trees[commit].parents)
        }
        assert len(brought) > 10
        assert seen.pairs() == brought


class TestPartsOfTheHistory:
    @pytest.fixture
    def commits(self, repo: Repository, token: Token) -> list[str]:
        return [
            repo.commit({"old.py": f"{token('github-pat', 'old')}\n"}),
            repo.commit({"b.py": "x\n"}),
            repo.commit({"old.py": f"touched\n{token('github-pat', 'old')}\n"}),
            repo.commit({"new.py": f"{token('github-pat', 'new')}\n"}),
        ]

    @pytest.mark.parametrize(
        "selection",
        [
            lambda commits: {"since": commits[1]},
            lambda commits: {"since": commits[1][:10]},
            lambda commits: {"range": (f"{commits[1]}..{commits[3]}",)},
            lambda commits: {"range": ("main~2..main",)},
            lambda commits: {"range": ("main", "--not", commits[1])},
        ],
    )
    def test_an_old_secret_in_a_touched_file_is_not_new(
        self, commits: list[str], token: Token, scan: Scan, selection: Callable[..., dict[str, str]]
    ) -> None:
        seen = scan(**selection(commits))

        assert not seen.places(token("github-pat", "old"))
        [place] = seen.places(token("github-pat", "new"))
        assert told(place) == ("new.py", 1, commits[3], True)
        assert seen.counts["commits"] == 2

    def test_a_branch_with_the_name_of_a_file_is_a_branch(
        self, repo: Repository, commits: list[str], token: Token, scan: Scan
    ) -> None:
        repo.git("branch", "b.py", commits[1])

        assert scan(since="b.py").paths(token("github-pat", "new")) == ["new.py"]

    def test_since_a_date_counts_from_the_start_of_that_day(
        self, repo: Repository, token: Token, scan: Scan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TZ", "UTC")
        for day, hour in ((10, 23), (11, 0), (12, 12)):
            when = {"GIT_COMMITTER_DATE": f"2026-02-{day}T{hour:02}:10:00Z"}
            repo.stage({f"{day}.py": token("github-pat", day)})
            repo.git("commit", "--quiet", "-m", "x", env=when)

        seen = scan(since="2026-02-11")

        assert {path for _, path in seen.pairs()} == {"11.py", "12.py"}

    @pytest.mark.parametrize(
        "selection", [{"since": "nowhere"}, {"range": ("a..b",)}, {"range": ("x y",)}]
    )
    def test_what_names_no_commits_is_refused(
        self, commits: list[str], scan: Scan, selection: dict[str, str]
    ) -> None:
        with pytest.raises(SettingsError):
            scan(**selection)

    def test_older_stashes_count_since_their_date(
        self, repo: Repository, commits: list[str], token: Token, scan: Scan
    ) -> None:
        for name in ("first", "second"):
            repo.write("b.py", token("github-pat", name))
            repo.git("stash", "push", "--quiet")
            repo.tick()

        seen = scan(since=commits[3])

        assert seen.paths(token("github-pat", "first")) == ["b.py"]
        assert seen.paths(token("github-pat", "second")) == ["b.py"]


class TestUnreachableObjects:
    @pytest.fixture
    def dangling(self, repo: Repository, token: Token) -> Repository:
        repo.commit({"a.py": "x\n"})
        repo.commit({"lost.py": f"\n{token('github-pat', 'commit')}\n"})
        repo.git("reset", "--quiet", "--hard", "HEAD~1")
        repo.git("reflog", "expire", "--expire=all", "--all")
        repo.git("hash-object", "-w", "--stdin", input=token("github-pat", "blob").encode())
        return repo

    def test_they_are_found_when_asked_for(
        self, dangling: Repository, token: Token, scan: Scan
    ) -> None:
        seen = scan(unreachable=True)

        [place] = seen.places(token("github-pat", "commit"))
        assert (place.path, place.line, place.in_head) == ("lost.py", 2, False)
        [place] = seen.places(token("github-pat", "blob"))
        assert place.path == f"<object {place.object}>"
        assert not seen.troubles

    def test_they_are_not_found_otherwise(
        self, dangling: Repository, token: Token, scan: Scan
    ) -> None:
        seen = scan()

        assert not seen.credentials
        assert not seen.troubles

    def test_more_of_them_than_a_command_line_holds_are_no_problem(
        self, tmp_path: Path, make_repo: MakeRepo, rules: RuleSet, token: Token
    ) -> None:
        repo = make_repo(tmp_path / "sha256", "--object-format=sha256")  # ids of 64 characters
        lines = [
            f"commit refs/heads/lost\ncommitter A <a> {START + n} +0000\ndata 1\nx\n"
            f"M 100644 inline a.py\ndata {len(text)}\n{text}\n"
            for n in range(34_000)
            for text in [token("github-pat") if n == 17_000 else "x"]
        ]
        repo.git("fast-import", "--quiet", input="".join(lines).encode())
        repo.git("update-ref", "-d", "refs/heads/lost")

        seen = look("history", rules, repo.path, unreachable=True)

        assert seen.paths(token("github-pat")) == ["a.py"]


class TestKindsOfRepositories:
    def test_a_bare_one_is_scanned(
        self, repo: Repository, rules: RuleSet, secret: str, tmp_path: Path
    ) -> None:
        first = repo.commit({"a.py": secret})
        repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))

        [place] = look("history", rules, tmp_path / "bare.git").places(secret)

        assert told(place) == ("a.py", 1, first, True)

    def test_a_shallow_one_is_scanned_and_the_report_says_that_it_is_cut_off(
        self, repo: Repository, rules: RuleSet, token: Token, tmp_path: Path
    ) -> None:
        repo.commit({"a.py": token("github-pat", "old")})
        repo.commit({"a.py": token("github-pat", "new")})
        repo.git("clone", "--quiet", "--depth=1", repo.path.as_uri(), str(tmp_path / "shallow"))

        seen = look("history", rules, tmp_path / "shallow")

        assert seen.paths(token("github-pat", "new")) == ["a.py"]
        assert not seen.places(token("github-pat", "old"))
        assert "shallow" in seen.trouble("history").message
        assert "unshallow" in seen.trouble("history").advice

    def test_one_that_borrows_its_objects_is_scanned(
        self, repo: Repository, rules: RuleSet, secret: str, tmp_path: Path
    ) -> None:
        repo.commit({"a.py": secret})
        repo.commit({"a.py": "clean"})
        repo.git("clone", "--quiet", "--shared", ".", str(tmp_path / "shared"))

        seen = look("history", rules, tmp_path / "shared")

        assert seen.paths(secret) == ["a.py"]
        assert not seen.troubles

    def test_one_whose_lender_is_gone_is_a_trouble(
        self, repo: Repository, rules: RuleSet, secret: str, tmp_path: Path
    ) -> None:
        repo.commit({"a.py": secret})
        repo.git("clone", "--quiet", "--shared", ".", str(tmp_path / "shared"))
        repo.path.rename(tmp_path / "moved")

        assert look("history", rules, tmp_path / "shared").troubles

    def test_one_with_sha256_ids_is_scanned(
        self, rules: RuleSet, secret: str, tmp_path: Path, make_repo: MakeRepo
    ) -> None:
        repo = make_repo(tmp_path / "sha256", "--object-format=sha256")
        first = repo.commit({"a.py": secret})
        repo.commit({"a.py": "clean"})

        [place] = look("history", rules, repo.path).places(secret)

        assert told(place) == ("a.py", 1, first, False)
        assert len(first) == 64

    def test_a_packed_one_is_scanned(self, repo: Repository, token: Token, scan: Scan) -> None:
        for number in range(10):
            repo.commit({"a.py": "padding\n" * 50 + token("github-pat", number)})
        repo.git("gc", "--quiet", "--aggressive")

        seen = scan()

        assert len(seen.credentials) == 10
        assert not seen.troubles

    def test_one_of_another_user_is_refused_with_the_reason(
        self, repo: Repository, scan: Scan
    ) -> None:
        if os.getuid() != 0:
            pytest.skip("only root can give a repository away")
        repo.commit({"a.py": "x"})
        for path in [repo.path, *repo.path.rglob("*")]:
            os.chown(path, 65_534, 65_534)

        with pytest.raises(Unreadable, match="belongs to another user"):
            scan()


class TestDamage:
    """What is damaged is a trouble; the rest is found."""

    @pytest.fixture
    def built(self, repo: Repository, token: Token) -> Repository:
        for number in range(6):
            repo.commit({f"{number}.py": f"{token('github-pat', number)}\n"})
        return repo

    def test_a_missing_file_version(self, built: Repository, token: Token, scan: Scan) -> None:
        id = built.git("rev-parse", "HEAD:3.py")
        _object(built, id).unlink()

        seen = scan()

        assert "is missing" in seen.trouble(f"object {id}").message
        assert _found(seen, token) == [0, 1, 2, 4, 5]

    def test_a_damaged_file_version(self, built: Repository, token: Token, scan: Scan) -> None:
        id = built.git("rev-parse", "HEAD:3.py")
        _damage(_object(built, id), -8)

        seen = scan()

        assert any(id in one.scope for one in seen.troubles)
        assert _found(seen, token) == [0, 1, 2, 4, 5]

    def test_an_empty_file_version(self, built: Repository, token: Token, scan: Scan) -> None:
        id = built.git("rev-parse", "HEAD:3.py")
        _object(built, id).chmod(0o644)
        _object(built, id).write_bytes(b"")

        seen = scan()

        assert seen.troubles
        assert _found(seen, token) == [0, 1, 2, 4, 5]

    @pytest.mark.parametrize("what", ["HEAD~3^{tree}", "HEAD~3", "HEAD~5^{tree}"])
    def test_a_missing_tree_or_commit_costs_places_but_no_secret(
        self, built: Repository, token: Token, scan: Scan, what: str
    ) -> None:
        _object(built, built.git("rev-parse", what)).unlink()

        seen = scan()

        assert any("could not be walked to its end" in one.message for one in seen.troubles)
        assert _found(seen, token) == [0, 1, 2, 3, 4, 5]

    @pytest.mark.parametrize("at", [40, 300, 600, 900, 1200])
    def test_a_damaged_pack(self, built: Repository, token: Token, scan: Scan, at: int) -> None:
        for number in range(6):  # nothing may be a delta of something else
            built.commit(
                {f"{number}.py": os.urandom(64).hex() + f"\n{token('github-pat', number)}\n"}
            )
        built.git("repack", "-a", "-d", "--quiet", "--window=0")
        built.git("prune-packed")
        [pack] = (built.path / ".git" / "objects" / "pack").glob("*.pack")
        _damage(pack, at)

        seen = scan()

        assert seen.troubles
        assert len(_found(seen, token)) >= 5

    @pytest.mark.parametrize("lost", [1, 20, 200])
    def test_a_pack_that_is_cut_off_is_read_as_far_as_it_goes(
        self, built: Repository, token: Token, scan: Scan, lost: int
    ) -> None:
        pack = self.packed(built)
        pack.write_bytes(pack.read_bytes()[:-lost])

        seen = scan()

        assert "does not match its index" in seen.trouble(pack.name).message
        assert "clone it again" in seen.trouble(pack.name).advice
        assert _found(seen, token) == [0, 1, 2, 3, 4, 5]

    def test_many_objects_that_were_lost_with_a_pack_are_one_trouble(
        self, built: Repository, token: Token, scan: Scan
    ) -> None:
        for number in range(40):
            built.commit({f"more/{number}": os.urandom(40).hex()})
        pack = self.packed(built)
        pack.write_bytes(pack.read_bytes()[:3500])

        seen = scan()

        assert "they were not scanned" in seen.trouble("objects").message
        assert len(seen.troubles) <= 3

    def test_what_stands_in_the_place_of_another_is_not_taken_for_it(
        self, built: Repository, token: Token, scan: Scan
    ) -> None:
        pack = self.packed(built)
        [index] = pack.parent.glob("*.idx")
        data = bytearray(index.read_bytes())
        count = int.from_bytes(data[1028:1032], "big")
        ids = [bytes.fromhex(built.git("rev-parse", f"HEAD:{one}.py")) for one in (3, 4)]
        at, other = (1032 + 24 * count + 4 * ((data.index(id, 1032) - 1032) // 20) for id in ids)
        data[at : at + 4], data[other : other + 4] = data[other : other + 4], data[at : at + 4]
        index.chmod(0o644)
        index.write_bytes(packing.sealed(bytes(data[:-20])))
        pack.write_bytes(pack.read_bytes()[:-1])

        seen = scan()

        assert "another" in seen.trouble(f"object {ids[0].hex()}").message
        assert _found(seen, token) == [0, 1, 2, 5]

    def packed(self, built: Repository) -> Path:
        """All in one pack, what is small at its end and nothing a delta of something else."""
        built.git("repack", "-a", "-d", "--quiet", "--window=0")
        built.git("prune-packed")
        [pack] = (built.path / ".git" / "objects" / "pack").glob("*.pack")
        pack.chmod(0o644)
        return pack

    @pytest.mark.parametrize("reads", ["packs", "git"])
    def test_a_file_version_that_says_to_be_something_else(
        self, built: Repository, token: Token, scan: Scan, reads: str
    ) -> None:
        id = built.git("rev-parse", "HEAD:3.py")
        content = zlib.decompress(_object(built, id).read_bytes())
        _object(built, id).chmod(0o644)
        _object(built, id).write_bytes(zlib.compress(content.replace(b"blob", b"tree", 1)))
        if reads == "git":
            (built.path / ".git/objects/info/alternates").write_text('"quoted"\n')

        seen = scan()

        assert "is a tree" in seen.trouble(f"object {id}").message
        assert _found(seen, token) == [0, 1, 2, 4, 5]

    def test_a_pack_in_which_a_file_version_and_a_tree_changed_places(
        self, built: Repository, token: Token, scan: Scan
    ) -> None:
        blob = built.git("rev-parse", "HEAD:3.py")
        tree = built.git("mktree", input=f"100644 blob {blob}\tnobody's\n".encode())
        built.git("tag", "tree", tree)  # so that it is packed, too
        built.git("repack", "-a", "-d", "--quiet", "--window=0")
        built.git("tag", "-d", "tree")
        [index] = (built.path / ".git" / "objects" / "pack").glob("*.idx")
        data = index.read_bytes()
        count = int.from_bytes(data[1028:1032], "big")
        at, other = (
            1032 + 24 * count + 4 * ((data.index(bytes.fromhex(id), 1032) - 1032) // 20)
            for id in (blob, tree)
        )
        swapped = bytearray(data)
        swapped[at : at + 4], swapped[other : other + 4] = (
            data[other : other + 4], data[at : at + 4]
        )  # fmt: skip
        index.chmod(0o644)
        index.write_bytes(packing.sealed(bytes(swapped[:-20])))

        seen = scan()

        assert "is a tree" in seen.trouble(f"object {blob}").message

    @pytest.mark.parametrize("checksum", ["wrong", "right"])
    def test_an_index_that_leads_beyond_its_pack(
        self, built: Repository, token: Token, scan: Scan, checksum: str
    ) -> None:
        ids = [built.git("rev-parse", f"HEAD:{number}.py") for number in range(6)]
        built.git("repack", "-a", "-d", "--quiet", "--window=0")
        [index] = (built.path / ".git" / "objects" / "pack").glob("*.idx")
        data = bytearray(index.read_bytes())
        count = int.from_bytes(data[1028:1032], "big")
        place = data.index(bytes.fromhex(ids[3]), 1032) - 1032
        at = 1032 + 24 * count + 4 * (place // 20)
        data[at : at + 4] = b"\x7f\xff\0\1"  # git dies of this one, which it puts first
        index.chmod(0o644)
        index.write_bytes(data if checksum == "wrong" else packing.sealed(bytes(data[:-20])))

        seen = scan()

        assert any(ids[3] in one.scope for one in seen.troubles)
        assert len({one.scope for one in seen.troubles}) == len(seen.troubles)
        assert _found(seen, token) == [0, 1, 2, 4, 5]

    def test_a_range_over_damage_gives_what_there_is(
        self, built: Repository, token: Token, scan: Scan
    ) -> None:
        _object(built, built.git("rev-parse", "HEAD:4.py")).unlink()

        seen = scan(range=("HEAD~3..HEAD",))

        assert seen.troubles
        assert _found(seen, token) == [3, 5]

    def test_a_large_file_version_is_a_trouble(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.commit({"a.py": "x" * 1000, "b.py": secret})

        seen = scan(max_file_bytes=100)

        assert ["more than the limit" in one.message for one in seen.troubles] == [True]
        assert seen.paths(secret) == ["b.py"]


class TestInlineAllows:
    ALLOW = "key" + "muster: allow[secret-in-tree] until=2030-01-01 reason=a test key"

    @pytest.fixture
    def states(self, repo: Repository, rules: RuleSet) -> Callable[[], list[tuple[str, bool]]]:
        def states() -> list[tuple[str, bool]]:
            """(path, whether it is accepted) of every place."""
            report = pipeline.scan(
                context(rules, repo.path), "history", now=datetime(2026, 6, 1, tzinfo=UTC)
            )
            return sorted(
                (place.path, finding.suppression is not None)
                for finding in report.findings
                for place in finding.places
                if isinstance(place, FileLocation)
            )

        return states

    def test_one_in_head_covers_the_first_version_too(
        self, repo: Repository, secret: str, states: Callable[[], object]
    ) -> None:
        repo.commit({"a.py": f"key = {secret}\n"})
        repo.commit({"a.py": f"moved\nkey = {secret}  # {self.ALLOW}\n"})

        assert states() == [("a.py", True)]

    def test_one_that_head_no_longer_has_covers_nothing(
        self, repo: Repository, secret: str, states: Callable[[], object]
    ) -> None:
        repo.commit({"a.py": f"key = {secret}\n"})
        repo.commit({"a.py": f"key = {secret}  # {self.ALLOW}\n"})
        repo.commit({"a.py": f"key = {secret}\n"})

        assert states() == [("a.py", False)]

    def test_one_covers_its_own_path_only(
        self, repo: Repository, secret: str, states: Callable[[], object]
    ) -> None:
        repo.commit({"a.py": f"key = {secret}\n", "b.py": f"\nkey = {secret}\n"})
        repo.commit({"a.py": f"key = {secret}  # {self.ALLOW}\n"})

        assert states() == [("a.py", True), ("b.py", False)]

    def test_one_above_two_lines_covers_both_where_they_first_stood(
        self, repo: Repository, token: Token, states: Callable[[], object]
    ) -> None:
        first, second = token("github-pat", 1), token("github-pat", 2)
        repo.commit({"a.py": f"{first}\nfar\naway\n{second}\n"})
        repo.commit({"a.py": f"{first}  # {self.ALLOW}\n{second}\n"})

        assert states() == [("a.py", True), ("a.py", True)]


class _Tree:
    """A commit as the brute force sees it."""

    def __init__(self, parents: list[str], files: dict[str, str]) -> None:
        self.parents = parents
        self.files = files


def _trees(repo: Repository) -> dict[str, _Tree]:
    trees = {}
    for line in repo.git("rev-list", "--all", "--parents").splitlines():
        commit, *parents = line.split()
        listing = repo.git("ls-tree", "-r", "-z", commit)
        entries = [entry.partition("\t") for entry in listing.split("\0") if entry]
        trees[commit] = _Tree(parents, {path: about.split()[2] for about, _, path in entries})
    return trees


def _in_trees(
    repo: Repository, rules: RuleSet, trees: dict[str, _Tree]
) -> dict[str, set[tuple[str, str]]]:
    """(secret, path) by commit, from the content of every file of every commit."""
    reader = registry.part("reader", "secrets")(context(rules, repo.path))
    secrets: dict[str, set[str]] = {}
    for id in {id for tree in trees.values() for id in tree.files.values()}:
        blob = Blob(path="", data=repo.raw("cat-file", "blob", id), storage=Storage.HISTORY)
        secrets[id] = {one.id for one in reader.read(blob) if isinstance(one, Credential)}
    return {
        commit: {(one, path) for path, id in tree.files.items() for one in secrets[id]}
        for commit, tree in trees.items()
    }


def _grow(repo: Repository, token: Token, chance: random.Random, commits: int) -> None:
    """A repository of many branches, with files that come, change, move, are merged and go."""
    paths = [f"{folder}f{number}.py" for folder in ("", "a/", "a/b/") for number in range(6)]
    trees: dict[int, dict[str, bytes]] = {}
    stream: list[bytes] = []
    for number in range(1, commits + 1):
        recent = range(max(1, number - 8), number)
        wanted = chance.choices([0, 1, 2, 3], [1, 20, 6, 2])[0]
        parents = chance.sample(recent, k=min(wanted, len(recent)))
        tree = dict(trees[parents[0]]) if parents else {}
        for parent in parents[1:]:
            tree |= {path: data for path, data in trees[parent].items() if chance.random() < 0.6}
        for _ in range(chance.randrange(3)):
            path = chance.choice(paths)
            match chance.randrange(6):
                case 0:
                    tree.pop(path, None)
                case 1 if tree:
                    tree[path] = tree.pop(chance.choice(sorted(tree)))
                case 2 if tree:
                    tree[path] = tree[chance.choice(sorted(tree))]
                case _:
                    tree[path] = _content(token, chance, commits)
        trees[number] = tree
        stream.append(
            f"commit refs/heads/b{number}\nmark :{number}\n"
            f"committer A <a@b> {START + number * 60} +0000\ndata 1\nx\n".encode()
        )
        for place, parent in enumerate(parents):
            stream.append(f"{'merge' if place else 'from'} :{parent}\n".encode())
        stream.append(b"deleteall\n")
        for path, data in tree.items():
            stream.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
    stream.append(f"reset refs/heads/main\nfrom :{commits}\n".encode())
    repo.git("fast-import", "--quiet", input=b"".join(stream))


def _content(token: Token, chance: random.Random, commits: int) -> bytes:
    lines = [f"line {chance.randrange(9)}" for _ in range(chance.randrange(4))]
    for _ in range(chance.choice([0, 0, 1, 1, 2])):
        number = chance.randrange(commits // 4)
        lines.append(f"key{number} = {token('github-pat', number)}")
    chance.shuffle(lines)
    return "\n".join(lines).encode()


def _commit_object(repo: Repository, author: bytes) -> None:
    """Commit the index with an author line that `git commit` would refuse."""
    tree = repo.git("write-tree").encode()
    body = b"tree %s\nauthor %s\ncommitter C <c> 1767225600 +0000\n\nx\n" % (tree, author)
    words = ("hash-object", "-t", "commit", "-w", "--literally", "--stdin")
    repo.git("update-ref", "refs/heads/main", repo.git(*words, input=body))


def _object(repo: Repository, id: str) -> Path:
    return repo.path / ".git" / "objects" / id[:2] / id[2:]


def _damage(file: Path, at: int) -> None:
    """Flip some bits where nothing checks them but a hash or an inflater."""
    content = bytearray(file.read_bytes())
    at = at % len(content)
    content[at : at + 4] = bytes(byte ^ 0x55 for byte in content[at : at + 4])
    file.chmod(0o644)
    file.write_bytes(content)


def _found(seen: Look, token: Token) -> list[int]:
    """Which of the planted numbers were found at all."""
    ids = {id for id, _ in seen.pairs()}
    return [number for number in range(6) if secret_id(token("github-pat", number)) in ids]


@pytest.mark.parametrize("since", ["HEAD~999", "release-2", "v1.3", "2026-13-45", "tomorrow"])
def test_a_since_that_is_neither_revision_nor_date_is_refused(
    since: str, tmp_path: Path, rules: RuleSet, make_repo: Callable[..., Repository]
) -> None:
    repository = make_repo(tmp_path / "r")
    repository.commit({"a": "x\n"})
    with pytest.raises(SettingsError, match="neither a revision nor a date"):
        look("history", rules, repository.path, since=since)
