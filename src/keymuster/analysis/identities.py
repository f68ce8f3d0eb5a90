"""Who owns an identity, what it is for, and in which environment."""

from __future__ import annotations

from typing import Any

from keymuster.analysis.aws_organizations import Organizations
from keymuster.analysis.gcp_hierarchy import Hierarchy
from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.inventory.environments import environment, named
from keymuster.inventory.owners import owner, purpose
from keymuster.model import Environment, Identity
from keymuster.settings import Settings


def facts(inventory: Inventory, configured: Settings, _: Known) -> dict[str, dict[str, Any]]:
    organizations, hierarchy = Organizations(inventory), Hierarchy(inventory)
    return {
        one.id: {
            "owner": owner(one, configured.owners.tags),
            "purpose": purpose(one, configured.owners.purpose_tags),
            "environment": _environment(one, organizations, hierarchy, configured),
        }
        for one in inventory.of(Identity)
    }


def _environment(
    one: Identity, organizations: Organizations, hierarchy: Hierarchy, configured: Settings
) -> Environment:
    """An account or project is made for one, and what its name says counts for more than the names in it."""
    words = configured.environments
    says_itself = one.environment is not Environment.UNKNOWN or (
        named(one.tags, (), words) is not Environment.UNKNOWN
    )
    if one.provider == "aws" and not says_itself:
        found = organizations.environment(one.account, words)
        if found is not Environment.UNKNOWN:
            return found
    if one.provider == "gcp" and one.account and not says_itself:
        found = hierarchy.environment(hierarchy.name(f"projects/{one.account}"), words)
        if found is not Environment.UNKNOWN:
            return found
    return environment(one, words)
