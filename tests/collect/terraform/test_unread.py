"""Modules from elsewhere: followed where they were fetched, named where they were not."""

from __future__ import annotations

import json

import pytest

from keymuster.model import Trouble
from terraforming import everything, objects

_REMOTE = 'module "{}" {{\n  source  = "{}"\n  version = "5.0"\n}}\n'


def _troubles(files: dict[str, str] | str, **changed: object) -> list[Trouble]:
    return [one for one in everything(files, **changed) if isinstance(one, Trouble)]


def test_a_module_from_elsewhere_is_named_once_with_its_calls() -> None:
    [trouble] = _troubles(
        {
            "a/main.tf": _REMOTE.format("one", "acme/iam/aws") + _REMOTE.format("two", "acme/iam/aws"),
            "b/main.tf": _REMOTE.format("x", "acme/iam/aws"),
        }
    )  # fmt: skip
    assert trouble.scope == "acme/iam/aws"
    assert "(called in a/main.tf:1 and in 2 more places)" in trouble.message
    assert "terraform init" in trouble.advice


def test_a_call_for_many_is_one_place() -> None:
    text = 'module "m" {\n  source   = "acme/iam/aws"\n  for_each = toset(["a", "b"])\n}\n'
    [trouble] = _troubles(text)
    assert trouble.message.endswith("(called in main.tf:1)")


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("git::https://user:pass@git.example.com/iam.git?ref=v1", "git::https://git.example.com/iam.git"),
        ("git::ssh://git@git.example.com/iam.git//modules/role", "git::ssh://git.example.com/iam.git//modules/role"),
        ("https://example.com/iam.zip?token=x", "https://example.com/iam.zip"),
        ("git@github.com:acme/iam.git", "git@github.com:acme/iam.git"),
    ],
)  # fmt: skip
def test_who_signs_in_is_no_part_of_the_name(source: str, named: str) -> None:
    [trouble] = _troubles(f'module "m" {{\n  source = "{source}"\n}}\n')
    assert trouble.scope == named
    assert "pass" not in str(trouble)


def test_a_folder_that_is_not_there_is_named() -> None:
    [trouble] = _troubles({"env/main.tf": _REMOTE.format("m", "../modules/iam")})
    assert trouble.scope == "../modules/iam"
    assert "the folder holds no code" in trouble.message


def test_a_source_that_no_value_is_known_of_is_named() -> None:
    [trouble] = _troubles('module "m" {\n  source = "${var.registry}/iam"\n}\n')
    assert trouble.scope == "${var.registry}/iam"


def test_of_a_change_only_the_calls_that_change_are_named() -> None:
    remote = {"main.tf": _REMOTE.format("one", "acme/one/aws") + _REMOTE.format("two", "acme/two/aws")}  # fmt: skip
    local = {"main.tf": _REMOTE.format("one", "./one")}
    assert [one.scope for one in _troubles(remote, changed={"main.tf": [(6, 6)]})] == [
        "acme/two/aws"
    ]
    assert _troubles(local, changed={"main.tf": [(1, 4)]}) == []


def _fetched(root: str) -> dict[str, str]:
    listing = {
        "Modules": [
            {"Key": "", "Source": "", "Dir": "."},
            {"Key": "role", "Source": "acme/iam/aws", "Dir": ".terraform/modules/role/modules/role"},
            {"Key": "role.inner", "Source": "acme/x/aws", "Dir": ".terraform/modules/role.inner"},
        ]
    }  # fmt: skip
    folder = f"{root}.terraform/modules/"
    return {
        f"{folder}modules.json": json.dumps(listing),
        f"{folder}role/modules/role/main.tf": """
variable "name" {}
resource "aws_iam_role" "r" { name = var.name }
module "inner" { source = "acme/x/aws" }
module "beside" { source = "../beside" }
""",
        f"{folder}role/modules/beside/main.tf": 'resource "aws_iam_user" "beside" {}\n',
        f"{folder}role/examples/all/main.tf": 'resource "aws_iam_user" "example" {}\n',
        f"{folder}role.inner/main.tf": 'resource "aws_iam_user" "inner" {}\n',
    }


@pytest.mark.parametrize("root", ["", "infra/prod/"])
def test_a_module_that_was_fetched_is_followed(root: str) -> None:
    call = 'module "role" {\n  source = "acme/iam/aws"\n  name   = "ci"\n}\n'
    files = _fetched(root) | {f"{root}main.tf": call}
    found = objects(files)
    scope = root.rstrip("/") or "."
    assert set(found) == {
        f"{scope}:module.role.aws_iam_role.r",
        f"{scope}:module.role.module.inner.aws_iam_user.inner",
        f"{scope}:module.role.module.beside.aws_iam_user.beside",
    }
    assert found[f"{scope}:module.role.aws_iam_role.r"].text("RoleName") == "ci"
    assert _troubles(files) == []


def test_what_a_fetched_module_declares_stands_where_it_is_called() -> None:
    call = '\nmodule "role" {\n  source = "acme/iam/aws"\n  name   = "ci"\n}\n'
    for one in objects(_fetched("") | {"main.tf": call}).values():
        name = one.get("RoleName")
        for place in (one.location, name.location() if name is not None else one.location):
            assert (place.path, place.line, place.end_line) == ("main.tf", 2, 5)


@pytest.mark.parametrize(
    "listing", ["{}", '{"Modules": 1}', '{"Modules": [1, {"Key": []}, {"Key": "role"}]}']
)
def test_a_list_of_something_else_says_nothing(listing: str) -> None:
    files = {
        "main.tf": _REMOTE.format("role", "acme/iam/aws"),
        ".terraform/modules/modules.json": listing,
    }
    assert [one.scope for one in _troubles(files)] == ["acme/iam/aws"]
