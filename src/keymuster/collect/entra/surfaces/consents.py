"""What programs may do with APIs: roles that they were assigned, and what people consented to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra.directory import GET_BY_IDS, found_by_ids
from keymuster.collect.entra.objects import of_tenant
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.shapes import CONSENTS, PRINCIPALS

_ASSIGNED = "GET /v1.0/servicePrincipals/{id}/appRoleAssignedTo"
_AUDITS = "GET /v1.0/auditLogs/directoryAudits"

_MOST_NAMED = 20
_LOT = 200


def app_roles(ask: Scope) -> Iterator[Told]:
    """Asked of the APIs that have roles for programs: they are few, and each tells of all programs that
    have one, page by page."""
    apis = {
        row["id"]: row
        for row in ask.listed(PRINCIPALS, ["id", "appId", "appRoles"])
        if any("Application" in (role.get("allowedMemberTypes") or ()) for role in row.get("appRoles") or ())
    }  # fmt: skip
    for id, listed in ask.lists(_ASSIGNED, apis):
        api = apis[id]
        values = {role["id"]: role.get("value") for role in api["appRoles"]}
        for one in listed or ():
            if one.get("principalType") == "ServicePrincipal":
                yield _app_role(ask, one, api["appId"], values.get(one.get("appRoleId")))


def _app_role(ask: Scope, one: dict[str, Any], api: str, value: str | None) -> Told:
    return of_tenant(
        ask.account, "azuread_app_role_assignment", f"appRoleAssignments/{one['id']}",
        one.get("principalDisplayName") or "",
        {
            "app_role_id": one.get("appRoleId"), "principal_object_id": one.get("principalId"),
            "resource_object_id": one.get("resourceId"), "createdDateTime": one.get("createdDateTime"),
            "principalType": one.get("principalType"), "principalDisplayName": one.get("principalDisplayName"),
            "resourceDisplayName": one.get("resourceDisplayName"), "resourceAppId": api, "appRoleValue": value,
        },
    )  # fmt: skip


def consents(ask: Scope) -> Iterator[Told]:
    """What was consented to for everybody, each; what people consented to for themselves, once for all
    who consented to the same."""
    given = _given(ask)
    alike: dict[tuple[str, str, str], list[Any]] = {}
    apis: dict[str, dict[str, Any]] = {}
    rows = ask.listed(CONSENTS, CONSENTS.fields)
    while lot := list(islice(rows, _LOT)):
        unknown = {one["resourceId"] for one in lot} - apis.keys()
        apis |= {id: {} for id in unknown} | found_by_ids(ask, unknown, "servicePrincipal")
        for one in lot:
            if one.get("consentType") == "AllPrincipals":
                yield _consent(ask, one, apis, given.get((one["clientId"], True), {}))
                continue
            key = (
                one["clientId"],
                one["resourceId"],
                " ".join(sorted((one.get("scope") or "").split())),
            )
            known = alike.setdefault(key, [one, [], 0])
            known[2] += 1
            if len(known[1]) < _MOST_NAMED:
                known[1].append(one.get("principalId"))
    for first, named, count in alike.values():
        more = {"principalIds": named, "principalCount": count}
        by = given.get((first["clientId"], False), {}) if count == 1 else {}
        yield _consent(ask, first, apis, more | by)


def _given(ask: Scope) -> dict[tuple[str, bool], dict[str, Any]]:
    """Who consented to a program last, and when, for everybody or for themselves, as far back as the log goes."""
    found: dict[tuple[str, bool], dict[str, Any]] = {}
    for one in ask.rows(_AUDITS, filter="activityDisplayName eq 'Consent to application'"):
        by = one.get("initiatedBy") or {}
        who = (by.get("user") or {}).get("userPrincipalName") or (by.get("app") or {}).get(
            "displayName"
        )
        when = one["activityDateTime"]
        for target in one.get("targetResources") or ():
            key = (str(target.get("id")), _is_for_all(target))
            if key not in found or found[key]["consentedDateTime"] < when:
                found[key] = {"consentedBy": who, "consentedDateTime": when}
    return found


def _is_for_all(target: dict[str, Any]) -> bool:
    return any(
        one.get("displayName") == "ConsentContext.IsAdminConsent"
        and str(one.get("newValue")).strip('"').lower() == "true"
        for one in target.get("modifiedProperties") or ()
    )


def _consent(ask: Scope, one: dict[str, Any], apis: dict[str, Any], more: dict[str, Any]) -> Told:
    api = apis[one["resourceId"]]
    return of_tenant(
        ask.account, "azuread_service_principal_delegated_permission_grant",
        f"oauth2PermissionGrants/{one['id']}", "",
        {
            "service_principal_object_id": one["clientId"], "resource_service_principal_object_id": one["resourceId"],
            "claim_values": (one.get("scope") or "").split(), "user_object_id": one.get("principalId"),
            "consentType": one.get("consentType"), "resourceAppId": api.get("appId"),
            "resourceDisplayName": api.get("displayName"), **more,
        },
    )  # fmt: skip


SURFACES = (
    Surface(
        name="app-roles",
        calls=(*PRINCIPALS.calls, _ASSIGNED),
        types=("azuread_app_role_assignment",),
        look=app_roles,
    ),
    Surface(
        name="consents",
        calls=(*CONSENTS.calls, _AUDITS, GET_BY_IDS),
        types=("azuread_service_principal_delegated_permission_grant",),
        look=consents,
    ),
)
