"""AWS as moto's server plays it."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import moto_server
from keymuster import pipeline, registry
from keymuster.collect.base import Context, Selection
from keymuster.errors import CollectError
from keymuster.model import Credential, Grant, Identity, Looked, Resource, Trouble, Trust
from keymuster.report.base import Style
from keymuster.rules.schema import RuleSet

ASSUME = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
ANY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_LACKED = re.compile(r"failed \((404|500)\)|was not answered")
"""How moto answers what it does not play."""


def collected(rules: RuleSet, **options: Any) -> list[Any]:
    context = Context(selection=Selection(root="/"), rules=rules)
    service = registry.part("service", "aws")(context, {"regions": ("us-east-1",), **options})
    return list(service.collect())


def seed(endpoint: str) -> None:
    iam = moto_server.client("iam", endpoint)
    iam.create_user(UserName="ci", Path="/robots/", Tags=[{"Key": "owner", "Value": "platform"}])
    iam.create_access_key(UserName="ci")
    iam.put_user_policy(UserName="ci", PolicyName="all", PolicyDocument=json.dumps(ANY))
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(ASSUME))
    made = iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(ANY))
    iam.attach_role_policy(RoleName="web", PolicyArn=made["Policy"]["Arn"])


def test_an_account_becomes_records(aws: str, rules: RuleSet) -> None:
    seed(aws)
    found = collected(rules)
    user, role = (one for one in found if isinstance(one, Identity))
    assert user.id == "arn:aws:iam::123456789012:user/robots/ci"
    assert (user.name, user.account, user.tags) == ("ci", "123456789012", {"owner": "platform"})
    assert user.created_at is not None
    assert role.name == "web"
    [key] = [one for one in found if isinstance(one, Credential) and one.identity]
    assert key.identity == "aws:123456789012:user/ci"
    assert key.created_at is not None
    [trust] = [one for one in found if isinstance(one, Trust)]
    assert (trust.identity, trust.principal) == (role.id, "ec2.amazonaws.com")
    via = [one.via for one in found if isinstance(one, Grant) and one.via]
    assert via == ["aws:123456789012:policy/own"]
    troubles = [one.message for one in found if isinstance(one, Trouble)]
    problems = [one.problem for one in found if isinstance(one, Looked)]
    assert [one for one in troubles if not _LACKED.search(one)] == []
    assert [one for one in problems if one and not _LACKED.search(one)] == []
    assert "" in problems


def test_the_id_of_a_key_is_no_secret_where_iam_tells_of_the_key(aws: str, rules: RuleSet) -> None:
    seed(aws)
    keys = [one for one in collected(rules) if isinstance(one, Credential)]
    assert [one.id.rpartition("/")[2] for one in keys] == ["access-key-1"]
    assert keys[0].tags["key_id"]


def test_whoever_scans_is_told_of(aws: str, rules: RuleSet) -> None:
    resources = [one for one in collected(rules) if isinstance(one, Resource)]
    [scanner] = [one for one in resources if one.type == "keymuster:scanner"]
    assert scanner.settings == {"provider": "aws", "static": True, "method": "env"}


def test_what_an_account_holds_is_judged(aws: str, rules: RuleSet) -> None:
    seed(aws)
    selection = Selection(root="/", services={"aws": {"regions": ("us-east-1",)}})
    report = pipeline.scan(Context(selection=selection, rules=rules), "services")
    assert report.signed_in_as == ("arn:aws:sts::123456789012:user/moto",)
    by = {finding.policy for finding in report.findings}
    assert {"aws-admin-statement", "aws-scanner-with-static-key"} <= by
    assert "aws-access-key-declared" not in by
    assert {"clean", "found"} <= {one.status for one in report.coverage}


def test_nobody_let_in_ends_the_scan(
    aws: str, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(CollectError, match="sign-in"):
        collected(rules)


def test_a_finding_names_the_calls_that_told_of_it(aws: str, rules: RuleSet) -> None:
    seed(aws)
    selection = Selection(root="/", services={"aws": {"regions": ("us-east-1",)}})
    report = pipeline.scan(Context(selection=selection, rules=rules), "services")
    found = {one.policy: one for one in report.findings if one.subject.endswith(":role/web")}
    assert found.keys() == {"aws-identity-is-administrator", "privileged-identity-without-owner"}
    finding = found["aws-identity-is-administrator"]
    assert "iam:GetAccountAuthorizationDetails" in finding.told_by
    assert not {call for call in finding.told_by if not call.startswith("iam:")}


SCRIPT_PASSWORD = "hiccup-" + "wagon-81-rusk"
SETTING_PASSWORD = "hiccup-" + "wagon-82-rusk"


def test_no_report_tells_a_secret_of_a_setting(
    aws: str, rules: RuleSet, token: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    text = token("github-pat")
    ec2 = moto_server.client("ec2", aws)
    script = f"#!/bin/sh\nexport DB_PASSWORD={SCRIPT_PASSWORD}\n"
    ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"UserData": b64encode(script.encode()).decode()},
    )
    environment = [
        {"name": "UPSTREAM", "value": text}, {"name": "API_PASSWORD", "value": SETTING_PASSWORD},
    ]  # fmt: skip
    moto_server.client("ecs", aws).register_task_definition(
        family="web",
        containerDefinitions=[
            {"name": "web", "image": "web:1", "memory": 128, "environment": environment}
        ],
    )
    selection = Selection(root="/", services={"aws": {"regions": ("us-east-1",)}})
    with caplog.at_level(logging.DEBUG):
        report = pipeline.scan(Context(selection=selection, rules=rules), "services")
    told = [one for one in report.findings if one.policy == "secret-in-cloud-setting"]
    assert {one.message.partition(" ")[0] for one in told} == {
        "UPSTREAM", "API_PASSWORD", "DB_PASSWORD",
    }  # fmt: skip
    outputs = [caplog.text, repr(report)]
    for format in registry.names("reporter"):
        for style in (Style(), Style(color=True, verbose=True)):
            out = StringIO()
            pipeline.write(report, format, out, style)
            outputs.append(out.getvalue())
    for secret in (text[len("ghp_") :], SETTING_PASSWORD, SCRIPT_PASSWORD):
        for piece in (secret, secret[6:18], b64encode(secret.encode()).decode()[2:14]):
            assert not any(piece in output for output in outputs)


WITHOUT_SDK = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "boto3" else super().find_spec(name, path, target)

sys.meta_path = [Without if one is PathFinder else one for one in sys.meta_path]
from keymuster.cli import main
sys.argv[1:] = ["scan", "--service", "aws"]
main()
"""


def test_without_the_sdk_it_is_said_how_to_install_it(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_SDK], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert ended.returncode == 2
    assert "needs boto3, which is not installed" in ended.stderr
    assert "pip install 'keymuster[aws]'" in ended.stderr
