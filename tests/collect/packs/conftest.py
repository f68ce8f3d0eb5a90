"""Fixtures for the tests of the pack reader: it does the same in C and in Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from keymuster.collect.packs.functions import PLAIN, Functions, accelerated
from repositories import Repository
from stores import created


@pytest.fixture(params=["C", "Python"])
def functions(request: pytest.FixtureRequest) -> Functions:
    if request.param == "Python":
        return PLAIN
    found = accelerated()
    if found is None:
        pytest.skip("the C accelerator was not built")
    return found


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return created(tmp_path / "repo", "sha1")
