"""Keys, secrets and tokens that Google makes. Their text stands nowhere in the declaration; that such
a thing will exist, or does, is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from keymuster import regex
from keymuster.collect.declared import Declared
from keymuster.collect.meanings.google.existing import activity
from keymuster.collect.meanings.google.names import service_account, target
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Observation,
    Storage,
)
from keymuster.model.secret import Secret

VENDOR = "google"

Meaning = Callable[[Declared], Iterator[Observation]]


def _of_account(kind: CredentialKind, name: str, setting: str) -> Meaning:
    """What proves the service account that a setting names."""

    def meaning(one: Declared) -> Iterator[Observation]:
        identity = service_account(one, one.text(setting)) or None
        yield from _credential(one, kind, name, identity)

    return meaning


def key(one: Declared) -> Iterator[Observation]:
    """Keys that Google alone has and changes by itself are none of the user's."""
    if one.text("keyType") == "SYSTEM_MANAGED":
        return
    account = one.text("service_account_id")
    told = {
        "origin": one.known("keyOrigin"),
        "disabled_as": one.known("disableReason"),
        **_named(one),
    }
    marks = [mark.get("key") for mark in _items(one, "extendedStatus")]
    told["marks"] = ", ".join(node.text() for node in marks if node is not None)
    yield from _credential(
        one, CredentialKind.PRIVATE_KEY, "service account key", service_account(one, account) or None,
        tags={name: text for name, text in told.items() if text},
    )  # fmt: skip


def _named(one: Declared) -> dict[str, str]:
    """What a file that holds the key says of it, too. A state knows its name; what exists is called by it."""
    found = _NAME.search(one.key) or _NAME.search(one.known("name"))
    return {"client_email": found["email"], "private_key_id": found["id"]} if found else {}


_NAME = regex.later(r"(?:\Agcp:|/serviceAccounts/)(?P<email>[^/@]+@[^/]+)/keys/(?P<id>[0-9a-f]+)\Z")


def _items(one: Declared, *keys: str) -> list[Any]:
    node = one.get(*keys)
    return node.items() if node is not None else []


def client_secret(one: Declared) -> Iterator[Observation]:
    """Of an OAuth client that applications of a workforce sign in with."""
    client = one.text("oauthclient")
    named = target(one, client) or f"//iam.googleapis.com/{client}"
    yield from _credential(one, CredentialKind.CLIENT_SECRET, "OAuth client secret", named)


def scim_token(one: Declared) -> Iterator[Observation]:
    """By it a provider of identities writes users and groups into a pool: no end is told of one."""
    name = one.text("name")
    pool = f"//iam.googleapis.com/{name.partition('/providers/')[0]}" if name else None
    yield from _credential(one, CredentialKind.SERVICE_TOKEN, "SCIM token", pool)


def _credential(
    one: Declared,
    kind: CredentialKind,
    name: str,
    identity: str | None,
    tags: dict[str, str] | None = None,
) -> Iterator[Observation]:
    """One; what exists is called by its id, and tells when it was made."""
    if one.text("state") == "DELETED" or one.text("deleteTime"):
        return
    made = next((time for word in _MADE if (time := one.time(word)) is not None), None)
    ends = one.time("validBeforeTime") or one.time("expireTime")
    used = activity(one, made)
    own = (one.known("display_name") or one.key.rpartition("/")[2]) if one.key else ""
    account = (identity or "").removeprefix("gcp:")
    public = _id(one)
    yield Credential(
        id=f"{one.id}#credential",
        kind=kind,
        fingerprint=public.fingerprint(one.sealing.key) if public else "",
        preview=public.preview if public else "",
        name=f"{name} {own[:60]}{f' of {account}' if '@' in account else ''}" if own else name,
        location=one.location,
        vendor=VENDOR if one.key else "",
        identity=identity,
        status=_status(one),
        storage=Storage.OTHER,
        created_at=made,
        expires_at=None if ends is None or ends >= _NEVER else ends,
        last_used_at=used.last_used_at,
        never_used=used.never_used,
        tags={"declared_as": one.type, **(tags or {})},
    )


def _id(one: Declared) -> Secret | None:
    """The id of an HMAC key, which stands in files beside its secret: by it they are one. A state tells it,
    too."""
    text = one.known("access_id")
    return Secret(text.encode(), public=4) if text else None


_MADE = ("validAfterTime", "timeCreated", "createTime")

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Keys that do not end are told to end in the last year that can be written."""


def _status(one: Declared) -> CredentialStatus:
    off = one.text("disabled") == "true" or one.text("state") in ("INACTIVE", "DISABLED")
    return CredentialStatus.DISABLED if off else CredentialStatus.ACTIVE


TYPES: dict[str, Meaning] = {
    "google_service_account_key": key,
    "google_storage_hmac_key": _of_account(
        CredentialKind.ACCESS_KEY, "HMAC key", "service_account_email"
    ),
    "google_apikeys_key": _of_account(CredentialKind.API_KEY, "API key", "service_account_email"),
    "google_iam_oauth_client_credential": client_secret,
    "google_iam_workforce_pool_provider_scim_token": scim_token,
    "iam.googleapis.com/WorkforcePoolProviderScimToken": scim_token,
}
