"""How many calls a look at an account takes: more for more pages of principals, not for more principals."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

import faults
import moto_server
from faults import Rule
from keymuster.collect.asking.work import Answered
from keymuster.collect.aws.accounts import Asked, first, others, regions
from keymuster.collect.aws.collecting import answered
from keymuster.collect.aws.surfaces import iam_credentials, iam_last_accessed, surfaces
from keymuster.collect.declared import Declared

PAGE = 15
FEW, MANY = PAGE, 4 * PAGE

ASKED = 5
"""Principals that are asked for one by one, at the most."""

ALL_RIGHTS = "arn:aws:iam::aws:policy/AdministratorAccess"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def make(iam: Any, numbers: range) -> None:
    """Users with a key and roles with all rights."""
    for number in numbers:
        user, role = f"user-{number}", f"role-{number}"
        iam.create_user(UserName=user)
        iam.create_access_key(UserName=user)
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
        iam.attach_role_policy(RoleName=role, PolicyArn=ALL_RIGHTS)


def looked(upstream: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Counter[str], Counter[str]]:
    """What everything that asks IAM calls, and the types of what it tells."""
    about_iam = [one for one in surfaces() if any(call.startswith("iam:") for call in one.calls)]
    with faults.before(upstream) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        server.rules.append(Rule("ListRoles", "", size=PAGE))
        asked = Asked(regions=(moto_server.REGION,))
        access = first(asked)
        of_all = others(asked, access)
        units = [*answered(of_all, lambda one: regions(asked, one), about_iam, access)]
    told = [one for unit in units if isinstance(unit, Answered) for one in unit.told]
    types = Counter(one.type for one in told if isinstance(one, Declared))
    return Counter(operation for operation, _ in server.calls), types


def test_calls_grow_with_pages_and_not_with_principals(
    managed_aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iam_credentials, "MOST_ASKED", ASKED)
    monkeypatch.setattr(iam_last_accessed, "MOST_ASKED", ASKED)
    iam = moto_server.client("iam", managed_aws)
    make(iam, range(FEW))
    few, told = looked(managed_aws, monkeypatch)
    for type in ("AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::AccessKey"):
        assert told[type] == FEW, type
    make(iam, range(FEW, MANY))
    many, told = looked(managed_aws, monkeypatch)
    for type in ("AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::AccessKey"):
        assert told[type] == MANY, type
    assert few["ListRoles"] == few["GetAccountAuthorizationDetails"] == 1
    assert few["GetRole"] == ASKED
    assert many - few == {"ListRoles": 3}
