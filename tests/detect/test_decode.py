"""What a credential says of itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.detect import decode
from keymuster.detect.decode import DECODERS


def b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def jwt(**claims: object) -> bytes:
    return (
        f"{b64(json.dumps({'alg': 'RS256'}))}.{b64(json.dumps(claims))}.{b64('signature')}".encode()
    )


def test_an_aws_key_id_names_its_account() -> None:
    """The example of Tal Be'ery's article on the encoding."""
    key_id = "ASIA" + "QNZGKIQY" + "56JQ7WML"
    assert decode.facts("aws-account", key_id.encode()) == {"account": "029608264753"}


def test_an_old_aws_key_id_names_none() -> None:
    assert decode.facts("aws-account", b"AKIA" + b"IOSFODNN" + b"7ABCDEFG") == {}


def test_a_jwt_names_issuer_subject_and_expiry() -> None:
    token = jwt(
        iss="https://issuer.test", sub="ci", aud=["a", "b"], iat=1_700_000_000, exp=1_800_000_000
    )
    assert decode.facts("jwt-claims", token) == {
        "algorithm": "RS256",
        "issuer": "https://issuer.test",
        "subject": "ci",
        "audience": "a b",
        "issued_at": "2023-11-14T22:13:20+00:00",
        "expires_at": "2027-01-15T08:00:00+00:00",
    }


@pytest.mark.parametrize("moment", ["soon", None, True, -5, 0, 10**30, 1e400, [1], float("nan")])
def test_an_expiry_that_is_no_date_says_nothing(moment: object) -> None:
    assert "expires_at" not in decode.facts("jwt-claims", jwt(exp=moment))


def test_a_nonsense_expiry_does_not_hide_the_issuer() -> None:
    assert decode.facts("jwt-claims", jwt(iss="i", exp=10**30))["issuer"] == "i"


def test_control_characters_of_a_claim_do_not_reach_a_report() -> None:
    assert decode.facts("jwt-claims", jwt(iss="a\x1b[31m\nb"))["issuer"] == "a[31mb"


def test_a_slack_token_names_its_team(token: Callable[..., str]) -> None:
    text = token("slack-bot-token")
    assert decode.facts("slack-team", text.encode()) == {"team": text.split("-")[1]}


def test_a_sentry_token_names_its_organization(token: Callable[..., str]) -> None:
    facts = decode.facts("sentry-org", token("sentry-organization-token").encode())
    assert facts["organization"] == "sample"
    assert facts["url"] == "https://sentry.example"


def test_a_jfrog_reference_token_says_when_it_ends() -> None:
    token = base64.b64encode(b"reftkn:01:1800000000:" + b"x" * 40)
    assert decode.facts("jfrog-reference", token) == {"expires_at": "2027-01-15T08:00:00+00:00"}


def test_a_pypi_token_names_its_index() -> None:
    token = b"pypi-" + base64.urlsafe_b64encode(b"\x02\x01\x08pypi.org\x02\x24" + b"x" * 60)
    assert decode.facts("pypi-macaroon", token) == {"issuer": "pypi.org"}


@pytest.mark.parametrize("name", DECODERS)
@given(garbage=st.binary(max_size=80))
def test_garbage_says_nothing_and_raises_nothing(name: str, garbage: bytes) -> None:
    assert isinstance(decode.facts(name, b"\xff" + garbage), dict)


@pytest.mark.parametrize("name", sorted(DECODERS.keys() - {"pypi-macaroon"}))
@pytest.mark.parametrize("said", ["[]", "1", "null", '"text"', "{}", '{"iat": {}}', "[" * 100_000])
def test_json_of_another_form_says_nothing(name: str, said: str) -> None:
    body = b64(said)
    for text in (f"{body}.{body}.x", f"sntrys_{body}_x", f"glc_{body}"):
        assert decode.facts(name, text.encode()) == {}
