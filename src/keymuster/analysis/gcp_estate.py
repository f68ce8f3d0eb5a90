"""What roles come to where they are granted: inherited from the levels above, as far as their conditions
hold and no deny policy takes it off.

Of all permissions those are followed that lead to other identities or to all (`known.permissions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from keymuster.analysis.answers import Answer, every, negated, some
from keymuster.analysis.gcp_conditions import AccountNames, Conditions
from keymuster.analysis.gcp_deny import PROVIDER, Denials
from keymuster.analysis.gcp_hierarchy import Hierarchy
from keymuster.inventory.build import Inventory
from keymuster.model import Effect, Grant, GrantKind, Identity
from keymuster.model.gcp_roles import GcpRoles
from keymuster.model.unknown import is_unknown

_MOST_STEPS = 20
"""Roles do not hand on roles, but a declaration may say anything."""


class Estate:
    """The bindings of an inventory, and what each comes to. Each thing is worked out once for all that
    are alike: of a hundred thousand bindings few are not."""

    def __init__(self, inventory: Inventory, known: GcpRoles, now: datetime | None = None) -> None:
        self.inventory = inventory
        self.known = known
        self.hierarchy = Hierarchy(inventory)
        grants = [one for one in inventory.of(Grant) if one.provider == PROVIDER]
        self.bindings = [
            one for one in grants if one.effect is Effect.ALLOW and one.kind is not GrantKind.POLICY
        ]
        dangerous = {*known.levels.get("admin", ()), *known.escalating}
        self.conditions = Conditions(now, lambda role: role in dangerous)
        self.denials = Denials(grants, self.hierarchy, self.conditions, _emails(inventory))
        everything = known.permissions
        self._followed = frozenset(
            (*everything.becoming, *everything.deploying, *everything.escalating, *everything.admin)
        )
        self._roles: dict[str, frozenset[str]] = {}
        self._results: dict[tuple[str, ...], dict[str, Answer]] = {}

    def powers(self, grant: Grant) -> Mapping[str, Answer]:
        """The permissions among those that are followed that a binding gives, and whether that is certain."""
        of_role = self.of_role(grant)
        if not of_role:
            return {}
        level = self.hierarchy.of_grant(grant)
        concerned = self.denials.concern(level)
        if not grant.conditions and not concerned:
            return self._plain(grant.via, of_role)
        key = (grant.via, level, repr(grant.conditions), grant.identity if concerned else "")
        found = self._results.get(key)
        if found is None:
            answers = {one: self._answer(grant, one, level) for one in of_role}
            found = {one: said for one, said in answers.items() if said is not Answer.NO}
            self._results[key] = found
        return found

    def _plain(self, role: str, permissions: frozenset[str]) -> dict[str, Answer]:
        found = self._results.get((role,))
        if found is None:
            found = dict.fromkeys(permissions, Answer.YES)
            self._results[(role,)] = found
        return found

    def _answer(self, grant: Grant, permission: str, level: str) -> Answer:
        denied = self.denials.denies(grant.identity, permission, level)
        return every((self._condition(grant, permission, level), negated(denied)))

    def _condition(self, grant: Grant, permission: str, level: str) -> Answer:
        if not grant.conditions:
            return Answer.YES
        if permission.startswith("iam.serviceAccount"):
            projects: tuple[str, ...] = (
                (level.partition("/")[2],) if level.startswith("projects/") else ()
            )
            if projects and (told := self.hierarchy.levels.get(level)) is not None:
                number = str(told.settings.get("number") or "").partition("/")[2]
                projects = (*projects, number) if number else projects
            return self.conditions.holds(
                grant.conditions, service="iam.googleapis.com", name=AccountNames(projects),
                type="iam.googleapis.com/ServiceAccount",
            )  # fmt: skip
        kind = next((text for key, text in _TYPES.items() if level.startswith(key)), "")
        if permission.startswith("resourcemanager.") and kind:
            return self.conditions.holds(
                grant.conditions,
                service="cloudresourcemanager.googleapis.com",
                type=kind,
                name=level,
            )
        return self.conditions.holds(grant.conditions)

    def of_role(self, grant: Grant) -> frozenset[str]:
        """The permissions among those that are followed that a role has; of one that is not known, none."""
        role = grant.via
        if not role:
            return self._followed.intersection(grant.actions)
        found = self._roles.get(role)
        if found is None:
            held = self.known.gives.get(role)
            if held is None:
                held = [
                    action
                    for one in self.inventory.grants(role)[:_MOST_STEPS]
                    if one.provider == PROVIDER and one.effect is Effect.ALLOW
                    for action in one.actions
                ]
            found = self._roles[role] = self._followed.intersection(held)
        return found

    def in_force(self, grant: Grant) -> Answer:
        """Whether a binding gives anything: it does not when its condition holds no more."""
        return self.conditions.holds(grant.conditions) if grant.conditions else Answer.YES

    def is_denied(self, grant: Grant) -> Answer:
        """Whether deny policies take off all that is followed of what a binding gives."""
        level = self.hierarchy.of_grant(grant)
        of_role = self.of_role(grant)
        if not of_role or not self.denials.concern(level):
            return Answer.NO
        return every(self.denials.denies(grant.identity, one, level) for one in sorted(of_role))

    def is_known(self, grant: Grant) -> bool:
        """Whether it is known what a role comes to."""
        return not is_unknown(grant.via) and (
            grant.via.startswith("roles/")
            or bool(self.inventory.grants(grant.via))
            or bool(grant.actions)
        )


_TYPES = {
    "projects/": "cloudresourcemanager.googleapis.com/Project",
    "folders/": "cloudresourcemanager.googleapis.com/Folder",
    "organizations/": "cloudresourcemanager.googleapis.com/Organization",
}


def _emails(inventory: Inventory) -> dict[str, str]:
    return {
        one.id: alias
        for one in inventory.of(Identity)
        if one.provider == PROVIDER
        for alias in one.aliases
        if "@" in alias
    }


def strongest(powers: Mapping[str, Answer], of: list[str]) -> tuple[str, Answer]:
    """The permission of several that is most certain, and how certain it is."""
    best, said = "", Answer.NO
    for one in of:
        found = powers.get(one, Answer.NO)
        if found is Answer.YES:
            return one, found
        if found is Answer.UNKNOWN and said is Answer.NO:
            best, said = one, some((found,))
    return best, said
