"""The files of HEAD on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keymuster.collect.git import Git
from keymuster.estate.trees import laid_out
from repositories import Repository

ORIGIN = "https://git.acme.test/api"


@pytest.fixture
def repository(make_repo: Callable[..., Repository], tmp_path: Path) -> Repository:
    return make_repo(tmp_path / "api")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def laid(
    repository: Repository, place: Path, most: int = 10**6
) -> tuple[dict[str, bytes], list[str]]:
    with laid_out(str(place), str(repository.path), ORIGIN, most) as (folder, troubles):
        return _files(Path(folder)), [f"{one.scope} {one.message}" for one in troubles]


def _files(folder: Path) -> dict[str, bytes]:
    every = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path): (folder / path).read_bytes() for path in every if path.parts[0] != ".git"}


def test_each_file_is_the_bytes_that_the_commit_has(
    repository: Repository, place: Path, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    repository.git("config", "filter.trap.smudge", f"touch {ran}; cat")
    repository.git("config", "core.autocrlf", "true")
    attributes = "*.txt filter=trap text eol=crlf ident\nsecret.txt export-ignore\n*.u working-tree-encoding=UTF-16\n"
    files = {".gitattributes": attributes, "a.txt": "$Id$\n", "secret.txt": "x\n", "d/e/f.u": "u\n"}
    repository.git(
        "-c", "core.autocrlf=false", "update-ref", "refs/x", repository.commit({"z": "z"})
    )
    for name, text in files.items():
        id = repository.git("hash-object", "-w", "--stdin", "--no-filters", input=text.encode())
        repository.git("update-index", "--add", "--cacheinfo", f"100644,{id},{name}")
    repository.git("commit", "--quiet", "-m", "traps")
    found, troubles = laid(repository, place)
    assert found == {**{name: text.encode() for name, text in files.items()}, "z": b"z"}
    assert (troubles, ran.exists()) == ([], False)


def test_git_lists_them_as_tracked_at_that_commit(repository: Repository, place: Path) -> None:
    id = repository.commit({"a.txt": "1\n", ".gitignore": "a.txt\n"})
    with laid_out(str(place), str(repository.path), ORIGIN, 10**6) as (folder, _):
        git = Git(folder)
        assert git.run("ls-files", "--cached").decode().split() == [".gitignore", "a.txt"]
        assert git.run("ls-files", "--others", "--modified") == b""
        assert git.ask("rev-parse", "HEAD") == id
        assert git.ask("config", "remote.origin.url") == ORIGIN


def test_they_are_gone_when_they_were_read(repository: Repository, place: Path) -> None:
    repository.commit({"a": "1\n"})
    (place / "tree").mkdir()
    (place / "tree/left over").write_text("x")  # by one that was killed
    assert laid(repository, place) == ({"a": b"1\n"}, [])
    assert list(place.iterdir()) == []


def test_links_are_not_made_and_submodules_not_entered(repository: Repository, place: Path) -> None:
    repository.commit({"a": "1\n"})
    (repository.path / "link").symlink_to("/etc/passwd")
    repository.git("add", "link")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    repository.git("commit", "--quiet", "-m", "links")
    assert laid(repository, place) == ({"a": b"1\n"}, [])


def test_a_file_that_is_too_large_is_a_trouble(repository: Repository, place: Path) -> None:
    repository.commit({"a": "1\n", "large": "x" * 200})
    found, troubles = laid(repository, place, most=100)
    assert found == {"a": b"1\n"}
    assert troubles == ["large is 200 bytes, more than the limit of 100"]


@pytest.mark.parametrize("name", [b".git", b"..", b".GIT", b"."])
def test_names_that_lead_elsewhere_are_troubles(
    name: bytes, repository: Repository, place: Path
) -> None:
    repository.commit({"a": "1\n"})
    blob = repository.git("rev-parse", "HEAD:a")
    inner = repository.raw(
        "hash-object",
        "-t",
        "tree",
        "-w",
        "--stdin",
        "--literally",
        input=b"100644 config\0" + bytes.fromhex(blob),
    ).strip()
    tree = repository.raw(
        "hash-object", "-t", "tree", "-w", "--stdin", "--literally",
        input=b"40000 " + name + b"\0" + bytes.fromhex(inner.decode()) + b"100644 a\0" + bytes.fromhex(blob),
    ).strip().decode()  # fmt: skip
    commit = repository.git("commit-tree", "-m", "trap", tree)
    repository.git("update-ref", "HEAD", commit)
    try:
        found, troubles = laid(repository, place)
    except Exception as error:  # noqa: BLE001 - git may refuse the index
        pytest.fail(f"{type(error).__name__}: {error}")
    assert found == {"a": b"1\n"}
    assert len(troubles) == 1
    assert "has a name that no file may have" in troubles[0]
    assert list(place.parent.glob("config")) == []


def test_a_missing_file_version_is_a_trouble(repository: Repository, place: Path) -> None:
    repository.commit({"a": "1\n", "b": "2\n"})
    id = repository.git("rev-parse", "HEAD:b")
    lost = repository.path / ".git/objects" / id[:2] / id[2:]
    lost.unlink()
    found, troubles = laid(repository, place)
    assert found == {"a": b"1\n"}
    assert troubles == ["b is missing or damaged; it was not read"]


def test_ids_of_the_longer_kind(
    make_repo: Callable[..., Repository], tmp_path: Path, place: Path
) -> None:
    made = make_repo(tmp_path / "long", "--object-format=sha256")
    id = made.commit({"a": "1\n"})
    with laid_out(str(place), str(made.path), "", 10**6) as (folder, _):
        assert Git(folder).ask("rev-parse", "HEAD") == id


def test_an_address_cannot_become_a_setting(repository: Repository, place: Path) -> None:
    repository.commit({"a": "1\n"})
    origin = 'https://x.test/"\n[core]\n\tsshCommand = touch\\'
    with laid_out(str(place), str(repository.path), origin, 10**6) as (folder, _):
        settings = Git(folder).run("config", "--local", "--name-only", "--list").decode().split()
        assert settings == ["core.repositoryformatversion", "remote.origin.url"]
        assert Git(folder).ask("config", "remote.origin.url") == origin
