"""Services that a region has."""

from __future__ import annotations

import socket
from collections.abc import Callable
from socket import EAI_AGAIN, EAI_NONAME, gaierror
from typing import Any

import pytest

from asking_aws import surface
from keymuster.collect.aws.access import Access
from keymuster.collect.aws.scope import Scope


def names(*known: str, error: int = EAI_NONAME) -> Callable[..., Any]:
    def resolve(name: str, *_: Any) -> list[str]:
        if any(name.startswith(f"{one}.") for one in known):
            return ["192.0.2.1"]
        raise gaierror(error, "not known")

    return resolve


@pytest.fixture
def access() -> Access:
    from boto3 import Session

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return Access(Session(**keys), "1", "arn:aws:iam::1:user/a")


LISTED, NOT_LISTED = ("apprunner", "us-east-1"), ("apprunner", "sa-east-1")
IN_NO_LIST = ("bedrock-agentcore-control", "sa-east-1")
NEW_REGION = ("apprunner", "sa-north-9")


@pytest.mark.parametrize(
    ("where", "resolve", "offered"),
    [
        (LISTED, names("sts"), True),
        (LISTED, names(), True),
        (NOT_LISTED, names("sts"), False),
        (NOT_LISTED, names(), False),
        (NOT_LISTED, names("sts", "apprunner"), True),
        (NOT_LISTED, names("sts", error=EAI_AGAIN), True),
        (IN_NO_LIST, names("sts", "bedrock-agentcore-control"), True),
        (IN_NO_LIST, names("sts"), False),
        (IN_NO_LIST, names(), True),
        (NEW_REGION, names("sts", "apprunner"), True),
        (NEW_REGION, names("sts"), False),
        (NEW_REGION, names(), True),
    ],
)
def test_a_service_is_not_there_if_neither_the_sdk_nor_a_name_tells_of_it(
    access: Access, where: tuple[str, str], resolve: Callable[..., Any], offered: bool
) -> None:
    assert access.offers(*where, resolve) is offered


def test_no_name_is_looked_up_of_a_service_that_the_sdk_lists(access: Access) -> None:
    def resolve(name: str, _: Any) -> None:
        raise AssertionError(f"{name} was looked up")

    assert access.offers(*LISTED, resolve)


def test_a_listed_service_whose_name_has_no_address_could_not_be_looked_at(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", names("sts"))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    ask = Scope(access, "us-east-1", surface("apprunner"))

    assert ask.is_offered
    assert [*ask.surface.look(ask)] == []
    (trouble,) = ask.troubles()
    assert "apprunner:ListServices has no answer here (EndpointConnectionError)" in trouble.message
