"""What applications prove themselves with, and whose tokens make their holder one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.literals.sealing import SETTING
from keymuster.collect.meanings.azure.credentials import moment
from keymuster.collect.meanings.azure.names import principal
from keymuster.collect.meanings.entra import certificates, existing
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Observation,
    Trust,
    TrustKind,
)

_PASSWORD = CredentialKind.CLIENT_SECRET
_CERTIFICATE = CredentialKind.CERTIFICATE


def inside(one: Declared) -> Iterator[Observation]:
    """The password that stands in an application."""
    password = one.get("password")
    for node in password.items() if password else ():
        if isinstance(node.value, dict):
            yield _credential(one, node, one.id, _PASSWORD, "#password")


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


def _credential(
    one: Declared, node: Node, owner: str, kind: CredentialKind, part: str
) -> Credential:
    word = "certificate" if kind is _CERTIFICATE else "client secret"
    used, never = existing.last_sign_in(one, "signInActivity")
    id = {"key_id": text} if (text := one.known("key_id")) else {}
    hint = {"hint": text} if (text := one.known("hint_digest")) else {}
    return Credential(
        id=one.id + part,
        kind=kind,
        name=f"{word} {one.name}",
        vendor="entra",
        location=node.location(),
        identity=owner or None,
        created_at=one.time("start_date") if one.key else None,
        expires_at=moment(node.get("end_date")),
        last_used_at=used,
        never_used=never,
        status=CredentialStatus.ACTIVE if one.key else CredentialStatus.UNKNOWN,
        tags={
            "type": one.type,
            **id,
            **hint,
            **_lifetime(one, node),
            **certificates.facts(one.get("certificate")),
        },
    )


def _lifetime(one: Declared, node: Node) -> dict[str, str]:
    """How many days it is valid, if the declaration says so; `default` if it says nothing."""
    start, end, hours = node.get("start_date"), node.get("end_date"), node.get("end_date_relative")
    if end is None and hours is None:
        return {} if one.key else {"lifetime": "default"}
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


TYPES: dict[str, Callable[[Declared], Iterator[Observation]]] = {
    "azuread_application": inside,
    "azuread_application_password": password("application_id", "application_object_id"),
    "azuread_service_principal_password": password("service_principal_id"),
    "azuread_application_certificate": certificate("application_id", "application_object_id"),
    "azuread_service_principal_certificate": certificate("service_principal_id"),
    "azuread_service_principal_token_signing_certificate": certificate("service_principal_id"),
    "azuread_application_federated_identity_credential": federated_credential,
    "azuread_application_flexible_federated_identity_credential": federated_credential,
}
