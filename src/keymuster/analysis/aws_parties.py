"""Whose the accounts are that policies of resources in AWS let in."""

from __future__ import annotations

import re
from typing import Any

from keymuster.analysis.aws_organizations import Organizations
from keymuster.analysis.known import Known
from keymuster.analysis.trust_facts import ours
from keymuster.inventory.build import Inventory
from keymuster.model import Grant, GrantKind, Identity, ServiceLocation
from keymuster.settings import Settings

_ACCOUNT = re.compile(r"(?:arn:[a-z-]+:(?:iam|sts)::)?([0-9]{12})(?::.+)?")


def facts(inventory: Inventory, configured: Settings, known: Known) -> dict[str, dict[str, Any]]:
    """For every statement of a resource's policy that names an account or somebody in one: `same-account`,
    of the `estate`, of a `vendor`, of a `stranger`; `untold` if nothing says what is ours."""
    grants = [
        one
        for one in inventory.of(Grant)
        if one.provider == "aws" and one.kind is GrantKind.RESOURCE_POLICY
    ]
    if not grants:
        return {}
    known_as_ours = ours(inventory, configured, known)
    organizations = Organizations(inventory)
    own = frozenset(known_as_ours.names("aws"))
    is_told = bool(known_as_ours.settings.get("aws"))
    found = {}
    for one in grants:
        party = _party(one, inventory)
        if not party:
            continue
        if party == _of_resource(one):
            whose = "same-account"
        elif party in own:
            whose = "estate"
        elif party in known_as_ours.vendors:
            whose = "vendor"
        else:
            whose = "stranger" if is_told else "untold"
        name = known_as_ours.vendors.get(party, "") or organizations.name(party)
        found[one.id] = {"whose": whose, "party": party, "party_name": name}
    return found


def _party(one: Grant, inventory: Inventory) -> str:
    """The account of who is let in."""
    holder = inventory.records.get(one.identity)
    if isinstance(holder, Identity):
        return holder.account
    named = _ACCOUNT.fullmatch(one.identity)
    return named[1] if named else ""


def _of_resource(one: Grant) -> str:
    """The account of the resource; empty if neither its place nor its ARN tells."""
    if isinstance(one.location, ServiceLocation) and one.location.account:
        return one.location.account
    numbers = {"".join(arn.split(":", 5)[4:5]) for arn in one.resources if arn.startswith("arn:")}
    return numbers.pop() if len(numbers) == 1 else ""
