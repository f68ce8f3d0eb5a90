"""Services that a region has."""

from __future__ import annotations

from collections.abc import Callable
from socket import EAI_AGAIN, EAI_NONAME, gaierror
from typing import Any

import pytest

from keymuster.collect.aws.access import Access


def names(*known: str, error: int = EAI_NONAME) -> Callable[..., Any]:
    def resolve(name: str, _: Any) -> list[str]:
        if any(name.startswith(f"{one}.") for one in known):
            return ["192.0.2.1"]
        raise gaierror(error, "not known")

    return resolve


@pytest.fixture
def access() -> Access:
    from boto3 import Session

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return Access(Session(**keys), "1", "arn:aws:iam::1:user/a")


@pytest.mark.parametrize(
    ("resolve", "offered"),
    [
        (names("sts", "apprunner"), True),
        (names("sts"), False),
        (names(), True),
        (names("sts", error=EAI_AGAIN), True),
    ],
)
def test_a_service_without_an_address_is_not_there(
    access: Access, resolve: Callable[..., Any], offered: bool
) -> None:
    assert access.offers("apprunner", "sa-east-1", resolve) is offered
