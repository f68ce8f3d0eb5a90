"""Version 1 of the inventory in JSON. Its shape is frozen here, not in the model."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import STEPS
from keymuster.model import (
    Credential,
    FileLocation,
    Grant,
    Identity,
    Location,
    Resource,
    Trust,
    Use,
)
from keymuster.report.base import readable


class SeenAtV1(Struct, kw_only=True, omit_defaults=True):
    """A span of a file, in a commit or as it is, or an object of a service."""

    path: str | None = None
    member: str | None = None
    line: int | None = None
    end_line: int | None = None
    commit: str | None = None
    service: str | None = None
    account: str | None = None
    resource: str | None = None


class OwnerHintV1(Struct, kw_only=True):
    """One signal of who answers for a thing, and where it comes from."""

    name: str
    source: str


class IdentityV1(Struct, kw_only=True):
    """A principal that acts without a human at the keyboard. `facts` are what follows from all that is known;
    the lists of ids are what proves it, what it may do, who may become it and who uses it."""

    id: str
    kind: str
    provider: str
    name: str
    account: str
    environment: str
    status: str
    owner: str
    owner_hints: list[OwnerHintV1]
    purpose: str
    created_at: datetime | None
    last_used_at: datetime | None
    never_used: bool | None
    aliases: list[str]
    tags: dict[str, str]
    credentials: list[str]
    grants: list[str]
    trusts: list[str]
    uses: list[str]
    facts: dict[str, Any]
    places: list[SeenAtV1]


class CredentialV1(Struct, kw_only=True):
    """Something that proves an identity; never its text. The `fingerprint` is keyed."""

    id: str
    kind: str
    name: str
    format: str
    vendor: str
    identity: str | None
    fingerprint: str
    preview: str
    confidence: Literal["low", "medium", "high"]
    status: str
    environment: str
    storages: list[str]
    created_at: datetime | None
    expires_at: datetime | None
    last_used_at: datetime | None
    never_used: bool | None
    tags: dict[str, str]
    uses: list[str]
    facts: dict[str, Any]
    places: list[SeenAtV1]


class GrantV1(Struct, kw_only=True):
    """What an identity may do, in its vendor's words."""

    id: str
    identity: str
    kind: str
    provider: str
    effect: Literal["allow", "deny"]
    actions: list[str]
    not_actions: list[str]
    resources: list[str]
    not_resources: list[str]
    via: str
    conditions: dict[str, Any]
    granted_by: str | None
    granted_at: datetime | None
    last_used_at: datetime | None
    facts: dict[str, Any]
    places: list[SeenAtV1]


class TrustV1(Struct, kw_only=True):
    """Who may become an identity."""

    id: str
    identity: str
    principal: str
    kind: str
    provider: str
    effect: Literal["allow", "deny"]
    actions: list[str]
    conditions: dict[str, Any]
    facts: dict[str, Any]
    places: list[SeenAtV1]


class UseV1(Struct, kw_only=True):
    """Who consumes an identity or a credential."""

    id: str
    subject: str
    by: str
    kind: str
    facts: dict[str, Any]
    places: list[SeenAtV1]


class ResourceV1(Struct, kw_only=True):
    """A declared object. Of its settings only their names are told, and what is on or off: a setting may be a
    password. One that is not `looked_at` does not lie here."""

    id: str
    type: str
    name: str
    looked_at: bool
    settings: dict[str, Any]
    facts: dict[str, Any]
    places: list[SeenAtV1]


class InventoryV1(Struct, kw_only=True):
    """The whole inventory, each kind in order of the ids."""

    version: Literal[1]
    identities: list[IdentityV1]
    credentials: list[CredentialV1]
    grants: list[GrantV1]
    trusts: list[TrustV1]
    uses: list[UseV1]
    resources: list[ResourceV1]


def document(inventory: Inventory) -> InventoryV1:
    """The inventory in its published shape."""
    return InventoryV1(
        version=1,
        identities=[identity(one, inventory) for one in sorted_(inventory.of(Identity))],
        credentials=[credential(one, inventory) for one in sorted_(inventory.of(Credential))],
        grants=[grant(one, inventory) for one in sorted_(inventory.of(Grant))],
        trusts=[trust(one, inventory) for one in sorted_(inventory.of(Trust))],
        uses=[use(one, inventory) for one in sorted_(inventory.of(Use))],
        resources=[resource(one, inventory) for one in sorted_(inventory.of(Resource))],
    )


_R = TypeVar("_R", Identity, Credential, Grant, Trust, Use, Resource)


def sorted_(records: Iterable[_R]) -> list[_R]:
    """By their ids, whatever order they came in."""
    return sorted(records, key=lambda one: one.id)


def identity(one: Identity, inventory: Inventory) -> IdentityV1:
    known = inventory.facts.get(one.id, {})
    return IdentityV1(
        id=readable(one.id), kind=one.kind.value, provider=readable(one.provider),
        name=readable(one.name), account=readable(one.account),
        environment=str(known.get("environment") or one.environment.value), status=readable(one.status),
        owner=readable(str(known.get("owner") or "")),
        owner_hints=[
            OwnerHintV1(name=readable(hint.name), source=readable(hint.source))
            for hint in one.owner_hints
        ],
        purpose=readable(str(known.get("purpose") or one.purpose)), created_at=one.created_at,
        last_used_at=one.last_used_at, never_used=one.never_used, aliases=_texts(one.aliases),
        tags=_tags(one.tags), credentials=_ids(inventory.credentials(one.id)),
        grants=_ids(inventory.grants(one.id)), trusts=_ids(inventory.trusts(one.id)),
        uses=_ids(inventory.uses(one.id)), facts=facts(one, inventory), places=places(one, inventory),
    )  # fmt: skip


def credential(one: Credential, inventory: Inventory) -> CredentialV1:
    return CredentialV1(
        id=readable(one.id), kind=one.kind.value, name=readable(one.name), format=one.format,
        vendor=one.vendor, identity=None if one.identity is None else readable(one.identity),
        fingerprint=one.fingerprint, preview=readable(one.preview), confidence=one.confidence.value,
        status=one.status.value, environment=one.environment.value,
        storages=sorted({each.storage.value for each in inventory.sightings(one)}),
        created_at=one.created_at, expires_at=one.expires_at, last_used_at=one.last_used_at,
        never_used=one.never_used, tags=_tags(one.tags), uses=_ids(inventory.uses(one.id)),
        facts=facts(one, inventory), places=places(one, inventory),
    )  # fmt: skip


def grant(one: Grant, inventory: Inventory) -> GrantV1:
    return GrantV1(
        id=readable(one.id), identity=readable(one.identity), kind=one.kind.value,
        provider=readable(one.provider), effect=one.effect.value, actions=_texts(one.actions),
        not_actions=_texts(one.not_actions), resources=_texts(one.resources),
        not_resources=_texts(one.not_resources), via=readable(one.via),
        conditions=plain(one.conditions),
        granted_by=None if one.granted_by is None else readable(one.granted_by),
        granted_at=one.granted_at, last_used_at=one.last_used_at, facts=facts(one, inventory),
        places=places(one, inventory),
    )  # fmt: skip


def trust(one: Trust, inventory: Inventory) -> TrustV1:
    return TrustV1(
        id=readable(one.id), identity=readable(one.identity), principal=readable(one.principal),
        kind=one.kind.value, provider=readable(one.provider), effect=one.effect.value,
        actions=_texts(one.actions), conditions=plain(one.conditions), facts=facts(one, inventory),
        places=places(one, inventory),
    )  # fmt: skip


def use(one: Use, inventory: Inventory) -> UseV1:
    return UseV1(
        id=readable(one.id), subject=readable(one.subject), by=readable(one.by), kind=one.kind.value,
        facts=facts(one, inventory), places=places(one, inventory),
    )  # fmt: skip


def resource(one: Resource, inventory: Inventory) -> ResourceV1:
    return ResourceV1(
        id=readable(one.id), type=readable(one.type), name=readable(one.name),
        looked_at=one.settings.get("looked_at") != "no", settings=plain(shape(one.settings)),
        facts=facts(one, inventory), places=places(one, inventory),
    )  # fmt: skip


def facts(one: Any, inventory: Inventory) -> dict[str, Any]:
    """What was derived and is not empty, without its evidence."""
    known = inventory.facts.get(one.id, {})
    return {
        name: plain(value)
        for name, value in sorted(known.items())
        if name != STEPS and value not in ("", [], (), None, {})
    }


def places(one: Any, inventory: Inventory) -> list[SeenAtV1]:
    found = dict.fromkeys(inventory.places(one))
    return [place(each) for each in sorted(found, key=_order)]


def place(one: Location) -> SeenAtV1:
    if not isinstance(one, FileLocation):
        return SeenAtV1(
            service=one.service, account=readable(one.account), resource=readable(one.resource)
        )
    return SeenAtV1(
        path=readable(one.path), member=readable(one.member) or None, line=one.line,
        end_line=one.end_line, commit=one.commit.id if one.commit else None,
    )  # fmt: skip


def _order(one: Location) -> tuple[int, str, int, str]:
    if not isinstance(one, FileLocation):
        return 2, str(one), 0, ""
    commit = one.commit.id if one.commit else ""
    return int(bool(commit)), one.name, one.line, commit


def shape(value: Any) -> Any:
    """A value with `****` in the place of texts and numbers."""
    match value:
        case dict():
            return {key: shape(one) for key, one in value.items()}
        case list() | tuple():
            return [shape(one) for one in value]
        case bool() | None:
            return value
        case _:
            return "****"


def plain(value: Any) -> Any:
    """A value that any program can read: keys in order, file names that are not UTF-8 escaped."""
    match value:
        case str():
            return readable(str(value))
        case dict():
            pairs = ((readable(str(key)), plain(one)) for key, one in value.items())
            return dict(sorted(pairs, key=lambda pair: pair[0]))
        case list() | tuple():
            return [plain(one) for one in value]
        case set() | frozenset():
            return sorted(map(plain, value))
        case bool() | int() | float() | None:
            return value
        case _:
            return msgspec.to_builtins(value)


def _tags(tags: dict[str, str]) -> dict[str, str]:
    return {readable(key): readable(value) for key, value in sorted(tags.items())}


def _texts(several: Iterable[str]) -> list[str]:
    return list(map(readable, several))


def _ids(records: Iterable[Any]) -> list[str]:
    return sorted(readable(one.id) for one in records)
