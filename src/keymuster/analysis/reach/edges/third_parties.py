"""From those outside who were granted something to the application or principal that has it, and from
that to what it administers."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.reach.edges.escalations import Where, all_rights, where
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Effect, Grant, GrantKind, Identity

THIRD_PARTY = "third-party"

OPERATES = Kind("operates", "{start} operates {to}", "Take what it was granted from {to}")
ADMINISTERS = Kind("administers", "{start} administers {to}", "Take the grant from {start}")


def edges(basis: Basis) -> Iterator[Node | Edge]:
    granted: dict[str, list[Grant]] = {}
    for grant in basis.of(Grant):
        told = basis.told(grant.id)
        is_outside = told.get("third_party", "no") != "no" and told.get("in_force") != "no"
        if grant.effect is Effect.ALLOW and is_outside:
            granted.setdefault(grant.identity, []).append(grant)
    for id, grants in granted.items():
        app = basis.inventory.records.get(id)
        if isinstance(app, Identity):
            yield from _of_app(app, grants, basis)
        else:
            yield from _of_principal(id, grants, basis)


def _of_app(app: Identity, grants: list[Grant], basis: Basis) -> Iterator[Node | Edge]:
    told = basis.told(app.id)
    if told.get("third_party", "no") == "no":
        return
    name = str(told.get("vendor_name", "")) or app.tags.get("publisher", "")
    who = Node(
        id=f"vendor:{name or app.id}", kind="outsider", name=name or f"the maker of {app.name}",
        entry=THIRD_PARTY,
    )  # fmt: skip
    yield who
    yield Edge(who.id, app.id, OPERATES, _ids(grants), _whose(told["third_party"]))


def _of_principal(id: str, grants: list[Grant], basis: Basis) -> Iterator[Node | Edge]:
    """A principal that is no record of its own."""
    told = basis.told(grants[0].id)
    name = str(told.get("vendor_name", "") or told.get("party_name", "") or id.removeprefix("gcp:"))
    who = Node(id=f"vendor:{name}", kind="outsider", name=name, entry=THIRD_PARTY)
    yield who
    yield Edge(who.id, id, OPERATES, _ids(grants), _whose(told["third_party"]))
    for grant in grants:
        # Whoever may do anything with one key or bucket administers that, and no more.
        is_wide = grant.kind is not GrantKind.RESOURCE_POLICY
        if is_wide and basis.told(grant.id).get("grade") == "administer":
            whole = all_rights(grant.provider, _where(grant))
            yield whole
            yield Edge(id, whole.id, ADMINISTERS, (grant.id,))


def _ids(grants: list[Grant]) -> tuple[str, ...]:
    return tuple(one.id for one in grants[:_MOST])


_MOST = 4


def _where(grant: Grant) -> Where:
    """What of ours it is about."""
    named = ", ".join(grant.resources[:2])
    return where(named or str(getattr(grant.location, "account", "")), grant.id)


def _whose(said: str) -> str:
    return "whose it is, is not known" if said == UNKNOWN else ""
