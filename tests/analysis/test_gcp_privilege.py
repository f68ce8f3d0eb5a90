"""How much an identity in Google Cloud may do, and how it can take more."""

from __future__ import annotations

from typing import Any

import pytest

from keymuster.analysis.gcp_privilege import becomes, escalations, judge, level
from keymuster.analysis.privilege import Level, privilege
from keymuster.model import Effect, FileLocation, Grant, GrantKind
from keymuster.rules.schema import RuleSet

HERE = FileLocation(path="main.tf", line=1)
PROJECT = ("projects/p",)


def _grant(identity: str, **said: Any) -> Grant:
    return Grant(
        id=f"{identity} {said}", identity=identity, kind=GrantKind.ROLE_BINDING, provider="gcp",
        location=HERE, **said,
    )  # fmt: skip


class World:
    """Grants by the identity or role that has them."""

    def __init__(self, *grants: Grant) -> None:
        self.all = grants

    def __call__(self, id: str) -> list[Grant]:
        return [one for one in self.all if one.identity == id]


def _level(rules: RuleSet, *grants: Grant) -> Level:
    world = World(*grants)
    return privilege("a", world("a"), {"gcp": judge(world, rules.gcp)}).level


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("roles/owner", Level.ADMIN),
        ("roles/resourcemanager.projectIamAdmin", Level.ADMIN),
        ("roles/editor", Level.WRITE),
        ("roles/storage.objectAdmin", Level.WRITE),
        ("roles/storage.objectViewer", Level.READ),
        ("roles/secretmanager.secretAccessor", Level.READ),
        ("roles/viewer", Level.READ),
        ("roles/acme.frobnicate", Level.UNKNOWN),
    ],
)
def test_a_role_comes_to_a_level(role: str, expected: Level, rules: RuleSet) -> None:
    assert level(role, rules.gcp) is expected
    assert _level(rules, _grant("a", via=role, resources=PROJECT)) is expected


def test_an_administrator_of_one_thing_writes(rules: RuleSet) -> None:
    assert (
        _level(rules, _grant("a", via="roles/owner", resources=("pubsub_topic/t",))) is Level.WRITE
    )


def test_a_condition_leaves_it_open(rules: RuleSet) -> None:
    bound = _grant("a", via="roles/viewer", resources=PROJECT, conditions={"condition": {"a": 1}})
    assert _level(rules, bound) is Level.UNKNOWN
    assert _level(rules, bound, _grant("a", via="roles/owner", resources=PROJECT)) is Level.ADMIN


def test_what_is_denied_or_of_others_does_not_count(rules: RuleSet) -> None:
    denied = _grant("a", via="roles/owner", resources=PROJECT, effect=Effect.DENY)
    assert _level(rules, denied, _grant("b", via="roles/owner", resources=PROJECT)) is Level.NONE


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        (("storage.objects.get", "storage.objects.list"), Level.READ),
        (("storage.objects.get", "storage.objects.create"), Level.WRITE),
        (("storage.objects.get", "resourcemanager.projects.setIamPolicy"), Level.ADMIN),
        (("${var.permission}",), Level.UNKNOWN),
    ],
)
def test_a_custom_role_is_its_permissions(
    permissions: tuple[str, ...], expected: Level, rules: RuleSet
) -> None:
    own = _grant("own-role", actions=permissions)
    assert _level(rules, own, _grant("a", via="own-role", resources=PROJECT)) is expected


def test_a_role_that_nobody_saw_is_unknown(rules: RuleSet) -> None:
    assert _level(rules, _grant("a", via="${var.role}", resources=PROJECT)) is Level.UNKNOWN
    assert _level(rules, _grant("a", via="gcp:role/x", resources=PROJECT)) is Level.UNKNOWN


def test_ways_to_more(rules: RuleSet) -> None:
    world = World(
        _grant("own-role", actions=("storage.objects.get", "iam.serviceAccountKeys.create")),
        _grant("a", via="own-role", resources=PROJECT),
        _grant("a", via="roles/cloudbuild.builds.editor", resources=PROJECT),
        _grant("a", via="roles/run.admin", resources=("cloud_run_service/s",)),
    )
    assert escalations(world("a"), world, rules.gcp) == [
        "iam.serviceAccountKeys.create",
        "roles/cloudbuild.builds.editor",
    ]


def test_whom_it_can_act_as(rules: RuleSet) -> None:
    world = World(
        _grant("a", via="roles/iam.serviceAccountUser", resources=("service_account/x@p",)),
        _grant("a", via="roles/iam.serviceAccountTokenCreator", resources=PROJECT),
        _grant("a", via="roles/viewer", resources=("projects/q",)),
    )
    assert becomes(world("a"), world, rules.gcp) == ["service_account/x@p", "projects/p"]
