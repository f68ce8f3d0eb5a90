"""The inventory as events of OCSF 1.8.0: identities as User Inventory Info, the rest as Cloud Resources
Inventory Info."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar, TextIO

from keymuster import __version__
from keymuster.export._shape import CredentialV1, IdentityV1, InventoryV1, document, plain
from keymuster.export.base import Export
from keymuster.inventory.build import Inventory

VERSION = "1.8.0"


class Ocsf(Export):
    """An array with an event on each line. OCSF demands a time: without one, it is the beginning of 1970."""

    name: ClassVar[str] = "ocsf"

    def __init__(self, at: datetime | None = None) -> None:
        self._time = _milliseconds(at or datetime.fromtimestamp(0, UTC))

    def write(self, inventory: Inventory, out: TextIO) -> None:
        events = [
            json.dumps(one, ensure_ascii=False, separators=(",", ":"))
            for one in self._events(document(inventory))
        ]
        out.write("[\n" + ",\n".join(events) + "\n]\n" if events else "[]\n")

    def _events(self, said: InventoryV1) -> Iterator[dict[str, Any]]:
        credentials = {one.id: one for one in said.credentials}
        for one in said.identities:
            yield self._event(_USERS, one.id, {"user": _user(one, credentials), **_cloud(one)})
        for record in ("credentials", "grants", "trusts", "uses", "resources"):
            for other in getattr(said, record):
                resource = _resource(_SINGULAR[record], other)
                yield self._event(_RESOURCES, other.id, {"resources": [resource]})

    def _event(self, kind: tuple[int, str], uid: str, about: dict[str, Any]) -> dict[str, Any]:
        class_uid, name = kind
        return {
            "activity_id": 2, "activity_name": "Collect", "category_uid": 5, "category_name": "Discovery",
            "class_uid": class_uid, "class_name": name, "type_uid": class_uid * 100 + 2,
            "type_name": f"{name}: Collect", "severity_id": 1, "severity": "Informational",
            "time": self._time,
            "metadata": {
                "version": VERSION, "uid": uid,
                "product": {"name": "keymuster", "vendor_name": "keymuster", "version": __version__},
            },
            **about,
        }  # fmt: skip


_USERS = (5003, "User Inventory Info")
_RESOURCES = (5023, "Cloud Resources Inventory Info")

_SINGULAR = {
    "credentials": "credential", "grants": "grant", "trusts": "trust", "uses": "use",
    "resources": "resource",
}  # fmt: skip

_USER, _SERVICE, _OTHER = (1, "User"), (4, "Service"), (99, "Other")


def _user(one: IdentityV1, credentials: dict[str, CredentialV1]) -> dict[str, Any]:
    type_id, type = _USER if one.kind == "user" else _OTHER if one.kind == "group" else _SERVICE
    made: dict[str, Any] = {
        "uid": one.id, "name": one.name or one.id, "type_id": type_id, "type": type if type_id != 99 else one.kind,
    }  # fmt: skip
    if one.account:
        made["account"] = {"uid": one.account}
    if proofs := [_proof(credentials[id]) for id in one.credentials if id in credentials]:
        made["programmatic_credentials"] = proofs
    return made


def _proof(one: CredentialV1) -> dict[str, Any]:
    made: dict[str, Any] = {"uid": one.id, "type": one.kind}
    if one.last_used_at:
        made["last_used_time"] = _milliseconds(one.last_used_at)
    return made


def _cloud(one: IdentityV1) -> dict[str, Any]:
    """What OCSF has no field for."""
    said = {
        "kind": one.kind, "provider": one.provider, "environment": one.environment, "status": one.status,
        "owner": one.owner, "purpose": one.purpose, "never_used": one.never_used, "tags": one.tags,
        "grants": one.grants, "trusts": one.trusts, "uses": one.uses, "facts": one.facts,
        "created_at": one.created_at, "last_used_at": one.last_used_at, "places": one.places,
    }  # fmt: skip
    return {"unmapped": _told(said)}


def _resource(kind: str, one: Any) -> dict[str, Any]:
    data = {
        name: getattr(one, name) for name in one.__struct_fields__ if name not in ("id", "name")
    }
    made: dict[str, Any] = {"uid": one.id, "name": getattr(one, "name", "") or one.id, "type": kind}
    if getattr(one, "created_at", None):
        made["created_time"] = _milliseconds(one.created_at)
    return {**made, "data": _told(data)}


def _told(values: dict[str, Any]) -> dict[str, Any]:
    """What is known of it, and not empty."""
    made = {name: _plain(value) for name, value in values.items()}
    return {name: value for name, value in made.items() if value not in ("", [], {}, None)}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return plain(value)


def _milliseconds(one: datetime) -> int:
    return int(one.timestamp() * 1000)
