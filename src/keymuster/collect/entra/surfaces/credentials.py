"""Secrets and certificates that applications and service principals prove themselves with, and tokens of
other issuers that stand for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra.activity import OF_CREDENTIALS, Activity
from keymuster.collect.entra.objects import of_tenant
from keymuster.collect.entra.owners import PAGE, related
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.shapes import (
    APPLICATIONS,
    CERTIFICATE,
    PRINCIPALS,
    Listed,
    certificate,
    hint_digest,
    is_certificate,
)

_FLEXIBLE = "GET /beta/applications/{id}/federatedIdentityCredentials"

_FIELDS = ("id", "displayName", "passwordCredentials", "keyCredentials")
_MOST_READ = 150
"""Certificates that a list leaves out can be read one object at a time only, and so many in a minute."""

_LOT = 500


def of_applications(ask: Scope) -> Iterator[Told]:
    rows = ask.listed(APPLICATIONS, _FIELDS)
    yield from _credentials(ask, rows, APPLICATIONS, "azuread_application", "application_id")


def of_principals(ask: Scope) -> Iterator[Told]:
    """Those that Azure itself gives managed identities are none of anybody's."""
    fields = [*_FIELDS, "servicePrincipalType", "preferredSingleSignOnMode"]
    rows = (
        one
        for one in ask.listed(PRINCIPALS, fields)
        if one.get("servicePrincipalType") != "ManagedIdentity"
    )
    yield from _credentials(
        ask, rows, PRINCIPALS, "azuread_service_principal", "service_principal_id"
    )


def _credentials(
    ask: Scope, rows: Iterable[dict[str, Any]], listed: Listed, type: str, owner: str
) -> Iterator[Told]:
    activity = Activity(ask, OF_CREDENTIALS)
    left, unread = _MOST_READ, 0
    coming = iter(rows)
    while lot := list(islice(coming, _LOT)):
        certified = {one["id"]: _keys(one) for one in lot if any(map(_is_unread, _keys(one)))}
        read = _read(ask, listed, dict(islice(certified.items(), left)))
        unread += max(0, len(certified) - left)
        left = max(0, left - len(certified))
        for row in lot:
            public = {
                one["keyId"]: certificate(one) for one in _keys(read.get(row["id"]) or row) if is_certificate(one)
            }  # fmt: skip
            for settings, kind in _of(row, public):
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


def _read(
    ask: Scope, listed: Listed, keys: Mapping[str, list[dict[str, Any]]]
) -> dict[str, dict[str, Any] | None]:
    """Objects with their certificates. These need not be read again, where objects are known between looks; which
    keys an object has is known by its list alone, as a replica that answers here may lag behind."""
    found = dict(ask.each(f"{listed.call}/{{id}}", keys, select=["id", "keyCredentials"]))
    if (known := ask.tracked(listed)) is not None:
        for id, row in found.items():
            public = {one["keyId"]: certificate(one) for one in _keys(row or {})}
            known.learn(
                id, keyCredentials=[_with(one, public.get(one["keyId"])) for one in keys[id]]
            )
    return found


def _with(key: dict[str, Any], public: str | None) -> dict[str, Any]:
    return key if public is None else key | {CERTIFICATE: public}


def _of(row: dict[str, Any], public: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
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
            yield (
                {**_settings(one), **kinds, "certificate": public.get(one["keyId"])},
                "certificate",
            )


def _settings(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "key_id": one["keyId"], "display_name": one.get("displayName"), "start_date": one.get("startDateTime"),
        "end_date": one.get("endDateTime"), **_hint(one),
    }  # fmt: skip


def _hint(one: dict[str, Any]) -> dict[str, str]:
    """Graph shows the first three letters; they are let go at once, for what a found secret has as well."""
    digest = hint_digest(one)
    return {} if digest is None else {"hint_digest": digest}


def _keys(row: dict[str, Any]) -> list[dict[str, Any]]:
    return row.get("keyCredentials") or []


def _is_unread(one: dict[str, Any]) -> bool:
    """Whether a list told of a certificate without itself: Microsoft's pages do not agree on whether it does."""
    return is_certificate(one) and not certificate(one)


def federated(ask: Scope) -> Iterator[Told]:
    """Whose tokens make their holder an application, or a managed identity."""
    unsaid = list[str]()
    for id, found in _with_federated(ask, APPLICATIONS):
        if any(not one.get("subject") for one in found):
            unsaid.append(id)
            continue
        yield from (_federated(ask, id, one) for one in found)
    for id, listed in ask.lists(_FLEXIBLE, unsaid, top=0):
        yield from (_federated(ask, id, one) for one in listed or ())
    for id, found in _with_federated(ask, PRINCIPALS, "ManagedIdentity"):
        yield from (_federated(ask, id, one) for one in found)


def _with_federated(
    ask: Scope, listed: Listed, type: str = ""
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Objects, of a type if one is given, each with what is told with it: there are twenty at most, and so many are."""
    word = "servicePrincipalType"
    if (known := ask.tracked(listed)) is not None:
        ids = (one["id"] for one in known.only(["id", word]) if not type or one.get(word) == type)
        found = related(ask, listed, "federatedIdentityCredentials", ids)
        if found is not None:
            yield from ((id, of_one or []) for id, of_one in found.items())
            return
    filter = f"{word} eq '{type}'" if type else ""
    for row in ask.rows(
        listed.call, select=["id"], expand="federatedIdentityCredentials", top=PAGE, filter=filter
    ):
        yield row["id"], row.get("federatedIdentityCredentials") or []


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
        calls=(*APPLICATIONS.calls, f"{APPLICATIONS.call}/{{id}}", OF_CREDENTIALS),
        types=("azuread_application_password", "azuread_application_certificate"),
        look=of_applications,
    ),
    Surface(
        name="service-principal-credentials",
        calls=(*PRINCIPALS.calls, f"{PRINCIPALS.call}/{{id}}", OF_CREDENTIALS),
        types=(
            "azuread_service_principal_password",
            "azuread_service_principal_certificate",
            "azuread_service_principal_token_signing_certificate",
        ),
        look=of_principals,
    ),
    Surface(
        name="federated-credentials",
        calls=(
            *APPLICATIONS.calls,
            f"{APPLICATIONS.call}/{{id}}/federatedIdentityCredentials",
            *PRINCIPALS.calls,
            f"{PRINCIPALS.call}/{{id}}/federatedIdentityCredentials",
            _FLEXIBLE,
        ),
        types=("azuread_application_federated_identity_credential",),
        look=federated,
    ),
)
