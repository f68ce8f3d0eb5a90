"""Which data of its account an identity in AWS may read, whosever it is."""

from __future__ import annotations

from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_identities import Permissions, account, allows, arn
from keymuster.analysis.aws_patterns import FRESH
from keymuster.model import Effect

Grants = tuple[str, ...]

_KINDS = {
    "secrets": ("secretsmanager:GetSecretValue", "secretsmanager:{any}:{account}:secret:{any}"),
    "parameters": ("ssm:GetParameter", "ssm:{any}:{account}:parameter/{any}"),
    "objects of buckets": ("s3:GetObject", "s3:::{any}/{any}"),
    "tables": ("dynamodb:Scan", "dynamodb:{any}:{account}:table/{any}"),
}
"""What is read -> the action that reads it, and one in a region of which no statement speaks by name:
who may read that may read any."""


def readable(permissions: Permissions) -> dict[str, Grants]:
    """The kinds of data of which all may be read for certain, each with the grants that allow it."""
    found: dict[str, Grants] = {}
    for what, (action, thing) in _KINDS.items():
        if not permissions.may(action):
            continue
        decision = allows(permissions, action, _arn(permissions, thing))
        if decision.answer is Answer.YES:
            allowing = (one for one in decision.statements if one.effect is Effect.ALLOW)
            found[what] = tuple(dict.fromkeys(one.source for one in allowing))
    return found


def _arn(permissions: Permissions, thing: str) -> str:
    one = permissions.identity
    number, partition = (account(one), arn(one).split(":", 2)[1]) if one else ("0" * 12, "aws")
    return f"arn:{partition}:" + thing.format(account=number, any=FRESH)
