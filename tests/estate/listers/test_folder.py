"""Repositories in a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from keymuster.estate.base import Target
from keymuster.estate.listers.folder import Folder
from keymuster.model import Trouble


@pytest.fixture
def mirrors(tmp_path: Path) -> Path:
    for name in ("acme/api.git", "acme/web.git", "shop"):
        for part in ("objects", "refs"):
            (tmp_path / "mirrors" / name / part).mkdir(parents=True)
        (tmp_path / "mirrors" / name / "HEAD").touch()
    (tmp_path / "mirrors/acme/checkout/.git").mkdir(parents=True)
    (tmp_path / "mirrors/acme/checkout/inner/.git").mkdir(parents=True)
    (tmp_path / "mirrors/acme/plain").mkdir()
    return tmp_path / "mirrors"


def listed(path: Path, **more: Any) -> tuple[list[Target], list[Trouble]]:
    return Folder().list({"lister": "folder", "path": str(path), **more})


def names(path: Path, **more: Any) -> list[str]:
    return [os.path.relpath(one.options["path"], path) for one in listed(path, **more)[0]]


def test_mirrors_and_checkouts_are_listed_and_what_is_in_them_is_not(mirrors: Path) -> None:
    targets, troubles = listed(mirrors)
    assert names(mirrors) == ["acme/api.git", "acme/checkout", "acme/web.git", "shop"]
    assert troubles == []
    assert {one.found_by for one in targets} == {f"folder:{mirrors}"}
    assert targets[0].id == f"repository:{mirrors}/acme/api.git"
    assert targets[0].name == f"{mirrors}/acme/api".lstrip("/")


def test_some_are_left_out_by_their_names(mirrors: Path) -> None:
    assert names(mirrors, only=["acme/*"], skip=["WEB.git"]) == ["acme/api.git", "acme/checkout"]


def test_only_so_many_folders_deep(mirrors: Path) -> None:
    assert names(mirrors, depth=1) == ["shop"]


def test_no_link_is_followed(mirrors: Path, tmp_path: Path) -> None:
    (tmp_path / "mirrors2").mkdir()
    (tmp_path / "mirrors2/link").symlink_to(mirrors / "shop")
    assert names(tmp_path / "mirrors2") == []


def test_a_folder_that_cannot_be_listed_is_a_trouble(tmp_path: Path) -> None:
    targets, [trouble] = listed(tmp_path / "nowhere")
    assert targets == []
    assert (trouble.part, trouble.scope) == ("folder", str(tmp_path / "nowhere"))
    assert "cannot be listed: No such file" in trouble.message
