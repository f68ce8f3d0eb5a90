"""Agents of Entra Agent ID: the blueprints they are made after, their identities, and their accounts."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra import people
from keymuster.collect.entra.activity import OF_PROGRAMS, Activity
from keymuster.collect.entra.objects import of_tenant, part, refused_value
from keymuster.collect.entra.owners import named
from keymuster.collect.entra.people import People
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.surfaces import applications, service_principals

_APPLICATIONS = "GET /v1.0/applications"
_BLUEPRINTS = "GET /v1.0/applications/microsoft.graph.agentIdentityBlueprint"
_OF_BLUEPRINT = "GET /v1.0/applications/{id}/microsoft.graph.agentIdentityBlueprint"
_POLICIES = "GET /v1.0/applications/{id}/appManagementPolicies"
_PRINCIPALS = "GET /v1.0/servicePrincipals"
_AGENTS = "GET /v1.0/servicePrincipals/microsoft.graph.agentIdentity"
_BLUEPRINT_PRINCIPALS = (
    "GET /v1.0/servicePrincipals/microsoft.graph.agentIdentityBlueprintPrincipal"
)
_USERS = "GET /v1.0/users/microsoft.graph.agentUser"
_USER_SPONSORS = "GET /v1.0/users/{id}/sponsors"
_USER_GROUPS = "GET /v1.0/users/{id}/memberOf"

_OF_USER = (
    "id", "displayName", "userPrincipalName", "accountEnabled", "mail", "userType", "createdDateTime",
    "identityParentId", "assignedLicenses",
)  # fmt: skip


def blueprints(ask: Scope) -> Iterator[Told]:
    """Applications that agents are made after: what those inherit is said there."""
    crowd = People(ask)
    fields = (*applications.FIELDS, *applications.NEWER)
    rows = {row["id"]: row for row in ask.rows(_BLUEPRINTS, select=fields)}
    owners = named(ask, crowd, "owners", f"{_APPLICATIONS}/{{id}}/owners", [*rows])
    sponsors = named(ask, crowd, "sponsors", f"{_OF_BLUEPRINT}/sponsors", [*rows])
    policies = dict(ask.lists(_POLICIES, rows, select=["id"], top=0))
    call = f"{_OF_BLUEPRINT}/inheritablePermissions"
    for id, inherited in ask.lists(call, rows, top=0):
        applied = policies[id]
        yield of_tenant(
            ask.account, "microsoft.graph.agentIdentityBlueprint", id, rows[id].get("displayName"),
            applications.settings(rows[id]) | owners[id] | sponsors[id] | {
                "inheritablePermissions": refused_value(call) if inherited is None else inherited,
                "appManagementPolicies": refused_value(_POLICIES) if applied is None else [one["id"] for one in applied],
            },
        )  # fmt: skip


def identities(ask: Scope) -> Iterator[Told]:
    """Agents, and the principals that stand for their blueprints in this tenant."""
    crowd = People(ask)
    activity: Activity | None = None
    for call, type, fields in (
        (_AGENTS, "agentIdentity", ("agentIdentityBlueprintId", "createdDateTime")),
        (_BLUEPRINT_PRINCIPALS, "agentIdentityBlueprintPrincipal", ()),
    ):
        select = (*service_principals.FIELDS, *fields)
        rows = {row["id"]: row for row in ask.rows(call, select=select)}
        owners = named(ask, crowd, "owners", f"{_PRINCIPALS}/{{id}}/owners", [*rows])
        whole = f"{_PRINCIPALS}/{{id}}/microsoft.graph.{type}/sponsors"
        sponsors = named(ask, crowd, "sponsors", whole, [*rows])
        if rows and activity is None:
            activity = Activity(ask, OF_PROGRAMS)
        for id, row in rows.items():
            used = activity.of(row.get("appId") or "") if activity else {}
            yield of_tenant(
                ask.account, f"microsoft.graph.{type}", id, row.get("displayName"),
                service_principals.settings(row, ask.account) | part(row, fields) | owners[id] | sponsors[id] | used,
            )  # fmt: skip


def users(ask: Scope) -> Iterator[Told]:
    """Accounts of people that agents have."""
    crowd = People(ask)
    rows = {row["id"]: row for row in ask.rows(_USERS, select=_OF_USER)}
    sponsors = named(ask, crowd, "sponsors", _USER_SPONSORS, [*rows])
    for id, groups in ask.lists(_USER_GROUPS, rows, select=["id"]):
        row = rows[id]
        yield of_tenant(
            ask.account, "microsoft.graph.agentUser", id, row.get("userPrincipalName") or row.get("displayName"),
            {
                "user_principal_name": row.get("userPrincipalName"), "display_name": row.get("displayName"),
                "account_enabled": row.get("accountEnabled"), "object_id": id, "mail": row.get("mail"),
                **part(row, ("userType", "createdDateTime", "identityParentId", "assignedLicenses")),
                "memberOf": refused_value(_USER_GROUPS) if groups is None else [one["id"] for one in groups],
                **sponsors[id],
            },
        )  # fmt: skip


SURFACES = (
    Surface(
        name="agent-blueprints",
        calls=(
            _BLUEPRINTS,
            f"{_APPLICATIONS}/{{id}}/owners",
            f"{_OF_BLUEPRINT}/sponsors",
            f"{_OF_BLUEPRINT}/inheritablePermissions",
            _POLICIES,
            *people.CALLS,
        ),
        types=("microsoft.graph.agentIdentityBlueprint",),
        look=blueprints,
    ),
    Surface(
        name="agent-identities",
        calls=(
            _AGENTS,
            _BLUEPRINT_PRINCIPALS,
            f"{_PRINCIPALS}/{{id}}/owners",
            f"{_PRINCIPALS}/{{id}}/microsoft.graph.agentIdentity/sponsors",
            f"{_PRINCIPALS}/{{id}}/microsoft.graph.agentIdentityBlueprintPrincipal/sponsors",
            OF_PROGRAMS,
            *people.CALLS,
        ),
        types=(
            "microsoft.graph.agentIdentity",
            "microsoft.graph.agentIdentityBlueprintPrincipal",
        ),
        look=identities,
    ),
    Surface(
        name="agent-users",
        calls=(_USERS, _USER_SPONSORS, _USER_GROUPS, *people.CALLS),
        types=("microsoft.graph.agentUser",),
        look=users,
    ),
)
