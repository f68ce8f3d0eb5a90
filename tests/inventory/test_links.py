"""Records that name each other by aliases."""

from __future__ import annotations

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
