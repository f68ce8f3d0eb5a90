"""What the next commit would add."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from keymuster.errors import Unreadable
from keymuster.model import Resource, Storage
from keymuster.rules.schema import RuleSet
from repositories import Repository
from scans import Look, look

Token = Callable[..., str]


@pytest.fixture
def secret(token: Token) -> str:
    return token("github-pat")


@pytest.fixture
def other(token: Token) -> str:
    return token("gitlab-pat")


@pytest.fixture
def repo(tmp_path: Path, make_repo: Callable[..., Repository]) -> Repository:
    return make_repo(tmp_path / "repo")


@pytest.fixture
def scan(rules: RuleSet, repo: Repository) -> Callable[..., Look]:
    def scan(**selection: object) -> Look:
        return look("staged", rules, repo.path, **selection)

    return scan


Scan = Callable[..., Look]


class TestWhatCounts:
    def test_only_changed_lines_count_and_have_their_number_in_the_new_file(
        self, repo: Repository, secret: str, other: str, scan: Scan
    ) -> None:
        lines = [f"line {number}" for number in range(20)]
        lines[10] = f"old = {other}"
        repo.commit({"a.py": "\n".join(lines)})
        lines[2:2] = ["new", f"  key = {secret}"]
        repo.stage({"a.py": "\n".join(lines)})

        seen = scan()

        [place] = seen.places(secret)
        assert (place.path, place.line, place.column) == ("a.py", 4, 9)
        assert not seen.places(other)
        assert seen.credentials[0].storage is Storage.STAGED

    def test_every_one_of_several_changed_places_counts(
        self, repo: Repository, secret: str, other: str, scan: Scan
    ) -> None:
        repo.commit({"a.py": "a\nb\nc\nd\ne\nf\n"})
        repo.stage({"a.py": f"a {secret}\nb\nc\nd\ne\nf {other}\n"})

        seen = scan()

        assert [place.line for place in (*seen.places(secret), *seen.places(other))] == [1, 6]

    def test_a_line_that_looks_like_a_hunk_header_does_not_confuse_it(
        self, repo: Repository, secret: str, other: str, scan: Scan
    ) -> None:
        repo.commit({"a.diff": f"{other}\nb\n"})
        repo.stage({"a.diff": f"{other}\nb\n@@ -1,9 +1,9 @@\n{secret}\n"})

        seen = scan()

        assert [place.line for place in seen.places(secret)] == [4]
        assert not seen.places(other)

    def test_what_is_not_staged_does_not_count(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.commit({"a.py": "x"})
        repo.write("a.py", secret)
        repo.write("untracked.py", secret)

        assert not scan().credentials

    def test_what_was_staged_counts_even_if_the_file_has_changed_since(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.stage({"a.py": secret})
        repo.write("a.py", "clean")

        assert scan().paths(secret) == ["a.py"]

    def test_a_new_file_counts_whole(self, repo: Repository, secret: str, scan: Scan) -> None:
        repo.commit({"a.py": "x"})
        repo.stage({"b.py": f"x\n{secret}\ny"})

        assert [place.line for place in scan().places(secret)] == [2]

    def test_before_the_first_commit_everything_staged_counts(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.stage({"a.py": secret})

        assert scan().paths(secret) == ["a.py"]

    def test_a_deleted_file_brings_nothing(self, repo: Repository, secret: str, scan: Scan) -> None:
        repo.commit({"a.py": secret})
        repo.git("rm", "--quiet", "a.py")

        seen = scan()

        assert not seen.credentials
        assert not seen.troubles

    def test_deleted_lines_bring_nothing(self, repo: Repository, secret: str, scan: Scan) -> None:
        repo.commit({"a.py": f"one\ntwo\nkey = {secret}\n"})
        repo.stage({"a.py": f"one\nkey = {secret}\n"})

        assert not scan().credentials

    def test_a_changed_mode_brings_nothing(self, repo: Repository, secret: str, scan: Scan) -> None:
        repo.commit({"a.py": secret})
        repo.git("update-index", "--chmod=+x", "a.py")

        seen = scan()

        assert not seen.credentials
        assert not seen.troubles

    def test_a_file_that_is_only_intended_to_be_added_does_not_count(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.commit({"a.py": "x"})
        repo.write("b.py", secret)
        repo.git("add", "--intent-to-add", "b.py")

        seen = scan()

        assert not seen.credentials
        assert not seen.troubles

    def test_a_file_that_is_merely_renamed_adds_nothing(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.commit({"a.py": f"{secret}\n"})
        repo.git("mv", "a.py", "b.py")

        assert scan().paths(secret) == []

    def test_a_file_that_is_renamed_and_changed_counts_at_its_new_path(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.commit({"a.py": "x\n"})
        repo.git("mv", "a.py", "b.py")
        repo.stage({"b.py": f"x\n{secret}\n"})

        assert scan().paths(secret) == ["b.py"]

    def test_the_text_of_a_staged_link_counts(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        (repo.path / "a").symlink_to(secret)
        repo.git("add", "a")

        assert scan().paths(secret) == ["a"]

    def test_a_link_that_becomes_a_file_counts(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        (repo.path / "a.py").symlink_to("b.py")
        repo.git("add", "a.py")
        repo.commit()
        (repo.path / "a.py").unlink()
        repo.stage({"a.py": f"x\n{secret}\n"})

        assert [place.line for place in scan().places(secret)] == [2]

    def test_a_submodule_is_not_a_file(
        self, repo: Repository, make_repo: Callable[..., Repository], scan: Scan
    ) -> None:
        library = make_repo(repo.path.parent / "library")
        library.commit({"a.py": "x"})
        repo.git("submodule", "--quiet", "add", str(library.path), "sub")

        seen = scan()

        assert not seen.troubles
        assert seen.counts["files"] == 1  # .gitmodules

    def test_a_utf16_file_counts(self, repo: Repository, secret: str, scan: Scan) -> None:
        repo.commit({"a.txt": "x"})
        repo.stage({"a.txt": f"first\r\nkey = {secret}\r\n".encode("utf-16")})

        assert [(place.line, place.column) for place in scan().places(secret)] == [(2, 7)]

    def test_a_binary_file_counts(self, repo: Repository, secret: str, scan: Scan) -> None:
        repo.stage({"a.bin": b"\0\1\2\3" * 10 + b"\n" + secret.encode() + b"\0"})

        assert scan().paths(secret) == ["a.bin"]

    def test_excluded_paths_do_not_count(self, repo: Repository, secret: str, scan: Scan) -> None:
        repo.stage({"a/b.py": secret, "c.py": secret})

        assert scan(exclude=("a/",)).paths(secret) == ["c.py"]

    def test_names_that_are_patterns_or_hold_line_ends_are_kept(
        self, repo: Repository, secret: str, other: str, scan: Scan
    ) -> None:
        names = [
            "*.py",
            "[a].py",
            ":(top)x.py",
            "two\nlines.py",
            "\nfirst.py",
            'qu"ote.py',
            "caf\udce9",
        ]
        for name in names:
            repo.write(os.fsencode(name), f"{other}\n")
        repo.git("add", "--all")
        repo.commit()
        for name in names:
            repo.write(os.fsencode(name), f"{other}\n{secret}\n")
        repo.git("add", "--all")

        seen = scan()

        assert sorted(seen.paths(secret)) == sorted(names)
        assert not seen.places(other)


class TestSettingsThatChangeADiff:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("diff.noprefix", "true"),
            ("diff.mnemonicPrefix", "true"),
            ("diff.renames", "copies"),
            ("diff.context", "9"),
            ("diff.interHunkContext", "50"),
            ("diff.algorithm", "histogram"),
            ("diff.relative", "true"),
            ("diff.indentHeuristic", "true"),
            ("diff.wsErrorHighlight", "all"),
            ("diff.colorMoved", "zebra"),
            ("diff.ignoreSubmodules", "all"),
            ("color.ui", "always"),
            ("color.diff", "always"),
            ("core.quotePath", "true"),
            ("core.whitespace", "cr-at-eol"),
            ("core.bare", "true"),
        ],
    )
    def test_the_lines_are_the_same_whatever_the_settings_say(
        self, repo: Repository, secret: str, other: str, scan: Scan, name: str, value: str
    ) -> None:
        repo.commit({"ü.py": f"{other}\na\nb\nc\n"})
        repo.stage({"ü.py": f"{other}\na\nb\n  {secret}\nc\n"})
        repo.git("config", name, value)

        seen = scan()

        assert [place.line for place in seen.places(secret)] == [4]
        assert not seen.places(other)

    def test_attributes_that_hide_a_difference_hide_no_secret(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.commit({".gitattributes": "*.key -diff\n*.lock binary\n"})
        repo.stage({"a.key": f"x\n{secret}\n", "b.lock": f"x\n{secret}\n"})

        assert scan().paths(secret) == ["a.key", "b.lock"]


class TestWhatCannotBeRead:
    def test_an_unmerged_file_is_a_trouble_and_the_others_are_scanned(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.commit({"a.py": "base\n"})
        repo.git("checkout", "--quiet", "-b", "side")
        repo.commit({"a.py": "theirs\n"})
        repo.git("checkout", "--quiet", "main")
        repo.commit({"a.py": "ours\n"})
        repo.git("merge", "side", check=False)
        repo.stage({"b.py": secret})

        seen = scan()

        assert "unmerged" in seen.trouble("a.py").message
        assert seen.paths(secret) == ["b.py"]

    def test_a_file_above_the_limit_is_a_trouble(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.stage({"a.py": secret + "x" * 100, "b.py": secret})

        seen = scan(max_file_bytes=100)

        assert "more than the limit" in seen.trouble("a.py").message
        assert seen.paths(secret) == ["b.py"]

    def test_a_missing_object_is_a_trouble_and_the_others_are_scanned(
        self, repo: Repository, secret: str, scan: Scan
    ) -> None:
        repo.stage({"a.py": "gone", "b.py": secret, "c.py": f"{secret} again"})
        id = repo.git("rev-parse", ":a.py")
        (repo.path / ".git" / "objects" / id[:2] / id[2:]).unlink()

        seen = scan()

        assert "missing or damaged" in seen.trouble("a.py").message
        assert seen.paths(secret) == ["b.py", "c.py"]

    def test_a_corrupt_index_is_an_error_that_says_so(self, repo: Repository, scan: Scan) -> None:
        repo.stage({"a.py": "x"})
        repo.write(".git/index", b"DIRC" + b"\xff" * 40)

        with pytest.raises(Unreadable, match="git diff failed"):
            scan()


class TestAsAHook:
    """The command itself, called by git as its pre-commit hook."""

    @pytest.fixture
    def hooked(self, repo: Repository) -> Repository:
        install_hook(repo)
        return repo

    def test_a_commit_with_a_secret_is_refused(self, hooked: Repository, secret: str) -> None:
        hooked.stage({"a.py": secret})

        assert commit(hooked) == [("a.py", 1)]
        assert not has_commits(hooked)

    def test_a_commit_without_one_is_made(self, hooked: Repository) -> None:
        hooked.stage({"a.py": "x"})

        assert commit(hooked) == []
        assert has_commits(hooked)

    def test_commit_all_sees_what_it_is_about_to_stage(
        self, hooked: Repository, secret: str
    ) -> None:
        hooked.commit({"a.py": "x\n"})
        hooked.write("a.py", f"x\n{secret}\n")

        assert commit(hooked, "--all") == [("a.py", 2)]

    def test_a_partial_commit_is_judged_by_its_own_index(
        self, hooked: Repository, secret: str
    ) -> None:
        hooked.commit({"a.py": "x\n", "b.py": "x\n"})
        hooked.stage({"a.py": f"{secret}\n"})
        hooked.write("b.py", "y\n")

        assert commit(hooked, "b.py") == []
        assert commit(hooked, "a.py") == [("a.py", 1)]

    def test_it_works_from_a_subdirectory(self, hooked: Repository, secret: str) -> None:
        hooked.commit({"sub/a.py": "x\n"})
        hooked.stage({"sub/a.py": f"x\n{secret}\n"})

        assert commit(Repository(hooked.path / "sub")) == [("sub/a.py", 2)]

    def test_it_works_in_a_linked_worktree(
        self, hooked: Repository, secret: str, tmp_path: Path
    ) -> None:
        hooked.commit({"a.py": "x\n"})
        hooked.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
        linked = Repository(tmp_path / "linked")
        linked.stage({"a.py": f"x\n{secret}\n"})

        assert commit(linked) == [("a.py", 2)]


def test_it_works_from_a_subdirectory_and_a_linked_worktree(
    repo: Repository, rules: RuleSet, secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"sub/a.py": "x\n"})
    repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = Repository(tmp_path / "linked")
    linked.stage({"sub/a.py": f"x\n{secret}\n"})
    monkeypatch.chdir(linked.path / "sub")

    assert look("staged", rules, linked.path).paths(secret) == ["sub/a.py"]
    assert not look("staged", rules, repo.path).credentials


def install_hook(repo: Repository) -> None:
    hook = repo.write(
        ".git/hooks/pre-commit",
        f"#!/bin/sh\nPYTHONPATH={shlex.quote(os.pathsep.join(sys.path))} "
        f"exec {shlex.quote(sys.executable)} -m keymuster scan --staged --format json\n",
    )
    hook.chmod(0o755)


def commit(repo: Repository, *words: str) -> list[tuple[str, int]]:
    """Where a commit with hooks finds secrets. git sends what hooks print to its standard error."""
    done = subprocess.run(
        ["git", "commit", "--quiet", "-m", "x", *words],
        cwd=repo.path, env=repo.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    report = json.loads(done.stderr)
    assert not report["troubles"]
    assert bool(done.returncode) == bool(report["findings"])
    return [(one["path"], one["line"]) for each in report["findings"] for one in each["places"]]


def has_commits(repo: Repository) -> bool:
    return repo.git("rev-parse", "--verify", "--quiet", "HEAD", check=False) != ""


def test_terraform_beside_a_change_is_not_judged(rules: RuleSet, repo: Repository) -> None:
    old = 'resource "aws_db_instance" "old" {\n  name = "old"\n}\n'
    repo.commit({"main.tf": old})
    repo.stage({"main.tf": old + old.replace("old", "new")})
    found = look("staged", rules, repo.path).observed
    assert {one.name for one in found if isinstance(one, Resource)} == {"aws_db_instance.new"}
