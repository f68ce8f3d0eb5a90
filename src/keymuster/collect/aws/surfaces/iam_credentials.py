"""What users and the root user prove themselves with: how old that is, and when it was last used."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told
from keymuster.collect.declared import Declared

KEY_IDS = "key_ids"
"""The option to ask for each user's keys, however many users there are."""

MOST_ASKED = 200
"""Users that are asked for one by one without that option."""

ROOT = "<root_account>"


def account(ask: Scope) -> Iterator[Told]:
    """What there is in the account, in numbers, and where else its people could sign in."""
    found = ask.answer("iam:GetAccountSummary")
    if found is None:
        return
    instances = ask.pages("sso-admin:ListInstances", "Instances", RegionScope="ALL_REGIONS")
    centers = [one["InstanceArn"] for one in instances]
    yield told(
        "iam:AccountSummary", ask.arn("iam", "root"),
        {
            **{key: found["SummaryMap"].get(key) for key in _NUMBERS}, "IdentityCenter": centers,
        },
    )  # fmt: skip


_NUMBERS = ("Users", "AccountAccessKeysPresent", "AccountSigningCertificatesPresent")


def credentials(ask: Scope) -> Iterator[Told]:
    """Of everybody, from the report where it tells; from lists where these tell of all users."""
    rows = list(_rows(ask))
    users = {row["user"]: row["arn"] for row in rows if row["user"] != ROOT}
    of_root = [one for row in rows if row["user"] == ROOT for one in _of_row(row, {})]
    yield from of_root
    yield from _by_summary(ask, {one.type for one in of_root})
    ids = _key_ids(ask, rows)
    for row in rows:
        if row["user"] != ROOT:
            yield from _of_row(row, ids.get(row["user"], {}))
    yield from _for_services(ask, users)
    yield from _ssh_keys(ask, users)


def _rows(ask: Scope) -> Iterator[dict[str, str]]:
    for pause in _PAUSES:
        made = ask.answer("iam:GenerateCredentialReport")
        if made is None or made.get("State") == "COMPLETE":
            break
        time.sleep(pause)
    found = ask.answer("iam:GetCredentialReport")
    if found is not None:
        yield from csv.DictReader(io.StringIO(found["Content"].decode("utf-8", "replace")))


_PAUSES = (0.5, 1, 2, 2, 4, 4, 8, 8)
"""Seconds to wait for the report, which takes some."""


def _of_row(row: dict[str, str], ids: dict[str, str]) -> Iterator[Declared]:
    arn, is_root = row["arn"], row["user"] == ROOT
    user = {"UserName": ROOT if is_root else arn}
    for number in ("1", "2"):
        prefix = f"access_key_{number}_"
        active, made = row.get(f"{prefix}active") == "true", _date(row, f"{prefix}last_rotated")
        if active or made:
            service = row.get(f"{prefix}last_used_service", "")
            yield told(
                "AWS::IAM::AccessKey", f"{arn}/access-key-{number}",
                {
                    **user, "Status": "Active" if active else "Inactive", "CreateDate": made,
                    "LastUsedService": "" if service in _NO_SERVICE else service,
                    "AccessKeyId": ids.get(number), **_use(row, f"{prefix}last_used_date"),
                },
            )  # fmt: skip
        if row.get(f"cert_{number}_active") == "true":
            made = _date(row, f"cert_{number}_last_rotated")
            yield told(
                "aws_iam_signing_certificate", f"{arn}/signing-certificate-{number}",
                {**user, "Status": "Active", "CreateDate": made},
            )  # fmt: skip
    if row.get("password_enabled") == "true" and not is_root:
        yield told(
            "aws_iam_user_login_profile", f"{arn}/console-password",
            {
                **user, "CreateDate": _date(row, "password_last_changed"),
                "MfaActive": row.get("mfa_active") == "true", **_use(row, "password_last_used"),
            },
        )  # fmt: skip


_NO_SERVICE = ("N/A", "not_supported", "no_information")


def _use(row: dict[str, str], column: str) -> dict[str, Any]:
    """When it was last used; that it never was is known, too."""
    if date := _date(row, column):
        return {"LastUsedDate": date}
    return {"NeverUsed": True} if row.get(column) in ("N/A", "no_information") else {}


def _date(row: dict[str, str], column: str) -> str:
    text = row.get(column, "")
    return text if text[:4].isdigit() else ""


def _by_summary(ask: Scope, known: set[str]) -> Iterator[Declared]:
    """What root has beside what is `known`: there may be no report, or it is some hours old."""
    found, root = ask.answer("iam:GetAccountSummary"), ask.arn("iam", "root")
    for number, type in _OF_ROOT.items():
        if found is not None and type not in known and found["SummaryMap"].get(number):
            label = "access-key" if type == "AWS::IAM::AccessKey" else "signing-certificate"
            yield told(type, f"{root}/{label}-1", {"UserName": ROOT, "Status": "Active"})


_OF_ROOT = {
    "AccountAccessKeysPresent": "AWS::IAM::AccessKey",
    "AccountSigningCertificatesPresent": "aws_iam_signing_certificate",
}


def _key_ids(ask: Scope, rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """The ids of access keys, which the report does not tell: user -> number of the key -> id."""
    keyed = [row for row in rows if row["user"] != ROOT and any(_made(row).values())]
    if len(keyed) > MOST_ASKED and KEY_IDS not in ask.surface.wants:
        return {}
    return {row["user"]: _numbered(ask, row) for row in keyed}


def _made(row: dict[str, str]) -> dict[str, str]:
    return {number: _date(row, f"access_key_{number}_last_rotated") for number in ("1", "2")}


def _numbered(ask: Scope, row: dict[str, str]) -> dict[str, str]:
    """The ids of one user's keys. The report and the list have in common when a key was made."""
    listed = ask.pages("iam:ListAccessKeys", "AccessKeyMetadata", UserName=row["user"])
    ids = sorted((one["CreateDate"].isoformat(), one["AccessKeyId"]) for one in listed)
    numbers = sorted((made, number) for number, made in _made(row).items() if made)
    if len(ids) != len(numbers):  # one was made or deleted since the report
        return {}
    return {number: id for (_, number), (_, id) in zip(numbers, ids, strict=True)}


def _for_services(ask: Scope, users: dict[str, str]) -> Iterator[Told]:
    """Passwords and API keys of users for single services."""
    call = "iam:ListServiceSpecificCredentials"
    before = ask.failures
    found = list(ask.marked_pages(call, *_NO_SUCH, AllUsers=True))
    if not found and ask.failures == before:
        for service in _SERVICES:
            found += ask.marked_pages(call, *_NO_SUCH, AllUsers=True, ServiceName=service)
    for one in (each for page in found for each in page.get("ServiceSpecificCredentials", ())):
        user = users.get(one["UserName"]) or ask.arn("iam", f"user/{one['UserName']}")
        yield told(
            "aws_iam_service_specific_credential",
            f"{user}/service-specific-credential/{one['ServiceSpecificCredentialId']}",
            {
                "UserName": user, "ServiceName": one.get("ServiceName"), "Status": one.get("Status"),
                "ServiceSpecificCredentialId": one["ServiceSpecificCredentialId"],
                "CreateDate": one.get("CreateDate"), "ExpirationDate": one.get("ExpirationDate"),
            },
        )  # fmt: skip


_NO_SUCH = ("ValidationError", "InvalidInput", "NoSuchEntity", "NotSupportedService")
"""How AWS says that a service has no such credentials, or that it wants to have one named."""

_SERVICES = (
    "bedrock.amazonaws.com", "cassandra.amazonaws.com", "codecommit.amazonaws.com", "logs.amazonaws.com",
)  # fmt: skip


def _ssh_keys(ask: Scope, users: dict[str, str]) -> Iterator[Told]:
    """The keys that users bring to CodeCommit. No call tells of those of all users."""
    if len(users) > MOST_ASKED and KEY_IDS not in ask.surface.wants:
        ask.unseen(
            f"SSH keys of its {len(users)} users were not asked for, which takes a call for each",
            "Scan with --key-ids.",
        )
        return
    for name, arn in users.items():
        for one in ask.pages("iam:ListSSHPublicKeys", "SSHPublicKeys", UserName=name):
            yield told(
                "aws_iam_user_ssh_key", f"{arn}/ssh-key/{one['SSHPublicKeyId']}",
                {
                    "UserName": arn, "Status": one.get("Status"), "UploadDate": one.get("UploadDate"),
                },
            )  # fmt: skip


SURFACES = (
    Surface(
        name="iam-account",
        calls=("iam:GetAccountSummary", "sso-admin:ListInstances"),
        types=("iam:AccountSummary",),
        look=account,
        regional=False,
    ),
    Surface(
        name="iam-credentials",
        calls=(
            "iam:GenerateCredentialReport", "iam:GetCredentialReport", "iam:GetAccountSummary", "iam:ListAccessKeys",
            "iam:ListServiceSpecificCredentials", "iam:ListSSHPublicKeys",
        ),
        types=(
            "AWS::IAM::AccessKey", "aws_iam_user_login_profile", "aws_iam_signing_certificate",
            "aws_iam_service_specific_credential", "aws_iam_user_ssh_key",
        ),
        look=credentials,
        regional=False,
    ),
)  # fmt: skip
