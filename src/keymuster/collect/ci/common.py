"""Records that are the same for every CI system."""

from __future__ import annotations

import re

from keymuster.collect.base import Blob
from keymuster.collect.syntax.node import Node
from keymuster.model import Credential, CredentialKind, FileLocation, Storage, Use, UseKind
from keymuster.model.secret import PUBLIC_KEY, Secret

_KINDS: tuple[tuple[re.Pattern[str], CredentialKind], ...] = (
    (re.compile(r"PASSWORD|PASSWD|PASSPHRASE"), CredentialKind.PASSWORD),
    (re.compile(r"PRIVATE_?KEY|SSH_KEY|_PEM\b"), CredentialKind.PRIVATE_KEY),
    (re.compile(r"ACCESS_KEY|SECRET_KEY"), CredentialKind.ACCESS_KEY),
    (re.compile(r"CLIENT_SECRET"), CredentialKind.CLIENT_SECRET),
    (re.compile(r"WEBHOOK"), CredentialKind.WEBHOOK),
    (re.compile(r"\bPAT\b|_PAT\b|\bPAT_|PERSONAL"), CredentialKind.PERSONAL_ACCESS_TOKEN),
    (re.compile(r"API_?KEY"), CredentialKind.API_KEY),
    (re.compile(r"CERT"), CredentialKind.CERTIFICATE),
)


def secret_id(provider: str, name: str) -> str:
    return f"{provider}:secret/{name}"


def named_secret(provider: str, name: str, location: FileLocation) -> Credential:
    """A secret that the CI system keeps, of which only the name is known."""
    kind = next((kind for known, kind in _KINDS if known.search(name.upper())), None)
    return Credential(
        id=secret_id(provider, name),
        kind=kind or CredentialKind.SERVICE_TOKEN,
        name=name,
        location=location,
        storage=Storage.CI_VARIABLE,
    )


def secret_use(provider: str, name: str, by: str, location: FileLocation) -> Use:
    return use(secret_id(provider, name), by, location)


def use(subject: str, by: str, location: FileLocation) -> Use:
    return Use(
        id=f"{by} uses {subject}", subject=subject, by=by, kind=UseKind.WORKFLOW, location=location
    )


def written_secret(name: str, node: Node, blob: Blob, key: bytes = PUBLIC_KEY) -> Credential:
    """A password that stands in the file."""
    secret = Secret(node.text().encode())
    fingerprint = secret.fingerprint(key)
    return Credential(
        id=f"secret:{fingerprint}",
        kind=CredentialKind.PASSWORD,
        name=name,
        location=node.location(),
        fingerprint=fingerprint,
        preview=secret.preview,
        storage=blob.storage,
    )
