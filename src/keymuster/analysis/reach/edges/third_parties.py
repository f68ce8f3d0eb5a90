"""From those outside who were granted something to the application or principal that has it, and from
that to what it administers."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.reach.edges.escalations import all_rights
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Effect, Grant, Identity

THIRD_PARTY = "third-party"

RUNS = Kind("operates", "{start} operates {to}", "Take what it was granted from {to}")
ADMINISTERS = Kind("administers", "{start} administers {to}", "Take the grant from {start}")


def edges(basis: Basis) -> Iterator[Node | Edge]:
    inventory = basis.inventory
    granted: dict[str, list[str]] = {}
    for grant in basis.of(Grant):
        told = basis.told(grant.id)
        if grant.effect is not Effect.ALLOW or told.get("third_party", "no") == "no":
            continue
        if told.get("in_force") == "no":
            continue
        granted.setdefault(grant.identity, []).append(grant.id)
        if not isinstance(inventory.records.get(grant.identity), Identity):
            yield from _of_principal(grant, basis)
    for app in basis.of(Identity):
        said = basis.told(app.id).get("third_party", "no")
        if said == "no" or app.id not in granted:
            continue
        vendor = str(basis.told(app.id).get("vendor_name", "")) or app.tags.get("publisher", "")
        who = Node(
            id=f"vendor:{vendor or app.id}", kind="outsider", name=vendor or f"the maker of {app.name}",
            entry=THIRD_PARTY,
        )  # fmt: skip
        yield who
        yield Edge(who.id, app.id, RUNS, tuple(granted[app.id][:_MOST]), _whose(said))


_MOST = 4


def _of_principal(grant: Grant, basis: Basis) -> Iterator[Node | Edge]:
    """A principal that is no record of its own."""
    told = basis.told(grant.id)
    written = grant.identity.removeprefix("gcp:")
    name = str(told.get("vendor_name", "") or told.get("party_name", "") or written)
    who = Node(id=f"vendor:{name}", kind="outsider", name=name, entry=THIRD_PARTY)
    yield who
    yield Edge(who.id, grant.identity, RUNS, (grant.id,), _whose(told["third_party"]))
    if told.get("grade") == "administer":
        whole = all_rights(grant.provider, _where(grant))
        yield whole
        yield Edge(grant.identity, whole.id, ADMINISTERS, (grant.id,))


def _where(grant: Grant) -> str:
    """What of ours it is about."""
    return ", ".join(grant.resources[:2]) or str(getattr(grant.location, "account", ""))


def _whose(said: str) -> str:
    return "whose it is, is not known" if said == UNKNOWN else ""
