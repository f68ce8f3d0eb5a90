"""Files of Terraform as a reader sees them: by name and content, whole or broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keymuster.collect.base import Blob, Fragment, Observed
from keymuster.collect.readers.terraform import Terraform
from keymuster.collect.syntax.node import Broken
from keymuster.model import Resource, Storage, Trouble
from keymuster.rules.schema import RuleSet
from scans import context

Read = Callable[..., list[Observed]]


@pytest.fixture
def reader(rules: RuleSet, tmp_path: Path) -> Terraform:
    return Terraform(context(rules, tmp_path))


@pytest.fixture
def read(reader: Terraform) -> Read:
    def read(path: str, text: str) -> list[Observed]:
        return list(reader.read(Blob(path=path, data=text.encode(), storage=Storage.TREE)))

    return read


@pytest.mark.parametrize(
    "path", ["a/main.tf", "x.tofu", "x.tf.json", "terraform.tfvars", "x.tfstate", "plan.json",
     ".terraform/modules/modules.json", "infra/.terraform/modules/m/main.tf"],
)  # fmt: skip
def test_its_files_are_read(reader: Terraform, path: str) -> None:
    assert reader.reads(path)


@pytest.mark.parametrize(
    "path", ["main.py", "x.yaml", ".terraform/terraform.tfstate", ".terraform/providers/x/y.json"]
)
def test_others_are_not(reader: Terraform, path: str) -> None:
    assert not reader.reads(path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package.json", '{"name": "x"}'),
        ("x.tf", "this is a note about tf-idf, not a configuration\n"),
        ("x.tf", "import tensorflow as tf\nx = tf.constant([1])\n"),
        ("terraform.tfstate", "no state"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_left_alone(
    read: Read, path: str, text: str
) -> None:
    assert read(path, text) == []


def test_a_mistake_is_a_trouble_with_its_line_and_the_rest_is_read(read: Read) -> None:
    found = read("main.tf", 'resource "x_y" "a" {\n  v = = 1\n}\nresource "x_y" "b" {\n}\n')
    (trouble,) = [one for one in found if isinstance(one, Trouble)]
    assert trouble.message.startswith("line 2: ")
    (fragment,) = [one for one in found if isinstance(one, Fragment)]
    assert fragment.content.declares == ["resource.x_y.a", "resource.x_y.b"]


def test_a_broken_plan_is_broken(read: Read) -> None:
    with pytest.raises(Broken, match="line 1"):
        read("plan.json", '{"terraform_version": "1", "planned_values": {]}')


def test_what_a_file_holds_is_not_shown(read: Read) -> None:
    (fragment,) = read("main.tf", 'provider "x" {\n  note = "not shown"\n}\n')
    assert "not shown" not in repr(fragment)


def test_a_piece_of_a_file_that_is_too_large_is_told_of(reader: Terraform) -> None:
    piece = Blob(path="main.tf", data=b"x", storage=Storage.TREE, core=(0, 1))
    with pytest.raises(Broken):
        list(reader.read(piece))


@pytest.mark.parametrize("path", ["main.tf", "x.tfstate", "vars.tfvars"])
def test_a_file_that_is_far_too_large_is_broken_at_once(read: Read, path: str) -> None:
    with pytest.raises(Broken, match="larger"):
        read(path, '{"version": 4}' + " " * 21_000_000)


def test_objects_that_a_policy_asks_for_are_resources(rules: RuleSet, tmp_path: Path) -> None:
    from msgspec.structs import replace

    class Wanting(Terraform):
        """Asks for one type, as a policy would."""

        _wanted = frozenset({"AWS::IAM::User"})  # type: ignore[assignment]

    reader = Wanting(context(replace(rules), tmp_path))
    text = 'resource "aws_iam_user" "u" {\n  name = "ci"\n}\n'
    (fragment,) = reader.read(Blob(path="a/main.tf", data=text.encode(), storage=Storage.TREE))
    assert isinstance(fragment, Fragment)
    found = [one for one in reader.finish([fragment.content]) if isinstance(one, Resource)]
    assert [(one.id, one.settings, one.location.line) for one in found] == [
        ("resource:terraform:a:aws_iam_user.u", {"UserName": "ci"}, 1)
    ]
