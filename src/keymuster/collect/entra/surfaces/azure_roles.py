"""Roles of Azure: who has them and where, here and in other tenants, those that somebody made, and what is
denied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra import directory
from keymuster.collect.entra.directory import GET_BY_IDS, found_by_ids
from keymuster.collect.entra.objects import of_azure
from keymuster.collect.entra.permissions import ASKED, SUBSCRIPTIONS
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.surfaces.azure_resources import found

_ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
_DEFINITION = "Microsoft.Authorization/roleDefinitions"
_DENIAL = "Microsoft.Authorization/denyAssignments"

_OFFER = "Microsoft.ManagedServices/registrationDefinitions"
_TAKEN = "Microsoft.ManagedServices/registrationAssignments"

_DENIALS = "GET /{id}/providers/Microsoft.Authorization/denyAssignments"


def assignments(ask: Scope) -> Iterator[Told]:
    """Of groups that have a role, those who are in them are told; of whom nobody has found, that."""
    rows = list(ask.resources(_query(_ASSIGNMENT)))
    before = ask.failures
    known = found_by_ids(ask, {row["properties"]["principalId"] for row in rows})
    is_whole = ask.failures == before
    for row in rows:
        properties = dict(row["properties"])
        if is_whole:
            properties["principalFound"] = properties["principalId"] in known
        yield of_azure(
            _ASSIGNMENT, row["id"], row["name"], {"name": row["name"], "properties": properties}
        )
    holders = {row["properties"]["principalId"] for row in rows}
    groups = (id for id in holders & known.keys() if known[id].get("@odata.type") == _GROUP)
    yield from directory.groups(ask, groups)


_GROUP = "#microsoft.graph.group"


def definitions(ask: Scope) -> Iterator[Told]:
    for row in ask.resources(_query(_DEFINITION, "properties.type =~ 'CustomRole'")):
        yield of_azure(
            _DEFINITION, row["id"], row["properties"].get("roleName", ""),
            {"name": row["name"], "properties": row["properties"]},
        )  # fmt: skip


def denials(ask: Scope) -> Iterator[Told]:
    """Resource Graph does not tell of them: each subscription is asked."""
    for id in ask.subscriptions():
        for row in ask.azure(_DENIALS, "2022-04-01", f"subscriptions/{id}"):
            properties = row["properties"]
            yield of_azure(
                _DENIAL, row["id"], properties.get("denyAssignmentName", ""),
                {"name": row["name"], "properties": properties},
            )  # fmt: skip


def delegations(ask: Scope) -> Iterator[Told]:
    """What other tenants may do here (Azure Lighthouse), with where each offer of theirs was taken."""
    rows = list(
        found(
            ask, (_OFFER, _TAKEN), ("id", "type", "name", "properties"), "managedservicesresources"
        )
    )
    taken = defaultdict[str, list[str]](list)
    for row in rows:
        if row["type"] == _TAKEN:
            taken[row["properties"]["registrationDefinitionId"].lower()].append(row["id"].lower())
    for row in rows:
        if row["type"] == _OFFER:
            name = row["properties"].get("registrationDefinitionName") or row["name"]
            yield of_azure(
                _OFFER, row["id"], name,
                {"name": row["name"], "properties": row["properties"], "assignments": taken[row["id"].lower()]},
            )  # fmt: skip


def _query(type: str, also: str = "") -> str:
    where = f"type =~ '{type.lower()}'" + (f" and {also}" if also else "")
    return f"authorizationresources | where {where} | project id, name, properties | order by id asc"  # fmt: skip


SURFACES = (
    Surface(
        name="azure-role-assignments",
        calls=(*ASKED, GET_BY_IDS, *directory.CALLS),
        types=(_ASSIGNMENT, "azuread_group"),
        look=assignments,
    ),
    Surface(name="azure-role-definitions", calls=ASKED, types=(_DEFINITION,), look=definitions),
    Surface(name="azure-delegations", calls=ASKED, types=(_OFFER, _TAKEN), look=delegations),
    Surface(
        name="azure-deny-assignments",
        calls=(SUBSCRIPTIONS, _DENIALS),
        types=(_DENIAL,),
        look=denials,
    ),
)
