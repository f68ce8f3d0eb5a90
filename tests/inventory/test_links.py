"""Records that name each other by aliases."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from keymuster.inventory.build import build
from keymuster.model import (
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Use,
    UseKind,
)


def _role(id: str, path: str) -> Identity:
    return Identity(
        id=id, kind=IdentityKind.ROLE, provider="aws", name="ci", aliases=("aws:role/ci",),
        location=FileLocation(path=path),
    )  # fmt: skip


def _use(path: str, subject: str = "aws:role/ci") -> Use:
    return Use(
        id="u", subject=subject, by="job", kind=UseKind.WORKFLOW, location=FileLocation(path=path)
    )


def _subject(*observed: Identity | Use) -> str:
    [use] = build(observed).of(Use)
    return use.subject


def test_an_alias_means_the_record_that_has_it() -> None:
    assert _subject(_use(".github/w.yml"), _role("tf:1", "infra/a.tf")) == "tf:1"


def test_of_several_the_nearest_is_meant() -> None:
    roles = _role("tf:1", "a/infra/a.tf"), _role("tf:2", "b/infra/a.tf")
    assert _subject(*roles, _use("b/ci/w.yml")) == "tf:2"
    assert _subject(*roles, _use("a/infra/a.tf")) == "tf:1"


def test_of_several_as_near_as_each_other_none_is_meant() -> None:
    roles = _role("tf:1", "a/x.tf"), _role("tf:2", "b/x.tf")
    assert _subject(*roles, _use("w.yml")) == "aws:role/ci"


def test_what_nobody_has_stays_as_it_is() -> None:
    assert _subject(_role("tf:1", "a.tf"), _use("w.yml", "aws:role/other")) == "aws:role/other"


def test_an_inventory_knows_what_is_about_an_identity() -> None:
    grant = Grant(
        id="g", identity="aws:role/ci", kind=GrantKind.POLICY, provider="aws", actions=("s3:*",),
        location=FileLocation(path="a.tf"),
    )  # fmt: skip
    inventory = build([_role("tf:1", "a.tf"), grant, _use("w.yml")])
    assert [one.id for one in inventory.grants("tf:1")] == ["g"]
    assert [one.id for one in inventory.uses("tf:1")] == ["u"]
    assert inventory.trusts("tf:1") == []
    assert inventory.credentials("tf:1") == []


def test_an_inventory_knows_which_policies_somebody_has() -> None:
    attached = Grant(
        id="g", identity="tf:1", kind=GrantKind.POLICY, provider="aws", via="tf:policy",
        location=FileLocation(path="a.tf"),
    )  # fmt: skip
    inventory = build([_role("tf:1", "a.tf"), attached])
    assert inventory.is_attached("tf:policy")
    assert not inventory.is_attached("tf:other")


@pytest.mark.parametrize(
    ("role", "use"),
    [
        ("terraform/iam.tf", "k8s/sa.yaml"),
        ("api/terraform/prod/iam.tf", "api/k8s/prod/sa.yaml"),
        ("infra/aws/live/eu/iam/roles/ci.tf", ".github/workflows/deploy.yml"),
        ("services/api/infra/aws/eu/iam/ci.tf", "services/api/.circleci/config.yml"),
        ("iam.tf", "a/b/c/d/e/f/sa.yaml"),
    ],
)
def test_what_is_near_or_above_is_meant(role: str, use: str) -> None:
    assert _subject(_role("tf:1", role), _use(use)) == "tf:1"


@pytest.mark.parametrize(
    ("role", "use"),
    [
        ("teams/x/prod/eu/iam/ci.tf", "teams/y/prod/us/app/main.tf"),
        ("stacks/dev/ci.tf", "stacks/prod/main.tf"),
        ("infra/staging-eu/ci.tf", "k8s/production/sa.yaml"),
    ],
)
def test_what_is_far_or_of_another_environment_is_not(role: str, use: str) -> None:
    assert _subject(_role("tf:1", role), _use(use)) == "aws:role/ci"


def test_two_stacks_that_declare_the_same_name_are_not_linked_across() -> None:
    roles = _role("tf:1", "teams/x/ci.tf"), _role("tf:2", "teams/y/infra/prod/ci.tf")
    assert _subject(*roles, _use("teams/z/main.tf")) == "aws:role/ci"
    assert _subject(*roles, _use("teams/y/k8s/sa.yaml")) == "tf:2"
    assert _subject(*roles, _use("teams/x/k8s/sa.yaml")) == "tf:1"


def test_the_environment_says_which_of_two_is_meant() -> None:
    roles = _role("tf:1", "terraform/dev/ci.tf"), _role("tf:2", "terraform/prod/ci.tf")
    assert _subject(*roles, _use("k8s/prod/sa.yaml")) == "tf:2"
    assert _subject(*roles, _use(".github/workflows/w.yml")) == "aws:role/ci"


def test_what_stands_in_a_folder_above_comes_before_what_stands_below() -> None:
    roles = _role("tf:1", "infra/ci.tf"), _role("tf:2", "infra/modules/old/ci.tf")
    assert _subject(*roles, _use("infra/app/main.yaml")) == "tf:1"


def test_what_the_same_call_declares_is_meant_wherever_it_stands() -> None:
    roles = [
        _role(f"terraform:{root}:module.{name}.aws_iam_role.r", "modules/far/away/in/here/main.tf")
        for root in ("a", "b")
        for name in ("x", "y")
    ]
    use = replace(_use("envs/a/main.tf"), id="terraform:a:module.x.aws_iam_thing.t#use")
    assert _subject(*roles, use) == "terraform:a:module.x.aws_iam_role.r"
    outside = replace(use, id="terraform:a:aws_iam_thing.t#use")
    assert _subject(*roles, outside) == "aws:role/ci"
    assert _subject(*roles[:1], outside) == "terraform:a:module.x.aws_iam_role.r"


def test_a_name_that_there_is_one_of_in_the_world_is_meant_from_anywhere() -> None:
    alias = "gcp:ci@acme.iam.gserviceaccount.com"
    account = replace(_role("tf:1", "stacks/dev/a/b/c/ci.tf"), aliases=(alias,))
    assert _subject(account, _use("other/prod/d/e/f/main.tf", alias)) == "tf:1"
    owned = replace(account, aliases=("aws:123456789012:role/ci",))
    assert _subject(owned, _use("other/prod/d/e/f/m.tf", "aws:123456789012:role/ci")) == "tf:1"


@pytest.mark.parametrize(("roots", "meant"), [((), "tf:1"), (("api", "web"), ""), (("web",), "")])
def test_in_a_folder_of_its_own_a_name_means_nothing_in_another(
    roots: tuple[str, ...], meant: str
) -> None:
    records = (_role("tf:1", "api/main.tf"), _use("web/deep/main.tf"))
    [use] = build(records, roots).of(Use)
    assert use.subject == (meant or "aws:role/ci")


def test_a_name_of_which_there_is_one_means_the_same_in_every_folder() -> None:
    arn = "arn:aws:iam::111122223333:role/ci"
    role = replace(_role("tf:1", "api/main.tf"), aliases=(arn,))
    [use] = build((role, _use("web/main.tf", arn)), ("api", "web")).of(Use)
    assert use.subject == "tf:1"
