"""What follows from a credential."""

from __future__ import annotations

from datetime import datetime

from keymuster.evaluate import times
from keymuster.evaluate.derived.common import EXISTS, TIMES, Derive, Fields, paths
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Credential, CredentialKind, CredentialStatus, Environment, Storage


def _privilege(record: Credential, inventory: Inventory, _: datetime) -> str:
    """That of whom it proves."""
    return str(inventory.facts.get(record.identity or "", {}).get("privilege", UNKNOWN))


def _storages(record: Credential, inventory: Inventory, _: datetime) -> list[str]:
    return sorted({one.storage.value for one in inventory.sightings(record)})


def _in_storage(*wanted: Storage) -> Derive:
    def derive(record: Credential, inventory: Inventory, _: datetime) -> bool:
        return any(one.storage in wanted for one in inventory.sightings(record))

    return derive


def _only_in_history(record: Credential, inventory: Inventory, _: datetime) -> bool:
    """What others report says nothing about what is in the files now."""
    seen = {one.storage for one in inventory.sightings(record)} - {Storage.REPORT}
    return seen == {Storage.HISTORY}


def _only_reported(record: Credential, inventory: Inventory, _: datetime) -> bool:
    return all(one.storage is Storage.REPORT for one in inventory.sightings(record))


def _said(tag: str, word: str) -> Derive:
    """Whether another scanner came to this verdict: the tag has `SCANNER: VERDICT` of each."""

    def derive(record: Credential, _: Inventory, __: datetime) -> bool:
        said = record.tags.get(tag, "").split("; ")
        return any(one.partition(": ")[2] == word for one in said)

    return derive


def _has_status(*wanted: CredentialStatus) -> Derive:
    """Whether every sighting has it: one that has not is reason enough to look."""

    def derive(record: Credential, inventory: Inventory, _: datetime) -> bool:
        return all(one.status in wanted for one in inventory.sightings(record))

    return derive


def expired(record: Credential, _: Inventory, now: datetime) -> bool:
    """Past its end. A private key has none: it opens and signs whatever its certificate says."""
    if record.kind is CredentialKind.PRIVATE_KEY or record.expires_at is None:
        return False
    return record.expires_at < now


def _by_setting(record: Credential) -> bool:
    """Whether what it is stands only in a declaration: no format proves it, and it is no whole key."""
    if record.kind is CredentialKind.PRIVATE_KEY or not record.tags.get("declared_as"):
        return False
    return not record.format or record.kind is CredentialKind.GENERIC


def _rotated(record: Credential, inventory: Inventory, _: datetime) -> bool:
    return any(one.id.endswith("#rotation") for one in inventory.uses(record.id))


def _siblings(record: Credential, inventory: Inventory, _: datetime) -> int:
    """How many more of its kind that are not switched off prove the same identity."""
    if not record.identity:
        return 0
    same = [one for one in inventory.credentials(record.identity) if one.kind is record.kind]
    return len([one for one in same if one.status is not CredentialStatus.DISABLED]) - 1


FIELDS: Fields = {
    **EXISTS,
    **TIMES,
    "days_left": ("dyn", times.days_left),
    "made_with_identity": ("bool", times.made_with_identity),
    "privilege": ("dyn", _privilege),
    "storages": ("list<string>", _storages),
    "in_tree": ("bool", _in_storage(Storage.TREE, Storage.INPUT)),
    "staged": ("bool", _in_storage(Storage.STAGED)),
    "only_in_history": ("bool", _only_in_history),
    "only_reported": ("bool", _only_reported),
    "found_by": ("string", lambda record, *_: record.tags.get("found_by", "")),
    "confirmed_by": ("string", lambda record, *_: record.tags.get("confirmed_by", "")),
    "verified_live": ("bool", _said("confirmed_by", "verified live")),
    "paths": ("list<string>", paths),
    "exposed_days": ("dyn", times.exposed_days),
    "places": ("int", lambda record, inventory, _: len(inventory.sightings(record))),
    "sample": (
        "bool",
        _has_status(CredentialStatus.SAMPLE, CredentialStatus.PUBLIC, CredentialStatus.INVALID),
    ),
    "invalid": ("bool", _has_status(CredentialStatus.INVALID)),
    "encrypted": ("bool", _has_status(CredentialStatus.ENCRYPTED)),
    "for_test": ("bool", lambda record, *_: record.environment is Environment.TEST),
    "expired": ("bool", expired),
    "rotated": ("bool", _rotated),
    "declared_as": ("string", lambda record, *_: record.tags.get("declared_as", "")),
    "by_setting": ("bool", lambda record, *_: _by_setting(record)),
    "setting": ("string", lambda record, *_: record.tags.get("setting", "")),
    "siblings": ("int", _siblings),
}
