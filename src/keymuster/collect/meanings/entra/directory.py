"""Who there is in a directory: applications and their service principals, people and groups."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from keymuster.collect.declared import Declared
from keymuster.collect.literals.sealing import SETTING
from keymuster.collect.meanings.azure.names import (
    arm_id,
    is_guid,
    named,
    object_alias,
    principal,
)
from keymuster.collect.meanings.entra import existing
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    CredentialKind,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
)
from keymuster.model.unknown import is_unknown, reference


def application(one: Declared) -> Iterator[Observation]:
    found = _identity(one, IdentityKind.APPLICATION, one.known("display_name"))
    audience = one.known("sign_in_audience")
    said = {"sign_in_audience": audience} if audience else {}
    yield replace(
        found,
        aliases=(*found.aliases, *_ids(one, "object_id", "client_id")),
        status="disabled" if one.text("isDisabled") == "true" else "",
        tags={**found.tags, **said, **existing.party(one)},
    )
    yield from existing.owned(one)


def service_principal(one: Declared) -> Iterator[Observation]:
    """An application in a tenant. What is granted to it, it has as that application; that of another
    tenant is somebody else's, and the service principal all that is seen of it here."""
    used, never = existing.last_sign_in(one, "lastSignInActivity")
    party = existing.party(one)
    found = _identity(
        one, IdentityKind.SERVICE_ACCOUNT, one.known("display_name") if one.key else ""
    )
    is_elsewhere = bool(existing.tenant(one)) and bool(one.key)
    is_own = not is_elsewhere and one.text("type") in ("", "Application")
    stands_alone = is_elsewhere or one.text("type") in _WITHOUT_APPLICATION
    if never and not found.created_at:  # nobody tells since when: that is as good as long ago
        party["sign_ins"] = "none"
    yield replace(
        found,
        id=managed_id(one) or one.id,
        kind=_kind(one, is_elsewhere=is_elsewhere),
        provider="azure" if is_managed(one) else "entra",
        status="disabled" if one.text("account_enabled") == "false" else "",
        last_used_at=used,
        never_used=never,
        aliases=(*found.aliases, *_ids(one, "object_id", *(["client_id"] if stands_alone else []))),
        tags={**found.tags, **party},
    )
    yield from existing.owned(one)
    application = one.text("client_id") or one.text("application_id")
    if reference(application) or (application and one.key and is_own):
        yield Grant(
            id=f"{one.id}#application",
            identity=principal(one, application),
            kind=GrantKind.OTHER,
            provider="entra",
            location=one.location,
            via=one.id,
        )


_WITHOUT_APPLICATION = ("ManagedIdentity", "Legacy", "SocialIdp")
"""The types of service principals that stand for no application of a tenant."""


def _kind(one: Declared, *, is_elsewhere: bool) -> IdentityKind:
    if is_managed(one):
        return IdentityKind.MANAGED_IDENTITY
    return IdentityKind.APPLICATION if is_elsewhere else IdentityKind.SERVICE_ACCOUNT


def is_managed(one: Declared) -> bool:
    return one.text("type") == "ManagedIdentity"


def managed_id(one: Declared) -> str:
    """What Azure Resource Manager calls a managed identity, or the resource that has it: it tells of
    the same one. Empty if this is none."""
    if not one.key or not is_managed(one):
        return ""
    names = one.texts("alternative_names")
    return next((arm_id(text) for text in names if text.lower().startswith("/subscriptions/")), "")


def managed_user(one: Declared) -> Iterator[Observation]:
    """A person, or what acts as one."""
    found = _identity(one, IdentityKind.USER, one.known("user_principal_name"))
    used, never = existing.last_sign_in(one, "signInActivity")
    enabled = one.text("account_enabled")
    guest = {"user_type": text} if (text := one.known("userType")) else {}
    yield replace(
        found,
        aliases=(*found.aliases, *_ids(one, "object_id")),
        status={"false": "disabled", "true": "active"}.get(enabled, ""),
        last_used_at=used,
        never_used=never,
        tags={**found.tags, **guest},
    )
    node = one.get("password")
    if node is not None and (
        found_secret := one.sealing.credential(
            node, "password", kind=CredentialKind.PASSWORD, declared_as=SETTING
        )
    ):
        yield found_secret


def group(one: Declared) -> Iterator[Observation]:
    found = _identity(one, IdentityKind.GROUP, one.known("display_name"))
    yield replace(found, aliases=(*found.aliases, *_ids(one, "object_id")))
    yield from existing.owned(one)
    members = one.get("members")
    for index, node in enumerate(members.items() if members else ()):
        if one.key and is_unknown(node.text()):  # nobody was let see who is in it
            continue
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


def _identity(one: Declared, kind: IdentityKind, name: str) -> Identity:
    """Its tags are words without a value, as Graph has them: `env:prod` is one with."""
    return Identity(
        id=one.id,
        kind=kind,
        provider="entra",
        name=name or one.name,
        location=one.location,
        account=one.account,
        aliases=named(one, "entra", f"{kind.value}/{name}" if name else ""),
        created_at=one.time("createdDateTime"),
        owner_hints=existing.hints(one, "owners") + existing.hints(one, "sponsors"),
        tags=dict(_tag(text) for text in one.texts("tags") if not is_unknown(text))
        if one.key
        else {},
        purpose=one.known("description") or one.known("notes"),
    )


def _tag(text: str) -> tuple[str, str]:
    name, _, value = text.replace("=", ":").partition(":")
    return name.strip(), value.strip()


def _ids(one: Declared, *keys: str) -> tuple[str, ...]:
    """The ids of what exists, which others call it by."""
    texts = [one.text(key) for key in keys] if one.key else []
    return tuple(object_alias(text) for text in texts if is_guid(text))


TYPES = {
    "azuread_application": application,
    "azuread_application_registration": application,
    "azuread_service_principal": service_principal,
    "azuread_user": managed_user,
    "azuread_group": group,
    "azuread_group_member": group_member,
}
