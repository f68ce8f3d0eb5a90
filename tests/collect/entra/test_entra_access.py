"""Signing in: tokens that are made once, and made anew when a service says so."""

from __future__ import annotations

import threading
import time
from typing import Any, NamedTuple

import pytest
from azure.core.exceptions import ClientAuthenticationError

import entra_sign_in
from keymuster.collect.entra.access import Access, NotSignedIn, Tokens
from keymuster.collect.entra.clouds import CLOUDS

SCOPE = "https://graph.microsoft.com/.default"


class Token(NamedTuple):
    token: str
    expires_on: float


class Credential:
    """Gives one token after the other, each for so many seconds."""

    def __init__(self, seconds: float = 3600, *, fails: bool = False) -> None:
        self.seconds = seconds
        self.fails = fails
        self.asked: list[dict[str, Any]] = []

    def get_token(self, scope: str, **more: Any) -> Token:
        self.asked.append(more)
        if self.fails:
            raise ClientAuthenticationError("what was said of whom")
        return Token(f"token-{len(self.asked)}", time.time() + self.seconds)


def signed_in_as(**claims: Any) -> Access:
    return Access({}, CLOUDS["public"], {"tid": "t", **claims}, "", threading.Event())


def test_one_token_is_enough_for_all_requests() -> None:
    credential = Credential()
    tokens = Tokens(credential, SCOPE, "")
    assert {tokens.token() for _ in range(5)} == {"token-1"}
    assert credential.asked == [{}]


def test_a_token_that_ends_soon_is_not_used() -> None:
    tokens = Tokens(Credential(seconds=60), SCOPE, "")
    assert (tokens.token(), tokens.token()) == ("token-1", "token-2")


def test_of_many_who_were_refused_one_asks_for_a_new_token() -> None:
    credential = Credential()
    tokens = Tokens(credential, SCOPE, "")
    first = tokens.token()
    threads = [
        threading.Thread(target=lambda: tokens.token(instead_of=first, claims="{}"))
        for _ in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert credential.asked == [{}, {"claims": "{}", "enable_cae": True}]


def test_a_tenant_that_was_named_is_asked_for() -> None:
    credential = Credential()
    Tokens(credential, SCOPE, "acme.example").token()
    assert credential.asked == [{"tenant_id": "acme.example"}]


def test_what_the_sdk_says_of_a_failure_is_not_repeated() -> None:
    with pytest.raises(NotSignedIn) as caught:
        Tokens(Credential(fails=True), SCOPE, "").token()
    assert str(caught.value) == "401 ClientAuthenticationError"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("claims", "is_static"),
    [
        ({"idtyp": "app", "appidacr": "1"}, True),
        ({"appidacr": "1"}, True),
        ({"idtyp": "app", "azpacr": "1"}, True),
        ({"idtyp": "app", "appidacr": "2"}, False),
        ({"idtyp": "app", "appidacr": "1", "xms_mirid": "/subscriptions/1"}, False),
        ({"idtyp": "user", "appidacr": "0"}, False),
        ({}, False),
    ],
)
def test_who_signed_in_with_a_secret_is_known_by_the_token(
    claims: dict[str, str], is_static: bool
) -> None:
    assert signed_in_as(**claims).is_static is is_static


def test_a_token_that_says_nothing_of_itself_is_taken_all_the_same() -> None:
    from keymuster.collect.entra.access import _payload

    assert _payload("opaque") == {}
    assert _payload("a.!!.c") == {}
    assert _payload(entra_sign_in.made({"tid": "t"})) == {"tid": "t"}
