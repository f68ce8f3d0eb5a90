"""`keymuster services`, and scans of services from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session

import moto_server

Run = Callable[..., Any]

ANY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
AWS = ("--service", "aws", "--regions", "us-east-1", "--fail-on", "never")
USER = 'resource "aws_iam_user" "ci" {\n  name = "ci"\n}\n'


def is_enforced(service: str) -> bool:
    """Whether moto asks for permission: it knows the action of what is no path."""
    return get_session().get_service_model(service).protocol in ("ec2", "json", "query")


@pytest.fixture
def user(aws: str) -> str:
    """A user who may do all, in an account; the answer is his ARN."""
    iam = moto_server.client("iam", aws)
    arn = iam.create_user(UserName="ci")["User"]["Arn"]
    iam.put_user_policy(UserName="ci", PolicyName="all", PolicyDocument=json.dumps(ANY))
    return str(arn)


def test_services_are_listed_with_what_they_need(keymuster: Run) -> None:
    said = keymuster("services", "list")
    assert said.code == 0
    assert "boto3" in said.out


def test_permissions_are_a_policy_document(keymuster: Run) -> None:
    document = json.loads(keymuster("services", "permissions", "aws").out)
    [statement] = document["Statement"]
    assert statement["Effect"] == "Allow"
    assert "iam:GetAccountAuthorizationDetails" in statement["Action"]
    verbs = {action.partition(":")[2] for action in statement["Action"]}
    assert all(
        verb.startswith(("Get", "List", "Describe", "Generate", "BatchGet"))
        for verb in verbs - {"GET"}
    )


def test_fewer_rules_need_fewer_permissions(keymuster: Run) -> None:
    few = json.loads(keymuster("services", "permissions", "aws", "--rule", "aws-admin-*").out)
    every = json.loads(keymuster("services", "permissions", "aws").out)
    few, every = few["Statement"][0]["Action"], every["Statement"][0]["Action"]
    assert set(few) < set(every)
    assert "ecs:ListClusters" not in few


def test_a_format_alone_is_asked_for_where_secrets_may_lie(keymuster: Run) -> None:
    document = json.loads(
        keymuster("services", "permissions", "aws", "--rule", "aws-secret-access-key").out
    )
    assert "lambda:ListFunctions" in document["Statement"][0]["Action"]


def test_a_scan_for_a_format_alone_finds_it(
    keymuster: Run, aws: str, token: Callable[..., str]
) -> None:
    secret = token("github-pat", 1)
    variables = [{"name": "A", "value": secret}]
    moto_server.client("ecs", aws).register_task_definition(
        family="ci",
        containerDefinitions=[{"name": "a", "image": "a", "memory": 9, "environment": variables}],
    )
    report = json.loads(keymuster("scan", *AWS, "--rule", "github-pat", "--format", "json").out)
    assert [one["rule"] for one in report["findings"]] == ["secret-in-cloud-setting/github-pat"]
    assert {("secret-in-cloud-setting", "found")} <= {
        (one["policy"], one["status"]) for one in report["coverage"]
    }


def test_a_service_alone_needs_no_files(keymuster: Run, user: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(USER)
    report = json.loads(keymuster("scan", *AWS, "--format", "json").out)
    assert "files" not in report["counts"]
    places = [place for one in report["findings"] for place in one["places"]]
    assert {place.get("path") for place in places} == {None}
    assert user in {place["resource"] for place in places}
    assert {"found", "clean"} <= {one["status"] for one in report["coverage"]}


def test_beside_its_code_a_finding_is_at_its_line(
    keymuster: Run, user: str, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text("# users\n" + USER)
    said = keymuster("scan", ".", *AWS, "--rule", "aws-admin-statement", "--format", "sarif")
    [result] = json.loads(said.out)["runs"][0]["results"]
    [place] = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "main.tf"
    assert place["physicalLocation"]["region"]["startLine"] == 2
    assert [one["name"] for one in place["logicalLocations"]] == [user]


def test_without_code_a_finding_is_in_a_list_that_the_report_carries(
    keymuster: Run, user: str
) -> None:
    said = keymuster("scan", *AWS, "--rule", "aws-admin-statement", "--format", "sarif")
    [run] = json.loads(said.out)["runs"]
    [result] = run["results"]
    physical = result["locations"][0]["physicalLocation"]
    artifact = run["artifacts"][physical["artifactLocation"]["index"]]
    lines = artifact["contents"]["text"].splitlines()
    assert lines[physical["region"]["startLine"] - 1] == user


def test_whoever_has_the_printed_permissions_sees_all(
    keymuster: Run, user: str, aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server refuses whatever the printed policy does not allow."""
    iam = moto_server.client("iam", aws)
    iam.create_user(UserName="scanner")
    key = iam.create_access_key(UserName="scanner")["AccessKey"]
    policy = keymuster("services", "permissions", "aws").out
    iam.put_user_policy(UserName="scanner", PolicyName="look", PolicyDocument=policy)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    with moto_server.enforcing(aws):
        report = json.loads(keymuster("scan", *AWS, "--format", "json").out)
    denied = [one["message"] for one in report["troubles"] if "was denied" in one["message"]]
    services = {one.partition(": ")[2].partition(":")[0] for one in denied}
    assert [one for one in services if is_enforced(one)] == []
    assert user in {one["subject"].partition("#")[0] for one in report["findings"]}


def test_without_permission_nothing_is_called_clean(
    keymuster: Run, user: str, aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = moto_server.client("iam", aws)
    key = iam.create_access_key(UserName=iam.create_user(UserName="nobody")["User"]["UserName"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKey"]["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["AccessKey"]["SecretAccessKey"])
    with moto_server.enforcing(aws):
        said = keymuster("scan", *AWS, "--strict", "--format", "json")
    assert said.code == 3
    report = json.loads(said.out)
    assert "iam:GetAccountAuthorizationDetails was denied" in " ".join(
        one["message"] for one in report["troubles"]
    )
    assert {one["status"] for one in report["coverage"]} == {"unseen"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("scan", "--role-arn", "arn:aws:iam::1:role/x"), "--role-arn needs --service aws"),
        (("scan", "--service", "nowhere"), "nowhere"),
        (("services", "permissions", "nowhere"), "nowhere"),
        (("services", "permissions", "aws", "--rule", "no-such-rule"), "no-such-rule"),
    ],
)
def test_mistakes_are_named(keymuster: Run, words: tuple[str, ...], told: str) -> None:
    said = keymuster(*words)
    assert said.code == 2
    assert told in said.err


def test_profile_without_a_service_is_how_long_it_took(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nothing\n")
    assert "start-up" in keymuster("scan", ".", "--profile").err
    assert "start-up" in keymuster("scan", "--profile", ".").err
    assert "start-up" in keymuster("scan", "--timings", ".").err


def test_no_option_of_a_service_takes_the_name_of_a_scan_s_own() -> None:
    from keymuster.cli.scan import command

    names = [one.name for one in command.params]
    assert len(names) == len(set(names))
