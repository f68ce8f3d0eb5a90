"""The shipped issuers, and trusts on them, for tests."""

from __future__ import annotations

from functools import cache
from typing import Any

from keymuster.analysis.outsiders import Ours
from keymuster.analysis.trusts import Surroundings, TrustAnswer, judge
from keymuster.model import Effect, FileLocation, Trust, TrustKind
from keymuster.model.issuers import KnownTrusts
from keymuster.rules import loader

GITHUB = "token.actions.githubusercontent.com"


@cache
def known() -> KnownTrusts:
    path = loader.builtin_root() / "known" / "issuers.yaml"
    return loader.read([(path, path.read_bytes())]).trusts


def surroundings(**more: Any) -> Surroundings:
    ours = Ours(
        settings=more.pop("settings", {}),
        seen=more.pop("seen", {}),
        vendors=more.pop("vendors", {}),
    )
    return Surroundings(known(), ours, **more)


def trust(principal: str, provider: str, conditions: dict[str, Any], **more: Any) -> Trust:
    told: dict[str, Any] = {
        "id": "trust",
        "identity": "role",
        "kind": TrustKind.ASSUME,
        "location": FileLocation(path="main.tf", line=1),
        **more,
    }
    return Trust(principal=principal, provider=provider, conditions=conditions, **told)


def federated(issuer: str, conditions: dict[str, Any], **more: Any) -> Trust:
    """A statement of an AWS role that trusts an issuer."""
    arn = f"arn:aws:iam::111122223333:oidc-provider/{issuer}"
    told = {"kind": TrustKind.FEDERATION, "actions": ("sts:AssumeRoleWithWebIdentity",), **more}
    return trust(arn, "aws", conditions, **told)


def answer(one: Trust, *others: Trust, **more: Any) -> TrustAnswer:
    return judge([one, *others], surroundings(**more))[one.id]


def of_github(sub: str | list[str], operator: str = "StringLike", **more: Any) -> TrustAnswer:
    """What a role says that asks for a subject of GitHub's."""
    asks = {
        operator: {f"{GITHUB}:sub": sub},
        "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
    }
    if operator == "StringEquals":
        asks[operator][f"{GITHUB}:sub"] = sub
    return answer(federated(GITHUB, asks), **more)


def denial(one: Trust, id: str = "denial") -> Trust:
    import msgspec

    return msgspec.structs.replace(one, id=id, effect=Effect.DENY)
