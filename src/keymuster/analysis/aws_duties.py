"""What an identity of AWS is there for, by what it may do: to send mail, to make other identities."""

from __future__ import annotations

from typing import Any

from keymuster.analysis.aws_identities import Permissions
from keymuster.model import Effect

_SENDING = frozenset(("ses:sendrawemail", "ses:sendemail"))
_MAKING = ("iam:CreateRole", "iam:CreateUser")
_ARMING = (
    "iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:AttachUserPolicy", "iam:PutUserPolicy",
)  # fmt: skip
_BOUNDARY = "iam:permissionsboundary"


def duties(permissions: Permissions) -> dict[str, Any]:
    return {
        "sends_mail_only": _sends_mail_only(permissions),
        "makes_identities": _may_freely(permissions, _MAKING) and _may_freely(permissions, _ARMING),
        "bounded": permissions.boundary is not None or permissions.boundary_unread,
    }


def _sends_mail_only(permissions: Permissions) -> bool:
    if permissions.unread or permissions.known:
        return False
    allowing = [one for one in permissions.own.statements if one.effect is Effect.ALLOW]
    actions = {action.lower() for one in allowing for action in one.actions}
    return bool(actions) and actions <= _SENDING and not any(one.not_actions for one in allowing)


def _may_freely(permissions: Permissions, actions: tuple[str, ...]) -> bool:
    """Whether some statement allows one of these without asking for a boundary."""
    return any(
        one.effect is Effect.ALLOW and not _asks_for_boundary(one.conditions)
        for action in actions
        for one in permissions.own.about(action)
    )


def _asks_for_boundary(conditions: Any) -> bool:
    return any(
        key.lower() == _BOUNDARY
        for asked in conditions.values()
        if isinstance(asked, dict)
        for key in asked
    )
