"""Version 1 of what `keymuster inventory show` tells other programs: one record, with all that it is linked
to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from keymuster.export import _shape
from keymuster.export._shape import SeenAtV1, place, plain
from keymuster.inventory.build import Inventory
from keymuster.model import Credential, Grant, Identity, Observation, Resource, Step, Trust, Use
from keymuster.model.declaration import object_name
from keymuster.report.base import readable

_Link = Literal[
    "identity", "credential", "grant", "trust", "trusted by", "used by", "uses", "declared as", "declares"
]  # fmt: skip


class LinkV1(Struct, kw_only=True):
    """Another record and what it is to this one."""

    link: _Link
    record: str
    id: str
    kind: str
    name: str


class StatementOfV1(Struct, kw_only=True):
    """What allows or denies something, in its vendor's words."""

    record: str
    effect: Literal["allow", "deny"]
    principal: str
    actions: list[str]
    resources: list[str]
    conditions: list[str]
    via: str
    place: SeenAtV1


class StepOfV1(Struct, kw_only=True):
    """One step that leads to a fact: by which way, to whom, and what allows it."""

    start: str
    way: str
    does: str
    to: str
    proved: bool
    actions: list[str]
    statements: list[StatementOfV1]
    records: list[str]


Evidence = dict[str, tuple[tuple[Step, ...], ...]]


class RecordV1(Struct, kw_only=True, rename={"is_": "is"}):
    """One record, which has the fields that it has in the inventory, what it is linked to, and the ways that
    lead to each of its facts."""

    version: Literal[1]
    is_: Literal["identity", "credential", "grant", "trust", "use", "resource"]
    record: dict[str, Any]
    links: list[LinkV1]
    evidence: dict[str, list[list[StepOfV1]]]


def record(one: Observation, inventory: Inventory, evidence: Evidence) -> RecordV1:
    """A record in its published form; `evidence` is that of its facts."""
    word, made = _made(one, inventory)
    return RecordV1(
        version=1, is_=word, record=msgspec.to_builtins(made),
        links=sorted(_links(one, inventory), key=lambda link: (_ORDER.index(link.link), link.id)),
        evidence={name: [list(map(_step, path)) for path in paths] for name, paths in evidence.items()},
    )  # fmt: skip


_Word = Literal["identity", "credential", "grant", "trust", "use", "resource"]


def _made(one: Observation, inventory: Inventory) -> tuple[_Word, Struct]:
    match one:
        case Identity():
            return "identity", _shape.identity(one, inventory)
        case Credential():
            return "credential", _shape.credential(one, inventory)
        case Grant():
            return "grant", _shape.grant(one, inventory)
        case Trust():
            return "trust", _shape.trust(one, inventory)
        case Use():
            return "use", _shape.use(one, inventory)
        case Resource():
            return "resource", _shape.resource(one, inventory)
        case _:
            raise TypeError(f"{type(one).__name__} is no record of the inventory")


_ORDER = (
    "identity", "credential", "grant", "trust", "trusted by", "used by", "uses", "declared as", "declares",
)  # fmt: skip


def _links(one: Observation, inventory: Inventory) -> Iterator[LinkV1]:
    """All that names it, and all that it names."""
    if isinstance(one, Credential | Grant | Trust) and one.identity:
        yield _link("identity", inventory.records.get(one.identity), one.identity)
    if isinstance(one, Use):
        yield _link("uses", inventory.records.get(one.subject), one.subject)
        yield _link("used by", inventory.records.get(one.by), one.by)
    names = {one.id, *getattr(one, "aliases", ())}
    if isinstance(one, Identity):
        yield from _all("credential", inventory.credentials(one.id))
        yield from _all("grant", inventory.grants(one.id))
        yield from _all("trust", inventory.trusts(one.id))
    yield from _all("used by", inventory.uses(one.id))
    for other in inventory.records.values():
        if isinstance(other, Use) and other.by in names:
            yield _link("uses", inventory.records.get(other.subject), other.subject)
        elif isinstance(other, Trust) and other.principal in names:
            yield _link("trusted by", inventory.records.get(other.identity), other.identity)
        elif isinstance(one, Resource) and not isinstance(other, Resource):
            if object_name(other.id) == object_name(one.id):
                yield _link("declares", other, other.id)
        elif isinstance(other, Resource) and object_name(other.id) == object_name(one.id):
            yield _link("declared as", other, other.id)


def _all(link: _Link, records: Iterable[Observation]) -> Iterator[LinkV1]:
    for one in records:
        yield _link(link, one, one.id)


def _link(link: _Link, one: Observation | None, id: str) -> LinkV1:
    kind = getattr(one, "kind", getattr(one, "type", ""))
    return LinkV1(
        link=link, id=readable(id), record="" if one is None else type(one).__name__.lower(),
        kind=readable(str(getattr(kind, "value", kind))), name=readable(_name(one)),
    )  # fmt: skip


def _name(one: Observation | None) -> str:
    match one:
        case Grant():
            return f"{one.effect.value} {' '.join(one.actions or (one.via,))}"
        case Trust():
            return f"from {one.principal}"
        case Use():
            return f"by {one.by}"
        case _:
            return str(getattr(one, "name", ""))


def _step(one: Step) -> StepOfV1:
    return StepOfV1(
        start=readable(one.start), way=one.way, does=one.does, to=readable(one.to), proved=one.proved,
        actions=list(map(readable, one.actions)), records=list(map(readable, one.records)),
        statements=[
            StatementOfV1(
                record=readable(said.record), effect=said.effect.value,
                principal=readable(said.principal), actions=plain(said.actions),
                resources=plain(said.resources), conditions=plain(said.conditions),
                via=readable(said.via), place=place(said.place),
            )
            for said in one.statements
        ],
    )  # fmt: skip
