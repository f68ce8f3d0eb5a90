"""Small estates and graphs for the tests of reach."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from keymuster.analysis.reach.graph import Basis, Edge, Graph, Kind, Node
from keymuster.inventory.build import Inventory, build
from keymuster.model import (
    Credential,
    CredentialKind,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Resource,
    ServiceLocation,
    Storage,
    Trust,
    TrustKind,
    Use,
    UseKind,
)
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

PLACE = ServiceLocation(service="idp", account="acme", resource="")
CUTTABLE = Kind("leads", "{start} leads to {to}", "Cut {start} from {to}")
FIXED = Kind("is", "{start} is {to}")


def place(path: str, line: int = 1) -> FileLocation:
    return FileLocation(path=path, line=line, end_line=line)


def graph(*edges: str | Edge, nodes: Iterable[Node] = ()) -> Graph:
    """Of edges such as `a>b`; `a?b` is assumed, `a=b` cannot be cut."""
    parts: list[Node | Edge] = [*nodes]
    for one in edges:
        if isinstance(one, Edge):
            parts.append(one)
            continue
        sign = next(each for each in one if each in ">?=")
        start, _, to = one.partition(sign)
        kind = FIXED if sign == "=" else CUTTABLE
        parts.append(Edge(start, to, kind, (), "something" if sign == "?" else ""))
    return Graph(build(()), parts)


def basis(
    rules: RuleSet, *records: Observation, facts: dict[str, Any] | None = None, **settings: Any
) -> Basis:
    """Records, with facts that an analysis would have derived."""
    inventory: Inventory = build(records)
    inventory.facts = facts or {}
    return Basis(inventory, Settings(**settings), rules)


def identity(id: str, **more: Any) -> Identity:
    given = {"kind": IdentityKind.SERVICE_ACCOUNT, "provider": "idp", "name": id, "location": PLACE}
    return Identity(id=id, **{**given, **more})


def key(id: str, identity: str | None = None, **more: Any) -> Credential:
    """One that was found in a file."""
    given = {
        "kind": CredentialKind.ACCESS_KEY, "name": "key", "location": place("app.env", 3),
        "fingerprint": id, "storage": Storage.TREE,
    }  # fmt: skip
    return Credential(id=f"secret:{id}", identity=identity, **{**given, **more})


def trust(principal: str, identity: str, **more: Any) -> Trust:
    given = {"kind": TrustKind.ASSUME, "provider": "idp", "location": PLACE}
    return Trust(
        id=f"{identity} trusts {principal}",
        identity=identity,
        principal=principal,
        **{**given, **more},
    )


def use(by: str, subject: str, kind: UseKind = UseKind.WORKLOAD, **more: Any) -> Use:
    return Use(id=f"{by} uses {subject}", subject=subject, by=by, kind=kind, location=PLACE, **more)


def grant(identity: str, **more: Any) -> Grant:
    given = {"kind": GrantKind.ROLE_BINDING, "provider": "idp", "location": PLACE}
    return Grant(
        id=f"{identity} has {more.get('via') or more.get('actions')}",
        identity=identity,
        **{**given, **more},
    )


def resource(type: str, id: str, name: str = "", **settings: Any) -> Resource:
    return Resource(id=id, type=type, name=name or id, location=PLACE, settings=settings)


def said(found: Iterable[Node | Edge]) -> set[tuple[str, str, str]]:
    """Start, sort and end of each edge; `?` behind the sort of an assumed one."""
    return {
        (one.start, one.kind.id + ("" if one.is_proved else "?"), one.to)
        for one in found
        if isinstance(one, Edge)
    }
