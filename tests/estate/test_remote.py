"""git that asks servers, and the credential that it has for that."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from estate import git_http
from estate.git_http import Door
from keymuster.errors import CollectError, Unreachable, Unreadable
from keymuster.estate import remote as remotes
from keymuster.estate.clones import clone, refs_in
from keymuster.estate.remote import Remote
from repositories import Repository

HEADS = ["refs/heads/*"]
PASSWORD = "made-up-and-in-no-message"


@pytest.fixture
def repository(make_repo: Callable[..., Repository], tmp_path: Path) -> Repository:
    made = make_repo(tmp_path / "server/api")
    made.commit({"a.txt": "one\n"})
    return made


@pytest.fixture
def door(repository: Repository, tmp_path: Path, loopback: None) -> Iterator[Door]:
    with git_http.serving(tmp_path / "server") as found:
        yield found


@pytest.fixture
def closed(door: Door, monkeypatch: pytest.MonkeyPatch) -> Door:
    door.lets_in("x-access-token", PASSWORD)
    monkeypatch.setenv("ACME_TOKEN", PASSWORD)
    return door


def remote(door: Door, **more: Any) -> Remote:
    return Remote({"url": f"{door.url}/api/.git", "user": "x-access-token", **more})


def test_the_refs_of_a_repository_are_told(door: Door, repository: Repository) -> None:
    repository.git("tag", "-a", "-m", "x", "v1")
    refs = remote(door).refs()
    assert refs.head == "refs/heads/main"
    assert set(refs.ids) == {"HEAD", "refs/heads/main", "refs/tags/v1"}
    assert refs.ids["HEAD"] == repository.git("rev-parse", "HEAD")
    assert set(refs.of(HEADS)) == {"HEAD", "refs/heads/main"}


def test_whoever_has_no_credential_is_told_so_and_nobody_is_prompted(closed: Door) -> None:
    with pytest.raises(CollectError, match="this target names no credential") as refusal:
        remote(closed).refs()
    assert not isinstance(refusal.value, Unreachable)


def test_a_credential_that_does_not_fit_is_told_so(
    closed: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "another")
    with pytest.raises(CollectError, match="reading it was refused") as refusal:
        remote(closed, credential={"env": "ACME_TOKEN"}).refs()
    assert not isinstance(refusal.value, Unreachable)


def test_a_credential_of_the_environment_opens_the_door(closed: Door, tmp_path: Path) -> None:
    asking = remote(closed, credential={"env": "ACME_TOKEN"})
    refs = asking.refs()
    folder = clone(str(tmp_path), asking, refs, HEADS, 10**9)
    written = [path for path in Path(folder).rglob("*") if path.is_file()]
    assert written
    assert not any(PASSWORD.encode() in path.read_bytes() for path in written)
    assert set(closed.asked) == {closed.allowed}


def test_a_credential_of_a_file_and_another_user(door: Door, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{PASSWORD}\n")
    door.lets_in("oauth2", PASSWORD)
    asking = remote(door, credential={"file": str(tmp_path / "token")}, user="oauth2")
    assert asking.refs().head == "refs/heads/main"


def test_no_command_line_has_the_credential(
    closed: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    real = subprocess.Popen.__init__

    def watched(self: Any, words: Any, *rest: Any, **more: Any) -> None:
        started.append(words)
        real(self, words, *rest, **more)

    monkeypatch.setattr(subprocess.Popen, "__init__", watched)
    asking = remote(closed, credential={"env": "ACME_TOKEN"})
    clone(str(tmp_path), asking, asking.refs(), HEADS, 10**9)
    secret = closed.allowed.removeprefix("Basic ")
    assert started
    assert not any(PASSWORD in word or secret in word for words in started for word in words)


def test_a_variable_that_is_not_set(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACME_TOKEN", raising=False)
    with pytest.raises(CollectError, match="the environment variable ACME_TOKEN is not set"):
        remote(door, credential={"env": "ACME_TOKEN"})


def test_what_a_server_says_of_the_credential_is_not_repeated(closed: Door) -> None:
    closed.echoes = True
    with pytest.raises(CollectError) as refusal:
        remote(closed, credential={"env": "ACME_TOKEN"}).refs()
    assert PASSWORD not in str(refusal.value)
    assert closed.allowed.removeprefix("Basic ") not in str(refusal.value)
    assert "****" in str(refusal.value)


def test_no_redirect_is_followed(closed: Door, tmp_path: Path) -> None:
    with git_http.serving(tmp_path / "server") as elsewhere:
        closed.moved_to = elsewhere.url
        with pytest.raises(CollectError, match="sends us elsewhere") as refusal:
            remote(closed, credential={"env": "ACME_TOKEN"}).refs()
        assert elsewhere.asked == []
    assert not isinstance(refusal.value, Unreachable)


def test_a_server_in_trouble_is_worth_another_try(door: Door) -> None:
    door.broken = 10
    with pytest.raises(Unreachable, match="could not be fetched"):
        remote(door).refs()


def test_a_repository_that_is_not_there(door: Door) -> None:
    with pytest.raises(CollectError, match="there is no such repository") as refusal:
        Remote({"url": f"{door.url}/gone.git"}).refs()
    assert not isinstance(refusal.value, Unreachable)


def test_nobody_answers() -> None:
    with pytest.raises(Unreachable):
        Remote({"url": "http://127.0.0.1:9/api.git"}).refs()


def test_the_settings_of_whoever_runs_it_start_no_program(
    closed: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "gitconfig").write_text(
        f'[credential]\n\thelper = "!touch {ran}"\n[core]\n\taskPass = "touch {ran}"\n'
        f'\tsshCommand = "touch {ran}"\n\tfsmonitor = "touch {ran}"\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_ASKPASS", f"touch {ran}")
    with pytest.raises(CollectError):
        remote(closed).refs()
    assert not ran.exists()


def test_ssh_asks_nobody_and_takes_the_key_of_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    program = tmp_path / "bin/ssh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {said}\nexit 1\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    (tmp_path / "key file").write_text("a key")
    options = {
        "url": "git@git.acme.test:api.git",
        "credential": {"file": str(tmp_path / "key file")},
    }
    with pytest.raises(CollectError):
        Remote(options).refs()
    words = said.read_text().splitlines()
    assert {"-oBatchMode=yes", "-oStrictHostKeyChecking=yes", str(tmp_path / "key file")} <= {
        *words
    }
    assert "git@git.acme.test" in words


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(loopback: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api.git"
        with pytest.raises(Unreachable, match=r"no answer in 0\.05 seconds"):
            Remote({"url": url}, 0.05).refs()


def test_a_server_that_says_too_much_is_not_listened_to(
    door: Door, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remotes.Remote._run, "__kwdefaults__", {"most_bytes": 20})
    with pytest.raises(CollectError):
        remote(door).refs()


def test_the_repository_that_we_happen_to_be_in_leads_nowhere_else(
    closed: Door,
    tmp_path: Path,
    make_repo: Callable[..., Repository],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trap = make_repo(tmp_path / "trap")
    with git_http.serving(tmp_path / "server") as elsewhere:
        trap.git("config", f"url.{elsewhere.url}/.insteadOf", f"{closed.url}/")
        monkeypatch.chdir(trap.path)
        remote(closed, credential={"env": "ACME_TOKEN"}).refs()
        assert elsewhere.asked == []


def test_a_git_that_asks_has_nothing_of_other_targets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nenv >> {said}\nexit 1\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("OTHERS_TOKEN", PASSWORD)
    with pytest.raises(CollectError):
        Remote({"url": "https://git.acme.test/api.git"}).refs()
    with pytest.raises(Unreadable):
        refs_in(str(tmp_path))
    assert said.read_text().count("LC_ALL=C") == 2
    assert PASSWORD not in said.read_text()
