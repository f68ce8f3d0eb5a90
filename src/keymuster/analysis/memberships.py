"""What identities are members of and proven by, what members of bindings have besides, and which
declared things are open to everybody."""

from __future__ import annotations

from typing import Any

from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import Credential, Grant, Identity, IdentityKind
from keymuster.settings import Settings

_EVERYBODY = ("*", "allAuthenticatedUsers")

_MOST_ROLES = 200
"""Of one member: enough to see what goes ill together."""


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, list[str]]] = {}
    roles: dict[str, dict[str, None]] = {}
    for grant in inventory.of(Grant):
        if grant.provider == "gcp" and grant.via:
            roles.setdefault(grant.identity, {})[grant.via] = None
    held = {id: list(several)[:_MOST_ROLES] for id, several in roles.items()}
    for grant in inventory.of(Grant):
        group = inventory.records.get(grant.via) if grant.via else None
        if isinstance(group, Identity) and group.kind is IdentityKind.GROUP:
            _add(found, grant.identity, "groups", group.name)
        if grant.provider == "gcp" and grant.identity in held:
            found.setdefault(grant.id, {})["holder_roles"] = held[grant.identity]
        if grant.provider == "gcp" and grant.identity in _EVERYBODY:
            for resource in grant.resources:
                _add(found, f"resource:{resource}", "open_to", grant.identity)
    for credential in inventory.of(Credential):
        if credential.identity:
            _add(found, credential.identity, "credential_kinds", credential.kind.value)
    return {id: facts for id, facts in found.items() if id in inventory.records}


def _add(found: dict[str, dict[str, list[str]]], id: str, name: str, value: str) -> None:
    values = found.setdefault(id, {}).setdefault(name, [])
    if value not in values:
        values.append(value)
