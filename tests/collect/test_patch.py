"""A staged change as git shows it: what is read of it is what was staged."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from keymuster.collect.patch import MOST_BYTES, Patch, Refused
from keymuster.detect.version import Version
from repositories import Repository

if not hasattr(os, "posix_spawnp"):
    pytest.skip("a hook takes no glance here", allow_module_level=True)


@pytest.fixture
def repository(make_repo: Callable[..., Repository], tmp_path: Path) -> Repository:
    made: Repository = make_repo(tmp_path / "repo")
    made.commit({"a.py": "one\ntwo\nthree\nfour\n", "b.md": "plain\n"})
    return made


def versions(repository: Repository) -> list[Version]:
    with Patch(str(repository.path)) as patch:
        return [*patch.versions()]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("one\n2\nthree\nfour\n", b"2\n"),
        ("one\ntwo\nthree\nfour\nfive", b"five\n"),
        ("@@ -1 +1 @@\ndiff --git a/a b/a\n+++ b/x\n--- a/x\n\n", None),
        ("one\r\n two\n\tthree\n\\ No newline at end of file\n", None),
        ("zero\none\ntwo\nthree\nfour\n", b"zero\n"),
    ],
)
def test_a_version_is_whole_and_knows_its_new_lines(
    text: str, new: bytes | None, repository: Repository
) -> None:
    repository.stage({"a.py": text})
    [version] = versions(repository)
    assert version.text == text.encode() + b"\n" * (not text.endswith("\n"))
    assert version.is_code
    assert [*version.around(0)] == [version.text if new is None else new]


def test_what_stands_before_new_lines_comes_with_them(repository: Repository) -> None:
    lines = [f"line {number}\n" for number in range(100)]
    repository.commit({"a.py": "".join(lines)})
    lines[20] = lines[80] = "new\n"
    repository.stage({"a.py": "".join(lines)})
    [version] = versions(repository)
    assert [*version.around(0)] == [b"new\n", b"new\n"]
    assert [*version.around(5)] == ["".join(lines[19:21]).encode(), "".join(lines[79:81]).encode()]
    assert [*version.around(5000)] == ["".join(lines[:81]).encode()]


def test_files_with_nothing_new_are_passed_over(repository: Repository) -> None:
    repository.stage({"a.py": "one\ntwo\n", "empty": ""})
    repository.git("rm", "--quiet", "b.md")
    assert versions(repository) == []


def test_a_first_commit_has_versions_too(
    make_repo: Callable[..., Repository], tmp_path: Path
) -> None:
    repository = make_repo(tmp_path / "new")
    repository.stage({"sub folder/ä b.md": "x\n", "c.rb": "y"})
    assert [(one.text, one.is_code) for one in versions(repository)] == [
        (b"y\n", True),
        (b"x\n", False),
    ]


def test_settings_of_a_repository_change_nothing(repository: Repository) -> None:
    for setting in (
        "diff.noprefix", "diff.mnemonicPrefix", "diff.suppressBlankEmpty", "color.ui=always", "diff.context=0",
        "diff.external=false", "core.pager=false", "diff.algorithm=histogram", "diff.renames=copies",
        "diff.wsErrorHighlight=all", "diff.colorMoved=zebra", "diff.statNameWidth=1", "core.whitespace=cr-at-eol",
    ):  # fmt: skip
        name, _, value = setting.partition("=")
        repository.git("config", name, value or "true")
    repository.stage({"a.py": "one\n\ntwo\nthree\n", "c.py": "one\ntwo\nthree\nfour\n"})
    assert [one.text for one in versions(repository)] == [
        b"one\n\ntwo\nthree\n",
        b"one\ntwo\nthree\nfour\n",
    ]


def test_what_is_out_of_the_ordinary_is_refused(repository: Repository) -> None:
    repository.path.joinpath("b.txt").write_bytes(b"a\0b")
    repository.git("add", "b.txt")
    with pytest.raises(Refused):
        versions(repository)
    repository.stage({"b.txt": "plain now"})
    assert len(versions(repository)) == 1
    repository.stage({"a.py": "x\n" * MOST_BYTES})
    with pytest.raises(Refused):
        versions(repository)


def test_a_program_that_builds_agents_is_refused(repository: Repository) -> None:
    repository.stage({"a.py": "agent = 1\n", "b.ts": "import x from 'tools';\nnew Agent()\n"})
    assert len(versions(repository)) == 2
    repository.commit({"c.py": "from crewai import Agent\n\nAgent(\n    role='x',\n)\n"})
    repository.stage({"c.py": "from crewai import Agent\n\nAgent(\n    role='y',\n)\n"})
    with pytest.raises(Refused):
        versions(repository)


def test_a_conflict_is_refused(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit({"b.md": "theirs\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"b.md": "ours\n"})
    repository.git("merge", "other", check=False)
    with pytest.raises(Refused):
        versions(repository)


def test_a_git_that_fails_is_not_taken_for_one_with_nothing_to_say(tmp_path: Path) -> None:
    with Patch(str(tmp_path)) as patch, pytest.raises(Refused):
        [*patch.versions()]
