"""What follows for organisations of AWS, and for roles that accounts of several environments may assume."""

from __future__ import annotations

import re
from typing import Any

from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_organizations import LIMITS, Organizations
from keymuster.analysis.aws_policy import about_action, parse
from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import Effect, Environment, Identity, Resource, Trust
from keymuster.model import organizations as types
from keymuster.settings import Settings

_ACCOUNT = re.compile(r"(?:arn:[a-z-]+:(?:iam|sts)::)?([0-9]{12})(?::.+)?")
_MAKING_KEYS = ("iam:CreateUser", "iam:CreateAccessKey")


def facts(inventory: Inventory, configured: Settings, _: Known) -> dict[str, dict[str, Any]]:
    several = [one for one in inventory.of(Resource) if one.type == types.ORGANIZATION]
    found: dict[str, dict[str, Any]] = {
        f"resource:{one.id}": {"denies_keys": _denies_keys(one, inventory)} for one in several
    }
    organizations = Organizations(inventory)
    for trust in inventory.of(Trust):
        if trust.provider != "aws" or trust.effect is Effect.DENY:
            continue
        account = _account(trust, inventory)
        environment = organizations.environment(account, configured.environments)
        if environment is not Environment.UNKNOWN:
            said = found.setdefault(trust.identity, {"trusted_from": []})
            if environment not in said["trusted_from"]:
                said["trusted_from"].append(str(environment))
    return found


def _account(trust: Trust, inventory: Inventory) -> str:
    principal = inventory.records.get(trust.principal)
    if isinstance(principal, Identity):
        return principal.account
    named = _ACCOUNT.fullmatch(trust.principal)
    return named[1] if named else ""


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
