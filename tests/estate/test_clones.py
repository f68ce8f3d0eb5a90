"""Clones in the cache."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keymuster.errors import CollectError, Unreachable
from keymuster.estate import clones
from keymuster.estate.clones import clone, refs_in
from keymuster.estate.remote import Remote
from repositories import Repository

ALL = ["refs/heads/*", "refs/tags/*", "refs/notes/*"]


@pytest.fixture
def repository(make_repo: Callable[..., Repository], tmp_path: Path) -> Repository:
    made = make_repo(tmp_path / "api")
    made.commit({"a.txt": "one\n"})
    return made


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def cloned(
    repository: Repository, place: Path, patterns: list[str] = ALL, most: int = 10**9
) -> Path:
    remote = Remote({"url": f"file://{repository.path}"})
    return Path(clone(str(place), remote, remote.refs(), patterns, most))


def test_a_clone_has_the_refs_that_were_asked_for(repository: Repository, place: Path) -> None:
    repository.git("branch", "side")
    repository.git("tag", "v1")
    repository.git("update-ref", "refs/pull/1/head", "HEAD")
    folder = cloned(repository, place)
    assert set(refs_in(str(folder)).ids) == {
        "HEAD",
        "refs/heads/main",
        "refs/heads/side",
        "refs/tags/v1",
    }
    assert not (folder / "hooks").exists()
    assert refs_in(str(cloned(repository, place, [*ALL, "refs/pull/*/head"]))).ids[
        "refs/pull/1/head"
    ]


def test_what_is_gone_there_is_gone_here(repository: Repository, place: Path) -> None:
    repository.git("branch", "side")
    cloned(repository, place)
    repository.git("branch", "-D", "side")
    repository.git("commit", "--amend", "--allow-empty", "-m", "rewritten")
    folder = cloned(repository, place)
    head = repository.git("rev-parse", "HEAD")
    assert refs_in(str(folder)).ids == {"HEAD": head, "refs/heads/main": head}


def test_a_head_that_is_no_branch_or_not_asked_for_is_there(
    repository: Repository, place: Path
) -> None:
    repository.git("tag", "v1")
    assert refs_in(str(cloned(repository, place, ["refs/tags/*"]))).head == "refs/heads/main"
    repository.git("checkout", "--quiet", "--detach")
    id = repository.commit({"b.txt": "loose\n"})
    assert refs_in(str(cloned(repository, place))).ids["HEAD"] == id


def test_an_empty_repository_is_cloned(
    make_repo: Callable[..., Repository], tmp_path: Path, place: Path
) -> None:
    assert refs_in(str(cloned(make_repo(tmp_path / "empty"), place))).ids == {}


def test_ids_of_the_longer_kind(
    make_repo: Callable[..., Repository], tmp_path: Path, place: Path
) -> None:
    made = make_repo(tmp_path / "long", "--object-format=sha256")
    id = made.commit({"a.txt": "one\n"})
    assert refs_in(str(cloned(made, place))).ids["HEAD"] == id


def test_a_clone_that_was_interrupted_is_none(
    repository: Repository, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Remote.fetch

    def killed(self: Remote, folder: str, *rest: Any, **more: Any) -> None:
        real(self, folder, *rest, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(Remote, "fetch", killed)
    with pytest.raises(KeyboardInterrupt):
        cloned(repository, place)
    assert list(place.iterdir()) == []
    (place / "new-17").mkdir()  # of one that could not even tidy up
    monkeypatch.setattr(Remote, "fetch", real)
    cloned(repository, place)
    assert [one.name for one in place.iterdir()] == ["clone.git"]


def test_a_fetch_that_was_killed_is_tidied_up_after(repository: Repository, place: Path) -> None:
    folder = cloned(repository, place)
    (folder / "objects/pack/tmp_pack_x").write_text("half")
    (folder / "packed-refs.lock").touch()
    (folder / "refs/heads/main.lock").touch()
    id = repository.commit({"b.txt": "two\n"})
    assert refs_in(str(cloned(repository, place))).ids["HEAD"] == id
    assert not (folder / "objects/pack/tmp_pack_x").exists()


@pytest.mark.parametrize("harm", ["pack", "no objects", "config", "HEAD", "ref"])
def test_a_damaged_clone_is_made_again(harm: str, repository: Repository, place: Path) -> None:
    folder = cloned(repository, place)
    match harm:
        case "pack":
            [pack] = folder.glob("objects/pack/*.pack")
            os.chmod(pack, 0o600)
            pack.write_bytes(pack.read_bytes()[:40])
        case "no objects":
            for file in folder.glob("objects/pack/*"):
                file.unlink()
        case "config":
            (folder / "config").write_text("[core\n")
        case "HEAD":
            (folder / "HEAD").write_text("\0\0\0")
        case "ref":
            (folder / "refs/heads/main").write_text("0" * 39 + "1\n")
    id = repository.commit({"b.txt": "two\n"})
    assert refs_in(str(cloned(repository, place))).ids["HEAD"] == id


def test_a_clone_of_very_many_packs_is_made_again(
    repository: Repository, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clones, "_MOST_PACKS", 2)
    counts = []
    for number in range(4):
        repository.commit({"a.txt": f"{number}\n"})
        counts.append(len(list(cloned(repository, place).glob("objects/pack/*.pack"))))
    assert counts == [1, 2, 3, 1]


def test_a_repository_without_end_is_not_taken(repository: Repository, place: Path) -> None:
    repository.commit({"large.bin": os.urandom(300_000)})
    with pytest.raises(CollectError, match="larger than all that the cache may hold"):
        cloned(repository, place, most=100_000)
    assert list(place.iterdir()) == []


def test_what_does_not_answer_leaves_the_clone_as_it_is(
    repository: Repository, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cloned(repository, place)

    def away(*_: object, **__: object) -> None:
        raise Unreachable("it could not be fetched")

    monkeypatch.setattr(Remote, "fetch", away)
    with pytest.raises(Unreachable):
        cloned(repository, place)
    assert refs_in(str(folder)).ids["HEAD"]
