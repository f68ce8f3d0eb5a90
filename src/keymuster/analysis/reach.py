"""Whom an identity can become, step by step, and whether that ends with an administrator."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct

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
from keymuster.model import Effect, IdentityKind
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


class Reach:
    """What is worked out for the identities of one estate, each thing once."""

    def __init__(self, estate: Estate, ways: Ways) -> None:
        self.estate = estate
        self.ways = ways
        self._privileges: dict[str, Privilege] = {}
        self._escalations: dict[str, list[Escalation]] = {}
        self._steps: dict[tuple[str, bool], list[Step]] = {}

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

    def becomes(self, id: str, *, certain: bool = False) -> list[Step]:
        """The known identities that one can become at once: by assuming a role, by a known way."""
        key = (id, certain)
        found = self._steps.get(key)
        if found is None:
            steps = (*self._roles(id, certain), *self._taken_over(id))
            found = [one for one in steps if not certain or one.answer is Answer.YES]
            self._steps[key] = found
        return found

    def _roles(self, id: str, certain: bool) -> Iterator[Step]:
        one = self.estate.identities.get(id)
        if one is None or one.kind not in (IdentityKind.USER, IdentityKind.ROLE):
            return
        for role in self._trusting(id, certain):
            decision = assumes(self.estate, id, role)
            if decision.answer is not Answer.NO and role != id:
                evidence = tuple(dict.fromkeys(each.source for each in decision.statements))
                yield Step(by=ASSUME, start=id, to=role, answer=decision.answer, evidence=evidence)

    def _trusting(self, id: str, certain: bool) -> Iterable[str]:
        """The roles whose trust policy may be about an identity, or about its account if it may be
        allowed to assume them by its own policies, too."""
        one = self.estate.identities[id]
        number = account(one)
        roots = [f"arn:{part}:iam::{number}:root" for part in ("aws", "aws-cn", "aws-us-gov")]
        told = (*self.estate.names(id), *names(one), _ANYBODY)
        found = dict.fromkeys(role for name in told for role in self._trusted.get(name, ()))
        by_account = [roles for name in (number, *roots) if (roles := self._trusted.get(name))]
        if by_account:
            permissions = self.estate.permissions(id)
            for roles in by_account:
                found |= dict.fromkeys(self._allowed(permissions, roles, certain))
        return found

    def _allowed(
        self, permissions: Permissions, roles: Mapping[str, None], certain: bool
    ) -> Iterable[str]:
        """Those of some roles that somebody's own policies may allow to be assumed."""
        if not certain and permissions.unread:
            return roles
        found: dict[str, None] = {}
        for statement in permissions.own.about(ASSUME_ROLE):
            if statement.effect is not Effect.ALLOW:
                continue
            if "*" in statement.resources or not statement.resources:
                return roles
            for pattern in statement.resources:
                known = self.estate.known("role", whole_arn(pattern))
                found |= dict.fromkeys(role for role in known if role in roles)
        return found

    @cached_property
    def _trusted(self) -> dict[str, dict[str, None]]:
        """Principal -> the roles that trust it. What is not told may be anybody."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for role in self.estate.identities:
            for statement in self.estate.trusts(role) or ():
                if statement.effect is Effect.DENY:
                    continue
                for kind, name in statement.principals:
                    if kind == "AWS":
                        known = self.estate.id(name) in self.estate.identities
                        anybody = name == "*" or (is_unknown(name) and not known)
                        found[_ANYBODY if anybody else name][role] = None
        return found

    def _taken_over(self, id: str) -> Iterator[Step]:
        for one in self.escalations(id):
            for target in one.targets:
                if target in self.estate.identities and target != id:
                    yield Step(
                        by=one.way, start=id, to=target, answer=one.answer, evidence=one.grants
                    )

    def to_administrator(self, id: str) -> Path | None:
        """The shortest way from an identity to all rights: one that is certain, or else one that may
        be. None if there is none, or the identity has them already."""
        if self._level(id) is Level.ADMIN:
            return None
        return self.surely_to_administrator(id) or self._path(id, certain=False)

    def surely_to_administrator(self, id: str) -> Path | None:
        """The same, if there is one that is certain."""
        return None if self._level(id) is Level.ADMIN else self._path(id, certain=True)

    def to_writer(self, id: str) -> Path | None:
        """The shortest certain way from an identity that changes nothing to one that does."""
        if self._level(id) not in (Level.NONE, Level.READ):
            return None
        return self._path(id, certain=True, to=(Level.WRITE,))

    def _path(
        self, id: str, *, certain: bool, to: Collection[Level] = (Level.ADMIN,)
    ) -> Path | None:
        before: dict[str, Step | None] = {id: None}
        waiting = deque([id])
        while waiting:
            here = waiting.popleft()
            if self._level(here) in to:
                return _walked(before, here, None)
            if Level.ADMIN in to and (last := self._last_step(here, certain)) is not None:
                return _walked(before, here, last)
            for step in self.becomes(here, certain=certain):
                if step.to not in before:
                    before[step.to] = step
                    waiting.append(step.to)
        return None

    def _last_step(self, id: str, certain: bool) -> Step | None:
        """A way by which an identity gets all rights, or those of whomever it likes."""
        for one in self.escalations(id):
            known = any(target in self.estate.identities for target in one.targets if target != id)
            if one.gain not in (Gain.ADMIN, Gain.ANY) or known:
                continue
            if not certain or one.answer is Answer.YES:
                return Step(by=one.way, start=id, to="", answer=one.answer, evidence=one.grants)
        return None


_ANYBODY = ""


def _walked(before: dict[str, Step | None], here: str, last: Step | None) -> Path:
    steps = [last] if last is not None else []
    while (step := before[here]) is not None:
        steps.append(step)
        here = step.start
    return Path(steps=tuple(reversed(steps)))
