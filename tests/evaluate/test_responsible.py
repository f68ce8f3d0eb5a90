"""Who answers for what a finding is about."""

from __future__ import annotations

from typing import Any

from keymuster.evaluate.responsible import owner
from keymuster.inventory.build import Inventory, build
from keymuster.model import (
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Owner,
    Resource,
    Use,
    UseKind,
)

HERE = FileLocation(path="svc/main.tf")
ROLE = Identity(id="i", kind=IdentityKind.ROLE, provider="aws", name="ci", location=HERE)
BUCKET = Resource(id="resource:b", type="bucket", name="b", location=HERE)
TOLD = {
    "owner": "core", "owner_status": "named", "owner_confidence": "high", "owner_sources": ["tag", "blame"],
    "owner_active": "yes",
}  # fmt: skip


def _codeowners(text: str, base: str = "") -> Resource:
    return Resource(
        id=f"codeowners:{base}", type="codeowners", name="c", location=FileLocation(path=f"{base}CODEOWNERS"),
        settings={"base": base, "form": "github", "text": text},
    )  # fmt: skip


def _inventory(*records: Observation, **facts: dict[str, Any]) -> Inventory:
    inventory = build(records)
    inventory.facts |= facts
    return inventory


def test_it_is_the_owner_of_the_record_or_of_its_identity() -> None:
    grant = Grant(id="g", identity="i", kind=GrantKind.POLICY, provider="aws", location=HERE)
    use = Use(id="u", subject="i", by="w", kind=UseKind.WORKLOAD, location=HERE)
    object = Resource(id="resource:i", type="role", name="ci", location=HERE)
    inventory = _inventory(ROLE, grant, use, object, _codeowners("* @all"), i=TOLD)
    expected = Owner(name="core", source="tag, blame", active=True, confidence="high")
    assert [owner(one, inventory) for one in (ROLE, grant, use, object)] == [expected] * 4


def test_one_who_has_left_is_named_as_such() -> None:
    found = owner(ROLE, _inventory(ROLE, i={**TOLD, "owner_status": "left", "owner_active": "no"}))
    assert found == Owner(
        name="core", source="tag, blame", active=False, status="left", confidence="high"
    )


def test_of_others_it_is_whom_the_innermost_codeowners_names() -> None:
    outer, inner = _codeowners("* @all"), _codeowners("*.tf @acme/svc @ada", "svc/")
    found = owner(BUCKET, _inventory(BUCKET, outer, inner))
    assert found == Owner(name="@acme/svc", source="codeowners", confidence="medium")
    assert owner(BUCKET, _inventory(BUCKET, outer)) == Owner(
        name="@all", source="codeowners", confidence="medium"
    )


def test_nobody_may_be_named() -> None:
    assert owner(BUCKET, _inventory(BUCKET)) is None
    assert owner(BUCKET, _inventory(BUCKET, _codeowners("/docs/ @docs"))) is None
    assert owner(ROLE, _inventory(ROLE, i={**TOLD, "owner_status": "none"})) is None
