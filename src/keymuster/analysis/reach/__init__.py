"""Who gets where: a graph of all that leads from one thing to the next, paths through it, and what to cut.

As an analysis (`facts`) it says of the things by which somebody begins what they lead to. That takes a
graph, so it is only asked where somebody may begin and something is worth going for.
"""

from __future__ import annotations

from typing import Any

from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import Credential, Grant, GrantKind, Resource, Storage
from keymuster.settings import Settings


def facts(inventory: Inventory, configured: Settings, known: Known) -> dict[str, dict[str, Any]]:
    """For credentials, trusts and identities: the sorts of jewels that they surely lead to, how, and from which
    sorts of entry points they are reached."""
    if not (_is_worth(inventory) and _may_begin(inventory)):
        return {}
    from keymuster.analysis.reach.derived import derived

    return derived(inventory, configured, known)


def _is_worth(inventory: Inventory) -> bool:
    """Whether there is an administrator, or a way to be one, or somewhere that secrets are kept in."""
    kept = (Storage.VAULT, Storage.CI_VARIABLE)
    return any(
        told.get("privilege") == "admin" or told.get("escalations") or told.get("reads_all")
        for told in inventory.facts.values()
    ) or any(one.storage in kept for one in inventory.of(Credential))


def _may_begin(inventory: Inventory) -> bool:
    """Whether there may be anybody who surely begins: an outsider who is let in or holds something, a key that
    proves something, an agent with tools, a job that runs what outsiders wrote."""
    facts = inventory.facts
    if any(
        told.get("third_party") == "yes" or told.get("audience") in ("anyone", "vendor")
        for told in facts.values()
    ):
        return True
    if any(
        one.fingerprint and (one.identity or "exists_as" in facts.get(one.id, {}))
        for one in inventory.of(Credential)
    ):
        return True
    if any(one.kind is GrantKind.TOOL_PERMISSION for one in inventory.of(Grant)):
        return True
    return any(
        one.settings.get("untrusted") is True or one.settings.get("controlled_by") == "anyone"
        for one in inventory.of(Resource)
    )
