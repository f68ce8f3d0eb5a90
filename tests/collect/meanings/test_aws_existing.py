"""What things of AWS mean that exist, and what policies say of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from evaluate.records import NOW
from keymuster.analysis import analysed
from keymuster.collect import meanings
from keymuster.collect.aws.objects import told
from keymuster.collect.meanings import aws
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import Confidence, Credential, CredentialStatus, Finding, Identity
from keymuster.model.secret import Secret
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

A = "arn:aws:iam::111122223333"
USER = f"{A}:user/robots/ci"


def credential(type: str, label: str, **settings: Any) -> Credential:
    base = f"{A}:root" if settings.get("UserName") == "<root_account>" else USER
    one = told(type, f"{base}/{label}", {"UserName": USER, **settings})
    [found] = [each for each in meanings.records(one, ()) if isinstance(each, Credential)]
    return found


@pytest.mark.parametrize(
    ("type", "label", "user", "name"),
    [
        ("AWS::IAM::AccessKey", "access-key-2", USER, "access key 2 of ci"),
        ("AWS::IAM::AccessKey", "access-key-1", "<root_account>", "access key 1 of the root user"),
        ("aws_iam_user_login_profile", "console-password", USER, "console password of ci"),
        ("aws_iam_user_ssh_key", "ssh-key/some-id", USER, "SSH key of ci"),
    ],
)
def test_a_credential_is_called_after_its_user(type: str, label: str, user: str, name: str) -> None:
    found = credential(type, label, UserName=user)
    assert found.name == name
    assert ("root" in found.tags) is (user != USER)


def test_a_key_of_which_the_id_is_known_is_the_one_in_files(token: Callable[..., str]) -> None:
    id = token("aws-access-key-id")
    found = credential("AWS::IAM::AccessKey", "access-key-1", AccessKeyId=id)
    assert found.fingerprint == Secret(id.encode()).fingerprint()
    assert found.preview == "AKIA****"
    assert found.tags["key_id"] == id
    assert credential("AWS::IAM::AccessKey", "access-key-1").fingerprint == ""


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Active", CredentialStatus.ACTIVE), ("Inactive", CredentialStatus.DISABLED),
        ("Expired", CredentialStatus.DISABLED), ("", CredentialStatus.UNKNOWN),
    ],
)  # fmt: skip
def test_iam_says_whether_a_credential_works(said: str, status: CredentialStatus) -> None:
    assert credential("aws_iam_user_ssh_key", "ssh-key/1", Status=said).status is status


@pytest.mark.parametrize(
    ("settings", "tags"),
    [
        ({"ExpirationDate": "2026-07-01T00:00:00+00:00"}, {"lifetime_days": "365"}),
        ({}, {"lifetime": "unlimited"}),
    ],
)
def test_a_password_for_a_service_says_how_long_it_lives(
    settings: dict[str, str], tags: dict[str, str]
) -> None:
    made = {"CreateDate": "2025-07-01T00:00:00+00:00", "ServiceName": "bedrock.amazonaws.com"}
    found = credential(
        "aws_iam_service_specific_credential", "service-specific-credential/1", **made, **settings
    )
    known = {"type": "aws_iam_service_specific_credential", "service": "bedrock.amazonaws.com"}
    assert found.tags == known | tags


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"NeverUsed": True}, True), ({}, None), ({"LastUsedDate": "2025-07-01T00:00:00Z"}, None)],
)
def test_that_nobody_used_it_is_said_and_not_guessed(
    settings: dict[str, Any], said: bool | None
) -> None:
    assert credential("AWS::IAM::AccessKey", "access-key-1", **settings).never_used is said
    one = told("AWS::IAM::Role", f"{A}:role/x", {"RoleName": "x", **settings})
    [role] = [each for each in meanings.records(one, ()) if isinstance(each, Identity)]
    assert role.never_used is said


def judged(rules: RuleSet, *objects: Any) -> list[Finding]:
    records = [one for each in objects for one in meanings.records(each, rules.resource_types)]
    inventory = analysed(build(records), Settings(), rules)
    return [*evaluate(inventory, rules, Choice(confidence=Confidence.LOW), NOW).findings]


USED = {"LastUsedDate": "2025-12-30T00:00:00+00:00", "LastUsedService": "s3"}


@pytest.mark.parametrize(
    ("settings", "policies"),
    [
        ({"CreateDate": "2025-12-01T00:00:00+00:00", **USED}, ["aws-user-works-with-key"]),
        ({"CreateDate": "2025-08-01T00:00:00+00:00", **USED}, ["aws-access-key-old"]),
        ({"CreateDate": "2020-08-01T00:00:00+00:00", **USED}, ["aws-access-key-over-a-year"]),
        ({"CreateDate": "2020-08-01T00:00:00+00:00", "NeverUsed": True},
         ["aws-access-key-over-a-year", "aws-access-key-unused"]),
        ({"CreateDate": "2020-08-01T00:00:00+00:00", "Status": "Inactive"}, ["aws-access-key-inactive-kept"]),
    ],
)  # fmt: skip
def test_nothing_is_said_twice_of_a_user_with_a_key(
    rules: RuleSet, settings: dict[str, Any], policies: list[str]
) -> None:
    """An account may have thousands of them."""
    user = told(
        "AWS::IAM::User", USER,
        {
            "UserName": "ci", "CreateDate": "2020-01-01T00:00:00+00:00", "Tags": [{"Key": "owner", "Value": "x"}],
        },
    )  # fmt: skip
    said = {"UserName": USER, "Status": "Active", **settings}
    found = judged(rules, user, told("AWS::IAM::AccessKey", f"{USER}/access-key-1", said))
    assert Counter(one.policy for one in found) == Counter(policies)


def test_what_users_sign_in_with_says_something_of_identities() -> None:
    assert aws.SUBJECTS["AWS::IAM::AccessKey"] == ("credential", "identity")
    assert "identity" not in aws.SUBJECTS["AWS::KMS::Key"]
