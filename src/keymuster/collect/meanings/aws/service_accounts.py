"""Pods that become a role by the token of their service account (IRSA): the trust policy says which."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.aws import documents
from keymuster.model import Effect, Observation, TrustKind, Use, UseKind
from keymuster.model.kubernetes import by_issuer

_ACCOUNT = "system:serviceaccount:"
_PROVIDER = ":oidc-provider/"
_WILD = frozenset("*?")


def pods(one: Declared) -> Iterator[Observation]:
    """One use for each service account that a role which exists names. Of what is declared, the accounts
    themselves tell which roles they are for."""
    if not one.key:
        return
    for trust in documents.trusts(one, one.get("AssumeRolePolicyDocument")):
        if trust.kind is not TrustKind.FEDERATION or trust.effect is not Effect.ALLOW:
            continue
        for subject in dict.fromkeys(_subjects(trust.conditions)):
            namespace, _, account = subject.removeprefix(_ACCOUNT).partition(":")
            named = f"{trust.principal}/{namespace}/{account}"
            issuer = trust.principal.partition(_PROVIDER)[2]
            by = by_issuer(issuer, namespace, account) if issuer else named
            yield Use(
                id=f"{one.id}#ServiceAccount/{named}", subject=one.id, by=by, kind=UseKind.WORKLOAD,
                location=one.location,
            )  # fmt: skip


def _subjects(conditions: dict[str, Any]) -> Iterator[str]:
    """The service accounts that are named as a whole."""
    for operator, asked in conditions.items():
        if not operator.startswith("String") or "Not" in operator or not isinstance(asked, dict):
            continue
        for key, values in asked.items():
            if not key.endswith(":sub"):
                continue
            for value in values if isinstance(values, list) else [values]:
                text = str(value)
                if text.startswith(_ACCOUNT) and not (
                    operator.endswith("Like") and _WILD & {*text}
                ):
                    yield text


TYPES = {"AWS::IAM::Role": pods}
