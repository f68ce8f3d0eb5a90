"""Whom an identity can become, step by step, and whether that ends with an administrator."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterator
from functools import cached_property

from msgspec import Struct

from keymuster.analysis.answers import Answer, every
from keymuster.analysis.aws_escalations import (
    Escalation,
    Gain,
    Ways,
    assumes,
    escalations,
)
from keymuster.analysis.aws_identities import Estate, account, names
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
        self._steps: dict[str, list[Step]] = {}

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

    def becomes(self, id: str) -> list[Step]:
        """The known identities that one can become at once: by assuming a role, by a known way."""
        found = self._steps.get(id)
        if found is None:
            found = self._steps[id] = [*self._roles(id), *self._taken_over(id)]
        return found

    def _roles(self, id: str) -> Iterator[Step]:
        one = self.estate.identities.get(id)
        if one is None or one.kind not in (IdentityKind.USER, IdentityKind.ROLE):
            return
        for role in self._trusting(id):
            decision = assumes(self.estate, id, role)
            if decision.answer is not Answer.NO and role != id:
                evidence = tuple(dict.fromkeys(each.source for each in decision.statements))
                yield Step(by=ASSUME, start=id, to=role, answer=decision.answer, evidence=evidence)

    def _trusting(self, id: str) -> list[str]:
        """The roles whose trust policy may be about an identity or its account."""
        one = self.estate.identities[id]
        number = account(one)
        roots = (f"arn:{part}:iam::{number}:root" for part in ("aws", "aws-cn", "aws-us-gov"))
        told = (*self.estate.names(id), *names(one), number, *roots, _ANYBODY)
        return list(dict.fromkeys(role for name in told for role in self._trusted.get(name, ())))

    @cached_property
    def _trusted(self) -> dict[str, list[str]]:
        """Principal -> the roles that trust it. What is not told may be anybody."""
        found: dict[str, list[str]] = defaultdict(list)
        for role in self.estate.identities:
            for statement in self.estate.trusts(role) or ():
                if statement.effect is Effect.DENY:
                    continue
                for kind, name in statement.principals:
                    if kind == "AWS":
                        known = self.estate.id(name) in self.estate.identities
                        anybody = name == "*" or (is_unknown(name) and not known)
                        found[_ANYBODY if anybody else name].append(role)
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
        return self._path(id, certain=True) or self._path(id, certain=False)

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
            for step in self.becomes(here):
                if step.to not in before and (not certain or step.answer is Answer.YES):
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
