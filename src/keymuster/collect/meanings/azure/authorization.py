"""Managed identities, roles and who has them, who may become an identity, and who may open a vault."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.azure.names import (
    aliases,
    identity_alias,
    named,
    object_aliases,
    principal,
    role,
    tags,
)
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Resource,
    Trust,
    TrustKind,
)


def user_assigned_identity(one: Declared) -> Iterator[Observation]:
    name = one.known("name")
    yield Identity(
        id=one.id,
        kind=IdentityKind.MANAGED_IDENTITY,
        provider="azure",
        name=name or one.name,
        location=one.location,
        account=one.account,
        aliases=(
            *aliases(identity_alias(name) if name else ""),
            *(named(one, "azure", f"userAssignedIdentities/{name.lower()}") if one.key else ()),
            *object_aliases(one, "properties"),
        ),
        tags=tags(one),
    )


def federated_credential(one: Declared) -> Iterator[Observation]:
    """Tokens of another issuer that make their holder a managed identity."""
    parent = one.text("parent") or one.text("properties", "parentId")
    issuer = one.text("properties", "issuer")
    conditions = {
        key: value.plain()
        for key in ("subject", "audiences", "claimsMatchingExpression")
        if (value := one.get("properties", key)) is not None
    }
    yield Trust(
        id=f"{one.id}#federation",
        identity=principal(one, parent) or one.id,
        principal=issuer,
        kind=TrustKind.FEDERATION,
        provider="azure",
        location=one.location,
        conditions=conditions,
    )


def role_definition(one: Declared) -> Iterator[Observation]:
    """A role that somebody makes. Who is assigned it gets what it grants."""
    name = one.known("properties", "roleName")
    yield Resource(
        id=one.id, type="azure:role", name=name or one.name, location=one.location,
        aliases=aliases(f"azure:role/{name}" if name else "", f"azure:role/{_named(one)}"),
    )  # fmt: skip
    scopes = tuple(one.texts("properties", "assignableScopes"))
    permissions = one.get("properties", "permissions")
    for index, node in enumerate(permissions.items() if permissions else ()):
        actions, excluded = _texts(node, "actions"), _texts(node, "notActions")
        place = node.get("actions") or node
        for kind, allowed, without in (
            ("actions", actions, excluded),
            ("dataActions", _texts(node, "dataActions"), _texts(node, "notDataActions")),
        ):
            if allowed:
                yield Grant(
                    id=f"{one.id}#{kind}-{index}",
                    identity=one.id,
                    kind=GrantKind.POLICY,
                    provider="azure",
                    location=place.location(),
                    actions=allowed,
                    not_actions=without,
                    resources=tuple(scopes),
                    conditions={} if kind == "actions" else {"plane": "data"},
                )


def _named(one: Declared) -> str:
    """The name of what exists is an id, which assignments write as they like."""
    return one.known("name").lower() if one.key else one.known("name")


def role_assignment(one: Declared) -> Iterator[Observation]:
    properties = ("properties",)
    named = one.text(*properties, "roleDefinitionId") or one.text(*properties, "roleDefinitionName")
    scope = one.text("scope") or one.text(*properties, "scope")
    conditions = {key: text for key in _SAID_OF_ASSIGNMENTS if (text := one.text(*properties, key))}
    yield Grant(
        id=f"{one.id}#role",
        identity=principal(one, one.text(*properties, "principalId")),
        kind=GrantKind.ROLE_BINDING,
        provider="azure",
        location=one.location,
        via=role(one, named),
        resources=(
            scope or "/subscriptions/${subscription.id}/resourceGroups/${resourceGroup.name}",
        ),
        conditions=conditions,
        granted_by=one.known(*properties, "createdBy") or None,
        granted_at=one.time(*properties, "createdOn"),
    )


_SAID_OF_ASSIGNMENTS = ("condition", "principalType", "principalFound")
"""Whether anybody has the id of the principal is what was found out about it, if it was."""


def registration(one: Declared) -> Iterator[Observation]:
    """What another tenant may do here (Azure Lighthouse): where its offer was taken, if that is told."""
    scopes, taken = ["/subscriptions/${subscription.id}"], one.texts("assignments")
    if one.get("assignments") is not None:
        scopes = [id.partition(_ASSIGNED)[0] for id in taken]
    if not scopes:
        return
    tenant = one.text("properties", "managedByTenantId")
    yield Trust(
        id=f"{one.id}#tenant",
        identity=one.id,
        principal=f"azure:tenant/{tenant}",
        kind=TrustKind.OTHER,
        provider="azure-lighthouse",
        location=one.location,
    )
    authorizations = one.get("properties", "authorizations")
    for index, node in enumerate(authorizations.items() if authorizations else ()):
        yield Grant(
            id=f"{one.id}#authorization-{index}",
            identity=principal(one, _text(node, "principalId")),
            kind=GrantKind.ROLE_BINDING,
            provider="azure",
            location=node.location(),
            via=role(one, _text(node, "roleDefinitionId")),
            resources=tuple(scopes),
            conditions={"managedByTenantId": tenant, **({"assignments": taken} if taken else {})},
        )


_ASSIGNED = "/providers/microsoft.managedservices/registrationassignments/"


def subscription(one: Declared) -> Iterator[Observation]:
    """Its management groups, the nearest first: what is assigned on one of them holds in it."""
    chain = one.get("properties", "managementGroupAncestorsChain")
    above = [_text(node, "name").lower() for node in chain.items()] if chain else []
    yield Resource(
        id=one.id, type="azure:subscription", name=one.known("name") or one.name, location=one.location,
        settings={"above": above, "tags": tags(one)},
    )  # fmt: skip


def vault(one: Declared) -> Iterator[Observation]:
    policies = one.get("properties", "accessPolicies")
    for index, node in enumerate(policies.items() if policies else ()):
        yield from _access(one, node, f"access-{index}", one.id)


def access_policies(one: Declared) -> Iterator[Observation]:
    """Access policies of a vault that are an object of their own; of Terraform each is one."""
    properties = one.get("properties")
    listed = one.get("properties", "accessPolicies")
    vault_id = one.text("parent") or one.text("properties", "keyVaultId")
    nodes = listed.items() if listed else [properties] if properties else []
    for index, node in enumerate(nodes):
        yield from _access(one, node, f"access-{index}", principal(one, vault_id) or one.id)


def _access(one: Declared, node: Node, label: str, resource: str) -> Iterator[Grant]:
    actions = tuple(
        f"{kind}/{text.lower()}"
        for kind in ("keys", "secrets", "certificates", "storage")
        if (listed := node.get("permissions", kind)) is not None
        for item in listed.items()
        if (text := item.text())
    )
    if actions:
        yield Grant(
            id=f"{one.id}#{label}",
            identity=principal(one, _text(node, "objectId")),
            kind=GrantKind.RESOURCE_POLICY,
            provider="azure",
            location=node.location()
            if label != "access-0" or node.get("objectId")
            else one.location,
            actions=actions,
            resources=(resource,),
        )


def _text(node: Node, key: str) -> str:
    found = node.get(key)
    return found.text() if found else ""


def _texts(node: Node, key: str) -> tuple[str, ...]:
    found = node.get(key)
    return tuple(text for one in found.items() if (text := one.text())) if found else ()


TYPES = {
    "Microsoft.ManagedIdentity/userAssignedIdentities": user_assigned_identity,
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": federated_credential,
    "Microsoft.Authorization/roleDefinitions": role_definition,
    "Microsoft.Authorization/roleAssignments": role_assignment,
    "Microsoft.Authorization/roleAssignmentScheduleRequests": role_assignment,
    "Microsoft.Authorization/roleEligibilityScheduleRequests": role_assignment,
    "Microsoft.ManagedServices/registrationDefinitions": registration,
    "Microsoft.Resources/subscriptions": subscription,
    "Microsoft.KeyVault/vaults": vault,
    "Microsoft.KeyVault/vaults/accessPolicies": access_policies,
}
