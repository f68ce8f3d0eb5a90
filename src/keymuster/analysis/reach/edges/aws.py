"""From an identity of AWS to those that it becomes, and to every right of its account: by roles that trust it, by
what its policies allow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

from keymuster.analysis import aws_mentions, aws_patterns, aws_policy
from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_escalations import assumes
from keymuster.analysis.aws_facts import PROVIDER, reach_of
from keymuster.analysis.aws_reach import ASSUME, Hop, Reach
from keymuster.analysis.reach.edges.escalations import (
    GAINS,
    ONE_ACCOUNT,
    Where,
    all_rights,
    where,
)
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.model import Identity

ASSUMES = Kind(
    "assumes",
    "{start} assumes {to}",
    "Take {start} out of the trust policy of {to}, or take from it the right to assume it",
)
TAKES_OVER = Kind(
    "takes-over", "{start} takes over {to} by {way}", "Take from {start} what {way} needs"
)
HAS_ALL = Kind("is-administrator", "{start} has {to}")
ADMINISTERS = Kind("administers", "{start} includes {to}")
ONE_OF = Kind("one-of", "{start} includes {to}")

_FEW = 6
"""Of more others that are alike for one, it is told once that they are."""


def edges(basis: Basis) -> Iterator[Node | Edge]:
    identities = [one for one in basis.of(Identity) if one.provider == PROVIDER]
    if not identities:
        return
    reach = reach_of(basis.inventory, basis.known)
    groups: dict[int, tuple[Node, tuple[str, ...]]] = {}
    for one in identities:
        for hop in reach.hops(one.id):
            yield from _hop(hop, reach, groups)
        yield from _to_all_rights(one, reach)
    for group, targets in groups.values():
        yield group
        for id in targets:
            if id in reach.estate.identities:
                yield Edge(group.id, id, ONE_OF)
    yield from _administered(identities, basis)
    for module in (aws_patterns, aws_policy, aws_mentions):
        module.forget()


def _hop(hop: Hop, reach: Reach, groups: dict[int, tuple[Node, tuple[str, ...]]]) -> Iterator[Edge]:
    kind = ASSUMES if hop.by == ASSUME else TAKES_OVER
    way = "" if hop.by == ASSUME else hop.by
    records = partial(_allowing, reach, hop.start) if hop.by == ASSUME else hop.evidence
    doubt = "" if hop.answer is Answer.YES else _UNSURE
    if len(hop.targets) > _FEW:
        group = _group(len(groups), hop.targets)
        group, _ = groups.setdefault(id(hop.targets), (group, hop.targets))
        yield Edge(hop.start, group.id, kind, records, doubt, way)
        return
    for target in hop.targets:
        if target in reach.estate.identities and target != hop.start:
            yield Edge(hop.start, target, kind, records, doubt, way)


_UNSURE = "a condition, a value or a policy that decides it is not known"


def _allowing(reach: Reach, start: str, role: str) -> tuple[str, ...]:
    """The grants and trusts by which a role is assumed."""
    if role not in reach.estate.identities:
        return ()
    statements = assumes(reach.estate, start, role).statements
    return tuple(dict.fromkeys(one.source for one in statements))


def _group(number: int, targets: tuple[str, ...]) -> Node:
    return Node(id=f"aws:alike:{number}", kind="roles", name=f"{len(targets)} roles", group=True)


def _to_all_rights(one: Identity, reach: Reach) -> Iterator[Node | Edge]:
    if reach.privilege(one.id).level == "admin":
        return
    hop = reach.last(one.id, certain=True) or reach.last(one.id, certain=False)
    if hop is not None:
        whole = all_rights(PROVIDER, where(one.account, one.id))
        yield whole
        doubt = "" if hop.answer is Answer.YES else _UNSURE
        yield Edge(one.id, whole.id, GAINS, hop.evidence, doubt, hop.by)


def _administered(identities: list[Identity], basis: Basis) -> Iterator[Node | Edge]:
    """An administrator may change whom each role of the account trusts."""
    several: dict[Where, list[Identity]] = defaultdict(list)
    for one in identities:
        several[where(one.account, one.id)].append(one)
    for place, here in several.items():
        whole = all_rights(PROVIDER, place)
        yield whole
        for one in here:
            if basis.told(one.id).get("privilege") == "admin":
                yield Edge(one.id, whole.id, HAS_ALL, (one.id,))
            yield Edge(
                whole.id, one.id, ADMINISTERS, (one.id,), "" if place.is_known else ONE_ACCOUNT
            )
