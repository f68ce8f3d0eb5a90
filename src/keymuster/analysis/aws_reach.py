"""Whom an identity can become, step by step, and whether that ends with an administrator."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from keymuster.analysis.answers import Answer, every
from keymuster.analysis.aws_escalations import (
    ASSUME_ROLE,
    Escalation,
    Gain,
    Ways,
    assumes,
    escalations,
)
from keymuster.analysis.aws_identities import Estate, Permissions, account, names
from keymuster.analysis.aws_patterns import whole_arn
from keymuster.analysis.aws_privilege import privilege
from keymuster.analysis.privilege import Level, Privilege
from keymuster.inventory.names import is_unique
from keymuster.model import Effect, Identity, IdentityKind
from keymuster.model.unknown import is_unknown

ASSUME = "assume-role"
"""The step that needs no known way: to assume a role that trusts one."""


class Step(Struct, frozen=True, kw_only=True):
    """From one identity to another, or to all rights when `to` is empty: by which way, whether that
    is certain, and the ids of the grants and trusts that make it."""

    by: str
    start: str
    to: str
    answer: Answer
    evidence: tuple[str, ...] = ()


class Path(Struct, frozen=True, kw_only=True):
    """Steps that lead to an administrator; the answer is yes when every one is certain."""

    steps: tuple[Step, ...]

    @property
    def answer(self) -> Answer:
        return every(step.answer for step in self.steps)


class Hop(NamedTuple):
    """One way from an identity to any of others. Those of many identities are the same tuple."""

    by: str
    start: str
    targets: tuple[str, ...]
    answer: Answer
    evidence: tuple[str, ...] = ()


class Reach:
    """What is worked out for the identities of one estate, each thing once."""

    def __init__(self, estate: Estate, ways: Ways) -> None:
        self.estate = estate
        self.ways = ways
        self._privileges: dict[str, Privilege] = {}
        self._escalations: dict[str, list[Escalation]] = {}
        self._hops: dict[str, list[Hop]] = {}
        self._ahead: dict[tuple[Level, bool], dict[str, tuple[Hop, str] | None]] = {}
        self._alike: dict[str, list[tuple[str, ...]]] = {}

    def privilege(self, id: str) -> Privilege:
        """How much an identity, or whoever has a policy, may do by its own grants."""
        found = self._privileges.get(id)
        if found is None:
            found = self._privileges[id] = privilege(self.estate.permissions(id))
        return found

    def escalations(self, id: str) -> list[Escalation]:
        """The known ways that are open to an identity, or to whoever has a policy."""
        found = self._escalations.get(id)
        if found is None:
            permissions = self.estate.permissions(id)
            found = escalations(permissions, self.ways, self.estate, self._level)
            self._escalations[id] = found
        return found

    def _level(self, id: str) -> Level:
        return self.privilege(id).level

    # --- whom one can become at once ---------------------------------------------------------

    def becomes(self, id: str) -> list[Step]:
        """The known identities that one can become at once: by assuming a role, by a known way."""
        return [
            self._step(hop, target)
            for hop in self.hops(id)
            for target in hop.targets
            if target in self.estate.identities and target != id
        ]

    def _step(self, hop: Hop, target: str) -> Step:
        evidence = hop.evidence
        if hop.by == ASSUME:
            statements = assumes(self.estate, hop.start, target).statements
            evidence = tuple(dict.fromkeys(one.source for one in statements))
        return Step(by=hop.by, start=hop.start, to=target, answer=hop.answer, evidence=evidence)

    def hops(self, id: str) -> list[Hop]:
        """The ways from an identity to others; who assumes roles in the same words, has them together."""
        found = self._hops.get(id)
        if found is None:
            taken = [
                Hop(one.way, id, one.targets, one.answer, one.grants)
                for one in self.escalations(id)
                if one.targets
            ]
            found = self._hops[id] = [*self._roles(id), *taken]
        return found

    def _roles(self, id: str) -> Iterator[Hop]:
        one = self.estate.identities.get(id)
        if one is None or one.kind not in (IdentityKind.USER, IdentityKind.ROLE):
            return
        for roles in self._trusting(one):
            role = next((each for each in roles if each != id), None)
            if role is not None:
                answer = assumes(self.estate, id, role).answer
                if answer is not Answer.NO:
                    yield Hop(ASSUME, id, roles, answer)

    def _trusting(self, one: Identity) -> Iterator[tuple[str, ...]]:
        """The roles whose trust policy may be about an identity, or about its account if it may be
        allowed to assume them by its own policies, too: together where all of it is the same."""
        number = account(one)
        roots = [f"arn:{part}:iam::{number}:root" for part in ("aws", "aws-cn", "aws-us-gov")]
        told = (*self.estate.names(one.id), *names(one), _ANYBODY)
        permissions = self.estate.permissions(one.id)
        all_alike = _is_about_all(permissions)
        seen: set[str] = set()
        island = self.estate.island(one.id)
        for each in dict.fromkeys((*told, number, *roots)):
            name = _apart(island, each)
            roles: Mapping[str, None] = self._trusted.get(name, {})
            if not roles:
                continue
            if all_alike:
                yield from self._same(name)
            elif each not in told:
                roles = self._allowed(permissions, roles)
            if not all_alike:
                yield from ((role,) for role in roles if role not in seen)
                seen.update(roles)

    def _same(self, name: str) -> list[tuple[str, ...]]:
        """The roles that trust somebody, together if they do so in the same words."""
        if name not in self._alike:
            groups: dict[Hashable, list[str]] = {}
            for role in self._trusted[name]:
                trust = [replace(one, source="") for one in self.estate.trusts(role) or ()]
                key = (account(self.estate.identities[role]), repr(trust))
                groups.setdefault(key, []).append(role)
            self._alike[name] = [tuple(roles) for roles in groups.values()]
        return self._alike[name]

    def _allowed(self, permissions: Permissions, roles: Mapping[str, None]) -> Mapping[str, None]:
        """Those of some roles that somebody's own policies may allow to be assumed."""
        found: dict[str, None] = {}
        for statement in permissions.own.about(ASSUME_ROLE):
            if statement.effect is not Effect.ALLOW:
                continue
            if "*" in statement.resources or not statement.resources:
                return roles
            for pattern in statement.resources:
                known = self.estate.known("role", whole_arn(pattern), permissions.id)
                found |= dict.fromkeys(role for role in known if role in roles)
        return roles if permissions.unread else found

    @cached_property
    def _trusted(self) -> dict[str, dict[str, None]]:
        """Principal -> the roles that trust it. What is not told may be anybody. What does not tell its account is of the
        repository that names it."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for role in self.estate.identities:
            for statement in self.estate.trusts(role) or ():
                if statement.effect is Effect.DENY:
                    continue
                for kind, name in statement.principals:
                    if kind == "AWS":
                        known = self.estate.id(name, role) in self.estate.identities
                        anybody = name == "*" or (is_unknown(name) and not known)
                        whom = _ANYBODY if anybody else name
                        found[_apart(self.estate.island(role), whom)][role] = None
        return found

    # --- whom one can become after all -------------------------------------------------------

    def to_administrator(self, id: str) -> Path | None:
        """The shortest way from an identity to all rights: one that is certain, or else one that may
        be. None if there is none, or the identity has them already."""
        return self.surely_to_administrator(id) or self._path(id, Level.ADMIN, certain=False)

    def surely_to_administrator(self, id: str) -> Path | None:
        """The same, if there is one that is certain."""
        return self._path(id, Level.ADMIN, certain=True)

    def to_writer(self, id: str) -> Path | None:
        """The shortest certain way from an identity that changes nothing to one that does."""
        if self._level(id) not in (Level.NONE, Level.READ):
            return None
        return self._path(id, Level.WRITE, certain=True)

    def _path(self, id: str, goal: Level, *, certain: bool) -> Path | None:
        if (goal, certain) not in self._ahead:
            self._ahead[goal, certain] = self._searched(goal, certain)
        ahead = self._ahead[goal, certain]
        steps: list[Step] = []
        here = id
        while (found := ahead.get(here)) is not None:
            hop, target = found
            if not target:
                last = Step(by=hop.by, start=here, to="", answer=hop.answer, evidence=hop.evidence)
                return Path(steps=(*steps, last))
            steps.append(self._step(hop, target))
            here = target
        return Path(steps=tuple(steps)) if steps else None

    def _searched(self, goal: Level, certain: bool) -> dict[str, tuple[Hop, str] | None]:
        """The next step of each identity that gets there, searched once for all, from the goal back."""
        levels = {id: self._level(id) for id in self.estate.identities}
        found: dict[str, tuple[Hop, str] | None] = {
            id: None for id, level in levels.items() if level is goal
        }
        starts = [id for id, level in levels.items() if level not in (goal, Level.ADMIN)]
        over = _Over(
            hop for id in starts for hop in self.hops(id) if not certain or hop.answer is Answer.YES
        )
        waiting = deque(found)
        if goal is Level.ADMIN:
            last = {id: hop for id in starts if (hop := self.last(id, certain)) is not None}
            found |= {id: (hop, "") for id, hop in last.items()}
            waiting.extend(last)
        while waiting:
            target = waiting.popleft()
            for hop in over.to(target):
                if hop.start not in found:
                    found[hop.start] = (hop, target)
                    waiting.append(hop.start)
        return found

    def last(self, id: str, certain: bool) -> Hop | None:
        """A way by which an identity gets all rights, or those of whomever it likes."""
        for one in self.escalations(id):
            known = any(target in self.estate.identities for target in one.targets if target != id)
            if one.gain not in (Gain.ADMIN, Gain.ANY) or known:
                continue
            if not certain or one.answer is Answer.YES:
                return Hop(one.way, id, (), one.answer, one.grants)
        return None


class _Over:
    """Hops by whom they lead to; those that lead to the same many are taken together, and once."""

    def __init__(self, hops: Iterable[Hop]) -> None:
        self._hops: dict[int, list[Hop]] = defaultdict(list)
        self._groups: dict[str, list[int]] = defaultdict(list)
        self._single: dict[str, list[Hop]] = defaultdict(list)
        for hop in hops:
            if len(hop.targets) == 1:
                self._single[hop.targets[0]].append(hop)
                continue
            group = id(hop.targets)
            if group not in self._hops:
                for target in hop.targets:
                    self._groups[target].append(group)
            self._hops[group].append(hop)

    def to(self, target: str) -> Iterator[Hop]:
        yield from self._single.pop(target, ())
        for group in self._groups.get(target, ()):
            yield from self._hops.pop(group, ())


def _is_about_all(permissions: Permissions) -> bool:
    """Whether no statement about assuming roles tells one role from another."""
    limits = (permissions.own, *permissions.controls, permissions.boundary)
    several = [one for index in limits if index is not None for one in index.about(ASSUME_ROLE)]
    return bool(several) and all("*" in one.resources for one in several)


def _apart(island: str, name: str) -> str:
    """A name as those of a repository use it: of which there is one in the world, all do."""
    if not island or is_unique(name) or _NUMBER.fullmatch(name):
        return name
    return f"{island}\0{name}"


_NUMBER = re.compile(r"\d{12}")

_ANYBODY = ""
