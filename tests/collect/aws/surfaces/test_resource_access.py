"""Policies of resources that exist are judged as those that code declares: moto and CloudFormation."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import aws_surfaces
import moto_server
from keymuster.model import Grant
from keymuster.rules.schema import RuleSet

ACCOUNT = moto_server.ACCOUNT
REGION = moto_server.REGION
LACKED = "lambda:ListFunctionUrlConfigs"
"""What moto does not play."""


def policy(action: str, resource: str = "*", **more: Any) -> str:
    statement = {
        "Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource, **more,
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Open(NamedTuple):
    """Something that everybody may use: how it is made, and how code would declare it."""

    surface: str
    make: Callable[[str], None]
    declared: dict[str, Any]


def bucket(aws: str) -> None:
    s3 = moto_server.client("s3", aws)
    s3.create_bucket(Bucket="reports")
    s3.put_bucket_policy(Bucket="reports", Policy=policy("s3:GetObject", "arn:aws:s3:::reports/*"))
    _block(s3, "reports", True)


def _block(s3: Any, name: str, closed: bool) -> None:
    guards = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(guards, closed)
    )


def queue(aws: str) -> None:
    moto_server.client("sqs", aws).create_queue(
        QueueName="jobs", Attributes={"Policy": policy("sqs:SendMessage")}
    )


def topic(aws: str) -> None:
    moto_server.client("sns", aws).create_topic(
        Name="news", Attributes={"Policy": policy("sns:Publish")}
    )


def key(aws: str) -> None:
    kms = moto_server.client("kms", aws)
    made = kms.create_key(Policy=policy("kms:Decrypt"))["KeyMetadata"]
    kms.enable_key_rotation(KeyId=made["KeyId"])


def secret(aws: str) -> None:
    vault = moto_server.client("secretsmanager", aws)
    vault.create_secret(Name="db", SecretString="of no interest")
    vault.put_resource_policy(SecretId="db", ResourcePolicy=policy("secretsmanager:GetSecretValue"))


def repository(aws: str) -> None:
    ecr = moto_server.client("ecr", aws)
    ecr.create_repository(repositoryName="app")
    text = policy("ecr:BatchGetImage")
    ecr.set_repository_policy(repositoryName="app", policyText=text)


def file_system(aws: str) -> None:
    efs = moto_server.client("efs", aws)
    made = efs.create_file_system(CreationToken="one")["FileSystemId"]
    text = policy("elasticfilesystem:ClientMount")
    efs.put_file_system_policy(FileSystemId=made, Policy=text)


def bus(aws: str) -> None:
    events = moto_server.client("events", aws)
    events.create_event_bus(Name="orders")
    events.put_permission(
        EventBusName="orders", StatementId="all", Principal="*", Action="events:PutEvents"
    )


def function(aws: str) -> None:
    role = moto_server.client("iam", aws).create_role(
        RoleName="run", AssumeRolePolicyDocument=policy("sts:AssumeRole")
    )
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "")
    functions = moto_server.client("lambda", aws)
    functions.create_function(
        FunctionName="hook", Runtime="python3.12", Handler="main.run", Role=role["Role"]["Arn"],
        Code={"ZipFile": code.getvalue()},
    )  # fmt: skip
    for sid, more in (
        ("anyone", {"Principal": "*"}), ("bucket", {"Principal": "s3.amazonaws.com"}),
        ("rule", {"Principal": "events.amazonaws.com", "SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"}),
    ):  # fmt: skip
        functions.add_permission(
            FunctionName="hook", StatementId=sid, Action="lambda:InvokeFunction", **more
        )


def search(aws: str) -> None:
    moto_server.client("opensearch", aws).create_domain(
        DomainName="logs", AccessPolicies=policy("es:ESHttpGet")
    )


def _permission(**more: str) -> dict[str, Any]:
    settings = {"FunctionName": "hook", "Action": "lambda:InvokeFunction", **more}
    return {"Type": "AWS::Lambda::Permission", "Properties": settings}


def _one(type: str, **settings: Any) -> dict[str, Any]:
    return {"One": {"Type": type, "Properties": settings}}


OPEN = (
    Open("s3", bucket, {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "reports"}},
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {
            "Bucket": "reports", "PolicyDocument": json.loads(policy("s3:GetObject", "arn:aws:s3:::reports/*")),
        }},
    }),
    Open("sqs", queue, _one("AWS::SQS::QueuePolicy", Queues=["q"], PolicyDocument=json.loads(policy("sqs:SendMessage")))),
    Open("sns", topic, _one("AWS::SNS::TopicPolicy", Topics=["t"], PolicyDocument=json.loads(policy("sns:Publish")))),
    Open("kms", key, _one("AWS::KMS::Key", EnableKeyRotation=True, KeyPolicy=json.loads(policy("kms:Decrypt")))),
    Open("secretsmanager", secret, {
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "db"}},
        "Policy": {"Type": "AWS::SecretsManager::ResourcePolicy", "Properties": {
            "SecretId": {"Ref": "Secret"}, "ResourcePolicy": json.loads(policy("secretsmanager:GetSecretValue")),
        }},
    }),
    Open("ecr", repository, _one("AWS::ECR::Repository", RepositoryPolicyText=json.loads(policy("ecr:BatchGetImage")))),
    Open("efs", file_system, _one("AWS::EFS::FileSystem", FileSystemPolicy=json.loads(policy("elasticfilesystem:ClientMount")))),
    Open("event-buses", bus, _one("AWS::Events::EventBus", Name="orders", Policy=json.loads(policy("events:PutEvents")))),
    Open("lambda-access", function, {
        "Anyone": _permission(Principal="*"), "Bucket": _permission(Principal="s3.amazonaws.com"),
        "Rule": _permission(Principal="events.amazonaws.com", SourceArn=f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"),
    }),
    Open("opensearch", search, _one("AWS::OpenSearchService::Domain", DomainName="logs", AccessPolicies=json.loads(policy("es:ESHttpGet")))),
)  # fmt: skip


def test_what_is_open_is_found_as_in_code(aws: str, rules: RuleSet) -> None:
    live, code = {}, {}
    for case in OPEN:
        case.make(aws)
        live[case.surface] = aws_surfaces.judged(
            aws_surfaces.told(case.surface, lacks=LACKED), rules
        )
        template = json.dumps({"Resources": case.declared})
        code[case.surface] = aws_surfaces.declared(template, rules)
    assert live == code
    assert all(live.values())


def test_what_services_make_by_themselves_accuses_nobody(aws: str, rules: RuleSet) -> None:
    moto_server.client("sns", aws).create_topic(Name="news")
    kms = moto_server.client("kms", aws)
    kms.enable_key_rotation(KeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    moto_server.client("sqs", aws).create_queue(QueueName="jobs")
    for name in ("sns", "kms", "sqs", "event-buses"):
        found = aws_surfaces.told(name)
        assert found
        assert aws_surfaces.judged(found, rules) == Counter(), name


def test_a_policy_for_ones_own_account_opens_nothing(aws: str, rules: RuleSet) -> None:
    sqs = moto_server.client("sqs", aws)
    own = policy("sqs:SendMessage", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/ci"})
    sqs.create_queue(QueueName="jobs", Attributes={"Policy": own})
    found = aws_surfaces.told("sqs")
    assert aws_surfaces.judged(found, rules) == Counter()
    [grant] = [one for one in aws_surfaces.records(found, rules) if isinstance(one, Grant)]
    assert grant.identity == f"arn:aws:iam::{ACCOUNT}:role/ci"
    assert grant.id.startswith(f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs#Policy")


def test_conditions_of_functions_are_those_of_code(aws: str, rules: RuleSet) -> None:
    function(aws)
    found = aws_surfaces.records(aws_surfaces.told("lambda-access", lacks=LACKED), rules)
    [rule] = [
        one for one in found if isinstance(one, Grant) and one.identity == "events.amazonaws.com"
    ]
    assert rule.conditions == {
        "ArnLike": {"aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"}
    }
    assert rule.resources == (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hook",)
