"""What declared objects of AWS mean."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import File, Node
from keymuster.model import (
    Credential,
    CredentialStatus,
    Effect,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Resource,
    Storage,
    Trust,
    TrustKind,
    Use,
    UseKind,
)

T = TypeVar("T")
PLACE = Node(value=None, file=File(path="a.tf"), line=3, column=1, end_line=9, end_column=2)


def records(type: str, settings: Any, name: str = "x") -> list[Observation]:
    one = Declared(type=type, name=name, scope="t:a", settings=PLACE.made(settings))
    return list(meanings.records(one, wanted=()))


def only(kind: type[T], type: str, settings: Any, name: str = "x") -> list[T]:
    return [one for one in records(type, settings, name) if isinstance(one, kind)]


def statement(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **more}


# --- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("${aws_iam_role.ci.arn}", "t:a:aws_iam_role.ci"),
        ("${Role.Arn}", "t:a:Role"),
        ("${var.role}", "t:a:var.role"),
        ("arn:aws:iam::111122223333:role/ci", "aws:role/ci"),
        ("arn:aws:iam::111122223333:role/service-role/deep/ci", "aws:role/ci"),
        ("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/ci", "aws:role/ci"),
        ("arn:aws:iam::111122223333:role/${Role}", "t:a:Role"),
        ("arn:aws:iam::111122223333:role/${Role}-x", "arn:aws:iam::111122223333:role/${Role}-x"),
        ("arn:aws:sts::111122223333:assumed-role/ci/session", "aws:role/ci"),
        ("ci", "aws:role/ci"),
        ("ci-${var.stage}", "ci-${var.stage}"),
    ],
)  # fmt: skip
def test_a_role_is_meant_by_reference_by_arn_or_by_name(written: str, meant: str) -> None:
    [use] = only(Use, "AWS::Lambda::Function", {"Role": written})
    assert use.subject == meant


# --- identities and what they have -----------------------------------------------------------


def test_a_role_says_who_it_is_who_may_be_it_and_what_it_may_do() -> None:
    found = records(
        "AWS::IAM::Role",
        {
            "RoleName": "ci",
            "Description": "deploys",
            "Tags": [{"Key": "owner", "Value": "data"}],
            "AssumeRolePolicyDocument": {
                "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            },
            "Policies": [{"PolicyName": "read", "PolicyDocument": {"Statement": [statement(Sid="One")]}}],
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess", "${Policy}"],
            "PermissionsBoundary": "arn:aws:iam::111122223333:policy/edge",
        },
    )  # fmt: skip
    identity, trust, *grants = found
    assert isinstance(identity, Identity)
    assert isinstance(trust, Trust)
    assert (identity.kind, identity.aliases, identity.tags, identity.purpose) == (
        IdentityKind.ROLE, ("aws:role/ci",), {"owner": "data"}, "deploys",
    )  # fmt: skip
    assert (trust.principal, trust.kind, trust.actions) == (
        "ec2.amazonaws.com", TrustKind.SERVICE, ("sts:AssumeRole",),
    )  # fmt: skip
    said = [(one.id, one.kind, one.via) for one in grants if isinstance(one, Grant)]
    assert said == [
        ("t:a:x#read/One", GrantKind.POLICY, ""),
        ("t:a:x#t:a:x/arn:aws:iam::aws:policy/ReadOnlyAccess", GrantKind.POLICY, "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ("t:a:x#t:a:x/t:a:Policy", GrantKind.POLICY, "t:a:Policy"),
        ("t:a:x#boundary", GrantKind.BOUNDARY, "aws:policy/edge"),
    ]  # fmt: skip


def test_statements_have_ids_of_their_own_also_if_sids_repeat() -> None:
    document = {"Statement": [statement(Sid="A"), statement(Sid="A"), statement()]}
    found = only(Grant, "AWS::IAM::ManagedPolicy", {"PolicyDocument": document})
    assert [one.id for one in found] == ["t:a:x#policy/A", "t:a:x#policy/1", "t:a:x#policy/2"]


def test_a_policy_is_had_by_those_it_names() -> None:
    settings = {
        "PolicyDocument": {"Statement": statement(NotAction=["iam:*"], Action=None)},
        "Roles": ["${Role}"],
        "Users": ["ann"],
        "Groups": ["ops"],
    }
    statements, *attached = only(Grant, "AWS::IAM::Policy", settings)
    assert (statements.identity, statements.not_actions, statements.actions) == (
        "t:a:x",
        ("iam:*",),
        (),
    )
    assert [(one.identity, one.via) for one in attached] == [
        ("t:a:Role", "t:a:x"), ("aws:user/ann", "t:a:x"), ("aws:group/ops", "t:a:x"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("type", "settings", "meant"),
    [
        ("aws_iam_role_policy_attachment", {"role": "${aws_iam_role.ci.name}"}, "t:a:aws_iam_role.ci"),
        ("aws_iam_user_policy_attachment", {"user": "ann"}, "aws:user/ann"),
        ("aws_iam_group_policy_attachment", {"group": "ops"}, "aws:group/ops"),
        ("aws_iam_policy_attachment", {"roles": ["ci"]}, "aws:role/ci"),
    ],
)  # fmt: skip
def test_an_attachment_of_terraform_hands_on_a_policy(
    type: str, settings: dict[str, Any], meant: str
) -> None:
    [grant] = only(Grant, type, {**settings, "policy_arn": "${aws_iam_policy.p.arn}"})
    assert (grant.identity, grant.via) == (meant, "t:a:aws_iam_policy.p")


def test_members_have_what_their_group_has() -> None:
    settings = {"user": "${aws_iam_user.ann.name}", "groups": ["ops", "dev"]}
    found = only(Grant, "aws_iam_user_group_membership", settings)
    assert [(one.identity, one.via) for one in found] == [
        ("t:a:aws_iam_user.ann", "aws:group/ops"), ("t:a:aws_iam_user.ann", "aws:group/dev"),
    ]  # fmt: skip
    assert len({one.id for one in found}) == 2


def test_what_is_not_known_of_a_policy_stands_for_all_it_may_say() -> None:
    unknown = "${data.aws_iam_policy_document.d.json}"
    [grant] = only(Grant, "AWS::IAM::ManagedPolicy", {"PolicyDocument": unknown})
    [trust] = only(Trust, "AWS::IAM::Role", {"AssumeRolePolicyDocument": unknown})
    assert (grant.actions, grant.resources, trust.principal) == (
        (unknown,), (unknown,), "t:a:data.aws_iam_policy_document.d",
    )  # fmt: skip


def test_an_effect_that_is_not_known_is_a_condition_that_is_not_known() -> None:
    document = {"Statement": statement(Effect="${var.effect}")}
    [grant] = only(Grant, "AWS::IAM::ManagedPolicy", {"PolicyDocument": document})
    assert (grant.effect, grant.conditions) == (Effect.ALLOW, {"Effect": "${var.effect}"})


def test_a_policy_may_be_a_text() -> None:
    text = '{"Statement": [{"Effect": "Deny", "Action": ["a:B"], "Resource": "${aws_s3_bucket.b.arn}/*"}]}'
    [grant] = only(Grant, "AWS::IAM::ManagedPolicy", {"PolicyDocument": text})
    assert (grant.effect, grant.resources) == (Effect.DENY, ("${aws_s3_bucket.b.arn}/*",))


def test_a_policy_in_a_block_of_text_knows_its_lines() -> None:
    node = PLACE.holding(
        '{\n"Statement": [\n{"Effect": "Allow", "Action": "*", "Resource": "*"}\n]}'
    )
    node.style = "|"
    [grant] = only(Grant, "AWS::IAM::ManagedPolicy", {"PolicyDocument": node})
    assert grant.location.line == 6  # type: ignore[union-attr]


# --- resource policies -----------------------------------------------------------------------


def test_a_resource_policy_grants_its_resource_to_each_principal() -> None:
    principals = {
        "AWS": ["*", "arn:aws:iam::${AWS::AccountId}:role/ci"],
        "Service": "sns.amazonaws.com",
    }
    document = {
        "Statement": {"Effect": "Allow", "Principal": principals, "Action": "sqs:SendMessage"}
    }
    found = only(
        Grant, "AWS::SQS::QueuePolicy", {"Queues": ["${Queue}"], "PolicyDocument": document}
    )
    assert [one.identity for one in found] == ["*", "aws:role/ci", "sns.amazonaws.com"]
    assert {one.kind for one in found} == {GrantKind.RESOURCE_POLICY}
    assert {one.resources for one in found} == {("t:a:Queue",)}


def test_who_is_not_meant_by_a_policy_is_in_its_conditions() -> None:
    document = {"Statement": {"Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "Action": "sqs:*"}}
    [grant] = only(Grant, "AWS::SQS::QueuePolicy", {"PolicyDocument": document})
    assert (grant.identity, grant.conditions) == ("*", {"NotPrincipal": {"AWS": "1"}})


def test_a_principal_without_a_type_is_anybody_or_nobody() -> None:
    for said, meant in (("*", "*"), ("worker", ""), ("${var.who}", "${var.who}")):
        document = {"Statement": {"Effect": "Allow", "Principal": said, "Action": "sqs:*"}}
        [grant] = only(Grant, "AWS::SQS::QueuePolicy", {"PolicyDocument": document})
        assert grant.identity == meant


def test_a_permission_of_a_function_has_its_limits_as_conditions() -> None:
    settings = {
        "FunctionName": "${F}", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com",
        "SourceArn": "${B.Arn}", "SourceAccount": "111122223333",
    }  # fmt: skip
    [grant] = only(Grant, "AWS::Lambda::Permission", settings)
    assert grant.resources == ("t:a:F",)
    assert grant.conditions == {
        "ArnLike": {"aws:SourceArn": "${B.Arn}"},
        "StringEquals": {"aws:SourceAccount": "111122223333"},
    }


def test_a_policy_that_nothing_takes_is_what_its_statements_say() -> None:
    document = {
        "Statement": [
            statement(),
            statement(Principal={"AWS": "*"}, Action="sqs:SendMessage"),
            statement(Principal={"Federated": "cognito-identity.amazonaws.com"}, Action="sts:AssumeRoleWithWebIdentity"),
        ]
    }  # fmt: skip
    policy, own, foreign, trust = records("aws_iam_policy_document", {"PolicyDocument": document})
    assert isinstance(policy, Resource)
    assert isinstance(own, Grant)
    assert isinstance(foreign, Grant)
    assert isinstance(trust, Trust)
    assert (own.kind, own.identity) == (GrantKind.POLICY, "t:a:x")
    assert (foreign.kind, foreign.identity) == (GrantKind.RESOURCE_POLICY, "*")
    assert (trust.kind, trust.principal) == (TrustKind.FEDERATION, "cognito-identity.amazonaws.com")


def test_a_permission_set_has_what_is_added_to_it() -> None:
    named = {"permission_set_arn": "${aws_ssoadmin_permission_set.dev.arn}"}
    inline = {**named, "inline_policy": {"Statement": statement()}}
    managed = {**named, "managed_policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    [said] = only(Grant, "aws_ssoadmin_permission_set_inline_policy", inline)
    [handed] = only(Grant, "aws_ssoadmin_managed_policy_attachment", managed)
    assert said.identity == handed.identity == "t:a:aws_ssoadmin_permission_set.dev"
    assert (said.actions, handed.via) == (
        ("s3:GetObject",),
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"Policy": {"Statement": statement(Principal="*", Action="events:PutEvents")}},
        {"Statement": statement(Principal="*", Action="events:PutEvents")},
        {"Principal": "*", "Action": "events:PutEvents", "StatementId": "x"},
    ],
)
def test_the_policy_of_a_bus_may_be_written_in_three_ways(settings: dict[str, Any]) -> None:
    [grant] = only(Grant, "AWS::Events::EventBusPolicy", settings)
    assert (grant.identity, grant.actions) == ("*", ("events:PutEvents",))


# --- credentials and workloads ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "status"),
    [({}, CredentialStatus.ACTIVE), ({"Status": "Inactive"}, CredentialStatus.DISABLED)],
)
def test_a_declared_key_is_one_of_its_user_and_no_secret_in_a_file(
    settings: dict[str, Any], status: CredentialStatus
) -> None:
    [key] = only(Credential, "AWS::IAM::AccessKey", {"UserName": "${User}", **settings})
    assert (key.identity, key.status, key.storage) == ("t:a:User", status, Storage.OTHER)


def test_agents_are_told_from_other_workloads() -> None:
    [agent] = only(Use, "AWS::Bedrock::Agent", {"AgentResourceRoleArn": "${R.Arn}"})
    [task] = only(Use, "AWS::ECS::TaskDefinition", {"TaskRoleArn": "${R.Arn}"})
    assert (agent.kind, task.kind) == (UseKind.AGENT, UseKind.WORKLOAD)


def test_pods_of_a_service_account_consume_the_role_of_their_association() -> None:
    settings = {"Namespace": "web", "ServiceAccount": "api", "RoleArn": "${R.Arn}"}
    [use] = only(Use, "AWS::EKS::PodIdentityAssociation", settings)
    assert (use.by, use.subject) == ("kubernetes:ServiceAccount/web/api", "t:a:R")


def test_an_instance_has_the_role_of_its_profile() -> None:
    [use] = only(Use, "AWS::EC2::Instance", {"IamInstanceProfile": "${Profile}"}, "web")
    [handed] = only(Use, "AWS::IAM::InstanceProfile", {"Roles": ["${Role}"]}, "Profile")
    assert (use.by, use.subject, handed.by, handed.subject) == (
        "t:a:web", "t:a:Profile", "t:a:Profile", "t:a:Role",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("type", "settings", "name"),
    [
        ("AWS::RDS::DBInstance", {"MasterUserPassword": "pa55"}, "MasterUserPassword"),
        ("AWS::AmazonMQ::Broker", {"Users": [{"Username": "u", "Password": "pa55"}]}, "Password"),
        ("AWS::DMS::Endpoint", {"MongoDbSettings": {"Password": "pa55"}}, "Password"),
        ("AWS::ECS::TaskDefinition", {"ContainerDefinitions": [{"Environment": [{"Name": "DB_PASSWORD", "Value": "pa55"}]}]}, "DB_PASSWORD"),
        ("AWS::Lambda::Function", {"Environment": {"Variables": {"JWT_SECRET": "pa55"}}}, "JWT_SECRET"),
        ("AWS::SecretsManager::Secret", {"SecretString": '{"user": "u", "password": "pa55"}'}, "SecretString"),
        ("AWS::ElastiCache::User", {"Passwords": ["pa55"]}, "Passwords"),
    ],
)  # fmt: skip
def test_a_secret_in_plain_text_is_a_credential_without_its_text(
    type: str, settings: dict[str, Any], name: str
) -> None:
    [found] = [one for one in only(Credential, type, settings) if one.fingerprint]
    assert found.name.startswith(name)
    assert "pa55" not in repr(found)


@pytest.mark.parametrize(
    ("type", "settings"),
    [
        ("AWS::RDS::DBInstance", {"MasterUserPassword": "${var.password}"}),
        ("AWS::RDS::DBInstance", {"ManageMasterUserPassword": True, "MasterUserSecret": {"KmsKeyId": "x"}}),
        ("AWS::ECS::TaskDefinition", {"ContainerDefinitions": [{"Secrets": [{"Name": "DB_PASSWORD", "ValueFrom": "arn:aws:ssm:x"}]}]}),
        ("AWS::CodeBuild::Project", {"Environment": {"EnvironmentVariables": [{"Name": "TOKEN", "Type": "SECRETS_MANAGER", "Value": "build/token-name"}]}}),
        ("AWS::Lambda::Function", {"Environment": {"Variables": {"SECRET_NAME": "db", "TOKEN_URL": "https://x/y"}}}),
        ("AWS::SSM::Parameter", {"Name": "/app/host", "Type": "String", "Value": "db.internal"}),
    ],
)  # fmt: skip
def test_what_names_a_secret_is_none(type: str, settings: dict[str, Any]) -> None:
    assert [one for one in only(Credential, type, settings) if one.fingerprint] == []


# --- whatever comes --------------------------------------------------------------------------

WORDS = [
    "Policies",
    "PolicyDocument",
    "PolicyName",
    "Statement",
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "Principal",
    "NotPrincipal",
    "AWS",
    "Service",
    "Condition",
    "Roles",
    "Users",
    "Groups",
    "GroupName",
    "UserName",
    "RoleName",
    "Tags",
    "Key",
    "Value",
    "Name",
    "role",
    "user",
    "users",
    "group",
    "groups",
    "policy_arn",
    "Status",
    "LoginProfile",
    "Url",
    "ClientIdList",
    "SecretId",
    "Topics",
    "Queues",
    "Auth",
    "ResourcePolicy",
    "CustomStatements",
    "FunctionName",
    "SourceArn",
    "Environment",
    "Variables",
    "ContainerDefinitions",
    "UserData",
    "SecretString",
    "ManagedPolicyArns",
    "PermissionsBoundary",
    "AssumeRolePolicyDocument",
    "Stages",
    "Actions",
    "RoleArn",
    "Targets",
]
KEYS = some.sampled_from(WORDS)
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=5)
    | some.sampled_from(["*", "${A.B}", "${var.x}", '{"Statement": ["x", 1]}', '{"a":', "arn:aws:iam::1:role/x"]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)  # fmt: skip


def test_a_declaration_that_says_nothing_gives_no_record_without_an_id() -> None:
    without = {type for type in meanings.known() if not all(one.id for one in records(type, {}))}
    assert without == set()


@settings(max_examples=400, deadline=None)
@given(
    type=some.sampled_from(sorted(meanings.known())),
    value=some.dictionaries(KEYS, VALUES, max_size=8),
)
def test_no_settings_end_the_reading(type: str, value: dict[str, Any]) -> None:
    for one in records(type, value):
        assert one.id
