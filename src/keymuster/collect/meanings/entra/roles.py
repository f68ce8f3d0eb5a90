"""Roles of the directory: who has one, and what those come to that somebody makes."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.azure.names import principal, role
from keymuster.model import Grant, GrantKind, Observation, Resource


def directory_role(one: Declared) -> Iterator[Observation]:
    """A role of the directory, given to a principal; by its id, or by an object that stands for it. One
    that it is only eligible for it has once it asks."""
    named = one.text("role_id") or one.text("role_object_id") or one.text("role_definition_id")
    member = one.text("principal_object_id") or one.text("member_object_id")
    said = {
        "eligible": "eligibility" in one.type,
        "principalType": one.known("principalType").lower(),
        "condition": one.text("condition"),
    }
    yield Grant(
        id=f"{one.id}#role",
        identity=principal(one, member or one.text("principal_id")),
        kind=GrantKind.ROLE_BINDING,
        provider="entra",
        location=one.location,
        via=role(one, named, "entra"),
        resources=(one.text("directory_scope_id") or "/",),
        conditions={key: value for key, value in said.items() if value},
        granted_at=one.time("createdDateTime"),
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
    """A role that somebody makes. Who is assigned it gets what it grants."""
    name = one.known("display_name") or one.name
    ids = [one.known(key).lower() for key in ("object_id", "template_id")]
    yield Resource(
        id=one.id, type="entra:role", name=name, location=one.location,
        aliases=tuple(dict.fromkeys(f"entra:role/{id}" for id in ids if id)),
    )  # fmt: skip
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
                actions=tuple(text for item in allowed.items() if (text := item.text())),
            )


TYPES = {
    "azuread_directory_role": activated_role,
    "azuread_directory_role_assignment": directory_role,
    "azuread_directory_role_member": directory_role,
    "azuread_directory_role_eligibility_schedule_request": directory_role,
    "azuread_custom_directory_role": custom_role,
}
