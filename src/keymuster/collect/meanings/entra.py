"""What objects of Microsoft Entra mean: applications and their service principals, what they prove
themselves with, who may become one, and what they may do. They are spoken of in Terraform's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from keymuster.collect.agents.clouds import agent, agent_id
from keymuster.collect.declared import Declared
from keymuster.collect.literals.sealing import SETTING
from keymuster.collect.meanings.azure.credentials import moment
from keymuster.collect.meanings.azure.names import aliases, is_guid, principal, role
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Credential,
    CredentialKind,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Trust,
    TrustKind,
    Use,
    UseKind,
)
from keymuster.model.unknown import reference
from keymuster.rules import azure_roles

_PASSWORD = CredentialKind.CLIENT_SECRET
_CERTIFICATE = CredentialKind.CERTIFICATE


def application(one: Declared) -> Iterator[Observation]:
    yield _identity(one, IdentityKind.APPLICATION, one.known("display_name"))
    password = one.get("password")
    for node in password.items() if password else ():
        if isinstance(node.value, dict):
            yield _credential(one, node, one.id, _PASSWORD, "#password")
    yield from _wanted_permissions(one, one.get("required_resource_access"), one.id)


def service_principal(one: Declared) -> Iterator[Observation]:
    """An application in a tenant. What is granted to it, it has as that application."""
    yield replace(
        _identity(one, IdentityKind.SERVICE_ACCOUNT, ""),
        status="disabled" if one.text("account_enabled") == "false" else "",
    )
    application = one.text("client_id") or one.text("application_id")
    if reference(application):
        yield Grant(
            id=f"{one.id}#application",
            identity=principal(one, application),
            kind=GrantKind.OTHER,
            provider="entra",
            location=one.location,
            via=one.id,
        )


def graph_object(one: Declared) -> Iterator[Observation]:
    """What Terraform sends to Microsoft Graph as it is: of that, the identities of agents, which are made
    after a blueprint and sign in by it."""
    if not one.text("url").lower().rstrip("/").endswith("microsoft.graph.agentidentity"):
        return
    yield from agent(one, "entra-agent-id", ("body.displayName",))
    blueprint = one.get("body", "agentIdentityBlueprintId")
    subject = principal(one, blueprint.text()) if blueprint is not None else ""
    if blueprint is not None and subject:
        yield Use(
            id=f"{agent_id(one)}#blueprint", subject=subject, by=agent_id(one), kind=UseKind.AGENT,
            location=blueprint.location(),
        )  # fmt: skip


def managed_user(one: Declared) -> Iterator[Observation]:
    """A person, or what acts as one."""
    yield _identity(one, IdentityKind.USER, one.known("user_principal_name"))
    node = one.get("password")
    if node is not None and (
        found := one.sealing.credential(
            node, "password", kind=CredentialKind.PASSWORD, declared_as=SETTING
        )
    ):
        yield found


def group(one: Declared) -> Iterator[Observation]:
    yield _identity(one, IdentityKind.GROUP, one.known("display_name"))
    members = one.get("members")
    for index, node in enumerate(members.items() if members else ()):
        yield _membership(one, f"member-{index}", node.text(), one.id, node)


def group_member(one: Declared) -> Iterator[Observation]:
    within = principal(one, one.text("group_object_id"))
    yield _membership(one, "member", one.text("member_object_id"), within, one.settings)


def _membership(one: Declared, label: str, member: str, within: str, node: Node) -> Grant:
    """What the group has, its member has."""
    return Grant(
        id=f"{one.id}#{label}",
        identity=principal(one, member),
        kind=GrantKind.OTHER,
        provider="entra",
        location=node.location(),
        via=within,
    )


def password(*owners: str) -> Callable[[Declared], Iterator[Observation]]:
    return _proof(_PASSWORD, owners)


def certificate(*owners: str) -> Callable[[Declared], Iterator[Observation]]:
    return _proof(_CERTIFICATE, owners)


def _proof(
    kind: CredentialKind, owners: tuple[str, ...]
) -> Callable[[Declared], Iterator[Observation]]:
    def meaning(one: Declared) -> Iterator[Observation]:
        owner = next((text for name in owners if (text := one.text(name))), "")
        yield _credential(one, one.settings, principal(one, owner), kind, "#credential")
        written = one.get("value")
        if written is not None and kind is _PASSWORD:
            found = one.sealing.credential(written, "client secret", kind=kind, declared_as=SETTING)
            if found is not None:
                yield found

    return meaning


def federated_credential(one: Declared) -> Iterator[Observation]:
    """Tokens of another issuer that make their holder the application."""
    owner = one.text("application_id") or one.text("application_object_id")
    conditions = {
        key: value.plain() for key, name in _CLAIMS.items() if (value := one.get(name)) is not None
    }
    yield Trust(
        id=f"{one.id}#federation",
        identity=principal(one, owner) or one.id,
        principal=one.text("issuer"),
        kind=TrustKind.FEDERATION,
        provider="entra",
        location=one.location,
        conditions=conditions,
    )


_CLAIMS = {
    "subject": "subject",
    "audiences": "audiences",
    "claimsMatchingExpression": "claims_matching_expression",
}


def directory_role(one: Declared) -> Iterator[Observation]:
    """A role of the directory, given to a principal; by its id, or by an object that stands for it."""
    named = one.text("role_id") or one.text("role_object_id") or one.text("role_definition_id")
    member = one.text("principal_object_id") or one.text("member_object_id")
    yield Grant(
        id=f"{one.id}#role",
        identity=principal(one, member or one.text("principal_id")),
        kind=GrantKind.ROLE_BINDING,
        provider="entra",
        location=one.location,
        via=role(one, named, "entra"),
        resources=(one.text("directory_scope_id") or "/",),
    )


def activated_role(one: Declared) -> Iterator[Observation]:
    """What stands for a role of the directory; who is assigned it, has the role."""
    named = one.text("template_id") or one.text("display_name")
    yield Grant(
        id=f"{one.id}#role",
        identity=one.id,
        kind=GrantKind.ROLE_BINDING,
        provider="entra",
        location=one.location,
        via=role(one, named, "entra"),
        conditions={"activated": True},
    )


def custom_role(one: Declared) -> Iterator[Observation]:
    permissions = one.get("permissions")
    for index, node in enumerate(permissions.items() if permissions else ()):
        allowed = node.get("allowed_resource_actions")
        if allowed is not None:
            yield Grant(
                id=f"{one.id}#permissions-{index}",
                identity=one.id,
                kind=GrantKind.POLICY,
                provider="entra",
                location=node.location(),
                actions=_texts(allowed),
            )


def app_role(one: Declared) -> Iterator[Observation]:
    """A permission of an API, for the application itself, without a person."""
    yield _consent(
        one, one.text("principal_object_id"), (_permission(one.text("app_role_id")),),
        one.text("resource_object_id"), {"type": "Application"},
    )  # fmt: skip


def delegated_grant(one: Declared) -> Iterator[Observation]:
    """Permissions of an API in the name of a person, or of everybody if none is named."""
    scopes = one.get("claim_values")
    is_for_all = one.get("user_object_id") is None
    yield _consent(
        one, one.text("service_principal_object_id"), _texts(scopes) if scopes else (),
        one.text("resource_service_principal_object_id"),
        {"type": "Delegated", "consentType": "AllPrincipals" if is_for_all else "Principal"},
    )  # fmt: skip


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
    )


def _permission(text: str) -> str:
    """A permission by its name, also where its id is looked up by that: `app_role_ids["Mail.Read"]`."""
    asked = reference(text)
    for word in ("app_role_ids[", "oauth2_permission_scope_ids["):
        if word in asked:
            return asked.partition(word)[2].partition("]")[0].strip("\"'")
    return azure_roles.names("graph").get(text.lower(), text) if is_guid(text) else text


def _identity(one: Declared, kind: IdentityKind, name: str) -> Identity:
    return Identity(
        id=one.id,
        kind=kind,
        provider="entra",
        name=name or one.name,
        location=one.location,
        aliases=aliases(f"entra:{name}" if name else ""),
        purpose=one.known("description") or one.known("notes"),
    )


def _credential(
    one: Declared, node: Node, owner: str, kind: CredentialKind, part: str
) -> Credential:
    word = "certificate" if kind is _CERTIFICATE else "client secret"
    return Credential(
        id=one.id + part,
        kind=kind,
        name=f"{word} {one.name}",
        vendor="entra",
        location=node.location(),
        identity=owner or None,
        expires_at=moment(node.get("end_date")),
        tags={"type": one.type, **_lifetime(node)},
    )


def _lifetime(node: Node) -> dict[str, str]:
    """How many days it is valid, if the declaration says so; `default` if it says nothing."""
    start, end, hours = node.get("start_date"), node.get("end_date"), node.get("end_date_relative")
    if end is None and hours is None:
        return {"lifetime": "default"}
    if hours is not None:
        digits = hours.text().removesuffix("h")
        return (
            {"lifetime_days": str(int(digits) // 24)}
            if digits.isdigit() and len(digits) < 9
            else {}
        )
    begins, ends = moment(start), moment(end)
    if ends is not None and ends.year >= _FOREVER:
        return {"lifetime": "unlimited"}
    return {"lifetime_days": str((ends - begins).days)} if begins and ends else {}


_FOREVER = 2090
"""The year from which on an end is none: the portal's own is 2299."""


def _texts(node: Node) -> tuple[str, ...]:
    return tuple(text for item in node.items() if (text := item.text()))


TYPES: dict[str, Callable[[Declared], Iterator[Observation]]] = {
    "azuread_application": application,
    "azuread_application_registration": application,
    "azuread_service_principal": service_principal,
    "azuread_user": managed_user,
    "azuread_group": group,
    "azuread_group_member": group_member,
    "azuread_application_password": password("application_id", "application_object_id"),
    "azuread_service_principal_password": password("service_principal_id"),
    "azuread_application_certificate": certificate("application_id", "application_object_id"),
    "azuread_service_principal_certificate": certificate("service_principal_id"),
    "azuread_service_principal_token_signing_certificate": certificate("service_principal_id"),
    "azuread_application_federated_identity_credential": federated_credential,
    "azuread_application_flexible_federated_identity_credential": federated_credential,
    "azuread_directory_role": activated_role,
    "azuread_directory_role_assignment": directory_role,
    "azuread_directory_role_member": directory_role,
    "azuread_directory_role_eligibility_schedule_request": directory_role,
    "azuread_custom_directory_role": custom_role,
    "azuread_app_role_assignment": app_role,
    "azuread_service_principal_delegated_permission_grant": delegated_grant,
    "azuread_application_api_access": api_access,
    "msgraph_resource": graph_object,
}
