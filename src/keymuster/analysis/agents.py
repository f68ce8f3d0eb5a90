"""Credentials that several MCP servers share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keymuster.inventory.build import Inventory
from keymuster.model import Credential, FileLocation, Identity, IdentityKind, Use, UseKind
from keymuster.settings import Settings

if TYPE_CHECKING:
    from keymuster.analysis.known import Known


def facts(inventory: Inventory, configured: Settings, known: Known) -> dict[str, dict[str, Any]]:
    """Of each use of a credential by a server: the servers before it that use the same."""
    found: dict[str, dict[str, Any]] = {}
    for uses in _by_credential(inventory).values():
        before: list[Identity] = []
        for use, server in sorted(uses, key=lambda one: _place(one[0])):
            others = [one for one in before if not _is_same(one, server)]
            if others:
                credential = inventory.records[use.subject]
                found[use.id] = {
                    "subject_name": credential.name if isinstance(credential, Credential) else "",
                    "other_servers": list(dict.fromkeys(one.name for one in others)),
                    "other_server": others[0].name,
                }
            before.append(server)
    return found


def _by_credential(inventory: Inventory) -> dict[str, list[tuple[Use, Identity]]]:
    found: dict[str, list[tuple[Use, Identity]]] = {}
    for use, server in _uses(inventory):
        found.setdefault(use.subject, []).append((use, server))
    return {subject: uses for subject, uses in found.items() if len(uses) > 1}


def _uses(inventory: Inventory) -> Iterator[tuple[Use, Identity]]:
    for use in inventory.of(Use):
        server = inventory.records.get(use.by)
        if (
            use.kind is UseKind.AGENT
            and isinstance(server, Identity)
            and server.kind is IdentityKind.MCP_SERVER
            and isinstance(inventory.records.get(use.subject), Credential)
        ):
            yield use, server


def _is_same(one: Identity, other: Identity) -> bool:
    """Whether two entries are one server, that two clients or two folders declare: it has the same name,
    or starts or reaches the same."""
    if one.id == other.id:
        return True
    if one.location.name == other.location.name:  # type: ignore[union-attr]
        return False
    return one.name == other.name or bool(_really(one) & _really(other))


def _really(server: Identity) -> set[str]:
    return {alias for alias in server.aliases if not alias.startswith("mcp:")}


def _place(use: Use) -> tuple[str, int, int]:
    place = use.location
    if isinstance(place, FileLocation):
        return place.name, place.line, place.column
    return str(place), 0, 0
