"""Keys, passwords, certificates of users and of root, as IAM tells of them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

import moto_server
from asking import asking, told
from keymuster.collect.aws.surfaces import iam_credentials
from keymuster.collect.declared import Declared

ACCOUNT, CREDENTIALS = iam_credentials.SURFACES
USER = "arn:aws:iam::123456789012:user/robots/ci"
ROOT = "arn:aws:iam::123456789012:root"
MADE = datetime(2025, 7, 1, tzinfo=UTC)
NOTHING: dict[str, str] = dict.fromkeys(
    (
        "access_key_1_active", "access_key_2_active", "cert_1_active", "cert_2_active", "password_enabled",
    ),
    "false",
)  # fmt: skip


def report(*rows: dict[str, str]) -> bytes:
    names = dict.fromkeys(name for row in rows for name in row)
    out = io.StringIO()
    writer = csv.DictWriter(out, [*names], restval="N/A")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


class Answers:
    """What IAM answers, in order; botocore refuses what its model does not know."""

    def __init__(self, stub: Stubber) -> None:
        self.stub = stub

    def report(self, *rows: dict[str, str]) -> None:
        self.stub.add_response("generate_credential_report", {"State": "COMPLETE"})
        self.stub.add_response("get_credential_report", {"Content": report(*rows)})

    def summary(self, **numbers: int) -> None:
        self.stub.add_response("get_account_summary", {"SummaryMap": numbers})

    def service_credentials(self, *them: dict[str, Any]) -> None:
        self.stub.add_response(
            "list_service_specific_credentials", {"ServiceSpecificCredentials": [*them]},
            {"AllUsers": True},
        )  # fmt: skip

    def ssh_keys(self, user: str, *them: dict[str, Any]) -> None:
        self.stub.add_response(
            "list_ssh_public_keys", {"SSHPublicKeys": [*them]}, {"UserName": user}
        )


def of(found: list[Declared], type: str) -> list[dict[str, Any]]:
    return [one.settings.plain() for one in found if one.type == type]


def test_users_of_moto(aws: str) -> None:
    iam = moto_server.client("iam", aws)
    iam.create_user(UserName="ci", Path="/robots/")
    made = iam.create_access_key(UserName="ci")["AccessKey"]
    iam.upload_ssh_public_key(UserName="ci", SSHPublicKeyBody="ssh-rsa AAAA")
    iam.create_login_profile(UserName="ci", Password="made-up-Pa55")
    found, ask = told(CREDENTIALS)
    [key] = of(found, "AWS::IAM::AccessKey")
    assert key["AccessKeyId"] == made["AccessKeyId"]
    assert (key["UserName"], key["Status"], key["NeverUsed"]) == (USER, "Active", True)
    [password] = of(found, "aws_iam_user_login_profile")
    assert password["UserName"] == USER
    [ssh] = [one for one in found if one.type == "aws_iam_user_ssh_key"]
    assert ssh.id.startswith(f"{USER}/ssh-key/")
    assert ssh.time("UploadDate")
    assert [one.message for one in ask.troubles() if "ServiceSpecific" not in one.message] == []


def test_root_is_told_by_the_report() -> None:
    with asking(CREDENTIALS, "iam") as (ask, stub):
        answers = Answers(stub)
        answers.report(
            {
                "user": "<root_account>", "arn": ROOT, **NOTHING, "access_key_1_active": "true",
                "access_key_1_last_rotated": "2024-01-01T00:00:00+00:00",
                "access_key_1_last_used_date": "2025-06-01T00:00:00+00:00",
                "access_key_1_last_used_service": "s3", "cert_1_active": "true",
                "cert_1_last_rotated": "2019-01-01T00:00:00+00:00",
            }
        )  # fmt: skip
        answers.summary(AccountAccessKeysPresent=1, AccountSigningCertificatesPresent=1)
        answers.service_credentials()
        found = list(CREDENTIALS.look(ask))
    key, certificate = found
    assert (key.id, certificate.id) == (f"{ROOT}/access-key-1", f"{ROOT}/signing-certificate-1")  # type: ignore[union-attr]
    assert of(found, "AWS::IAM::AccessKey") == [  # type: ignore[arg-type]
        {
            "UserName": "<root_account>", "Status": "Active", "CreateDate": "2024-01-01T00:00:00+00:00",
            "LastUsedService": "s3", "LastUsedDate": "2025-06-01T00:00:00+00:00",
        }
    ]  # fmt: skip


def test_root_is_told_by_numbers_where_there_is_no_report() -> None:
    with asking(CREDENTIALS, "iam") as (ask, stub):
        for call in ("generate_credential_report", "get_credential_report"):
            stub.add_client_error(call, "AccessDenied")
        Answers(stub).summary(AccountAccessKeysPresent=1, AccountSigningCertificatesPresent=0)
        Answers(stub).service_credentials()
        found = list(CREDENTIALS.look(ask))
        troubles = [one.message for one in ask.troubles()]
    assert [one.id for one in found] == [f"{ROOT}/access-key-1"]
    assert [one.split()[1] for one in troubles] == [
        "iam:GenerateCredentialReport", "iam:GetCredentialReport",
    ]  # fmt: skip


def test_passwords_for_services_are_asked_for_once_for_all_users() -> None:
    one = {
        "UserName": "ci", "Status": "Active", "ServiceUserName": "ci-at-123456789012", "CreateDate": MADE,
        "ServiceSpecificCredentialId": "ACCAEXAMPLE123EXAMPLE", "ServiceName": "codecommit.amazonaws.com",
    }  # fmt: skip
    other = {
        **one, "UserName": "gone-since", "ServiceName": "bedrock.amazonaws.com",
        "ExpirationDate": datetime(2026, 7, 1, tzinfo=UTC), "ServiceSpecificCredentialId": "ACCAEXAMPLE456EXAMPLE",
    }  # fmt: skip
    with asking(CREDENTIALS, "iam") as (ask, stub):
        answers = Answers(stub)
        answers.report({"user": "ci", "arn": USER, **NOTHING})
        answers.summary()
        call = "list_service_specific_credentials"
        stub.add_response(
            call, {"ServiceSpecificCredentials": [one], "IsTruncated": True, "Marker": "m"},
            {"AllUsers": True},
        )  # fmt: skip
        stub.add_response(
            call, {"ServiceSpecificCredentials": [other]}, {"AllUsers": True, "Marker": "m"}
        )
        answers.ssh_keys("ci")
        first, second = CREDENTIALS.look(ask)
    assert isinstance(first, Declared)
    assert isinstance(second, Declared)
    assert first.id == f"{USER}/service-specific-credential/ACCAEXAMPLE123EXAMPLE"
    assert first.settings.plain() == {
        "UserName": USER, "ServiceName": "codecommit.amazonaws.com", "Status": "Active",
        "CreateDate": "2025-07-01T00:00:00+00:00", "ServiceSpecificCredentialId": "ACCAEXAMPLE123EXAMPLE",
    }  # fmt: skip
    assert second.text("UserName") == "arn:aws:iam::123456789012:user/gone-since"
    assert second.text("ExpirationDate") == "2026-07-01T00:00:00+00:00"


def test_an_account_that_wants_a_service_named_is_told_each() -> None:
    with asking(CREDENTIALS, "iam") as (ask, stub):
        answers = Answers(stub)
        answers.report()
        answers.summary()
        call = "list_service_specific_credentials"
        stub.add_client_error(call, "ValidationError", expected_params={"AllUsers": True})
        for service in ("bedrock", "cassandra", "codecommit", "logs"):
            parameters = {"AllUsers": True, "ServiceName": f"{service}.amazonaws.com"}
            stub.add_response(call, {"ServiceSpecificCredentials": []}, parameters)
        assert list(CREDENTIALS.look(ask)) == []
        assert list(ask.troubles()) == []
        stub.assert_no_pending_responses()


def rows(count: int) -> list[dict[str, str]]:
    return [
        {
            "user": f"u{n}", "arn": f"arn:aws:iam::123456789012:user/u{n}", **NOTHING, "access_key_1_active": "true",
            "access_key_1_last_rotated": "2025-07-01T00:00:00+00:00",
        }
        for n in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("wanted", [False, True])
def test_many_users_are_asked_one_by_one_only_if_somebody_wants_it(wanted: bool) -> None:
    count = iam_credentials.MOST_ASKED + 1
    with asking(CREDENTIALS, "iam", {"key_ids"} if wanted else ()) as (ask, stub):
        answers = Answers(stub)
        answers.report(*rows(count))
        answers.summary()
        for n in range(count) if wanted else ():
            key = {"UserName": f"u{n}", "AccessKeyId": f"ID-OF-THE-KEY-{n:05}", "CreateDate": MADE}
            parameters = {"UserName": f"u{n}"}
            stub.add_response("list_access_keys", {"AccessKeyMetadata": [key]}, parameters)
        answers.service_credentials()
        for n in range(count) if wanted else ():
            answers.ssh_keys(f"u{n}")
        found = list(CREDENTIALS.look(ask))
        stub.assert_no_pending_responses()
        troubles = list(ask.troubles())
    ids = [one.get("AccessKeyId", "") for one in of(found, "AWS::IAM::AccessKey")]  # type: ignore[arg-type]
    assert ids == [f"ID-OF-THE-KEY-{n:05}" if wanted else "" for n in range(count)]
    assert [one.advice for one in troubles] == ([] if wanted else ["Scan with --key-ids."])


def test_two_keys_are_told_apart_by_when_they_were_made() -> None:
    row = {
        "user": "ci", "arn": USER, **NOTHING, "access_key_1_active": "true", "access_key_2_active": "false",
        "access_key_1_last_rotated": "2025-09-01T00:00:00+00:00",
        "access_key_2_last_rotated": "2025-07-01T00:00:00+00:00",
    }  # fmt: skip
    keys = [
        {"AccessKeyId": "THE-OLD-ONES-ID-", "CreateDate": MADE},
        {"AccessKeyId": "THE-NEW-ONES-ID-", "CreateDate": datetime(2025, 9, 1, tzinfo=UTC)},
    ]
    with asking(CREDENTIALS, "iam") as (ask, stub):
        answers = Answers(stub)
        answers.report(row)
        answers.summary()
        stub.add_response("list_access_keys", {"AccessKeyMetadata": keys}, {"UserName": "ci"})
        answers.service_credentials()
        answers.ssh_keys("ci")
        found = of(list(CREDENTIALS.look(ask)), "AWS::IAM::AccessKey")  # type: ignore[arg-type]
    assert [(one["AccessKeyId"], one["Status"]) for one in found] == [
        ("THE-NEW-ONES-ID-", "Active"), ("THE-OLD-ONES-ID-", "Inactive"),
    ]  # fmt: skip


def test_an_account_in_numbers(aws: str) -> None:
    moto_server.client("iam", aws).create_user(UserName="ci")
    [one], ask = told(ACCOUNT)
    assert one.id == ROOT
    said = one.settings.plain()
    assert said["Users"] == 1
    assert said["AccountAccessKeysPresent"] == 0
    assert [each.startswith("arn:aws:sso:::instance/") for each in said["IdentityCenter"]] == [True]
    assert list(ask.troubles()) == []
