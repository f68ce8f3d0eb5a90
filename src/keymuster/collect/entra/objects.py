"""Objects that Entra and Azure tell of, on their way to records: as declarations are, in the words of
Terraform's azuread provider and of Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told
from keymuster.model import ServiceLocation

SERVICE = "entra"

IDS_ONLY = frozenset({
    "azuread_app_role_assignment", "azuread_service_principal_delegated_permission_grant",
    "azuread_directory_role_assignment", "azuread_directory_role_eligibility_schedule_request",
    "azuread_application_certificate", "azuread_service_principal_certificate",
    "azuread_service_principal_token_signing_certificate", "Microsoft.Authorization/roleAssignments",
})  # fmt: skip
"""Of what nobody writes text into: ids, dates, public certificates. There is most of it."""


def of_tenant(
    tenant: str, type: str, path: str, name: str | None, settings: dict[str, Any]
) -> Declared:
    """An object of a tenant; `path` is its id, or where it lies among those of its kind."""
    return told(type, f"entra:{tenant}/{path}", name or path, tenant, settings)


def of_azure(type: str, id: str, name: str | None, settings: dict[str, Any]) -> Declared:
    """An object of Azure by its id, whatever its case."""
    key = id.lower()
    parts = key.split("/", 3)
    account = parts[2] if key.startswith("/subscriptions/") and len(parts) > 2 else ""
    return told(type, key, name or key.rpartition("/")[2], account, settings)


def told(type: str, key: str, name: str, account: str, settings: dict[str, Any]) -> Declared:
    """What has no value is left out; a list that is empty stays: there is none of it."""
    place = Told.about(ServiceLocation(service=SERVICE, account=account, resource=key))
    return Declared(
        type=type,
        name=name,
        scope=f"entra:{account}",
        settings=place.node(_said(settings)),
        key=key,
        account=account,
    )


def _said(value: Any) -> Any:
    match value:
        case dict():
            return {key: _said(one) for key, one in value.items() if one is not None and one != ""}
        case list() | tuple():
            return [_said(one) for one in value]
    return value


def refused_value(call: str) -> str:
    """Stands for a setting that there is, and of which the call that tells it was refused: it is unknown."""
    return "${refused." + call.replace(":", ".").replace("{", "").replace("}", "") + "}"


def part(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Some of the fields of an answer, those that have a value."""
    return {name: value for name in names if (value := row.get(name)) is not None}
