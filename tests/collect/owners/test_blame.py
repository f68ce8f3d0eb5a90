"""Who wrote the lines that declare something, in real repositories."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keymuster.collect.owners.blame import blamed
from keymuster.model import Resource, Trouble
from repositories import Repository

Make = Callable[..., Repository]

ROLE = 'resource "aws_iam_role" "{}" {{\n  name = "{}"\n}}\n'


def _env(name: str, mail: str) -> dict[str, str]:
    return {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail}


def _as(repository: Repository, mail: str, files: dict[str, str]) -> None:
    for name, text in files.items():
        repository.write(name, text)
    repository.git("add", "-A")
    repository.git("commit", "-q", "-m", "x", env=_env(mail.partition("@")[0].title(), mail))


def _who(
    repository: Repository, *spans: tuple[int, int], name: str = "main.tf", base: str = ""
) -> dict[tuple[int, int], dict[str, int]]:
    """Span -> who wrote how many of its lines."""
    [found] = [one for one in blamed(str(repository.path), base, {name: spans}) if isinstance(one, Resource)]  # fmt: skip
    told: Any = found.settings["files"]
    return {
        (span["first"], span["last"]): {one.mail: one.lines for one in span["changes"]}
        for span in told.get(f"{base}{name}", ())
    }


@pytest.fixture
def repository(make_repo: Make, tmp_path: Path) -> Repository:
    made = make_repo(tmp_path / "repo")
    _as(made, "ann@acme.example", {"main.tf": ROLE.format("a", "a") + ROLE.format("b", "b")})
    _as(made, "bob@acme.example", {"main.tf": ROLE.format("a", "a") + ROLE.format("b", "changed")})
    return made


def test_each_span_has_those_who_wrote_its_lines(repository: Repository) -> None:
    assert _who(repository, (1, 3), (4, 6)) == {
        (1, 3): {"ann@acme.example": 3},
        (4, 6): {"ann@acme.example": 2, "bob@acme.example": 1},
    }


def test_white_space_is_nobodys_work(repository: Repository) -> None:
    text = (repository.path / "main.tf").read_text().replace("  name", "      name")
    _as(repository, "eve@acme.example", {"main.tf": text})
    assert _who(repository, (1, 3)) == {(1, 3): {"ann@acme.example": 3}}


def test_what_is_not_committed_was_written_by_nobody(repository: Repository) -> None:
    text = (repository.path / "main.tf").read_text()
    repository.write("main.tf", "# new\n# lines\n" + text.replace('"a"', '"new"'))
    repository.write("new.tf", ROLE.format("n", "n"))
    assert _who(repository, (1, 2), (3, 5), (6, 8)) == {
        (3, 5): {"ann@acme.example": 1},
        (6, 8): {"ann@acme.example": 2, "bob@acme.example": 1},
    }
    assert _who(repository, (1, 3), name="new.tf") == {}


def test_commits_that_only_reform_are_left_out(repository: Repository) -> None:
    text = (repository.path / "main.tf").read_text()
    _as(repository, "eve@acme.example", {"main.tf": text.replace('"', "'")})
    assert _who(repository, (1, 3)) == {(1, 3): {"ann@acme.example": 1, "eve@acme.example": 2}}
    commit = repository.git("rev-parse", "HEAD")
    _as(repository, "eve@acme.example", {".git-blame-ignore-revs": f"# reformed\n{commit}\n"})
    assert _who(repository, (1, 3)) == {(1, 3): {"ann@acme.example": 3}}
    _as(repository, "eve@acme.example", {".git-blame-ignore-revs": "no commit\n"})
    assert len(_who(repository, (1, 3))[1, 3]) == 2


def test_a_mailmap_says_who_somebody_is(repository: Repository) -> None:
    repository.write(".mailmap", "Ann <ann@new.example> <ann@acme.example>\n")
    assert _who(repository, (1, 3)) == {(1, 3): {"ann@new.example": 3}}


@pytest.mark.parametrize("key", ["diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge"])
def test_no_program_that_the_repository_names_is_run(repository: Repository, key: str) -> None:
    marker = repository.path.parent / "ran"
    repository.git("config", key, f"touch {marker}; cat")
    repository.write(".gitattributes", "*.tf diff=evil filter=evil\n")
    repository.write("main.tf", "# new\n" + (repository.path / "main.tf").read_text())
    assert _who(repository, (2, 4)) == {(2, 4): {"ann@acme.example": 3}}
    assert not marker.exists()


def test_names_that_look_like_options_and_lines_that_are_not_there_do_no_harm(
    repository: Repository,
) -> None:
    _as(repository, "ann@acme.example", {"--output=x.tf": "a\n", "ü \n.tf": "b\n"})
    assert _who(repository, (1, 1), name="--output=x.tf") == {(1, 1): {"ann@acme.example": 1}}
    assert _who(repository, (1, 1), name="ü \n.tf") == {(1, 1): {"ann@acme.example": 1}}
    assert _who(repository, (1, 3), (90, 99)) == {(1, 3): {"ann@acme.example": 3}}


def test_a_repository_without_commits_says_nothing(make_repo: Make, tmp_path: Path) -> None:
    empty = make_repo(tmp_path / "empty")
    empty.write("main.tf", "a\n")
    assert list(blamed(str(empty.path), "", {"main.tf": [(1, 1)]})) == []


def test_what_was_not_asked_is_told(repository: Repository, tmp_path: Path) -> None:
    late = [
        one for one in blamed(str(repository.path), "", {"main.tf": [(1, 1)]}, seconds=-1.0)
        if isinstance(one, Trouble)
    ]  # fmt: skip
    assert "1 of 1 files were not blamed" in late[0].message
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", f"file://{repository.path}", str(tmp_path / "shallow")],
        check=True, env=repository.environment(),
    )  # fmt: skip
    found = list(blamed(str(tmp_path / "shallow"), "sub/", {"main.tf": [(1, 1)]}))
    assert any(isinstance(one, Trouble) and "shallow" in one.message for one in found)
