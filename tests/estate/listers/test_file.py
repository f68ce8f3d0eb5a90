"""Repositories whose addresses stand in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keymuster.estate.base import Target
from keymuster.estate.listers.file import File
from keymuster.model import Trouble


def listed(path: Path, text: str, **more: Any) -> tuple[list[Target], list[Trouble]]:
    path.write_text(text)
    return File().list({"lister": "file", "path": str(path), "host": "git.acme.test", **more})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "repositories.txt"


def test_each_line_is_a_repository(path: Path) -> None:
    text = (
        "# of the nightly job\nhttps://git.acme.test/a/api.git\n\n  https://git.acme.test/a/web\r\n"
    )
    credential = {"env": "GIT_TOKEN"}
    targets, troubles = listed(path, text, credential=credential, user="x-token-auth")
    assert [one.name for one in targets] == ["git.acme.test/a/api", "git.acme.test/a/web"]
    assert targets[0].options == {
        "url": "https://git.acme.test/a/api.git", "credential": credential, "user": "x-token-auth",
    }  # fmt: skip
    assert {one.found_by for one in targets} == {f"file:{path}"}
    assert troubles == []


def test_a_line_cannot_lead_the_credential_elsewhere(path: Path) -> None:
    text = (
        "https://evil.test/a\nhttps://git.acme.test.evil.test/a\nhttps://git.acme.test:8443/a\n"
        "https://u:hush@git.acme.test/a\nhttp://git.acme.test/a\next::sh -c id\n--upload-pack=x\nfile:///git.acme.test/a\n"
    )
    targets, troubles = listed(path, text, credential={"env": "GIT_TOKEN"})
    assert targets == []
    assert [one.message.split()[1] for one in troubles] == list("12345678")
    assert {one.scope for one in troubles} == {str(path)}
    assert "hush" not in str(troubles)


def test_a_key_for_ssh_is_a_file(path: Path) -> None:
    text = "git@git.acme.test:a/api.git\n"
    assert listed(path, text, credential={"env": "GIT_TOKEN"})[0] == []
    [target] = listed(path, text, credential={"file": "/run/key"})[0]
    assert target.options["credential"] == {"file": "/run/key"}


def test_only_some_by_their_names(path: Path) -> None:
    text = "".join(f"https://git.acme.test/{one}.git\n" for one in ("a/api", "a/web", "b/api"))
    targets, _ = listed(path, text, only=["a/*"], skip=["web"])
    assert [one.name for one in targets] == ["git.acme.test/a/api"]


def test_what_cannot_be_read_is_a_trouble_of_the_whole_file(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")
    options = {"lister": "file", "path": str(path), "host": "git.acme.test"}
    assert "it is no text" in File().list(options)[1][0].message
    path.unlink()
    targets, [trouble] = File().list(options)
    assert (targets, trouble.scope) == ([], str(path))
    assert "No such file" in trouble.message
