"""Who answers for an identity."""

from __future__ import annotations

import pytest

from keymuster.inventory.owners import owner, purpose
from keymuster.model import FileLocation, Identity, IdentityKind, OwnerHint

NAMES = ("owner", "team")


def _identity(tags: dict[str, str], *hints: str) -> Identity:
    return Identity(
        id="i", kind=IdentityKind.ROLE, provider="aws", name="ci", tags=tags,
        location=FileLocation(path="a.tf"),
        owner_hints=tuple(OwnerHint(name=name, source="CODEOWNERS") for name in hints),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "hints", "said"),
    [
        ({"Owner": "ann"}, (), "ann"),
        ({"acme:Team": "core", "OWNER": "ann"}, (), "ann"),
        ({"acme/team": "core"}, ("@bob",), "core"),
        ({"Name": "ci"}, ("@bob", "@eve"), "@bob"),
        ({"owner": ""}, (), ""),
        ({"${var.tags}": ""}, (), "unknown"),
        ({"${var.tags}": ""}, ("@bob",), "@bob"),
        ({"${var.tags}": "", "owner": "ann"}, (), "ann"),
    ],
)
def test_the_first_named_tag_says_it_or_else_a_hint(
    tags: dict[str, str], hints: tuple[str, ...], said: str
) -> None:
    assert owner(_identity(tags, *hints), NAMES) == said


def test_a_purpose_is_a_field_or_a_tag() -> None:
    assert purpose(_identity({"Purpose": "deploys"}), ("purpose",)) == "deploys"
    assert purpose(_identity({}), ("purpose",)) == ""
