"""Records of outsiders, as services and code tell of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from keymuster.analysis import analysed
from keymuster.inventory.build import Inventory, build
from keymuster.model import (
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    ServiceLocation,
    Trust,
    TrustKind,
)
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

TENANT = "11111111-2222-3333-4444-555555555555"
THEIRS = "99999999-8888-7777-6666-555555555555"
OBJECT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
DATADOG = "464622532012"
ROLE = "arn:aws:iam::111122223333:role/monitoring"
THEN = datetime(2025, 3, 1, tzinfo=UTC)


def place(service: str, account: str, resource: str = "") -> ServiceLocation:
    return ServiceLocation(service=service, account=account, resource=resource)


def app(name: str = "An app", provider: str = "entra", **more: Any) -> Identity:
    """An application that was let in: in Entra one of another directory, unless `tags` say otherwise."""
    account = more.pop("account", TENANT if provider == "entra" else "acme")
    tags = more.pop("tags", {})
    if provider == "entra":
        tags = {"owner_tenant": THEIRS, **tags}
    id = more.pop("id", f"{provider}:{account}/{OBJECT}")
    return Identity(
        id=id, kind=IdentityKind.SERVICE_ACCOUNT if provider == "entra" else IdentityKind.APPLICATION,
        provider=provider, name=name, account=account, location=place(provider, account, id), tags=tags, **more,
    )  # fmt: skip


def consent(holder: Identity, *scopes: str, **more: Any) -> Grant:
    said: dict[str, Any] = {
        "id": f"{holder.provider}:{holder.account}/oauth2PermissionGrants/g1#consent",
        "kind": GrantKind.OAUTH_CONSENT,
        "granted_by": "ann@acme.example",
        "granted_at": THEN,
    }
    return Grant(
        identity=holder.id,
        provider=holder.provider,
        actions=scopes,
        location=holder.location,
        **said | more,
    )


def trust(principal: str = f"arn:aws:iam::{DATADOG}:root", role: str = ROLE) -> list[Any]:
    account = role.split(":")[4]
    where = place("aws", account, role)
    return [
        Identity(
            id=role, kind=IdentityKind.ROLE, provider="aws", name=role.rpartition("/")[2], account=account,
            location=where,
        ),
        Trust(
            id=f"{role}#trust/0/{principal}", identity=role, principal=principal, kind=TrustKind.ASSUME,
            provider="aws", location=where, actions=("sts:AssumeRole",),
        ),
    ]  # fmt: skip


def known(rules: RuleSet, *records: Any, **ours: tuple[str, ...]) -> Inventory:
    """The inventory of some records, analysed as a scan does."""
    return analysed(build(records), Settings(ours=ours), rules)
