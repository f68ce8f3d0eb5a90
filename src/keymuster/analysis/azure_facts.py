"""What follows for identities of Azure and Entra: how much they may do, and the ways to more."""

from __future__ import annotations

from itertools import islice
from typing import Any

from keymuster.analysis.azure_privilege import PROVIDERS, escalations, privilege
from keymuster.analysis.entra_members import Grants, held, steps
from keymuster.analysis.known import Known
from keymuster.analysis.privilege import Level
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import STEPS
from keymuster.model import Grant, GrantKind, Identity, IdentityKind, ServiceLocation, Step
from keymuster.settings import Settings


def facts(inventory: Inventory, _: Settings, known: Known) -> dict[str, dict[str, Any]]:
    """For every identity that has a grant here: of one without, nobody knows what it has elsewhere, unless
    its directory told what everybody has. And for every grant of a role that somebody makes: the ways
    that it opens to who gets the role."""
    found: dict[str, dict[str, Any]] = {}
    grants = _Grants(inventory, _told(inventory))
    for one in inventory.of(Identity):
        own = [*held(one.id, grants)] if one.provider in PROVIDERS else []
        if own:
            found[one.id] = _of(one.id, own, grants, known)
    for grant in inventory.of(Grant):
        if grant.provider not in PROVIDERS or grant.kind is not GrantKind.POLICY:
            continue
        ways = escalations([grant], grants, known.azure)
        if ways:
            found[grant.id] = {"escalations": ways}
    return found


def _of(id: str, own: list[Grant], grants: Grants, known: Known) -> dict[str, Any]:
    """With the grants that it rests on, where that is more than most have."""
    level = privilege(own, grants, known.azure)
    ways = escalations(own, grants, known.azure)
    evidence: dict[str, tuple[tuple[Step, ...], ...]] = {}
    if level.level in (Level.ADMIN, Level.WRITE):
        evidence["privilege"] = tuple(steps(id, level.grants, grants))
    if ways:
        leading = {one.id for one in own if escalations([one], grants, known.azure)}
        evidence["escalations"] = tuple(islice(steps(id, leading, grants), _MOST_WAYS))
    found = {"privilege": str(level.level), "escalations": ways}
    return found | {STEPS: evidence} if evidence else found


_MOST_WAYS = 4
"""Those that are kept in full: people read one."""


class _Grants:
    """What everybody is granted. Of who exists in a directory that told of all, and is granted nothing, that is
    known: a grant of nothing says so."""

    def __init__(self, inventory: Inventory, told: set[str]) -> None:
        self._inventory = inventory
        self._told = told

    def __call__(self, id: str) -> list[Grant]:
        found = self._inventory.grants(id)
        if found:
            return found
        one = self._inventory.records.get(id)
        if not isinstance(one, Identity) or not self._is_told(one):
            return []
        nothing = Grant(
            id=f"{id}#nothing", identity=id, kind=GrantKind.OAUTH_CONSENT, provider="entra",
            location=one.location,
        )  # fmt: skip
        return [nothing]

    def _is_told(self, one: Identity) -> bool:
        """A managed identity is of a subscription, and its directory one of those that were asked."""
        if one.account in self._told:
            return bool(one.account)
        return (
            bool(self._told)
            and one.kind is IdentityKind.MANAGED_IDENTITY
            and isinstance(one.location, ServiceLocation)
        )


def _told(inventory: Inventory) -> set[str]:
    """The directories that told of permissions and of roles: every one that there is has some of both."""
    kinds: dict[str, set[GrantKind]] = {}
    for grant in inventory.of(Grant):
        if grant.provider == "entra" and isinstance(grant.location, ServiceLocation):
            kinds.setdefault(grant.location.account, set()).add(grant.kind)
    return {
        tenant
        for tenant, seen in kinds.items()
        if {GrantKind.OAUTH_CONSENT, GrantKind.ROLE_BINDING} <= seen
    }
