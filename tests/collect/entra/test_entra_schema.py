"""Microsoft's own description of Graph and of Azure is the referee: whatever the made-up tenant answers is in
it, and whatever is asked for, and all that is read of an answer is what was asked for or answered. (Paths and
options are those of Microsoft's SDK itself: see addresses.)"""

from __future__ import annotations

import importlib.util
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("msgraph")

import entra_server
import entra_tenant
from entra_server import Tenant
from keymuster.collect.asking.work import look
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.shapes import APPLICATIONS, CONSENTS, PRINCIPALS, Listed
from keymuster.collect.entra.surfaces import surfaces

SHARED = Path(__file__).parents[4] / "shared/testbeds/entra"
TYPES = {
    "applications": "application", "servicePrincipals": "servicePrincipal", "users": "user", "groups": "group",
    "oauth2PermissionGrants": "oAuth2PermissionGrant", "organization": "organization",
    "roleManagement/directory/roleAssignments": "unifiedRoleAssignment",
    "roleManagement/directory/roleDefinitions": "unifiedRoleDefinition",
    "roleManagement/directory/roleEligibilitySchedules": "unifiedRoleEligibilitySchedule",
    "policies/authorizationPolicy": "authorizationPolicy",
    "policies/adminConsentRequestPolicy": "adminConsentRequestPolicy",
    "policies/permissionGrantPolicies": "permissionGrantPolicy",
    "policies/defaultAppManagementPolicy": "tenantAppManagementPolicy",
    "policies/appManagementPolicies": "appManagementPolicy",
    "identity/conditionalAccess/policies": "conditionalAccessPolicy",
    "identityProtection/riskyServicePrincipals": "riskyServicePrincipal",
    "auditLogs/directoryAudits": "directoryAudit",
    "reports/authenticationMethods/userRegistrationDetails": "userRegistrationDetails",
}  # fmt: skip
WITHIN = {
    "federatedIdentityCredentials": "federatedIdentityCredential", "appRoleAssignedTo": "appRoleAssignment",
    "inheritablePermissions": "inheritablePermission", "includes": "permissionGrantConditionSet",
    "excludes": "permissionGrantConditionSet", "owners": "user", "sponsors": "user", "memberOf": "group",
    "transitiveMembers": "servicePrincipal", "appliesTo": "application", "appManagementPolicies": "appManagementPolicy",
}  # fmt: skip
BETA = {
    "identityProtection/riskyAgents", "reports/servicePrincipalSignInActivities", "reports/appCredentialSignInActivities",
    "claimsMatchingExpression",
}  # fmt: skip
"""What version 1.0, which these describe, does not have."""


@pytest.fixture
def asked(tenant: Tenant) -> list[tuple[str, dict[str, str]]]:
    """Everything that all surfaces ask of Graph: path without ids, and query."""
    for one in surfaces():
        answered = look(Scope(entra_server.access(tenant, {"tid": entra_tenant.TENANT}), one))
        assert answered.troubles == ()
    return [
        (_ID.sub("{}", path.removeprefix("/v1.0/")), query)
        for path, query in tenant.queries
        if path.startswith("/v1.0/")
    ]


_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_what_the_tenant_answers_is_what_microsofts_schema_allows() -> None:
    if not SHARED.is_dir():
        pytest.skip("the schema of ../shared is not here")
    sys.path.insert(0, str(SHARED))
    try:
        from graph_fake import Model
    finally:
        sys.path.remove(str(SHARED))
    model = Model(SHARED / "graph-subset.json")
    known = {name: type for name, type in TYPES.items() if type in model.m["entities"]}
    assert len(known) > 12
    wrong = []
    for name, type in known.items():
        rows = entra_tenant.seeded().graph[name]
        for row in rows if isinstance(rows, list) else [rows]:
            wrong += model.entity(type, row, f"{name}/{row['id']}")
    assert [one for one in wrong if "claimsMatchingExpression" not in one] == []


def test_what_the_tenant_answers_is_what_the_sdk_reads() -> None:
    for name, type in TYPES.items():
        rows = entra_tenant.seeded().graph[name]
        for row in rows if isinstance(rows, list) else [rows]:
            assert _strange(type, row) == set(), name


def test_every_collection_is_held_against_a_schema() -> None:
    assert entra_tenant.seeded().graph.keys() == TYPES.keys() | BETA - {"claimsMatchingExpression"}


def test_every_field_that_is_asked_for_is_one_that_the_sdk_reads(
    asked: list[tuple[str, dict[str, str]]],
) -> None:
    selected = 0
    for path, query in asked:
        fields = _fields(_type_of(path)) if {"$select", "$expand"} & query.keys() else frozenset()
        for name in query.get("$select", "").split(","):
            assert not name or name in fields, (path, name)
            selected += bool(name)
        for found in re.finditer(r"(\w+)(?:\(\$select=([\w,]+)\))?", query.get("$expand", "")):
            assert found[1] in fields, (path, found[1])
            for name in (found[2] or "").split(","):
                assert not name or name in _fields(WITHIN[found[1]]), (path, name)
    assert selected > 100
    assert len(asked) > 50


@pytest.mark.parametrize("listed", [APPLICATIONS, PRINCIPALS, CONSENTS], ids=lambda one: one.call)
def test_what_is_asked_for_and_told_by_deltas_is_in_the_schema(listed: Listed) -> None:
    name = listed.call.rpartition("/")[2]
    assert {*listed.fields, *listed.newer} <= _fields(TYPES[name])
    tenant = entra_tenant.seeded()
    rows = [entra_server._shaped(one, [], {}) for one in tenant.graph[name]]
    query = {"$select": ",".join((*listed.fields, *listed.newer))}
    for page in (tenant.changes.answer("", name, rows, query), tenant.changes.answer("", name, rows, {})):  # fmt: skip
        status, body, _ = page
        assert status == 200
        assert body["value"]
        for one in body["value"]:
            assert _strange(TYPES[name], one) == set()


def test_what_azure_answers_of_roles_is_what_its_sdk_reads() -> None:
    models = pytest.importorskip("azure.mgmt.authorization.v2022_04_01.models")
    azure = entra_tenant.seeded().azure
    rows = azure["authorizationresources"]
    denied = next(rows for path, rows in azure.items() if path.endswith("denyassignments"))
    for model, listed in (
        (models.RoleAssignment, [one for one in rows if one["type"].endswith("roleassignments")]),
        (models.RoleDefinition, [one for one in rows if one["type"].endswith("roledefinitions")]),
        (models.DenyAssignment, denied),
    ):
        known = {entry["key"] for entry in model._attribute_map.values()}
        assert listed
        for one in listed:
            assert {f"properties.{name}" for name in one["properties"]} <= known


def _strange(type: str, row: dict[str, Any]) -> set[str]:
    """The fields of an answer that its type does not have, nor those of what hangs on it theirs."""
    type = row.get("@odata.type", type).rpartition(".")[2]
    found = {name for name in row if "@odata" not in name} - _fields(type) - BETA
    for name in WITHIN.keys() & row.keys():
        for one in row[name]:
            found |= _strange(WITHIN[name], one) if isinstance(one, dict) else set()
    return found


def _type_of(path: str) -> str:
    """The type of what a path answers."""
    if "microsoft.graph." in path and not path.endswith(("sponsors", "inheritablePermissions")):
        return path.rpartition(".")[2]
    last = path.rpartition("/")[2]
    if last in WITHIN and path.count("/") > 1:
        return WITHIN[last]
    return next((type for name, type in TYPES.items() if path.removesuffix("/{}") == name), "")


@cache
def _sdk() -> Path:
    spec = importlib.util.find_spec("msgraph")
    if spec is None or spec.origin is None:
        pytest.skip("msgraph-sdk is not here")
    return Path(spec.origin).parent / "generated"


@cache
def _fields(type: str) -> frozenset[str]:
    """What the SDK reads of a type and of those that it is made of: of its source, as its models take
    seconds to import."""
    text = (_sdk() / f"models/{_snake(type)}.py").read_text()
    found = set(re.findall(r'"([\w.@]+)": lambda', text))
    base = re.search(r"^class \w+\((\w+)", text, re.MULTILINE)
    if base and base[1] not in ("AdditionalDataHolder", "Parsable"):
        found |= _fields(base[1][0].lower() + base[1][1:])
    return frozenset(found)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
