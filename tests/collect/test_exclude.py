"""Which paths are left out."""

from __future__ import annotations

import os

import pytest

from keymuster.collect.base import Selection
from keymuster.collect.exclude import excluder, outsider
from keymuster.errors import SettingsError


def test_names_that_are_not_utf_8_can_be_matched_and_excluded() -> None:
    name = os.fsdecode(b"b\xff.py")
    assert not excluder(["zz*"])(name)
    assert excluder([name])(name)
    assert excluder(["*.py"])(name)


def test_a_glob_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="exclude"):
        excluder(["a/**b/[", "!"])


@pytest.mark.parametrize(
    ("named", "path", "left_out"),
    [
        ((), "a/b", False),
        (("",), "a/b", False),
        (("a",), "a/b", False),
        (("a",), "ab/b", True),
        (("a/b",), "a/b", False),
        (("a/b", "c"), "c/d/e", False),
        (("a",), "a/x.log", True),
    ],
)
def test_only_what_was_named_counts(named: tuple[str, ...], path: str, left_out: bool) -> None:
    paths = tuple(os.path.join("/r", name) for name in named)
    selection = Selection(root="/r", paths=paths, exclude=("*.log",))
    assert outsider(selection)(path) is left_out
