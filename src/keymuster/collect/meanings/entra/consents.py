"""What applications may do by permissions of APIs: those that they have, and those that they ask for."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.azure.names import is_guid, principal
from keymuster.collect.syntax.node import Node
from keymuster.model import Grant, GrantKind, Observation
from keymuster.model.unknown import reference
from keymuster.rules import azure_roles


def wanted(one: Declared) -> Iterator[Observation]:
    yield from _wanted_permissions(one, one.get("required_resource_access"), one.id)


def app_role(one: Declared) -> Iterator[Observation]:
    """A permission of an API, for the application itself, without a person."""
    permission = _permission(one.text("app_role_id"))
    if is_guid(permission):  # one of another API, which tells how it calls it
        permission = one.known("appRoleValue") or _NONE.get(permission, permission)
    yield _consent(
        one, one.text("principal_object_id"), (permission,), one.text("resource_object_id"),
        {"type": "Application", **_said(one, "resourceAppId", "resourceDisplayName")},
    )  # fmt: skip


_NONE = {"00000000-0000-0000-0000-000000000000": "Default Access"}
"""What is assigned to whoever may use an application, and has none of its roles."""


def delegated_grant(one: Declared) -> Iterator[Observation]:
    """Permissions of an API in the name of a person, or of everybody if none is named."""
    scopes = one.get("claim_values")
    is_for_all = one.get("user_object_id") is None
    people = one.known("principalCount") if one.key and not is_for_all else ""
    yield _consent(
        one, one.text("service_principal_object_id"), _texts(scopes) if scopes else (),
        one.text("resource_service_principal_object_id"),
        {"type": "Delegated", "consentType": "AllPrincipals" if is_for_all else "Principal",
         **({"people": people} if people.isdigit() else {}), **_said(one, "resourceAppId", "resourceDisplayName")},
    )  # fmt: skip


def _said(one: Declared, *keys: str) -> dict[str, str]:
    return {key: text for key in keys if (text := one.known(key))}


def api_access(one: Declared) -> Iterator[Observation]:
    """The permissions that an application asks for of one API."""
    owner = principal(one, one.text("application_id"))
    resource = one.text("api_client_id")
    for key, type in (("role_ids", "Role"), ("scope_ids", "Scope")):
        node = one.get(key)
        texts = _texts(node) if node else ()
        if texts:
            yield _asked(one, owner, key, node or one.settings, texts, resource, type)


def _wanted_permissions(one: Declared, node: Node | None, owner: str) -> Iterator[Grant]:
    """What an application asks for. It has it when somebody consents."""
    for index, access in enumerate(node.items() if node else ()):
        resource, listed = access.get("resource_app_id"), access.get("resource_access")
        for type in ("Role", "Scope"):
            found = [
                item
                for item in (listed.items() if listed else ())
                if (kind := item.get("type")) is not None and kind.text() == type
            ]
            texts = tuple(id.text() for item in found if (id := item.get("id")) is not None)
            if texts:
                name = resource.text() if resource else ""
                yield _asked(one, owner, f"{index}-{type}", found[0], texts, name, type)


def _asked(
    one: Declared,
    owner: str,
    label: str,
    node: Node,
    ids: tuple[str, ...],
    resource: str,
    type: str,
) -> Grant:
    return Grant(
        id=f"{one.id}#asks-{label}",
        identity=owner,
        kind=GrantKind.APP_INSTALLATION,
        provider="entra",
        location=node.location(),
        actions=tuple(map(_permission, ids)),
        resources=(resource,) if resource else (),
        conditions={"type": {"Role": "Application"}.get(type, "Delegated")},
    )


def _consent(
    one: Declared,
    identity: str,
    actions: tuple[str, ...],
    resource: str,
    conditions: dict[str, str],
) -> Grant:
    return Grant(
        id=f"{one.id}#consent",
        identity=principal(one, identity),
        kind=GrantKind.OAUTH_CONSENT,
        provider="entra",
        location=one.location,
        actions=actions,
        resources=(resource,) if resource else (),
        conditions=conditions,
        granted_by=one.known("consentedBy") or None,
        granted_at=one.time("consentedDateTime") or one.time("createdDateTime"),
    )


def _permission(text: str) -> str:
    """A permission by its name, also where its id is looked up by that: `app_role_ids["Mail.Read"]`."""
    asked = reference(text)
    for word in ("app_role_ids[", "oauth2_permission_scope_ids["):
        if word in asked:
            return asked.partition(word)[2].partition("]")[0].strip("\"'")
    return azure_roles.names("graph").get(text.lower(), text) if is_guid(text) else text


def _texts(node: Node) -> tuple[str, ...]:
    return tuple(text for item in node.items() if (text := item.text()))


TYPES = {
    "azuread_application": wanted,
    "azuread_application_registration": wanted,
    "azuread_app_role_assignment": app_role,
    "azuread_service_principal_delegated_permission_grant": delegated_grant,
    "azuread_application_api_access": api_access,
}
