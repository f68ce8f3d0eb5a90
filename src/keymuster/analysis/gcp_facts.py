"""What follows for identities and bindings of Google Cloud: how much they may do, the ways to more, who
may become them, and what their organisation leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from keymuster.analysis import gcp_parties
from keymuster.analysis.answers import Answer
from keymuster.analysis.gcp_constraints import LISTED, Constraints, left_open
from keymuster.analysis.gcp_estate import Estate
from keymuster.analysis.gcp_privilege import PROVIDER, escalations, privilege
from keymuster.analysis.gcp_reach import Hop, Reach
from keymuster.analysis.known import Known
from keymuster.analysis.privilege import Level, Privilege
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import STEPS
from keymuster.model import (
    Environment,
    Grant,
    Identity,
    IdentityKind,
    Resource,
    ServiceLocation,
    Step,
    Trust,
    TrustKind,
)
from keymuster.model.gcp_roles import GcpRoles
from keymuster.settings import Settings


def facts(inventory: Inventory, configured: Settings, known: Known) -> dict[str, dict[str, Any]]:
    """For every identity that has a grant here: of one without, nobody knows what it has elsewhere, unless
    its project told who has what."""
    estate = Estate(inventory, known.gcp, inventory.now)
    constraints = Constraints(inventory, estate.hierarchy)
    reach = Reach(estate, constraints.enforced)
    told = _telling(estate)
    levels = {
        one.id: privilege(own, inventory.grants, known.gcp, estate)
        for one in inventory.of(Identity)
        if one.provider == PROVIDER and ((own := inventory.grants(one.id)) or one.account in told)
    }
    found: dict[str, dict[str, Any]] = {
        id: {
            "privilege": str(said.level),
            "rights_from": _roles(said.grants, inventory),
            STEPS: {"privilege": ((Step(start=id, records=said.grants),),)}
            if said.level is Level.ADMIN
            else {},
            "escalations": escalations(
                _in_force(inventory.grants(id), estate), inventory.grants, known.gcp
            ),
        }
        for id, said in levels.items()
    }
    _add(found, gcp_parties.facts(inventory, configured, known, estate.hierarchy))
    _add(found, _of_bindings(estate))
    _add(found, _across(estate, known.gcp, configured.environments))
    _add(found, _of_accounts(reach, levels))
    for one in inventory.of(Resource):
        if one.type == LISTED:
            found.setdefault(one.id, {})["left_open"] = left_open(one)
    return found


def _telling(estate: Estate) -> set[str]:
    """The projects that told of their bindings: every one that there is has some."""
    return {
        one.location.account
        for one in estate.bindings
        if isinstance(one.location, ServiceLocation)
        and one.resources == (f"projects/{one.location.account}",)
    }


def _roles(grants: Iterable[str], inventory: Inventory) -> list[str]:
    """The roles that some bindings are of, and where they hold."""
    found = [inventory.records.get(id) for id in grants]
    return _some(
        dict.fromkeys(
            f"{one.via.rpartition('/')[2]} on {', '.join(one.resources)}"
            for one in found
            if isinstance(one, Grant)
        )
    )


def _add(found: dict[str, dict[str, Any]], more: Mapping[str, dict[str, Any]]) -> None:
    for id, said in more.items():
        known = found.setdefault(id, {})
        steps = {**known.get(STEPS, {}), **said.get(STEPS, {})}
        known.update(said)
        if steps:
            known[STEPS] = steps


def _in_force(grants: Iterable[Grant], estate: Estate) -> list[Grant]:
    return [one for one in grants if estate.in_force(one) is not Answer.NO]


def _of_bindings(estate: Estate) -> dict[str, dict[str, Any]]:
    """Of those that give nothing, or not surely: that."""
    found: dict[str, dict[str, Any]] = {}
    for trust in estate.inventory.of(Trust):
        if trust.provider != PROVIDER or trust.kind is not TrustKind.IMPERSONATION:
            continue
        if (holds := estate.conditions.holds(trust.conditions)) is not Answer.YES:
            found[trust.id] = {"in_force": str(holds)}
    for one in estate.bindings:
        lapsed = estate.in_force(one)
        if lapsed is Answer.NO:
            found[one.id] = {"in_force": "no", "lapsed": True}
        elif (denied := estate.is_denied(one)) is Answer.YES:
            found[one.id] = {"in_force": "no"}
        elif Answer.UNKNOWN in (lapsed, denied):
            found[one.id] = {"in_force": "unknown"}
    return found


# --- environments -----------------------------------------------------------------------------


def _across(
    estate: Estate, known: GcpRoles, words: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """Bindings by which service accounts of one environment change things in a project of another."""
    found = {}
    for one in estate.bindings:
        holder = estate.inventory.records.get(one.identity)
        level = estate.hierarchy.of_grant(one)
        if not isinstance(holder, Identity) or not holder.account:
            continue
        if estate.in_force(one) is Answer.NO:
            continue
        home = estate.hierarchy.name(f"projects/{holder.account}")
        if not level.startswith("projects/") or level == home:
            continue
        own, other = (estate.hierarchy.environment(one, words) for one in (home, level))
        if Environment.UNKNOWN in (own, other) or own is other:
            continue
        if privilege([one], estate.inventory.grants, known, estate).level in (
            Level.WRITE,
            Level.ADMIN,
        ):
            found[one.id] = {"across": f"{own.value} to {other.value}"}
    return found


# --- whom one can become ----------------------------------------------------------------------

_MOST_NAMED = 5


def _of_accounts(reach: Reach, levels: Mapping[str, Privilege]) -> dict[str, dict[str, Any]]:
    inventory = reach.estate.inventory
    admins = [
        id for id, said in levels.items() if said.level is Level.ADMIN and _works(inventory, id)
    ]
    first = reach.to(admins)
    found: dict[str, dict[str, Any]] = {}
    for id in levels:
        hops = [one for one in reach.becomes(id) if one.to != id]
        said = {
            "administrator_by": _told(id, first, inventory),
            "takes_over": _named(hops, Answer.YES, reach),
            "may_take_over": _named(hops, Answer.UNKNOWN, reach),
            STEPS: _steps(id, hops, first),
        }
        found[id] = {name: value for name, value in said.items() if value}
    for id in reach.accounts:
        if who := _impersonators(id, reach):
            found.setdefault(id, {})["impersonators"] = who
    for hop in reach.hops:
        for grant in hop.grants if hop.answer is Answer.YES else ():
            found.setdefault(grant, {})["takes_over"] = _target(hop, reach)
    for hop in first.values():
        for grant in hop.grants:
            found.setdefault(grant, {})["escalates"] = "yes"
    return found


def _steps(
    id: str, hops: Iterable[Hop], first: Mapping[str, Hop]
) -> dict[str, tuple[tuple[Step, ...], ...]]:
    """What is said of an identity, with the bindings that it follows from."""
    hops = list(hops)
    found: dict[str, list[tuple[Step, ...]]] = {
        "administrator_by": [_path(id, first)] if id in first else [],
        "takes_over": [(_step(one),) for one in hops if one.answer is Answer.YES],
        "may_take_over": [(_step(one),) for one in hops if one.answer is Answer.UNKNOWN],
    }
    return {name: tuple(several[:_MOST_WAYS]) for name, several in found.items() if several}


_MOST_WAYS = 4
"""Ways that are kept in full: people read one."""


def _path(id: str, first: Mapping[str, Hop]) -> tuple[Step, ...]:
    steps: list[Step] = []
    while (hop := first.get(id)) is not None and len(steps) < _MOST_STEPS:
        steps.append(_step(hop))
        id = hop.to
    return tuple(steps)


def _step(hop: Hop) -> Step:
    return Step(
        start=hop.start, to=hop.to, way=hop.by, does="Become a service account",
        proved=hop.answer is Answer.YES, records=hop.grants,
    )  # fmt: skip


def _works(inventory: Inventory, id: str) -> bool:
    """Whether it is an account whose tokens are taken."""
    one = inventory.records[id]
    return (
        isinstance(one, Identity)
        and one.kind is IdentityKind.SERVICE_ACCOUNT
        and one.status not in ("disabled", "deleted")
    )


def _told(id: str, first: Mapping[str, Hop], inventory: Inventory) -> str:
    """The steps to an administrator, in words; empty if there are none."""
    steps: list[str] = []
    while (hop := first.get(id)) is not None and len(steps) < _MOST_STEPS:
        steps.append(f"{hop.by} to {_name(hop.to, inventory)}")
        id = hop.to
    return ", then ".join(steps)


_MOST_STEPS = 10


def _named(hops: Iterable[Hop], answer: Answer, reach: Reach) -> list[str]:
    return _some(dict.fromkeys(_target(one, reach) for one in hops if one.answer is answer))


def _target(hop: Hop, reach: Reach) -> str:
    if hop.to in reach.accounts or "@" in hop.to:
        return _name(hop.to, reach.estate.inventory)
    number = reach.counts.get(hop.to, 0)
    return f"every service account of {hop.to}" + (f" ({number:,})" if number else "")


def _impersonators(id: str, reach: Reach) -> list[str]:
    """Who can certainly become an account, each as bindings call it."""
    found: dict[str, None] = {}
    for hop in reach.onto(id):
        if hop.answer is Answer.YES and hop.start != id:
            found[hop.start] = None
            if len(found) > _MOST_NAMED:
                break
    names = [_name(one, reach.estate.inventory).removeprefix("gcp:") for one in found]
    return names if len(names) <= _MOST_NAMED else [*names[:_MOST_NAMED], "more"]


def _name(id: str, inventory: Inventory) -> str:
    return str(getattr(inventory.records.get(id), "name", id))


def _some(names: Iterable[str]) -> list[str]:
    listed = list(names)
    rest = len(listed) - _MOST_NAMED
    return [*listed[:_MOST_NAMED], f"{rest:,} more"] if rest > 1 else listed
