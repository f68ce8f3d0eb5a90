"""How much an identity in Google Cloud may do, in one word, and how it can take more.

https://cloud.google.com/iam/docs/roles-permissions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from keymuster import regex
from keymuster.analysis.answers import Answer
from keymuster.analysis.gcp_estate import Estate, strongest
from keymuster.analysis.privilege import Judge, Level, Privilege, highest
from keymuster.model import Effect, Grant
from keymuster.model.gcp_roles import GcpRoles
from keymuster.model.unknown import is_unknown

PROVIDER = "gcp"

Grants = Callable[[str], Iterable[Grant]]
"""From the id of an identity or role to what it is granted by itself: `Inventory.grants`."""

_MOST_STEPS = 20
"""Roles do not hand on roles, but a declaration may say anything."""


def judge(grants: Grants, known: GcpRoles) -> Judge:
    """What `analysis/privilege.py` asks for."""
    return lambda id: privilege(grants(id), grants, known)


def privilege(
    own: Iterable[Grant], grants: Grants, known: GcpRoles, estate: Estate | None = None
) -> Privilege:
    """An administrator may give itself what it lacks, or become whoever has it; a role of
    administrators that is granted on one thing only is one that writes there. An `estate` knows whether
    conditions hold, and what deny policies take off."""
    return highest(_of(grant, grants, known, estate) for grant in own if _counts(grant))


def escalations(own: Iterable[Grant], grants: Grants, known: GcpRoles) -> list[str]:
    """The roles, and permissions of custom roles, by which an identity can take more than it has:
    on a whole project, folder or organization."""
    escalating, permissions = set(known.escalating), set(known.permissions.escalating)
    found: list[str] = []
    for grant in own:
        if _counts(grant) and _is_wide(grant):
            found += [grant.via] if grant.via in escalating else []
            found += [one for one in _permissions(grant, grants) if one in permissions]
    return list(dict.fromkeys(found))


def becomes(own: Iterable[Grant], grants: Grants, known: GcpRoles) -> list[str]:
    """On what an identity has a role or permission to act as a service account: on that one, or on all
    below a project, folder or organization."""
    roles, permissions = set(known.becoming), set(known.permissions.becoming)
    found: list[str] = []
    for grant in own:
        if not _counts(grant):
            continue
        if grant.via in roles or any(one in permissions for one in _permissions(grant, grants)):
            found += [one for one in grant.resources if _is_wide(grant) or "service" in one]
    return list(dict.fromkeys(found))


def level(role: str, known: GcpRoles) -> Level:
    """What a predefined role comes to where it is granted on a whole project."""
    if (listed := _listed(known).get(role)) is not None:
        return listed
    last = role.rpartition(".")[2].rpartition("/")[2]
    for name, endings in known.endings.items():
        if last.endswith(tuple(endings)):
            return Level(name)
    return Level.UNKNOWN


def _listed(known: GcpRoles) -> dict[str, Level]:
    """Role -> level, of those that are listed: made once for all of a scan."""
    found = _LISTED.get(id(known))
    if found is None or found[0] is not known:
        _LISTED.clear()
        table = {role: Level(name) for name, roles in known.levels.items() for role in roles}
        found = _LISTED[id(known)] = (known, table)
    return found[1]


_LISTED: dict[int, tuple[GcpRoles, dict[str, Level]]] = {}

_READS = regex.later(
    r"(?:get|list|search|query|read|export|fetch|lookup|check|test|view|preview|estimate|download|watch|access|count|"
    r"analyze|report|query|resolve|validate)\w*",
    re.IGNORECASE,
)


def of_permission(permission: str, known: GcpRoles) -> Level:
    """What a single permission comes to on a whole project."""
    if is_unknown(permission):
        return Level.UNKNOWN
    if permission in known.permissions.admin:
        return Level.ADMIN
    return Level.READ if _READS.fullmatch(permission.rpartition(".")[2]) else Level.WRITE


def _counts(grant: Grant) -> bool:
    return grant.provider == PROVIDER and grant.effect is Effect.ALLOW


def _of(grant: Grant, grants: Grants, known: GcpRoles, estate: Estate | None) -> Privilege:
    found = _unlimited(grant, grants, known)
    if found.level is Level.ADMIN and not _is_wide(grant):
        found = Privilege(Level.WRITE, found.grants)
    if found.level in (Level.NONE, Level.UNKNOWN):
        return found
    if estate is not None:
        return _in_force(grant, found, known, estate)
    if grant.conditions:
        return Privilege(Level.UNKNOWN, (grant.id,), _CONDITION)
    return found


def _in_force(grant: Grant, found: Privilege, known: GcpRoles, estate: Estate) -> Privilege:
    """The same, as far as its condition holds and nothing denies it."""
    force = estate.in_force(grant)
    if force is Answer.NO:
        return Privilege(Level.NONE)
    admin = [one for one in known.permissions.admin if one in estate.of_role(grant)]
    if found.level is Level.ADMIN and admin:
        said = strongest(estate.powers(grant), admin)[1]
        if said is Answer.YES:
            return found
        if said is Answer.NO:
            found = Privilege(Level.WRITE, found.grants)
        else:
            force = said
    return found if force is Answer.YES else Privilege(Level.UNKNOWN, (grant.id,), _CONDITION)


_CONDITION = "it depends on the condition of a binding"


def _unlimited(grant: Grant, grants: Grants, known: GcpRoles) -> Privilege:
    if grant.actions:
        return highest(
            Privilege(of_permission(one, known), (grant.id,), "a permission is not known")
            for one in grant.actions
        )
    if not grant.via or is_unknown(grant.via):
        return Privilege(Level.UNKNOWN, (grant.id,), "the role is not known")
    custom = list(_permissions(grant, grants))
    if custom:
        return highest(
            Privilege(of_permission(one, known), (grant.id,), "a permission is not known")
            for one in custom
        )
    found = level(grant.via, known)
    reason = f"nobody has seen the role {grant.via}" if found is Level.UNKNOWN else ""
    return Privilege(found, (grant.id,), reason)


def _permissions(grant: Grant, grants: Grants) -> Iterator[str]:
    """Those of the custom role that a grant hands on, or its own."""
    yield from grant.actions
    if not grant.via or grant.via.startswith("roles/"):
        return
    for number, inside in enumerate(grants(grant.via)):
        if number >= _MOST_STEPS:
            return
        if _counts(inside):
            yield from inside.actions


_WIDE = regex.later(r"(?:projects|folders|organizations)/.*", re.DOTALL)


def _is_wide(grant: Grant) -> bool:
    """Whether it holds for all that lies below a project, folder or organization; one that does not
    say what it is on, may."""
    return not grant.resources or any(_WIDE.fullmatch(one) for one in grant.resources)
