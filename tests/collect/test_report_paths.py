"""Paths of reports that were made elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from keymuster.collect.report_paths import Paths


@pytest.fixture
def root(tmp_path: Path) -> str:
    for name in ("src/a.env", "README.md", "app.zip"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return str(tmp_path)


@pytest.mark.parametrize("before", ["", "shop/", "/builds/acme/shop/", "./", "C:/work/shop/"])
def test_what_all_paths_have_before_them_is_left_out(root: str, before: str) -> None:
    paths = Paths([f"{before}src/a.env", f"{before}README.md", f"{before}gone/b.env"], root)
    assert paths.of(f"{before}src/a.env") == "src/a.env"
    assert paths.of(f"{before}gone/b.env") == "gone/b.env"


def test_a_path_of_this_machine_is_one_of_the_folder(root: str) -> None:
    assert Paths([f"{root}/gone.env"], root).of(f"{root}/gone.env") == "gone.env"


def test_one_file_of_a_common_name_moves_no_other(root: str) -> None:
    several = ["src/a.env", "src/b.env", "vendor/lib/README.md"]
    assert Paths(several, root).of("vendor/lib/README.md") == "vendor/lib/README.md"


def test_the_folder_may_be_named(root: str) -> None:
    assert Paths(["x/gone.env"], root, "/builds/x").of("/builds/x/gone.env") == "gone.env"


def test_a_member_of_a_container_is_apart(root: str) -> None:
    paths = Paths(["app.zip!conf/a.env"], root)
    assert paths.split("app.zip!conf/a.env") == ("app.zip", "conf/a.env")
    assert paths.split("odd!name.env") == ("odd!name.env", "")


def test_nothing_above_the_folder_is_looked_at(root: str) -> None:
    assert Paths(["../../etc/passwd"], root).of("../../etc/passwd") == "../../etc/passwd"
