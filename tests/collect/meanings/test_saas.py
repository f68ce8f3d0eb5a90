"""What providers of software and smaller clouds make, and for whom."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.collect.meanings import saas
from keymuster.collect.syntax.node import File, Node
from keymuster.model import Credential, Grant, Identity, Observation

_ROOT = Node(value=None, file=File(path="main.tf"), line=1, column=1, end_line=4, end_column=2)


def _records(type: str, written: Any) -> list[Observation]:
    one = Declared(type=type, name=f"{type}.x", scope="terraform:.", settings=_ROOT.made(written))
    return list(meanings.records(one, ()))


@pytest.mark.parametrize(
    ("type", "written", "identity"),
    [
        ("alicloud_ram_access_key", {"user_name": "ci"}, "alicloud:ci"),
        (
            "oci_identity_api_key",
            {"user_id": "${oci_identity_user.jo.id}"},
            "terraform:.:oci_identity_user.jo",
        ),
        ("gitlab_project_access_token", {"name": "ci"}, None),
    ],
)
def test_a_key_proves_somebody(type: str, written: Any, identity: str | None) -> None:
    [key] = _records(type, written)
    assert isinstance(key, Credential)
    assert key.identity == identity


def test_an_application_is_an_identity_with_a_secret_of_its_own() -> None:
    identity, secret = _records("okta_app_oauth", {"label": "ci"})
    assert isinstance(identity, Identity)
    assert isinstance(secret, Credential)
    assert (identity.name, identity.kind, secret.identity) == ("ci", "oauth_client", identity.id)


def test_a_member_has_what_its_group_has() -> None:
    written = {"group_name": "ops", "user_names": ["jo", "${alicloud_ram_user.ci.name}"]}
    grants = _records("alicloud_ram_group_membership", written)
    assert [(one.identity, one.via) for one in grants if isinstance(one, Grant)] == [
        ("alicloud:jo", "alicloud:ops"),
        ("terraform:.:alicloud_ram_user.ci", "alicloud:ops"),
    ]


def test_an_attached_policy_is_a_grant() -> None:
    written = {"user_name": "ci", "policy_name": "AdministratorAccess"}
    [grant] = _records("alicloud_ram_user_policy_attachment", written)
    assert isinstance(grant, Grant)
    assert (grant.identity, grant.via) == ("alicloud:ci", "alicloud:policy/AdministratorAccess")


_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "${", "${a.b.c}", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=6,
)
_KEYS = [
    "name",
    "user_name",
    "user_id",
    "user_names",
    "group_id",
    "group_name",
    "policy_name",
    "label",
]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(saas.TYPES)), st.dictionaries(st.sampled_from(_KEYS), _ODD))
def test_whatever_stands_there_is_read_or_left(type: str, written: dict[str, Any]) -> None:
    for record in _records(type, written):
        assert record.id.startswith("terraform:.:")
