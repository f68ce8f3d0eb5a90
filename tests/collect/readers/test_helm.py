"""Values of Helm charts."""

from __future__ import annotations

import pytest
from hypothesis import given

from keymuster.collect.readers.helm import Helm
from reading import read, said, structures, survives


@pytest.mark.parametrize(
    "path", ["chart/values.yaml", "values-prod.yml", "prod.values.yaml", "ci/db-values.yaml"]
)
def test_values_are_known_by_their_names(path: str) -> None:
    assert said(read(Helm, path, "auth:\n  password: letmein\n")) == [("password", 2)]


def test_other_files_are_left_alone() -> None:
    assert read(Helm, "chart/other.yaml", "password: letmein") == []
    manifest = "apiVersion: v1\nkind: ConfigMap\ndata: {password: letmein}\n"
    assert read(Helm, "values.yaml", manifest) == []


def test_what_a_template_fills_in_is_no_secret() -> None:
    text = "password: {{ env `PASSWORD` }}\n{{ if eq .Env `x` }}\ntoken: ''\n{{ end }}\n"
    assert read(Helm, "values.yaml", text) == []


def test_only_changed_lines_count() -> None:
    text = "a: {password: one1}\nb: {password: two2}\n"
    assert said(read(Helm, "values.yaml", text, changed=[(2, 2)])) == [("password", 2)]


@given(structures("password", "name", "value", "secrets", "env"))
def test_anything_is_read(value: object) -> None:
    survives(Helm, "values.yaml", value)
