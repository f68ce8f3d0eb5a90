"""The modules of a package are those that Python itself lists."""

from __future__ import annotations

import sys
import zipfile
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from keymuster import modules
from keymuster.registry import POINTS


@pytest.mark.parametrize("package", ["keymuster", "keymuster.collect.meanings", *POINTS.values()])
def test_modules_are_those_that_python_lists(package: str) -> None:
    path = import_module(package).__path__

    assert modules.names(path) == sorted(one.name for one in iter_modules(path))


def test_what_is_no_module_is_left_out(tmp_path: Path) -> None:
    for name in ("one.py", "__init__.py", "notes.txt", "not-a-name.py", "weights.json"):
        (tmp_path / name).touch()
    for folder in ("inner", "__pycache__", "data"):
        (tmp_path / folder).mkdir()
    (tmp_path / "inner" / "__init__.py").touch()

    assert modules.names([str(tmp_path)]) == ["inner", "one"]


def test_modules_in_an_archive_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("__init__", "one", "two"):
            file.writestr(f"in_an_archive/{name}.py", "")
    monkeypatch.syspath_prepend(str(archive))

    assert modules.names(import_module("in_an_archive").__path__) == ["one", "two"]
    del sys.modules["in_an_archive"]
