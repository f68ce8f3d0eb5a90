"""What tags say of who answers for a thing, and of what it is for."""

from __future__ import annotations

import pytest

from keymuster.inventory.owners import is_untold, named_tags, purpose, tagged
from keymuster.model import FileLocation, Identity, IdentityKind

NAMES = ("owner", "team")


def _identity(tags: dict[str, str]) -> Identity:
    return Identity(
        id="i", kind=IdentityKind.ROLE, provider="aws", name="ci", tags=tags,
        location=FileLocation(path="a.tf"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"Owner": "ann"}, "ann"),
        ({"acme:Team": "core", "OWNER": "ann"}, "ann"),
        ({"acme/team": "core"}, "core"),
        ({"Name": "ci"}, ""),
        ({"owner": ""}, ""),
        ({"${var.tags}": ""}, "unknown"),
        ({"${var.tags}": "", "owner": "ann"}, "ann"),
    ],
)
def test_the_first_named_tag_says_it(tags: dict[str, str], said: str) -> None:
    assert tagged(tags, NAMES) == said


def test_tags_come_in_the_order_of_their_names() -> None:
    tags = {"acme:Team": "core", "OWNER": "ann", "contact": "x", "squad": "${var.squad}"}
    assert list(named_tags(tags, (*NAMES, "Team", "squad"))) == [
        ("OWNER", "ann"),
        ("acme:Team", "core"),
    ]


@pytest.mark.parametrize(
    ("tags", "untold"),
    [
        ({"owner": "ann"}, False),
        ({"owner": "${var.owner}"}, True),
        ({"name": "${var.name}"}, False),
        ({"${var.tags}": ""}, True),
    ],
)
def test_a_tag_may_be_set_to_what_is_not_told(tags: dict[str, str], untold: bool) -> None:
    assert is_untold(tags, NAMES) is untold


def test_a_purpose_is_a_field_or_a_tag() -> None:
    assert purpose(_identity({"Purpose": "deploys"}), ("purpose",)) == "deploys"
    assert purpose(_identity({}), ("purpose",)) == ""
