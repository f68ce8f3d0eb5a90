"""Tokens in settings that a service tells of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from keymuster.collect.aws.objects import told
from keymuster.collect.base import Context, Selection
from keymuster.collect.told_secrets import ToldSecrets
from keymuster.model import Credential, ServiceLocation
from keymuster.rules.schema import RuleSet

ARN = "arn:aws:lambda:us-east-1:123456789012:function:mail"


@pytest.fixture(scope="module")
def secrets(rules: RuleSet) -> ToldSecrets:
    return ToldSecrets(Context(selection=Selection(root="/"), rules=rules))


def found(secrets: ToldSecrets, settings: dict[str, Any]) -> list[Credential]:
    seen = [*secrets.of(told("AWS::Lambda::Function", ARN, settings))]
    assert all(isinstance(one, Credential) for one in seen)
    return [one for one in seen if isinstance(one, Credential)]


def test_a_token_is_known_whatever_its_setting_is_called(
    secrets: ToldSecrets, token: Callable[..., str]
) -> None:
    text = token("github-pat")
    settings = {"Environment": {"Variables": {"MODE": "production", "UPSTREAM": text}}}
    [one] = found(secrets, settings)
    assert (one.format, one.tags["setting"]) == ("github-pat", "UPSTREAM")
    assert one.location == ServiceLocation(service="aws", account="123456789012", resource=ARN)
    assert text not in repr(one)


def test_the_line_of_a_script_is_of_its_setting(
    secrets: ToldSecrets, token: Callable[..., str]
) -> None:
    settings = {
        "First": "one\ntwo\nthree", "UserData": f"#!/bin/sh\nset -e\ncurl -H {token('github-pat')}\n",
        "Last": "something else",
    }  # fmt: skip
    assert [one.tags["setting"] for one in found(secrets, settings)] == ["UserData"]


def test_a_guess_counts_in_a_script_only(secrets: ToldSecrets) -> None:
    value = "q8Zr2" + "LwXv9Tn4" + "KbHd7Ym3Pc"
    assert found(secrets, {"CodeKey": f"db_password={value}"}) == []
    [one] = found(secrets, {"UserData": f"#!/bin/sh\ndb_password={value}\n"})
    assert str(one.kind) == "generic"


def test_a_password_in_the_address_of_a_source_is_one(
    secrets: ToldSecrets, token: Callable[..., str]
) -> None:
    text = token("github-pat")[4:24]
    [one] = found(secrets, {"Source": {"Location": f"https://bot:{text}@git.example.org/site"}})
    assert (str(one.kind), one.tags["setting"]) == ("url_password", "Location")


def test_references_of_aws_are_no_secrets(secrets: ToldSecrets) -> None:
    settings = {
        "A": "{{resolve:secretsmanager:shop/db:SecretString:password}}",
        "B": "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf",
        "CodeSha256": "tDUVx8p4gBgiKvDB3Qeju5Yn1TUQPpXN8NMXPKOhZzI=",
        "RevisionId": "2a8a9f9c-7d7e-4f4b-9a53-9c1f2d5e6b7a",
    }
    assert found(secrets, settings) == []
