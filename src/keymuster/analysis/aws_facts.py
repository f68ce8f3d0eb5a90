"""What follows for identities and policies of AWS: how much they may do, and the ways to more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from keymuster.analysis import aws_mentions, aws_patterns, aws_policy
from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_data import readable
from keymuster.analysis.aws_duties import duties
from keymuster.analysis.aws_escalations import Escalation, Gain, Ways
from keymuster.analysis.aws_evidence import Evidence
from keymuster.analysis.aws_identities import Estate, KnownPolicies, account, arn
from keymuster.analysis.aws_organizations import Organizations
from keymuster.analysis.aws_patterns import FRESH
from keymuster.analysis.aws_reach import ASSUME, Path, Reach
from keymuster.analysis.aws_things import Things, direct
from keymuster.analysis.known import Known
from keymuster.analysis.privilege import Level
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import STEPS
from keymuster.model import Grant, GrantKind, Identity, Resource, Trust
from keymuster.model.ids import file_in
from keymuster.settings import Settings

PROVIDER = "aws"

REACH = "reach"
"""What an inventory remembers of it: a third of what is known of an account."""

_ALL = (Gain.ADMIN, Gain.ANY)


def facts(inventory: Inventory, _: Settings, known: Known) -> dict[str, dict[str, Any]]:
    """For identities, and for the statements of policies that give too much, whoever has them."""
    identities = [one for one in inventory.of(Identity) if one.provider == PROVIDER]
    grants = _policies(inventory)
    if not grants and not identities:
        return {}
    reach = reach_of(inventory, known)
    found: dict[str, dict[str, Any]] = {}
    taken: dict[str, dict[int, tuple[str, ...]]] = {}
    for identity in identities:
        level = reach.privilege(identity.id).level
        ways = reach.escalations(identity.id) if level is not Level.ADMIN else []
        path = reach.surely_to_administrator(identity.id)
        found[identity.id] = _of_identity(identity.id, reach, ways, path, inventory)
        _blame(found, ways, identity.name)
        _blame_roles(found, path, identity.name, inventory)
        _note_targets(taken, ways)
    for grant, targets in taken.items():
        names = {_name(target, inventory) for several in targets.values() for target in several}
        found.setdefault(grant, {})["takes_over"] = ", ".join(_some(sorted(names)))
    for policy in _held_by_nobody(inventory, identities, grants):
        if reach.privilege(policy).level is not Level.ADMIN:
            _blame(found, reach.escalations(policy), "")
    for identity in identities:
        found[identity.id] |= duties(reach.estate.permissions(identity.id))
    for one in (aws_patterns, aws_policy, aws_mentions):
        one.forget()
    return found


def _policies(inventory: Inventory) -> list[Grant]:
    return [
        one
        for one in inventory.of(Grant)
        if one.provider == PROVIDER and one.kind in (GrantKind.POLICY, GrantKind.BOUNDARY)
    ]


def _of_identity(
    id: str, reach: Reach, ways: list[Escalation], path: Path | None, inventory: Inventory
) -> dict[str, Any]:
    """How much it may do, the ways to more, and what each of that follows from."""
    privilege, evidence = reach.privilege(id), Evidence(reach)
    certain = [one for one in ways if one.answer is Answer.YES]
    open_to = [one for one in certain if one.gain in _ALL]
    others = [one for one in certain if one.gain is Gain.IDENTITY]
    works = {way.id for way in reach.ways.ways if way.leads_to == "workload"}
    unseen = [one for one in certain if one.gain is Gain.UNKNOWN and one.way in works]
    told = _told(path, inventory)
    more = reach.to_writer(id) if not (open_to or told or others) else None
    data = readable(reach.estate.permissions(id)) if privilege.level is not Level.ADMIN else {}
    steps = {
        "privilege": evidence.of_privilege(id, privilege),
        "escalations": evidence.of_escalations(id, open_to),
        "administrator_by": (evidence.of_path(path),) if path is not None and told else (),
        "reads_all": evidence.of_data(id, data),
        "takes_over": evidence.of_escalations(id, others),
        "may_take_over": evidence.of_escalations(id, unseen),
        "writes_by": (evidence.of_path(more),) if more is not None else (),
    }
    return {
        "privilege": str(privilege.level),
        "rights_from": _names(privilege.grants, inventory),
        "escalations": [one.way for one in open_to],
        "administrator_by": told,
        "reads_all": list(data),
        "takes_over": _targets(others, inventory),
        "may_take_over": [one.replace(FRESH, "*") for one in _targets(unseen, inventory)],
        "writes_by": _told(more, inventory),
        STEPS: {name: several for name, several in steps.items() if several},
    }


def _targets(ways: Iterable[Escalation], inventory: Inventory) -> list[str]:
    targets = {id(one.targets): one.targets for one in ways}.values()
    found = dict.fromkeys(target for several in targets for target in several)
    return [_name(one, inventory) for one in _some(found)]


def _names(grants: Iterable[str], inventory: Inventory) -> list[str]:
    """What people call the policies that some grants are of."""
    found = (inventory.records.get(id) for id in grants)
    return list(dict.fromkeys(_policy(one) for one in found if isinstance(one, Grant)))


def _policy(grant: Grant) -> str:
    if grant.via:
        return grant.via.rpartition("/")[2]
    return grant.id.partition("#")[2].rpartition("/")[0] or grant.id


def reach_of(inventory: Inventory, known: Known) -> Reach:
    """Who of AWS may become whom, worked out once for an inventory."""
    return inventory.remembered(REACH, PROVIDER, lambda: _reach(inventory, known))


def _reach(inventory: Inventory, known: Known) -> Reach:
    identities = [one for one in inventory.of(Identity) if one.provider == PROVIDER]
    grants = _policies(inventory)
    things = Things(inventory, known.aws.kinds)
    organizations = Organizations(inventory)
    aliases = {
        alias: one.id
        for one in inventory.records.values()
        if isinstance(one, Identity | Resource)
        for alias in one.aliases
    }
    estate = Estate(
        identities,
        [_with_arns(one, things) for one in grants],
        [_by_arn(one, inventory) for one in inventory.of(Trust) if one.provider == PROVIDER],
        [*direct(inventory)],
        policies=KnownPolicies(
            known.aws.policies, frozenset(action.lower() for action in known.aws.covers)
        ),
        aliases=aliases,
        called=things.called,
        controls=organizations.controls,
        keys=organizations.keys,
        islands=_islands(inventory),
    )
    return Reach(estate, Ways(known.aws.ways, known.aws.kinds))


def _islands(inventory: Inventory) -> dict[str, str]:
    """By id of a record, the repository that declares it, of all that do not tell of which account they are."""
    if not inventory.roots:
        return {}
    found: dict[str, str] = {}
    for one in inventory.records.values():
        root = inventory.root(one.location)
        if not root or (isinstance(one, Identity) and account(one).isdigit()):
            continue
        found[one.id] = root
        if isinstance(one, Grant) and one.identity not in inventory.records:
            found.setdefault(one.identity, root)
    return found


def _by_arn(trust: Trust, inventory: Inventory) -> Trust:
    """A trust in an identity that is declared here, too, as AWS would write it."""
    principal = inventory.records.get(trust.principal)
    return replace(trust, principal=arn(principal)) if isinstance(principal, Identity) else trust


def _with_arns(grant: Grant, things: Things) -> Grant:
    """A grant on what is declared here, too, as AWS would write it."""
    scope = file_in(grant.id)
    return replace(
        grant,
        resources=tuple(things.written_out(one, scope) for one in grant.resources),
        not_resources=tuple(things.written_out(one, scope) for one in grant.not_resources),
    )


def _held_by_nobody(
    inventory: Inventory, identities: Iterable[Identity], grants: Iterable[Grant]
) -> list[str]:
    """The policies that nobody who is declared here has: whoever gets them is judged by them alone."""
    held = {one.id for one in identities} | {grant.via for grant in grants if grant.via}
    return list(dict.fromkeys(one.identity for one in grants if one.identity not in held))


def _blame(found: dict[str, dict[str, Any]], ways: Iterable[Escalation], holder: str) -> None:
    """Note of every grant that is used on a way to all rights which way that is, and for whom."""
    for one in ways:
        if one.gain not in _ALL:
            continue
        for grant in one.grants:
            _note(found.setdefault(grant, {}), one.way, one.answer, holder)


def _blame_roles(
    found: dict[str, dict[str, Any]], path: Path | None, holder: str, inventory: Inventory
) -> None:
    """The same of the grants by which a role is assumed that is an administrator, or leads to one."""
    for step in path.steps if path is not None and path.answer is Answer.YES else ():
        if step.by != ASSUME:
            continue
        for id in step.evidence:
            if isinstance(inventory.records.get(id), Grant):
                _note(found.setdefault(id, {}), step.by, step.answer, holder)


def _note(said: dict[str, Any], way: str, answer: Answer, holder: str) -> None:
    said.setdefault("escalates", "no")
    said.setdefault("escalations", [])
    said.setdefault("holders", [])
    if answer is not Answer.YES:
        said["escalates"] = said["escalates"] if said["escalates"] == "yes" else "unknown"
        return
    said["escalates"] = "yes"
    if way not in said["escalations"]:
        said["escalations"].append(way)
    if holder and holder not in said["holders"]:
        said["holders"].append(holder)


def _note_targets(taken: dict[str, dict[int, tuple[str, ...]]], ways: Iterable[Escalation]) -> None:
    """Note of every grant by which other identities that are known are taken over, whom: often they
    are the same many for thousands of holders."""
    for one in ways:
        if one.answer is Answer.YES and one.gain is Gain.IDENTITY:
            for grant in one.grants:
                taken.setdefault(grant, {})[id(one.targets)] = one.targets


def _some(names: Iterable[str]) -> list[str]:
    """Names as people read them: of thousands a few, and how many more there are."""
    listed = list(names)
    rest = len(listed) - _MOST_NAMED
    return [*listed[:_MOST_NAMED], f"{rest:,} more"] if rest > 1 else listed


_MOST_NAMED = 5


def _told(path: Path | None, inventory: Inventory) -> str:
    """The steps of a certain way over other identities, in words; empty if there is none."""
    if path is None or path.answer is not Answer.YES:
        return ""
    if len(path.steps) == 1 and not path.steps[0].to:
        return ""  # a way of its own: that is told by its grants
    names = [_name(step.to, inventory) for step in path.steps]
    return ", then ".join(
        f"{step.by} to {name}" if name else step.by
        for step, name in zip(path.steps, names, strict=True)
    )


def _name(id: str, inventory: Inventory) -> str:
    return str(getattr(inventory.records.get(id), "name", id))
