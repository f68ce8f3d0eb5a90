"""Plans as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.syntax.node import Broken
from terraforming import applied, planned

_TRUST = {
    "statement": [
        {
            "actions": ["sts:AssumeRole"],
            "sid": None,
            "principals": [{"type": "AWS", "identifiers": [None]}],
            "condition": [],
        }
    ]
}


def plan(**change: Any) -> str:
    """A plan of one role in a module, for which some values are known only later."""
    role = 'module.m.aws_iam_role.r["k"]'
    trust = 'module.m.data.aws_iam_policy_document.t["k"]'
    resources = [
        {
            "address": role, "mode": "managed", "type": "aws_iam_role", "name": "r",
            "values": {
                "name": "ci", "description": None, "tags": None, "tags_all": {"T": "x"},
                "inline_policy": [{"name": "p", "policy": '{"Statement":[{"Effect":"Allow"}]}'}],
            },
        },
        {"address": trust, "mode": "data", "type": "aws_iam_policy_document", "values": _TRUST},
    ]  # fmt: skip
    configuration = {
        "resources": [
            {
                "address": "aws_iam_role.r",
                "expressions": {
                    "assume_role_policy": {
                        "references": ["data.aws_iam_policy_document.t", "each.key"]
                    },
                    "permissions_boundary": {
                        "references": ["aws_iam_policy.b.arn", "aws_iam_policy.b"]
                    },
                },
            }
        ]
    }
    whole: dict[str, Any] = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {
            "outputs": {"o": {"value": "v", "sensitive": False}},
            "root_module": {"child_modules": [{"address": "module.m", "resources": resources}]},
        },
        "resource_changes": [
            {
                "address": role,
                "change": {
                    "after_unknown": {
                        "arn": True, "assume_role_policy": True, "permissions_boundary": True,
                        "inline_policy": [{"policy": False}],
                    }
                },
            },
            {
                "address": trust,
                "change": {
                    "after_unknown": {
                        "json": True,
                        "statement": [{"principals": [{"identifiers": [True]}]}],
                    }
                },
            },
        ],
        "configuration": {"root_module": {"module_calls": {"m": {"module": configuration}}}},
    }  # fmt: skip
    return json.dumps(whole | change, indent=1)


def test_a_plan_tells_what_will_be_and_what_is_not_known_yet() -> None:
    found = planned(plan())
    role = found['module.m.aws_iam_role.r["k"]']
    unknown = (
        '${module.m.data.aws_iam_policy_document.t["k"].statement[0].principals[0].identifiers[0]}'
    )
    assert role.type == "AWS::IAM::Role"
    assert role.settings.plain() == {
        "RoleName": "ci",
        "Tags": {"T": "x"},
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [{"Effect": "Allow"}]}}],
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["sts:AssumeRole"],
                    "Principal": {"AWS": [unknown]},
                }
            ],
        },
        "PermissionsBoundary": "${module.m.aws_iam_policy.b.arn}",
    }
    lines = plan().splitlines()
    assert 'module.m.aws_iam_role.r[\\"k\\"]' in lines[role.location.line]
    assert found["output.o"].settings.plain() == {"output": "o", "value": "v", "sensitive": False}


def test_a_state_tells_what_is() -> None:
    found = applied(
        json.dumps(
            {
                "version": 4,
                "terraform_version": "1.9.0",
                "lineage": "x",
                "outputs": {"o": {"value": "v", "type": "string", "sensitive": True}},
                "resources": [
                    {
                        "module": 'module.m["a"]', "mode": "managed", "type": "aws_iam_user",
                        "name": "u",
                        "instances": [
                            {"index_key": 0, "attributes": {"name": "one", "force_destroy": False}},
                            {"index_key": "k", "attributes": {"name": "two"}},
                        ],
                    },
                    {"mode": "data", "type": "aws_region", "name": "r", "instances": [{}]},
                ],
            }
        )
    )  # fmt: skip
    assert {name: one.type for name, one in found.items()} == {
        "state": "terraform:state",
        "output.o": "terraform:output",
        'module.m["a"].aws_iam_user.u[0]': "AWS::IAM::User",
        'module.m["a"].aws_iam_user.u["k"]': "AWS::IAM::User",
    }
    assert found['module.m["a"].aws_iam_user.u[0]'].settings.plain() == {
        "UserName": "one",
        "ForceDestroy": False,
    }


def test_what_is_not_well_formed_is_broken() -> None:
    with pytest.raises(Broken):
        planned(plan()[:-10])
    with pytest.raises(Broken):
        applied('{"version": 4, "resources": [}')


_KEYS = st.sampled_from(
    ["planned_values", "root_module", "resources", "child_modules", "resource_changes", "change",
     "after_unknown", "address", "type", "mode", "values", "statement", "principals", "condition",
     "configuration", "module_calls", "expressions", "references", "instances", "attributes",
     "index_key", "outputs", "policy", "inline_policy", "tags_all", "identity"]
)  # fmt: skip
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(
        ["managed", "data", "aws_iam_role", "aws_iam_policy_document", "a.b", "${x}", "{}", "[1]"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=30,
)  # fmt: skip


@given(_ANY, _ANY, _ANY)
def test_whatever_a_plan_or_state_holds_is_taken(one: object, other: object, third: object) -> None:
    resource = {"address": "aws_iam_role.r", "type": "aws_iam_role", "mode": "managed"}
    planned(
        plan(
            planned_values={"root_module": {"resources": [{**resource, "values": one}, other]}},
            resource_changes=[{"address": "aws_iam_role.r", "change": {"after_unknown": other}}],
            configuration={"root_module": third},
        )
    )
    instances = [{"attributes": one, "index_key": other}, third]
    applied(json.dumps({"version": 4, "resources": [{**resource, "instances": instances}, other]}))
