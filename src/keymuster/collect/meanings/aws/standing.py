"""Secrets, keys and certificates that services other than IAM make or keep. They prove whoever holds
them, and no identity of IAM; their text is not told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.aws.names import never_used, who
from keymuster.detect import ssh_keys
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Observation,
    Storage,
    Use,
    UseKind,
)


def _credential(
    kind: CredentialKind, name: str, storage: Storage = Storage.OTHER
) -> Callable[[Declared], Iterator[Observation]]:
    def meaning(one: Declared) -> Iterator[Observation]:
        owner = one.text("OwningService")
        yield Credential(
            id=one.id,
            kind=kind,
            name=f"{name} {one.name}",
            vendor="aws",
            location=one.location,
            created_at=_first(one, _MADE),
            expires_at=one.time("ExpirationDate"),
            last_used_at=one.time("LastAccessedDate"),
            never_used=never_used(one),
            status=_status(one),
            storage=storage,
            tags={
                "type": one.type,
                **({"owning_service": owner} if owner else {}),
                **_public_half(one),
            },
        )

    return meaning


def _public_half(one: Declared) -> dict[str, str]:
    """By which the private half of a key pair is known, wherever it lies. EC2 tells it of its newer keys;
    of those of RSA it tells other digests."""
    written = one.known("SshPublicKeyBody") or one.known("PublicKeyMaterial")
    found = ssh_keys.fingerprint(written) if written else ""
    if not found and one.text("KeyType") == "ed25519":
        digest = one.known("KeyFingerprint").rstrip("=")
        found = f"SHA256:{digest}" if digest else ""
    return {"ssh_fingerprint": found} if found else {}


_MADE = ("CreatedDate", "CreationDate", "CreateTime", "CreatedTime", "CreationTime", "DateImported")
"""What services call the time when something was made."""


def _first(one: Declared, keys: tuple[str, ...]) -> datetime | None:
    return next((found for key in keys if (found := one.time(key))), None)


def _status(one: Declared) -> CredentialStatus:
    if one.text("Enabled").lower() == "false":
        return CredentialStatus.DISABLED
    return _STATUS.get(one.text("Status"), CredentialStatus.UNKNOWN)


_STATUS = {
    "ACTIVE": CredentialStatus.ACTIVE,
    "INACTIVE": CredentialStatus.DISABLED,
    "REVOKED": CredentialStatus.DISABLED,
}


def rotation(one: Declared) -> Iterator[Observation]:
    """What changes a secret now and then."""
    if subject := who(one, one.text("SecretId"), "secret"):
        yield Use(
            id=f"{one.id}#rotation",
            subject=subject,
            by=one.id,
            kind=UseKind.OTHER,
            location=one.location,
        )


_API_KEY = CredentialKind.API_KEY
_SIGNING_KEY = CredentialKind.SIGNING_KEY

TYPES = {
    "AWS::ApiGateway::ApiKey": _credential(_API_KEY, "API key"),
    "AWS::AppSync::ApiKey": _credential(_API_KEY, "API key"),
    "AWS::BedrockAgentCore::ApiKeyCredentialProvider": _credential(
        _API_KEY, "API key", Storage.VAULT
    ),
    "AWS::BedrockAgentCore::OAuth2CredentialProvider": _credential(
        CredentialKind.CLIENT_SECRET, "client secret", Storage.VAULT
    ),
    "AWS::CodeBuild::SourceCredential": _credential(
        CredentialKind.ACCESS_TOKEN, "source credential", Storage.VAULT
    ),
    "AWS::EC2::KeyPair": _credential(_SIGNING_KEY, "key pair"),
    "AWS::Events::Connection": _credential(_API_KEY, "credential of connection", Storage.VAULT),
    "AWS::IoT::Certificate": _credential(CredentialKind.CERTIFICATE, "device certificate"),
    "AWS::KMS::Key": _credential(CredentialKind.ENCRYPTION_KEY, "KMS key", Storage.VAULT),
    "AWS::SecretsManager::RotationSchedule": rotation,
    "AWS::SecretsManager::Secret": _credential(CredentialKind.PASSWORD, "secret", Storage.VAULT),
    "AWS::Transfer::SshPublicKey": _credential(_SIGNING_KEY, "SSH key"),
}
