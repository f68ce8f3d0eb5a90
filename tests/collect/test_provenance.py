"""The repository that scanned files belong to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keymuster.collect.provenance import provenance
from keymuster.model import Provenance
from repositories import Repository

PASSWORD = "pass" + "word-of-a-remote"


@pytest.fixture
def repo(tmp_path: Path, make_repo: Callable[..., Repository]) -> Repository:
    return make_repo(tmp_path)


@pytest.mark.parametrize(
    ("remote", "shown"),
    [
        ("https://github.com/acme/app.git", "https://github.com/acme/app.git"),
        (f"https://bot:{PASSWORD}@github.com/acme/app", "https://github.com/acme/app"),
        (f"https://{PASSWORD}@github.com:8443/acme/app", "https://github.com:8443/acme/app"),
        (f"https://github.com/acme/app?token={PASSWORD}", "https://github.com/acme/app"),
        (f"http://a@b:{PASSWORD}@host/app", "http://host/app"),
        ("ssh://git@host.example:2222/acme/app.git", "https://host.example/acme/app.git"),
        (f"ssh://git:{PASSWORD}@host.example/app", "https://host.example/app"),
        ("git://host.example/app", "https://host.example/app"),
        ("git@github.com:acme/app.git", "https://github.com/acme/app.git"),
        (f"{PASSWORD}@host.example:acme/app", "https://host.example/acme/app"),
        ("/srv/git/app.git", ""),
        ("../app.git", ""),
        ("./a:b", ""),
        ("C:\\git\\app", ""),
        ("file:///srv/git/app.git", ""),
        (f"ext::sh -c echo {PASSWORD}", ""),
        (f"https://[{PASSWORD}", ""),
        ("", ""),
    ],
)
def test_a_remote_is_named_without_what_lets_in(repo: Repository, remote: str, shown: str) -> None:
    repo.git("config", "remote.origin.url", remote)

    said = provenance(str(repo.path))

    assert said.repository == shown
    assert PASSWORD not in str(said)


def test_revision_and_branch_are_those_of_head(repo: Repository) -> None:
    id = repo.commit({"a.py": "x"})

    said = provenance(str(repo.path))

    assert (said.revision, said.branch) == (id, "main")


def test_a_detached_head_has_no_branch(repo: Repository) -> None:
    id = repo.commit({"a.py": "x"})
    repo.git("checkout", "--quiet", "--detach")

    said = provenance(str(repo.path))

    assert (said.revision, said.branch) == (id, "")


def test_before_the_first_commit_there_is_no_revision(repo: Repository) -> None:
    said = provenance(str(repo.path))

    assert (said.revision, said.branch) == ("", "main")


def test_a_plain_folder_has_a_root_only(tmp_path: Path) -> None:
    assert provenance(str(tmp_path)) == Provenance(root=str(tmp_path))


def test_settings_that_git_cannot_read_cost_the_fields_only(repo: Repository) -> None:
    repo.write(".git/config", "[core\n")

    assert provenance(str(repo.path)) == Provenance(root=str(repo.path))
