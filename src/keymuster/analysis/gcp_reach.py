"""Whom one can become: by tokens and keys of service accounts, by their policies, by starting something
that runs as one; step by step to an administrator.

https://cloud.google.com/iam/docs/service-account-impersonation

A role on a project, folder or organisation counts for every account below: those are reached over the
levels, which are nodes of their own. So there are as many ways to follow as there are bindings, and not
as many as there are pairs of holders and accounts.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from keymuster.analysis.answers import Answer, every, negated, some
from keymuster.analysis.gcp_estate import Estate, strongest
from keymuster.analysis.gcp_hierarchy import Hierarchy
from keymuster.model import Grant, Identity, IdentityKind

_IMPERSONATING_ALL = ("resourcemanager.projects.setIamPolicy", "resourcemanager.folders.setIamPolicy", "resourcemanager.organizations.setIamPolicy")  # fmt: skip
_ACT_AS = "iam.serviceAccounts.actAs"
_MAKE_KEY = "iam.serviceAccountKeys.create"
_NO_KEYS = ("iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation")


class Hop(NamedTuple):
    """From whoever has a role to one account, or to all below a level: by which permission or role,
    whether that is certain, and by which bindings."""

    start: str
    to: str
    by: str
    answer: Answer
    grants: tuple[str, ...]


class Reach:
    """Who can become whom. `enforced` says whether a constraint is enforced for what is in a level."""

    def __init__(self, estate: Estate, enforced: Callable[[str, str], Answer]) -> None:
        self.estate = estate
        self._enforced = enforced
        self.accounts = {
            one.id: one
            for one in estate.inventory.of(Identity)
            if one.provider == "gcp" and one.kind is IdentityKind.SERVICE_ACCOUNT
        }
        self.hops: list[Hop] = list(self._all())
        self._onto: dict[str, list[Hop]] = defaultdict(list)
        for hop in self.hops:
            self._onto[hop.to].append(hop)
        self._from: dict[str, list[Hop]] = defaultdict(list)
        for hop in self.hops:
            self._from[hop.start].append(hop)

    @property
    def hierarchy(self) -> Hierarchy:
        return self.estate.hierarchy

    def _all(self) -> Iterator[Hop]:
        acting: dict[str, dict[str, tuple[Answer, Grant]]] = defaultdict(dict)
        starting: dict[str, dict[str, tuple[Answer, Grant, str]]] = defaultdict(dict)
        permissions = self.estate.known.permissions
        alone = [*permissions.impersonating, *_IMPERSONATING_ALL]
        for grant in self.estate.bindings:
            powers = self.estate.powers(grant)
            if not powers:
                continue
            to = self._target(grant)
            if not to:
                continue
            usable = self._without_keys(powers, to)
            by, said = strongest(usable, alone)
            if said is not Answer.NO:
                yield Hop(grant.identity, to, grant.via or by, said, (grant.id,))
            if (said := powers.get(_ACT_AS, Answer.NO)) is not Answer.NO:
                _keep(acting[grant.identity], to, (said, grant))
            way, said = strongest(powers, permissions.deploying)
            if said is not Answer.NO:
                _keep(starting[grant.identity], to, (said, grant, way))
        for holder, several in acting.items():
            yield from self._started(holder, several, starting.get(holder, {}))

    def _target(self, grant: Grant) -> str:
        """The account, or the level, that a role is granted on."""
        if self.hierarchy.is_wide(grant):
            return self.hierarchy.of_grant(grant)
        return next((id for text in grant.resources if (id := self.hierarchy.account(text))), "")

    def _without_keys(self, powers: Mapping[str, Answer], to: str) -> Mapping[str, Answer]:
        """Without keys, where the organisation lets nobody make any."""
        if _MAKE_KEY not in powers:
            return powers
        level = self.level_of(to)
        forbidden = some(self._enforced(one, level) for one in _NO_KEYS)
        said = every((powers[_MAKE_KEY], negated(forbidden)))
        return {**powers, _MAKE_KEY: said}

    def level_of(self, node: str) -> str:
        """Of an account its project; a level is one itself."""
        account = self.accounts.get(node)
        if account is None:
            return node
        return self.hierarchy.name(f"projects/{account.account}") if account.account else ""

    def _started(
        self,
        holder: str,
        acting: dict[str, tuple[Answer, Grant]],
        starting: dict[str, tuple[Answer, Grant, str]],
    ) -> Iterator[Hop]:
        """Who may act as an account, and may start something in the project of that account."""
        for to, (said, grant) in acting.items():
            if (found := _surest(self.hierarchy.above(self.level_of(to)), starting)) is not None:
                also, other, way = found
                yield Hop(holder, to, way, every((said, also)), (grant.id, other.id))
        for level, (said, grant, way) in starting.items():
            if (found := _surest(self.hierarchy.above(level)[1:], acting)) is not None:
                also, other = found
                yield Hop(holder, level, way, every((said, also)), (other.id, grant.id))

    # --- what follows ---------------------------------------------------------------------------

    def becomes(self, holder: str) -> list[Hop]:
        """The ways by which one can become others at once."""
        return self._from.get(holder, [])

    def onto(self, account: str) -> Iterator[Hop]:
        """The ways by which others can become an account, by roles on it or on a level above."""
        yield from self._onto.get(account, ())
        for level in self.hierarchy.above(self.level_of(account)):
            yield from self._onto.get(level, ())

    def to(self, ends: Iterable[str]) -> dict[str, Hop]:
        """For each who can certainly become one of some accounts: the first step of a shortest way."""
        first: dict[str, Hop] = {}
        reached = dict.fromkeys(ends)
        waiting = deque(reached)
        levels: set[str] = set()
        while waiting:
            node = waiting.popleft()
            for hop in self._into(node, levels):
                if hop.answer is Answer.YES and hop.start not in first and hop.start not in reached:
                    first[hop.start] = hop._replace(to=node)
                    waiting.append(hop.start)
        return first

    def _into(self, node: str, levels: set[str]) -> Iterator[Hop]:
        """The ways onto an account; those over a level once for the first account in it."""
        yield from self._onto.get(node, ())
        if node not in self.accounts:
            return
        for level in self.hierarchy.above(self.level_of(node)):
            if level in levels:
                return
            levels.add(level)
            yield from self._onto.get(level, ())

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many accounts there are below each level."""
        found: dict[str, int] = {}
        for id in self.accounts:
            for above in self.hierarchy.above(self.level_of(id)):
                found[above] = found.get(above, 0) + 1
        return found


def _surest(levels: Iterable[str], held: Mapping[str, Any]) -> Any:
    """What is held on one of the levels: the nearest, or one further up if only that is certain."""
    found = [held[level] for level in levels if level in held]
    return next((one for one in found if one[0] is Answer.YES), found[0] if found else None)


def _keep(held: dict[str, Any], to: str, found: tuple[Any, ...]) -> None:
    """The most certain of several."""
    if to not in held or (held[to][0] is not Answer.YES and found[0] is Answer.YES):
        held[to] = found
