"""Secrets and certificates that applications and service principals prove themselves with, and tokens of
other issuers that stand for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra.activity import OF_CREDENTIALS, Activity
from keymuster.collect.entra.objects import of_tenant
from keymuster.collect.entra.owners import PAGE
from keymuster.collect.entra.scope import Scope
from keymuster.detect import hints

_APPLICATIONS = "GET /v1.0/applications"
_PRINCIPALS = "GET /v1.0/servicePrincipals"
_FLEXIBLE = "GET /beta/applications/{id}/federatedIdentityCredentials"

_FIELDS = ("id", "displayName", "passwordCredentials", "keyCredentials")
_MOST_READ = 150
"""Certificates that a list leaves out can be read one object at a time only, and so many in a minute."""

_LOT = 500


def of_applications(ask: Scope) -> Iterator[Told]:
    rows = ask.rows(_APPLICATIONS, select=_FIELDS)
    yield from _credentials(ask, rows, _APPLICATIONS, "azuread_application", "application_id")


def of_principals(ask: Scope) -> Iterator[Told]:
    """Those that Azure itself gives managed identities are none of anybody's."""
    fields = [*_FIELDS, "servicePrincipalType", "preferredSingleSignOnMode"]
    rows = (
        one
        for one in ask.rows(_PRINCIPALS, select=fields)
        if one.get("servicePrincipalType") != "ManagedIdentity"
    )
    yield from _credentials(
        ask, rows, _PRINCIPALS, "azuread_service_principal", "service_principal_id"
    )


def _credentials(
    ask: Scope, rows: Iterable[dict[str, Any]], call: str, type: str, owner: str
) -> Iterator[Told]:
    activity = Activity(ask, OF_CREDENTIALS)
    left, unread = _MOST_READ, 0
    coming = iter(rows)
    while lot := list(islice(coming, _LOT)):
        certified = [one["id"] for one in lot if any(map(_is_unread, _keys(one)))]
        keys = dict(ask.each(f"{call}/{{id}}", certified[:left], select=["id", "keyCredentials"]))
        unread += max(0, len(certified) - left)
        left = max(0, left - len(certified))
        for row in lot:
            read = {
                one["keyId"]: one.get("key") for one in _keys(keys.get(row["id"]) or row) if _is_certificate(one)
            }  # fmt: skip
            for settings, kind in _of(row, read):
                key = settings["key_id"]
                word = "passwordCredentials" if kind == "password" else "keyCredentials"
                yield of_tenant(
                    ask.account, f"{type}_{kind}", f"{row['id']}/{word}/{key}",
                    f"{settings['display_name'] or key} of {row.get('displayName') or row['id']}",
                    {owner: row["id"], **settings, **activity.of(key)},
                )  # fmt: skip
    if unread:
        ask.unseen(
            f"the certificates of {unread} objects were not read, as Graph gave them one object at a time; "
            "how strong they are, and who issued them, is not judged",
            "Their ends are judged all the same.",
        )


def _of(row: dict[str, Any], read: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Each credential of an object. The key that a tenant signs SAML answers with has a password and a public
    half, which are nobody's to sign in with."""
    signing = [
        one
        for one in _keys(row)
        if one.get("usage") == "Sign" and row.get("preferredSingleSignOnMode") == "saml"
    ]
    halves = {name for one in signing for name in (one["keyId"], one.get("customKeyIdentifier")) if name}  # fmt: skip
    for one in row.get("passwordCredentials") or ():
        if halves.isdisjoint((one["keyId"], one.get("customKeyIdentifier"))):
            yield _settings(one), "password"
    for one in _keys(row):
        kinds = {"type": one.get("type"), "usage": one.get("usage")}
        if one in signing:
            yield {**_settings(one), **kinds}, "token_signing_certificate"
        elif one.get("customKeyIdentifier") not in halves:
            yield {**_settings(one), **kinds, "certificate": read.get(one["keyId"])}, "certificate"


def _settings(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "key_id": one["keyId"], "display_name": one.get("displayName"), "start_date": one.get("startDateTime"),
        "end_date": one.get("endDateTime"), **_hint(one),
    }  # fmt: skip


def _hint(one: dict[str, Any]) -> dict[str, str]:
    """Graph shows the first three letters; they are let go at once, for what a found secret has as well."""
    hint = one.get("hint")
    return (
        {"hint_digest": hints.digest(hint)} if isinstance(hint, str) and len(hint) == _HINT else {}
    )


_HINT = 3


def _keys(row: dict[str, Any]) -> list[dict[str, Any]]:
    return row.get("keyCredentials") or []


def _is_certificate(one: dict[str, Any]) -> bool:
    """Whether it is public: the key of others is a secret, and not to be read."""
    return one.get("type") == "AsymmetricX509Cert" and one.get("usage") == "Verify"


def _is_unread(one: dict[str, Any]) -> bool:
    """Whether a list told of a certificate without itself: Microsoft's pages do not agree on whether it does."""
    return _is_certificate(one) and not one.get("key")


def federated(ask: Scope) -> Iterator[Told]:
    """Whose tokens make their holder an application, or a managed identity."""
    unsaid = list[str]()
    for row in _with_federated(ask, _APPLICATIONS):
        found = row.get("federatedIdentityCredentials") or ()
        if any(not one.get("subject") for one in found):
            unsaid.append(row["id"])
            continue
        yield from (_federated(ask, row["id"], one) for one in found)
    for id, listed in ask.lists(_FLEXIBLE, unsaid, top=0):
        yield from (_federated(ask, id, one) for one in listed or ())
    for row in _with_federated(
        ask, _PRINCIPALS, filter="servicePrincipalType eq 'ManagedIdentity'"
    ):
        found = row.get("federatedIdentityCredentials") or ()
        yield from (_federated(ask, row["id"], one) for one in found)


def _with_federated(ask: Scope, call: str, **query: Any) -> Iterator[dict[str, Any]]:
    """An object has twenty of them at most, and so many are told with it."""
    yield from ask.rows(
        call, select=["id"], expand="federatedIdentityCredentials", top=PAGE, **query
    )


def _federated(ask: Scope, owner: str, one: dict[str, Any]) -> Told:
    expression = one.get("claimsMatchingExpression") or {}
    return of_tenant(
        ask.account, "azuread_application_federated_identity_credential",
        f"{owner}/federatedIdentityCredentials/{one['id']}", one.get("name") or one["id"],
        {
            "application_id": owner, "display_name": one.get("name"), "issuer": one.get("issuer"),
            "subject": one.get("subject"), "audiences": one.get("audiences"), "description": one.get("description"),
            "claims_matching_expression": expression.get("value"),
        },
    )  # fmt: skip


SURFACES = (
    Surface(
        name="application-credentials",
        calls=(_APPLICATIONS, f"{_APPLICATIONS}/{{id}}", OF_CREDENTIALS),
        types=("azuread_application_password", "azuread_application_certificate"),
        look=of_applications,
    ),
    Surface(
        name="service-principal-credentials",
        calls=(_PRINCIPALS, f"{_PRINCIPALS}/{{id}}", OF_CREDENTIALS),
        types=(
            "azuread_service_principal_password",
            "azuread_service_principal_certificate",
            "azuread_service_principal_token_signing_certificate",
        ),
        look=of_principals,
    ),
    Surface(
        name="federated-credentials",
        calls=(_APPLICATIONS, _PRINCIPALS, _FLEXIBLE),
        types=("azuread_application_federated_identity_credential",),
        look=federated,
    ),
)
