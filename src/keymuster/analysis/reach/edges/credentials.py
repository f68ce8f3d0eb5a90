"""From a credential to what it proves, and to the same key where a service told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from keymuster.analysis.reach.edges.leaks import is_open
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.inventory.statuses import is_off
from keymuster.model import Credential, CredentialKind, CredentialStatus, Identity, ServiceLocation
from keymuster.model.unknown import is_unknown

PROVES = Kind("proves", "{start} signs in as {to}", "Revoke {start}")
IS_SAME = Kind("is-the-same", "{start} is {to}")


def edges(basis: Basis) -> Iterator[Node | Edge]:
    inventory = basis.inventory
    now = inventory.now or datetime.now(UTC)
    for one in basis.of(Credential):
        if one.identity and is_open(one, basis, now) and not is_unknown(one.identity):
            yield Edge(one.id, one.identity, PROVES, (one.id,), _doubt(basis, one))
    yield from _same(basis)


def _doubt(basis: Basis, one: Credential) -> str:
    if one.status is CredentialStatus.ENCRYPTED:
        return "its passphrase is not known"
    known = basis.inventory.records.get(one.identity or "")
    if isinstance(known, Identity) and is_off(known.status):
        return f"the identity is {known.status}, and may be switched on again"
    return ""


def _same(basis: Basis) -> Iterator[Edge]:
    """What was found in a file, and what the service calls it that made it: by the fingerprint of the
    secret, or of the public half of a key."""
    told: dict[str, list[str]] = defaultdict(list)
    found: dict[str, list[str]] = defaultdict(list)
    for one in basis.of(Credential):
        keys = _keys(one)
        is_told = isinstance(one.location, ServiceLocation)
        if is_told and one.status is CredentialStatus.DISABLED:
            continue
        for key in keys:
            (told if is_told else found)[key].append(one.id)
    for key, here in found.items():
        for id in here:
            for there in told.get(key, ()):
                yield Edge(id, there, IS_SAME, (id, there))


def _keys(one: Credential) -> Iterator[str]:
    if one.fingerprint:
        yield one.fingerprint
    half = one.tags.get("ssh_fingerprint")
    if half and one.kind is CredentialKind.PRIVATE_KEY:
        yield f"ssh {half}"
