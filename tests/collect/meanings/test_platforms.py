"""What GitHub and GitLab declare, and what they tell of what exists."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.collect.github.objects import told
from keymuster.collect.meanings import github, gitlab
from keymuster.collect.syntax.node import File, Node
from keymuster.model import Credential, Grant, Identity, Observation

_ROOT = Node(value=None, file=File(path="main.tf"), line=1, column=1, end_line=4, end_column=2)


def declared(type: str, written: Any) -> list[Observation]:
    one = Declared(type=type, name=f"{type}.x", scope="terraform:.", settings=_ROOT.made(written))
    return list(meanings.records(one, ()))


def exists(type: str, **written: Any) -> list[Observation]:
    return list(meanings.records(told(type, "github:acme/x", "acme", written, "x of acme"), ()))


@pytest.mark.parametrize(
    "type",
    [
        "github_repository_deploy_key",
        "github_user_ssh_key",
        "gitlab_deploy_key",
        "gitlab_deploy_token",
    ],
)
def test_what_code_makes_has_no_age(type: str) -> None:
    [key] = declared(type, {"title": "ci", "created_at": "2024-01-01T00:00:00Z"})
    assert isinstance(key, Credential)
    assert key.id.endswith("#credential")
    assert key.tags == {"declared_as": type}
    assert key.never_used is None


def test_a_token_of_a_declared_account_proves_that() -> None:
    [key] = declared(
        "gitlab_group_service_account_access_token",
        {"user_id": "${gitlab_group_service_account.ci.id}"},
    )
    assert isinstance(key, Credential)
    assert key.identity == "terraform:.:gitlab_group_service_account.ci"


@pytest.mark.parametrize(
    "type",
    ["github_actions_secret", "github_membership", "gitlab_project_variable", "gitlab_application"],
)
def test_what_only_services_tell_of_is_nothing_in_code(type: str) -> None:
    written = {"secret_name": "X", "key": "X_TOKEN", "username": "acme-ci", "machine_name": True}
    assert declared(type, written) == []


def test_a_secret_is_as_old_as_its_last_change() -> None:
    [secret] = exists("github_actions_secret", secret_name="X", updated_at="2025-01-01T00:00:00Z")
    assert isinstance(secret, Credential)
    assert (secret.created_at, secret.storage) != (None, "service")
    assert secret.created_at is not None
    assert secret.created_at.year == 2025


def test_of_chosen_repositories_a_grant_says_that_it_does_not_know_which() -> None:
    _, grant = exists(
        "GitHub::AppInstallation", app="github:app/1", app_slug="x", repository_selection="selected",
        permissions={"contents": "read"},
    )  # fmt: skip
    assert isinstance(grant, Grant)
    assert grant.resources == ("acme/${selected}",)


def test_who_left_is_told_of_whoever_holds_a_token() -> None:
    user, *_ = exists(
        "GitHub::PersonalAccessToken", owner="jo", owner_role="none", user="github:user/jo",
        repository_selection="all",
    )  # fmt: skip
    assert isinstance(user, Identity)
    assert (user.status, user.aliases) == ("left", ("github:jo",))


@pytest.mark.parametrize("type", sorted(gitlab.SUBJECTS | github.SUBJECTS))
def test_each_type_becomes_what_it_says(type: str) -> None:
    found = exists(
        type, app="github:app/1", user="github:user/1", scopes=["api"], permissions={"contents": "write"},
        machine_name=True, username="x", key="X_TOKEN", name="x",
    )  # fmt: skip
    sorts = {one.__class__.__name__.lower() for one in found}
    assert sorts <= set(meanings.subjects([type]))
    assert sorts


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60)
@given(
    type=st.sampled_from(sorted(github.TYPES | gitlab.TYPES)),
    written=st.dictionaries(
        st.sampled_from(
            ["app", "user", "permissions", "scopes", "repository_selection", "created_at", "expires_at", "enabled", "key"]
        ),
        _VALUES,
        max_size=6,
    ),
)  # fmt: skip
def test_whatever_stands_there_is_read_or_left_out(type: str, written: dict[str, Any]) -> None:
    declared(type, written)
    exists(type, **written)
