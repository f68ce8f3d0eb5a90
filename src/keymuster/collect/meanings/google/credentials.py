"""Keys that Google makes for a declared object. Their text stands nowhere in the declaration; that such
a thing will exist does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.google.names import service_account
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Observation,
    Storage,
)

Meaning = Callable[[Declared], Iterator[Observation]]


def _of_account(kind: CredentialKind, name: str, setting: str) -> Meaning:
    """What proves the service account that a setting names."""

    def meaning(one: Declared) -> Iterator[Observation]:
        inactive = one.text("state") == "INACTIVE"
        yield Credential(
            id=f"{one.id}#credential",
            kind=kind,
            name=name,
            location=one.location,
            identity=service_account(one, one.text(setting)) or None,
            status=CredentialStatus.DISABLED if inactive else CredentialStatus.ACTIVE,
            storage=Storage.OTHER,
            tags={"declared_as": one.type},
        )

    return meaning


TYPES: dict[str, Meaning] = {
    "google_service_account_key": _of_account(
        CredentialKind.PRIVATE_KEY, "service account key", "service_account_id"
    ),
    "google_storage_hmac_key": _of_account(
        CredentialKind.ACCESS_KEY, "HMAC key", "service_account_email"
    ),
    "google_apikeys_key": _of_account(CredentialKind.API_KEY, "API key", "service_account_email"),
}
