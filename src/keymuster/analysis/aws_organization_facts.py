"""What follows for organisations of AWS."""

from __future__ import annotations

from typing import Any

from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_organizations import LIMITS
from keymuster.analysis.aws_policy import about_action, parse
from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import Effect, Resource
from keymuster.model import organizations as types
from keymuster.settings import Settings

_MAKING_KEYS = ("iam:CreateUser", "iam:CreateAccessKey")


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    several = [one for one in inventory.of(Resource) if one.type == types.ORGANIZATION]
    return {f"resource:{one.id}": {"denies_keys": _denies_keys(one, inventory)} for one in several}


def _denies_keys(organization: Resource, inventory: Inventory) -> str:
    """Whether any policy of an organisation keeps somebody from making users of IAM, or keys for them;
    empty if none of its policies was seen."""
    kind = LIMITS[0]
    policies = [
        one
        for one in inventory.of(Resource)
        if one.type == types.POLICY and one.settings.get("kind") == kind
    ]
    if not policies and kind not in (organization.settings.get("read") or ()):
        return ""
    denials = (
        statement
        for one in policies
        for statement in parse(one.settings.get("document"), one.id)
        if statement.effect is Effect.DENY
    )
    denied = any(
        about_action(one, action) is not Answer.NO for one in denials for action in _MAKING_KEYS
    )
    return "yes" if denied else "no"
