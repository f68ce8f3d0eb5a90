"""What a policy's `when:` may speak of: the fields of a record, and what follows from them.

Every field is a CEL variable of its own (`credential.kind`), declared with its type, so that an
expression with a typo is refused when rules are loaded and not when an estate is scanned.
"""

from __future__ import annotations

import re
import typing
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeAlias

import msgspec

from keymuster.evaluate import lapses, times
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import FACTS, UNKNOWN
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Environment,
    FileLocation,
    Grant,
    Identity,
    InlineAllow,
    Resource,
    ServiceLocation,
    Storage,
    Trust,
    Use,
    UseKind,
)
from keymuster.model.registration import TYPE, registration
from keymuster.rules.schema import Subject

SUBJECTS: dict[Subject, type[Any]] = {
    "identity": Identity,
    "credential": Credential,
    "grant": Grant,
    "trust": Trust,
    "use": Use,
    "resource": Resource,
    "inline_allow": InlineAllow,
}
"""The record each word of `applies_to` stands for."""

Derive: TypeAlias = Callable[[Any, Inventory, datetime], Any]


def _storages(record: Credential, inventory: Inventory, _: datetime) -> list[str]:
    return sorted({one.storage.value for one in inventory.sightings(record)})


def _in_storage(*wanted: Storage) -> Derive:
    def derive(record: Credential, inventory: Inventory, _: datetime) -> bool:
        return any(one.storage in wanted for one in inventory.sightings(record))

    return derive


def _only_in_history(record: Credential, inventory: Inventory, _: datetime) -> bool:
    return all(one.storage is Storage.HISTORY for one in inventory.sightings(record))


def _paths(record: Any, inventory: Inventory, _: datetime) -> list[str]:
    places = (one.location for one in inventory.sightings(record))
    return sorted({place.name for place in places if isinstance(place, FileLocation)})


def _has_status(*wanted: CredentialStatus) -> Derive:
    """Whether every sighting has it: one that has not is reason enough to look."""

    def derive(record: Credential, inventory: Inventory, _: datetime) -> bool:
        return all(one.status in wanted for one in inventory.sightings(record))

    return derive


def _expired(record: Credential, _: Inventory, now: datetime) -> bool:
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


def _consumers(record: Use, inventory: Inventory, _: datetime) -> int:
    """How many different ones of the same declaration consume the same, but by what starts them: that
    may be shared."""
    counts = inventory.remembered("consumers", record.subject, lambda: _scopes(record, inventory))
    return counts[_declaration(record.by)]


def _scopes(record: Use, inventory: Inventory) -> Counter[str]:
    """How many consume what a use is of, by the declaration that they are in."""
    consumers = {
        (_declaration(one.by), _REVISION.sub(r"\1", one.by))
        for one in inventory.uses(record.subject)
        if one.kind is not UseKind.OTHER
    }
    return Counter(scope for scope, _ in consumers)


_REVISION = re.compile(r"(?<=:task-definition/)([\w-]{1,255}):\d{1,9}\Z")


def _declaration(id: str) -> str:
    """Where something is declared; what exists, exists in one world."""
    return _EXISTS if id.startswith(_EXISTS) else id.rpartition(":")[0]


_EXISTS = "arn:"


def _exposures(record: Use, inventory: Inventory, _: datetime) -> list[str]:
    """Whether the instances that have the same profile can be reached from the internet: `public`,
    `private`, or both, as far as their declarations tell."""
    if "#IamInstanceProfile/" not in record.id:
        return []
    return inventory.remembered(
        "exposures", record.subject, lambda: _exposures_of(record, inventory)
    )


def _exposures_of(record: Use, inventory: Inventory) -> list[str]:
    machines = (
        inventory.records.get(f"resource:{one.by}") for one in inventory.uses(record.subject)
    )
    return sorted({_exposure(one) for one in machines} - {""})


def _exposure(machine: Any) -> str:
    if not isinstance(machine, Resource):
        return ""
    interfaces = machine.settings.get("NetworkInterfaces")
    first = interfaces[0] if isinstance(interfaces, list) and interfaces else None
    places = [machine.settings, *([first] if isinstance(first, dict) else [])]
    for place in places:
        if isinstance(said := place.get("AssociatePublicIpAddress"), bool):
            return "public" if said else "private"
    subnets = " ".join(str(place.get("SubnetId", "")).lower() for place in places)
    return next((word for word in ("public", "private") if word in subnets), "")


def _exists(record: Any, inventory: Inventory, _: datetime) -> bool:
    """Whether a service told of it: what only code declares may not be there, or not yet."""
    return any(isinstance(one.location, ServiceLocation) for one in inventory.sightings(record))


def _usable(record: Identity, inventory: Inventory, _: datetime) -> list[str]:
    """The kinds of credentials by which it can sign in now."""
    held = inventory.credentials(record.id)
    return sorted({one.kind.value for one in held if one.status is not CredentialStatus.DISABLED})


def _services(which: str) -> Derive:
    """Those that it may use and has used, or not, where its vendor remembers."""

    def derive(record: Identity, inventory: Inventory, _: datetime) -> list[str]:
        told = inventory.records.get(f"{record.id}#services")
        found = told.settings.get(which) if isinstance(told, Resource) else None
        return [str(one) for one in found] if isinstance(found, list) else []

    return derive


def _ended(record: Resource, _: Inventory, now: datetime) -> bool:
    """Whether it says of itself until when it holds, and that is past."""
    try:
        until = datetime.fromisoformat(str(record.settings.get("ValidUntil", "")))
    except ValueError:
        return False
    return until.tzinfo is not None and until < now


def _privilege(record: Credential, inventory: Inventory, _: datetime) -> str:
    """That of whom it proves."""
    return str(inventory.facts.get(record.identity or "", {}).get("privilege", UNKNOWN))


def _held(record: Grant, inventory: Inventory, _: datetime) -> bool:
    """Whether somebody has what is granted. Nobody may be seen to have a policy that stands by itself:
    it is for others to use, or a draft."""
    holder = inventory.records.get(record.identity)
    return not isinstance(holder, Resource) or inventory.is_attached(record.identity)


def _allow_expired(record: InlineAllow, _: Inventory, now: datetime) -> bool:
    return record.until is not None and record.until < now.date()


def _excepted(record: Any, inventory: Inventory, now: datetime) -> bool:
    """Whether the registry of agents still allows it, for a time."""
    until = inventory.facts.get(record.id, {}).get("excepted_until", "")
    return bool(until) and now.date().isoformat() <= until


def _lapsed(record: Resource, _: Inventory, now: datetime) -> list[str]:
    if record.type != TYPE:
        return []
    try:
        return lapses.of(registration(record), now.date())
    except msgspec.ValidationError:  # an extension may call anything by this name
        return []


def _secrets(record: Resource, inventory: Inventory, now: datetime) -> int:
    """How many secrets stand in the same file, samples aside."""
    if record.type != "agent_file" or not isinstance(record.location, FileLocation):
        return 0
    return len(
        [
            one
            for one in inventory.of(Credential)
            if one.fingerprint
            and one.status not in (CredentialStatus.SAMPLE, CredentialStatus.PUBLIC)
            and record.location.name in _paths(one, inventory, now)
        ]
    )


_TIMES: dict[str, tuple[str, Derive]] = {
    "age_days": ("dyn", times.age_days),
    "unused_days": ("dyn", times.unused_days),
    "never_used": ("dyn", times.never_used),
}

DERIVED: dict[Subject, dict[str, tuple[str, Derive]]] = {
    "identity": {
        "exists": ("bool", _exists),
        **_TIMES,
        "usable_credentials": ("list<string>", _usable),
        "used_services": ("list<string>", _services("Used")),
        "unused_services": ("list<string>", _services("Unused")),
    },
    "credential": {
        "exists": ("bool", _exists),
        **_TIMES,
        "made_with_identity": ("bool", times.made_with_identity),
        "privilege": ("dyn", _privilege),
        "storages": ("list<string>", _storages),
        "in_tree": ("bool", _in_storage(Storage.TREE, Storage.INPUT)),
        "staged": ("bool", _in_storage(Storage.STAGED)),
        "only_in_history": ("bool", _only_in_history),
        "paths": ("list<string>", _paths),
        "places": ("int", lambda record, inventory, _: len(inventory.sightings(record))),
        "sample": (
            "bool",
            _has_status(CredentialStatus.SAMPLE, CredentialStatus.PUBLIC, CredentialStatus.INVALID),
        ),
        "invalid": ("bool", _has_status(CredentialStatus.INVALID)),
        "encrypted": ("bool", _has_status(CredentialStatus.ENCRYPTED)),
        "for_test": ("bool", lambda record, *_: record.environment is Environment.TEST),
        "expired": ("bool", _expired),
        "rotated": ("bool", _rotated),
        "declared_as": ("string", lambda record, *_: record.tags.get("declared_as", "")),
        "by_setting": ("bool", lambda record, *_: _by_setting(record)),
        "setting": ("string", lambda record, *_: record.tags.get("setting", "")),
        "siblings": ("int", _siblings),
    },
    "grant": {
        "exists": ("bool", _exists),
        "held": ("bool", _held),
        "excepted": ("bool", _excepted),
    },
    "trust": {"exists": ("bool", _exists)},
    "use": {
        "consumer_count": ("int", _consumers),
        "exposures": ("list<string>", _exposures),
        "excepted": ("bool", _excepted),
    },
    "resource": {
        "exists": ("bool", _exists),
        "days": ("map<string, dyn>", times.days),
        "ended": ("bool", _ended),
        "lapsed": ("list<string>", _lapsed),
        "secrets": ("int", _secrets),
    },
    "inline_allow": {"expired": ("bool", _allow_expired)},
}
"""Subject -> name -> (CEL type, how to find it). What is `dyn` may be `unknown`, too."""


@cache
def fields(subject: Subject) -> dict[str, str]:
    """Name -> CEL type of everything a policy about this subject may name."""
    hints = typing.get_type_hints(SUBJECTS[subject])
    plain = {name: kind for name, hint in hints.items() if (kind := _cel_type(hint))}
    derived = {name: kind for name, (kind, _) in DERIVED.get(subject, {}).items()}
    return plain | derived | {name: kind for name, (kind, _) in FACTS.get(subject, {}).items()}


class View(Mapping[str, Any]):
    """Name -> value of every field of `fields(subject)` for one record. Each is found when it is asked
    for: most policies ask a record for its kind and then for nothing more."""

    __slots__ = ("_derived", "_facts", "_inventory", "_known", "_now", "_record", "_subject")

    def __init__(self, subject: Subject, record: Any, inventory: Inventory, now: datetime) -> None:
        self._subject = subject
        self._record = record
        self._inventory = inventory
        self._now = now
        self._derived = DERIVED.get(subject, {})
        self._facts = FACTS.get(subject, {})
        self._known = inventory.facts.get(record.id, {})

    def __getitem__(self, name: str) -> Any:
        if name in self._derived:
            return _plain(self._derived[name][1](self._record, self._inventory, self._now))
        if name in self._facts:
            return _plain(self._known.get(name, self._facts[name][1]))
        if name not in fields(self._subject):
            raise KeyError(name)
        return _plain(getattr(self._record, name))

    def __iter__(self) -> Iterator[str]:
        return iter(fields(self._subject))

    def __len__(self) -> int:
        return len(fields(self._subject))


def view(subject: Subject, record: Any, inventory: Inventory, now: datetime) -> View:
    """What policies see of a record."""
    return View(subject, record, inventory, now)


def _cel_type(hint: Any) -> str | None:
    if isinstance(hint, type) and issubclass(hint, str | StrEnum):
        return "string"
    return {
        bool: "bool",
        tuple[str, ...]: "list<string>",
        dict[str, str]: "map<string, string>",
        dict[str, Any]: "map<string, dyn>",
    }.get(hint)


def _plain(value: Any) -> Any:
    """The value as CEL takes it: no enums, no tuples, no numbers of more than 64 bits, and text that
    is UTF-8 throughout, with escapes for the bytes of a file name that are not."""
    if type(value) is str and value.isascii() and "\0" not in value:  # most are
        return value
    match value:
        case StrEnum():
            return value.value
        case str() if value.isascii() and "\0" not in value:
            return value
        case str():
            # The runtime ends a text at its first NUL, so two keys of a map could be one.
            text = value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            return text.replace("\0", "\\0")
        case tuple() | list():
            return [_plain(one) for one in value]
        case dict():
            return {_plain(key): _plain(one) for key, one in value.items()}
        case int() if not -(2**63) <= value < 2**63:
            return float(value) if abs(value) < 2**1000 else str(value)
        case _:
            return value
