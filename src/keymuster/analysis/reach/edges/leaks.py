"""From a file to the secret that stands in it: who reads the file has it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.model import Confidence, Credential, CredentialStatus, FileLocation, Storage

LEAKED = "leaked"

HOLDS = Kind(
    "holds", "{start} holds {to}", "Revoke {to} and take it out of {start} and its history"
)

_READ_BY_MANY = frozenset(
    (Storage.TREE, Storage.STAGED, Storage.HISTORY, Storage.INPUT, Storage.STATE_FILE)
)
"""Where a secret lies that was to be in a vault. What lies on one machine is not leaked by that."""

_OPENS_NOTHING = frozenset(
    (
        CredentialStatus.DISABLED,
        CredentialStatus.EXPIRED,
        CredentialStatus.SAMPLE,
        CredentialStatus.PUBLIC,
        CredentialStatus.INVALID,
    )
)


def edges(basis: Basis) -> Iterator[Node | Edge]:
    inventory = basis.inventory
    now = inventory.now or datetime.now(UTC)
    for one in basis.of(Credential):
        if not one.fingerprint or not is_open(one, basis, now):
            continue
        for place in dict.fromkeys(_places(basis, one)):
            file = f"file:{place.name}"
            yield Node(id=file, kind="file", name=place.name, place=place, entry=LEAKED)
            yield Edge(file, one.id, HOLDS, (one.id,), _doubt(one))


def is_open(one: Credential, basis: Basis, now: datetime) -> bool:
    """Whether it may open something still, by what is known where it was made, too."""
    if basis.inventory.facts.get(one.id, {}).get("works") == "no":
        return False
    return one.status not in _OPENS_NOTHING and (one.expires_at is None or one.expires_at > now)


def _places(basis: Basis, one: Credential) -> Iterator[FileLocation]:
    for seen in basis.inventory.sightings(one):
        if seen.storage in _READ_BY_MANY and isinstance(seen.location, FileLocation):
            yield seen.location


def _doubt(one: Credential) -> str:
    if one.status is CredentialStatus.ENCRYPTED:
        return "its passphrase is not known"
    return "" if one.confidence is not Confidence.LOW else "it may be no secret"
