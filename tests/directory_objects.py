"""Objects of a directory and of Azure as services tell of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from keymuster.analysis import analysed
from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told
from keymuster.inventory.build import Inventory, build
from keymuster.model import Identity, Observation, ServiceLocation
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

TENANT = "99999999-1111-4222-8333-444444444444"
OTHER = "55555555-1111-4222-8333-666666666666"
MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
GRAPH = "00000003-0000-0000-c000-000000000000"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
ROLE_MANAGEMENT = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"
READS_USERS = "df021288-bdef-4463-88db-98f22de89214"


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def entra(path: str) -> str:
    return f"entra:{TENANT}/{path}"


def told(type: str, id: str, /, **settings: Any) -> Declared:
    place = ServiceLocation(service="entra", account=TENANT, resource=id)
    name = str(settings.get("display_name", id.rpartition("/")[2]))
    return Declared(
        type=type, name=name, scope=f"entra:{TENANT}", key=id, account=TENANT,
        settings=Told.about(place).node(settings),
    )  # fmt: skip


def application(number: int = 1, **settings: Any) -> Declared:
    said = {
        "display_name": f"app-{number}",
        "object_id": guid(number),
        "client_id": guid(number + 1000),
    }
    return told("azuread_application", entra(guid(number)), **said | settings)


def service_principal(number: int = 2, application: int = 1, **settings: Any) -> Declared:
    said = {
        "display_name": f"app-{application}", "object_id": guid(number), "type": "Application",
        "client_id": guid(application + 1000), "account_enabled": True, "tenantId": TENANT,
    }  # fmt: skip
    return told("azuread_service_principal", entra(guid(number)), **said | settings)


def app_role(number: int, role: str, **settings: Any) -> Declared:
    said = {
        "app_role_id": role, "principal_object_id": guid(number), "resource_object_id": guid(9),
        "resourceAppId": GRAPH,
    }  # fmt: skip
    return told(
        "azuread_app_role_assignment", entra(f"appRoleAssignments/{number}"), **said | settings
    )


def consent(number: int, *scopes: str, person: int = 0) -> Declared:
    said: dict[str, Any] = {
        "service_principal_object_id": guid(number), "claim_values": list(scopes),
        "resource_service_principal_object_id": guid(9), "resourceAppId": GRAPH,
    }  # fmt: skip
    if person:
        said["user_object_id"] = guid(person)
    id = entra(f"oauth2PermissionGrants/{number}-{person}")
    return told("azuread_service_principal_delegated_permission_grant", id, **said)


def directory_role(number: int, role: str, **settings: Any) -> Declared:
    said = {"role_id": role, "principal_object_id": guid(number), "directory_scope_id": "/"}
    return told(
        "azuread_directory_role_assignment", entra(f"roleAssignments/{number}"), **said | settings
    )


def group(number: int, *members: int) -> Declared:
    return told(
        "azuread_group", entra(guid(number)), display_name=f"group-{number}", object_id=guid(number),
        members=[guid(one) for one in members],
    )  # fmt: skip


def owned_by(*owners: tuple[int, str], **more: Any) -> dict[str, Any]:
    """The settings of what these own, by number and name."""
    details = [
        {"id": guid(number), "type": "user", "name": name, "accountEnabled": True, **more}
        for number, name in owners
    ]
    return {"owners": [guid(number) for number, _ in owners], "ownerDetails": details}


def records(several: Iterable[Declared], wanted: frozenset[str] = frozenset()) -> list[Observation]:
    return [record for one in several for record in meanings.records(one, wanted)]


def inventory(rules: RuleSet, *several: Declared) -> Inventory:
    found = build(records(several, rules.resource_types))
    return analysed(found, Settings(), rules)


def facts(found: Inventory, name: str, kind: str = "") -> dict[str, Any]:
    """What follows for the identity of a name, and of a kind if several have it."""
    [meant] = [
        one for one in found.of(Identity) if one.name == name and (not kind or one.kind == kind)
    ]
    return found.facts[meant.id]
