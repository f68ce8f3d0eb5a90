"""What follows for identities of Azure and Entra: how much they may do, and the ways to more."""

from __future__ import annotations

from typing import Any

from keymuster.analysis.azure_privilege import PROVIDERS, escalations, privilege
from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import Grant, GrantKind, Identity
from keymuster.settings import Settings


def facts(inventory: Inventory, _: Settings, known: Known) -> dict[str, dict[str, Any]]:
    """For every identity that has a grant here: of one without, nobody knows what it has elsewhere. And
    for every grant of a role that somebody makes: the ways that it opens to who gets the role."""
    found: dict[str, dict[str, Any]] = {}
    for one in inventory.of(Identity):
        own = inventory.grants(one.id)
        if one.provider in PROVIDERS and own:
            found[one.id] = {
                "privilege": str(privilege(own, inventory.grants, known.azure).level),
                "escalations": escalations(own, inventory.grants, known.azure),
            }
    for grant in inventory.of(Grant):
        if grant.provider not in PROVIDERS or grant.kind is not GrantKind.POLICY:
            continue
        ways = escalations([grant], inventory.grants, known.azure)
        if ways:
            found[grant.id] = {"escalations": ways}
    return found
