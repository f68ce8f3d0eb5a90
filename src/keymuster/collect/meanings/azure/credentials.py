"""Keys, tokens and secrets that Azure makes or keeps for a declared object. Their text stands nowhere in
the declaration; that such a thing will exist does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from keymuster.collect.declared import Declared
from keymuster.model import Credential, CredentialKind, CredentialStatus, Observation, Storage


def _made(
    kind: CredentialKind, name: str, storage: Storage = Storage.OTHER
) -> Callable[[Declared], Iterator[Observation]]:
    def meaning(one: Declared) -> Iterator[Observation]:
        yield Credential(
            id=f"{one.id}#credential",
            kind=kind,
            name=f"{name} {one.name}",
            vendor="azure",
            location=one.location,
            storage=storage,
            created_at=moment(one.get("properties", "attributes", "created")) if one.key else None,
            expires_at=moment(one.get("properties", "attributes", "exp")),
            tags={"type": one.type},
        )

    return meaning


def storage_keys(one: Declared) -> Iterator[Observation]:
    """The two keys of an account, where it tells when they were made."""
    made = one.get("properties", "keyCreationTime")
    refused = one.text("properties", "allowSharedKeyAccess") == "false"
    for name, node in made.entries() if made and one.key else ():
        time = moment(node)
        if time is not None:
            yield Credential(
                id=f"{one.id}#{name}",
                kind=CredentialKind.ACCESS_KEY,
                name=f"{name} of storage account {one.name}",
                vendor="azure",
                location=one.location,
                created_at=time,
                status=CredentialStatus.DISABLED if refused else CredentialStatus.ACTIVE,
                tags={"type": one.type},
            )


def moment(node: object) -> datetime | None:
    """A time, written out or in seconds since 1970; None if it is not known."""
    value = getattr(node, "value", None)
    try:
        if type(value) is int:
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            found = datetime.fromisoformat(value.replace("Z", "+00:00"))
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


_SHARED_KEY = _made(CredentialKind.ACCESS_KEY, "shared access key")

TYPES = {
    "Microsoft.KeyVault/vaults/secrets": _made(CredentialKind.PASSWORD, "secret", Storage.VAULT),
    "Microsoft.KeyVault/vaults/keys": _made(CredentialKind.ENCRYPTION_KEY, "key", Storage.VAULT),
    "Microsoft.KeyVault/vaults/certificates": _made(
        CredentialKind.CERTIFICATE, "certificate", Storage.VAULT
    ),
    "Microsoft.EventHub/namespaces/authorizationRules": _SHARED_KEY,
    "Microsoft.EventHub/namespaces/eventhubs/authorizationRules": _SHARED_KEY,
    "Microsoft.ServiceBus/namespaces/authorizationRules": _SHARED_KEY,
    "Microsoft.ServiceBus/namespaces/queues/authorizationRules": _SHARED_KEY,
    "Microsoft.ServiceBus/namespaces/topics/authorizationRules": _SHARED_KEY,
    "Microsoft.Relay/namespaces/authorizationRules": _SHARED_KEY,
    "Microsoft.NotificationHubs/namespaces/authorizationRules": _SHARED_KEY,
    "Microsoft.Storage/storageAccounts": storage_keys,
    "Microsoft.Storage/storageAccounts/localUsers": _made(
        CredentialKind.PASSWORD, "password or key of local user"
    ),
    "Microsoft.ContainerRegistry/registries/tokens": _made(
        CredentialKind.ACCESS_TOKEN, "token of registry"
    ),
    "Microsoft.Insights/components/apiKeys": _made(CredentialKind.API_KEY, "API key"),
    "Microsoft.ApiManagement/service/subscriptions": _made(
        CredentialKind.API_KEY, "subscription key"
    ),
    "Microsoft.Search/searchServices/createQueryKey": _made(CredentialKind.API_KEY, "query key"),
    "Microsoft.Automation/automationAccounts/credentials": _made(
        CredentialKind.PASSWORD, "credential of runbooks", Storage.VAULT
    ),
}
