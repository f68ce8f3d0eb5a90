"""The inventory as CycloneDX 1.7: credentials as cryptographic assets, identities as services."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, ClassVar, TextIO
from uuid import NAMESPACE_URL, uuid5

import msgspec

from keymuster import __version__
from keymuster.export._shape import (
    CredentialV1,
    IdentityV1,
    InventoryV1,
    SeenAtV1,
    UseV1,
    document,
)
from keymuster.export.base import Export
from keymuster.inventory.build import Inventory


class Cyclonedx(Export):
    """Components of the type `cryptographic-asset` without values, services for who acts, and in
    `dependencies` what proves whom and who uses what. What the standard has no field for is a property."""

    name: ClassVar[str] = "cyclonedx"

    def __init__(self, at: datetime | None = None) -> None:
        self._at = at

    def write(self, inventory: Inventory, out: TextIO) -> None:
        said = document(inventory)
        metadata: dict[str, Any] = {
            "tools": {
                "components": [{"type": "application", "name": "keymuster", "version": __version__}]
            }
        }
        if self._at is not None:
            metadata["timestamp"] = _time(self._at)
        bom: dict[str, Any] = {
            "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.7",
            "version": 1,
            "metadata": metadata,
            "components": _apart(map(_component, said.credentials)),
            "services": _apart(map(_service, said.identities)),
            "dependencies": list(_dependencies(said)),
        }
        # The same inventory has the same number, so that two exports can be told to be one.
        number = uuid5(NAMESPACE_URL, json.dumps(bom, sort_keys=True))
        bom = {**dict(list(bom.items())[:3]), "serialNumber": f"urn:uuid:{number}", **bom}
        out.write(json.dumps(bom, indent=2, ensure_ascii=False) + "\n")


def _apart(made: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each with a reference of its own: two names that differ in a secret alone are shown as one."""
    count: Counter[str] = Counter()
    found = []
    for one in made:
        reference = one["bom-ref"]
        count[reference] += 1
        again = count[reference]
        found.append(one if again == 1 else {**one, "bom-ref": f"{reference}#{again}"})
    return found


_TYPES = {
    "password": "password", "url_password": "password", "private_key": "private-key",
    "encryption_key": "secret-key", "signing_key": "secret-key", "access_token": "token",
    "refresh_token": "token", "personal_access_token": "token", "service_token": "token",
    "session_token": "token", "api_key": "credential", "access_key": "credential",
    "client_secret": "credential", "connection_string": "credential", "webhook": "credential",
    "federation": "credential", "generic": "unknown",
}  # fmt: skip
"""What a kind of credential is called in CycloneDX."""

_STATES = {"active": "active", "disabled": "deactivated", "expired": "deactivated"}

_LEAKED = frozenset(
    {"tree", "staged", "history", "input", "agent_config", "agent_transcript", "report"}
)
"""Storages in which somebody can read a secret who should not."""


def _component(one: CredentialV1) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "cryptographic-asset",
        "bom-ref": one.id,
        "name": one.name or one.id,
        "cryptoProperties": _certificate(one) if one.kind == "certificate" else _material(one),
    }
    if seen := [_occurrence(place) for place in one.places]:
        made["evidence"] = {"occurrences": seen}
    made["properties"] = _properties({
        "kind": one.kind, "format": one.format, "vendor": one.vendor, "identity": one.identity,
        "preview": one.preview, "fingerprint": one.fingerprint, "confidence": one.confidence,
        "status": one.status, "environment": one.environment, "storage": one.storages,
        "last-used-at": one.last_used_at and _time(one.last_used_at), "never-used": one.never_used,
        **{f"tag:{name}": text for name, text in one.tags.items()}, **_facts(one.facts),
    })  # fmt: skip
    return made


def _material(one: CredentialV1) -> dict[str, Any]:
    said: dict[str, Any] = {"type": _TYPES.get(one.kind, "other"), "id": one.id}
    if state := _state(one):
        said["state"] = state
    if one.created_at:
        said["creationDate"] = _time(one.created_at)
    if one.expires_at:
        said["expirationDate"] = _time(one.expires_at)
    return {"assetType": "related-crypto-material", "relatedCryptoMaterialProperties": said}


def _state(one: CredentialV1) -> str:
    """That of a secret whose text lies open is `compromised`, until it is ended."""
    if ended := _STATES.get(one.status) if one.status != "active" else None:
        return ended
    is_secret = one.fingerprint and one.status in ("unknown", "active")
    if is_secret and not _LEAKED.isdisjoint(one.storages):
        return "compromised"
    return _STATES.get(one.status, "")


def _certificate(one: CredentialV1) -> dict[str, Any]:
    said: dict[str, Any] = {"subjectName": one.name or one.id}
    if one.created_at:
        said["notValidBefore"] = _time(one.created_at)
    if one.expires_at:
        said["notValidAfter"] = _time(one.expires_at)
    return {"assetType": "certificate", "certificateProperties": said}


def _occurrence(one: SeenAtV1) -> dict[str, Any]:
    if one.service is not None:
        return {"location": f"{one.service}://{one.account}/{one.resource}"}
    member = f"!/{one.member}" if one.member else ""
    made: dict[str, Any] = {"location": f"{one.path}{member}", "line": one.line}
    if one.commit:
        made["additionalContext"] = f"commit {one.commit}"
    return made


def _service(one: IdentityV1) -> dict[str, Any]:
    made: dict[str, Any] = {"bom-ref": one.id, "name": one.name or one.id}
    if one.provider:
        made["provider"] = {"name": one.provider}
    if one.purpose:
        made["description"] = one.purpose
    made["properties"] = _properties({
        "kind": one.kind, "account": one.account, "environment": one.environment,
        "status": one.status, "owner": one.owner,
        "owner-evidence": [f"{hint.name} ({hint.source})" for hint in one.owner_hints],
        "created-at": one.created_at and _time(one.created_at),
        "last-used-at": one.last_used_at and _time(one.last_used_at), "never-used": one.never_used,
        "grant": one.grants, "trust": one.trusts, "place": [_occurrence(each)["location"] for each in one.places],
        **{f"tag:{name}": text for name, text in one.tags.items()}, **_facts(one.facts),
    })  # fmt: skip
    return made


_TOLD_ALREADY = ("owner", "environment", "purpose")


def _facts(facts: dict[str, Any]) -> dict[str, Any]:
    return {f"fact:{name}": one for name, one in facts.items() if name not in _TOLD_ALREADY}


def _properties(values: dict[str, Any]) -> list[dict[str, str]]:
    """A property for each value; a list has one for each of its items."""
    return [
        {"name": f"keymuster:{name}", "value": text}
        for name, value in sorted(values.items())
        for text in _texts(value)
    ]


def _texts(value: Any) -> Iterator[str]:
    match value:
        case None | "":
            return
        case bool():
            yield "true" if value else "false"
        case list():
            for one in value:
                yield from _texts(one)
        case str():
            yield value
        case _:
            yield json.dumps(value, ensure_ascii=False, sort_keys=True)


def _dependencies(said: InventoryV1) -> Iterator[dict[str, Any]]:
    """Who needs what: an identity what proves it, a consumer what it uses."""
    known = {one.id for one in said.credentials} | {one.id for one in said.identities}
    needs: dict[str, set[str]] = {id: set() for id in known}
    for one in said.identities:
        needs[one.id].update(one.credentials)
    for use in _between(said.uses, known):
        needs[use.by].add(use.subject)
    for id in sorted(needs):
        on = sorted(needs[id] & known - {id})
        yield {"ref": id, "dependsOn": on} if on else {"ref": id}


def _between(uses: Iterable[UseV1], known: set[str]) -> Iterator[UseV1]:
    return (one for one in uses if one.by in known and one.subject in known)


def _time(one: datetime) -> str:
    return str(msgspec.to_builtins(one))
