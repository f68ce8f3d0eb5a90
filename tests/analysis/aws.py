"""Small AWS estates for tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from keymuster.analysis.aws_escalations import Escalation, Ways
from keymuster.analysis.aws_identities import Estate, KnownPolicies
from keymuster.analysis.aws_policy import parse
from keymuster.analysis.aws_reach import Reach
from keymuster.model import (
    Effect,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    ServiceLocation,
    Trust,
    TrustKind,
    Use,
    UseKind,
)
from keymuster.rules.schema import RuleSet

ACCOUNT = "111122223333"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
PLACE = ServiceLocation(service="iam", account=ACCOUNT, resource="")
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def arn(kind: str, name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:{kind}/{name}"


class Made:
    """Records, put together word by word."""

    def __init__(self) -> None:
        self.identities: list[Identity] = []
        self.grants: list[Grant] = []
        self.trusts: list[Trust] = []
        self.uses: list[Use] = []
        self._numbers = count(1)

    def identity(self, kind: str, name: str, account: str = ACCOUNT, **more: Any) -> str:
        id = more.pop("id", None) or arn(kind, name, account)
        self.identities.append(
            Identity(
                id=id,
                kind=IdentityKind(kind),
                provider="aws",
                name=name,
                location=PLACE,
                account=account,
                **more,
            )
        )
        return id

    def user(self, name: str, **more: Any) -> str:
        return self.identity("user", name, **more)

    def role(self, name: str, **more: Any) -> str:
        return self.identity("role", name, **more)

    def statement(
        self, holder: str, given: dict[str, Any], kind: GrantKind = GrantKind.POLICY
    ) -> None:
        for one in parse({"Statement": {"Effect": "Allow", **given}}):
            self.grants.append(
                Grant(
                    id=f"grant-{next(self._numbers)}",
                    identity=holder,
                    kind=kind,
                    provider="aws",
                    location=PLACE,
                    effect=one.effect,
                    actions=one.actions,
                    not_actions=one.not_actions,
                    resources=one.resources,
                    not_resources=one.not_resources,
                    conditions=dict(one.conditions),
                )
            )

    def allow(
        self, holder: str, actions: str | list[str], on: str | list[str] = "*", **more: Any
    ) -> None:
        self.statement(holder, {"Action": actions, "Resource": on, **more})

    def deny(
        self, holder: str, actions: str | list[str], on: str | list[str] = "*", **more: Any
    ) -> None:
        self.allow(holder, actions, on, Effect="Deny", **more)

    def has(self, holder: str, via: str, kind: GrantKind = GrantKind.POLICY) -> None:
        self.grants.append(
            Grant(
                id=f"grant-{next(self._numbers)}",
                identity=holder,
                kind=kind,
                provider="aws",
                location=PLACE,
                via=via,
            )
        )

    def trust(self, role: str, principal: str, kind: str = "assume", **more: Any) -> None:
        self.trusts.append(
            Trust(
                id=f"trust-{next(self._numbers)}",
                identity=role,
                principal=principal,
                kind=TrustKind(kind),
                provider="aws",
                location=PLACE,
                effect=Effect(more.pop("effect", "allow")),
                actions=("sts:AssumeRole",),
                **more,
            )
        )

    def workload(self, name: str, role: str) -> None:
        self.uses.append(
            Use(
                id=f"use-{next(self._numbers)}",
                subject=role,
                by=name,
                kind=UseKind.WORKLOAD,
                location=PLACE,
            )
        )

    def estate(self, rules: RuleSet, **more: Any) -> Estate:
        known = KnownPolicies(
            rules.aws.policies, frozenset(one.lower() for one in rules.aws.covers)
        )
        return Estate(
            self.identities, self.grants, self.trusts, self.uses, policies=known, now=NOW, **more
        )

    def reach(self, rules: RuleSet, **more: Any) -> Reach:
        return Reach(self.estate(rules, **more), Ways(rules.aws.ways, rules.aws.kinds))


def ways(found: Iterable[Escalation]) -> dict[str, tuple[str, str]]:
    """Way -> answer and gain."""
    return {one.way: (one.answer.value, one.gain.value) for one in found}
