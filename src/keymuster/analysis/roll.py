"""The roll: an inventory, with what follows from it, as a page shows it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from keymuster.analysis.known import Known
from keymuster.analysis.ownership.listing import owned
from keymuster.analysis.reach.graph import Basis, Edge, Graph, Node, build
from keymuster.analysis.reach.jewels import jewels
from keymuster.inventory.build import Inventory
from keymuster.inventory.linking import stands_in
from keymuster.model import (
    Credential,
    FileLocation,
    Grant,
    GraphEdge,
    GraphNode,
    GraphSort,
    Identity,
    InlineAllow,
    Location,
    RiskException,
    Roll,
    RolledCredential,
    RolledException,
    RolledGrant,
    RolledIdentity,
    RolledTrust,
    RolledUse,
    ServiceLocation,
    Trust,
    Use,
)
from keymuster.settings import Settings

MOST_RECORDS = 20_000
"""Identities or credentials that a page has; more would take a browser too long."""

MOST_NODES = 25_000
MOST_EDGES = 60_000
MOST_OF_ONE = 50
"""Grants, trusts or uses of one identity, and places of one thing."""

MOST_WORDS = 12
"""Actions, resources or values that are quoted of one statement."""


def roll(inventory: Inventory, configured: Settings, known: Known) -> Roll:
    """The same for the same inventory, in whatever order that was seen. Names may still hold what others wrote into them:
    it is for `redaction` to clean it."""
    return _Maker(inventory, configured, known).roll()


class _Maker:
    """The numbers of the records, and what is asked of them more than once."""

    def __init__(self, inventory: Inventory, configured: Settings, known: Known) -> None:
        self._inventory = inventory
        self._configured = configured
        self._known = known
        self._left_out: Counter[str] = Counter()
        identities = sorted(
            inventory.of(Identity), key=lambda one: (not self._is_grave(one), one.id)
        )
        self._identities = _sorted(self._most("identities", identities, MOST_RECORDS))
        self._credentials = self._most(
            "credentials",
            [
                one
                for one in _sorted(inventory.of(Credential))
                if not stands_in(one, inventory.records, inventory.links)
            ],
            MOST_RECORDS,
        )
        self._identity = {one.id: number for number, one in enumerate(self._identities)}
        self._credential = {one.id: number for number, one in enumerate(self._credentials)}
        self._owned = {one.identity.id: one.said for one in owned(inventory, configured)}

    def roll(self) -> Roll:
        nodes, sorts, edges = self._graph()
        return Roll(
            identities=tuple(map(self._of_identity, self._identities)),
            credentials=tuple(map(self._of_credential, self._credentials)),
            nodes=nodes,
            sorts=sorts,
            edges=edges,
            exceptions=tuple(self._exceptions()),
            left_out=dict(self._left_out),
        )

    def _most(self, what: str, several: Sequence[_T], most: int) -> Sequence[_T]:
        if len(several) > most:
            self._left_out[what] = len(several) - most
        return several[:most]

    def _is_grave(self, one: Identity) -> bool:
        """Whether it stays, whatever is left out."""
        told = self._told(one.id)
        return bool(told.get("leads_to")) or told.get("privilege") == "admin"

    def _told(self, id: str) -> Mapping[str, Any]:
        return self._inventory.facts.get(id, {})

    # --- records ---------------------------------------------------------------------------------

    def _of_identity(self, one: Identity) -> RolledIdentity:
        inventory, told, said = self._inventory, self._told(one.id), self._owned.get(one.id)
        grants, trusts = inventory.grants(one.id), inventory.trusts(one.id)
        uses = inventory.uses(one.id)
        more = {
            name: len(several) - MOST_OF_ONE
            for name, several in (("grants", grants), ("trusts", trusts), ("uses", uses))
            if len(several) > MOST_OF_ONE
        }
        return RolledIdentity(
            id=_plain(one.id), kind=one.kind.value, provider=_plain(one.provider), name=_plain(one.name),
            account=_plain(one.account), environment=str(told.get("environment") or one.environment.value),
            environment_because=_plain(str(told.get("environment_because", ""))), status=_plain(one.status),
            owner=_plain(said.name if said else str(told.get("owner", ""))),
            owner_status=said.status if said else "",
            owner_confidence=said.confidence if said else "",
            owner_sources=_texts(told.get("owner_sources", ())),
            purpose=_plain(str(told.get("purpose") or one.purpose)),
            privilege=str(told.get("privilege", "")), escalations=_texts(told.get("escalations", ())),
            third_party=str(told.get("third_party", "")), reached_from=_texts(told.get("reached_from", ())),
            leads_to=_texts(told.get("leads_to", ())), leads_by=_plain(str(told.get("leads_by", ""))),
            created_at=one.created_at, last_used_at=one.last_used_at, never_used=one.never_used,
            tags={_plain(key): _plain(value) for key, value in sorted(one.tags.items())},
            grants=tuple(map(_grant, _sorted(grants)[:MOST_OF_ONE])),
            trusts=tuple(map(self._trust, _sorted(trusts)[:MOST_OF_ONE])),
            uses=tuple(map(self._use, _sorted(uses)[:MOST_OF_ONE])), more=more, places=self._places(one),
        )  # fmt: skip

    def _of_credential(self, one: Credential) -> RolledCredential:
        told = self._told(one.id)
        every = [one, *self._inventory.counterparts(one)]
        storages = {
            seen.storage.value for each in every for seen in self._inventory.sightings(each)
        }
        places = [*self._places(one), *map(_place, self._inventory.elsewhere(one))]
        return RolledCredential(
            id=_plain(one.id), kind=one.kind.value, name=_plain(one.name),
            identity=self._whose(every), same=_texts(sorted(each.id for each in every[1:])), format=one.format, vendor=one.vendor,
            preview=_plain(next((each.preview for each in every if each.preview), "")),
            status=one.status.value, works=str(told.get("works", "")), storages=tuple(sorted(storages)),
            environments=_texts(told.get("environments") or _known(one.environment.value)),
            owner=_plain(str(told.get("owner", ""))),
            created_at=_first(each.created_at for each in every),
            expires_at=_first(each.expires_at for each in every),
            last_used_at=_first(each.last_used_at for each in every),
            never_used=_first(each.never_used for each in every),
            uses=tuple(map(self._use, _sorted(self._inventory.uses(one.id))[:MOST_OF_ONE])),
            leads_to=_texts(told.get("leads_to", ())),
            places=tuple(dict.fromkeys(places))[:MOST_OF_ONE],
        )  # fmt: skip

    def _whose(self, every: Iterable[Credential]) -> int | None:
        return _first(self._identity.get(one.identity or "") for one in every)

    def _trust(self, one: Trust) -> RolledTrust:
        told = self._told(one.id)
        return RolledTrust(
            id=_plain(one.id), effect=one.effect.value, kind=one.kind.value, principal=self._named(one.principal),
            actions=_some(one.actions), conditions=_conditions(one.conditions),
            audience=_plain(str(told.get("audience", ""))), example=_plain(str(told.get("example", ""))),
            place=_place(one.location),
        )  # fmt: skip

    def _use(self, one: Use) -> RolledUse:
        return RolledUse(
            id=_plain(one.id), by=self._named(one.by), kind=one.kind.value, place=_place(one.location)
        )  # fmt: skip

    def _named(self, id: str) -> str:
        """What a record is called, behind its id if that says something else."""
        name = str(getattr(self._inventory.records.get(id), "name", ""))
        return _plain(f"{name} ({id})" if name and name not in id else id)

    def _places(self, one: Any) -> tuple[str, ...]:
        found = dict.fromkeys(map(_place, self._inventory.places(one)))
        return tuple(sorted(found))[:MOST_OF_ONE]

    # --- the graph -------------------------------------------------------------------------------

    def _graph(
        self,
    ) -> tuple[tuple[GraphNode, ...], tuple[GraphSort, ...], tuple[GraphEdge, ...]]:
        basis = Basis(self._inventory, self._configured, self._known)
        graph = build(basis)
        worth = jewels(basis, graph)
        ids = self._most("nodes", self._ids(graph), MOST_NODES)
        numbers = {id: number for number, id in enumerate(ids)}
        joining = [one for one in graph.edges if one.start in numbers and one.to in numbers]
        found = {_edge_key(one, numbers): one for one in joining}
        ordered = sorted(found, key=lambda key: (key[0] < len(self._identities), key))
        kept = sorted(self._most("edges", ordered, MOST_EDGES))  # what leads in from outside stays
        sorts = {one.kind.id: one.kind for one in found.values()}
        order = {name: number for number, name in enumerate(sorted(sorts))}
        nodes = tuple(self._node(graph.node(id), worth.get(id, ())) for id in ids)
        edges = tuple(
            GraphEdge(
                start=key[0], to=key[1], sort=order[key[2]], way=_plain(found[key].way),
                assumed=_plain(found[key].assumed),
            )
            for key in kept
        )  # fmt: skip
        return nodes, tuple(GraphSort(id=name, says=sorts[name].says, cut=sorts[name].cut) for name in order), edges  # fmt: skip

    def _ids(self, graph: Graph) -> list[str]:
        """Of all nodes: identities first, then what proves them, then what most depends on."""
        degree = Counter(graph.begins) + Counter(graph.leads)
        others = [id for id in graph.ids if id not in self._identity]
        others.sort(
            key=lambda id: (id not in self._credential, -degree[graph.numbers[id]], id)
        )  # fmt: skip
        return [*self._identity, *others]

    def _node(self, one: Node, worth: tuple[str, ...]) -> GraphNode:
        record = self._inventory.records.get(one.id)
        return GraphNode(
            id=_plain(one.id), kind="group" if one.group else _plain(one.kind), name=_plain(one.name),
            identity=self._identity.get(one.id), credential=self._credential_of(one.id),
            account=_plain(self._account(one, record)), owner=_plain(self._owner(record)),
            place=_place(one.place) if one.place is not None else "", entry=one.entry, worth=worth,
        )  # fmt: skip

    def _credential_of(self, id: str) -> int | None:
        """Its number, or that of the record which is shown in its place."""
        if id in self._credential:
            return self._credential[id]
        record = self._inventory.records.get(id)
        if not isinstance(record, Credential):
            return None
        others = self._inventory.counterparts(record)
        return _first(self._credential.get(one.id) for one in others)

    def _owner(self, record: object) -> str:
        """Of a credential that has none of its own, the owner of its identity."""
        if not isinstance(record, Identity | Credential):
            return ""
        owner = str(self._told(record.id).get("owner", ""))
        if not owner and isinstance(record, Credential) and record.identity:
            owner = str(self._told(record.identity).get("owner", ""))
        return owner

    def _account(self, node: Node, record: object) -> str:
        """Where it belongs: an account of a provider, a service, or a folder of code."""
        if isinstance(record, Credential) and record.identity:
            record = self._inventory.records.get(record.identity, record)
        if isinstance(record, Identity):
            return f"{record.provider} {record.account}".strip()
        if node.kind == "outsider":
            return "outside"
        match node.place:
            case ServiceLocation():
                return f"{node.place.service} {node.place.account}".strip()
            case FileLocation():
                folder, slash, _ = node.place.path.partition("/")
                return f"files in {folder}/" if slash else "files"
        return "whole accounts" if node.kind in _WHOLE or node.group else "elsewhere"

    # --- exceptions ------------------------------------------------------------------------------

    @cached_property
    def _names(self) -> dict[str, str]:
        return {one.id: one.name for one in self._identities}

    def _exceptions(self) -> Iterable[RolledException]:
        for one in _sorted(self._inventory.of(RiskException)):
            yield RolledException(
                id=_plain(one.id), finding=_plain(one.finding or one.fingerprint), rule=_plain(one.rule),
                identity=_plain(self._names.get(one.identity, one.identity)), reason=_plain(one.reason),
                owner=_plain(one.owner), approver=_plain(one.approver),
                compensating_control=_plain(one.compensating_control), created=one.created,
                expires=one.expires, problem=_plain(one.problem), place=_place(one.location),
            )  # fmt: skip
        for allow in _sorted(self._inventory.of(InlineAllow)):
            yield RolledException(
                id=_plain(allow.id), inline=True, rule=_plain(", ".join(allow.rules)),
                reason=_plain(allow.reason), expires=allow.until, problem=_plain(allow.problem),
                place=_place(allow.location),
            )  # fmt: skip


_WHOLE = frozenset(("rights", "parameters", "secrets"))
"""Kinds of nodes that stand for all that an account has of something."""

_T = TypeVar("_T")


def _sorted(records: Iterable[_T]) -> list[_T]:
    return sorted(records, key=lambda one: str(getattr(one, "id", "")))


def _first(several: Iterable[_T | None]) -> _T | None:
    return next((one for one in several if one is not None), None)


def _known(environment: str) -> tuple[str, ...]:
    return () if environment == "unknown" else (environment,)


def _edge_key(one: Edge, numbers: Mapping[str, int]) -> tuple[int, int, str, str, str]:
    return numbers[one.start], numbers[one.to], one.kind.id, one.way, one.assumed


def _grant(one: Grant) -> RolledGrant:
    return RolledGrant(
        id=_plain(one.id), effect=one.effect.value, kind=one.kind.value, actions=_some(one.actions),
        not_actions=_some(one.not_actions), resources=_some(one.resources),
        not_resources=_some(one.not_resources), conditions=_conditions(one.conditions), via=_plain(one.via),
        last_used_at=one.last_used_at, place=_place(one.location),
    )  # fmt: skip


def _some(texts: Sequence[str]) -> tuple[str, ...]:
    shown = _texts(texts[:MOST_WORDS])
    return (*shown, f"{len(texts) - MOST_WORDS} more") if len(texts) > MOST_WORDS else shown


def _conditions(conditions: Mapping[str, Any]) -> tuple[str, ...]:
    """One text each: operator, key and values, as far as they are nested so."""
    said = []
    for operator, asked in conditions.items():
        if isinstance(asked, Mapping):
            said += [f"{operator} {key}: {_value(value)}" for key, value in asked.items()]
        else:
            said.append(f"{operator}: {_value(asked)}")
    return _some(said)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return ", ".join(_some(value))
    return json.dumps(value, default=str, ensure_ascii=False, sort_keys=True)


def _texts(several: Iterable[Any]) -> tuple[str, ...]:
    return tuple(_plain(str(one)) for one in several)


def _place(one: Location) -> str:
    if isinstance(one, FileLocation) and one.commit is not None:
        return _plain(f"{one} in {one.commit.id[:12]}")
    return _plain(str(one))


def _plain(text: str) -> str:
    """As a database and JSON can hold it: bytes of names that are not UTF-8 become escapes."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
