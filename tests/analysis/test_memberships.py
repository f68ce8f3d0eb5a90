"""What identities are members of and proven by, and what is open to everybody."""

from __future__ import annotations

from keymuster.analysis.memberships import facts
from keymuster.inventory.build import build
from keymuster.model import (
    Credential,
    CredentialKind,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Resource,
)
from keymuster.settings import Settings
from reading import NO_RULES

HERE = FileLocation(path="main.tf", line=1)


def _identity(id: str, kind: IdentityKind, name: str) -> Identity:
    return Identity(id=id, kind=kind, provider="oci", name=name, location=HERE)


def _grant(identity: str, *, via: str = "", on: str = "", provider: str = "oci") -> Grant:
    return Grant(
        id=f"{identity} {via} {on}", identity=identity, kind=GrantKind.POLICY, provider=provider,
        location=HERE, via=via, resources=(on,) if on else (),
    )  # fmt: skip


def test_a_member_and_its_keys() -> None:
    key = Credential(id="k", kind=CredentialKind.API_KEY, name="key", location=HERE, identity="jo")
    inventory = build(
        [
            _identity("jo", IdentityKind.USER, "jo"),
            _identity("ops", IdentityKind.GROUP, "Administrators"),
            _identity("role", IdentityKind.ROLE, "role"),
            _grant("jo", via="ops"),
            _grant("jo", via="role"),
            key,
        ]
    )
    assert facts(inventory, Settings(), NO_RULES) == {
        "jo": {"groups": ["Administrators"], "credential_kinds": ["api_key"]}
    }


def test_what_is_open_to_everybody() -> None:
    ring = Resource(id="resource:ring", type="google_kms_key_ring", name="ring", location=HERE)
    closed = Resource(id="resource:closed", type="google_kms_key_ring", name="x", location=HERE)
    inventory = build(
        [
            ring,
            closed,
            _grant("*", on="ring", provider="gcp"),
            _grant("gcp:a@p", on="closed", provider="gcp"),
            _grant("*", on="nowhere", provider="gcp"),
        ]
    )
    assert facts(inventory, Settings(), NO_RULES) == {"resource:ring": {"open_to": ["*"]}}


def test_the_roles_of_a_member_stand_together() -> None:
    one = _grant("gcp:a@p", via="roles/x", provider="gcp")
    other = _grant("gcp:a@p", via="roles/y", provider="gcp")
    found = facts(
        build([one, other, _grant("gcp:b@p", via="roles/z", provider="gcp")]), Settings(), NO_RULES
    )
    assert found[one.id] == {"holder_roles": ["roles/x", "roles/y"]}
