"""What kind of file a path says it is."""

from __future__ import annotations

import pytest

from keymuster.detect.values.languages import is_code


@pytest.mark.parametrize("path", ["a.py", "a.vue", "A.KT"])
def test_a_language_of_programming_is_code(path: str) -> None:
    assert is_code(path)


@pytest.mark.parametrize("path", ["", "a.yml", "a.md", "py", "a.sh"])
def test_other_files_are_not_code(path: str) -> None:
    assert not is_code(path.removesuffix("py") if path == "py" else path)
