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
from keymuster.rules.schema import RuleSet


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
    assert decode.facts("pypi-macaroon", pypi()) == {"issuer": INDEX.decode()}


INDEX = bytes.fromhex("707970692e6f7267")
"""The host name of the index."""


MOMENTS = {"expires_at": "2027-01-15T08:00:00+00:00", "issued_at": "2023-11-14T22:13:20+00:00"}


def pypi(*caveats: object) -> bytes:
    raw = b"\x02\x01\x08" + INDEX + b"\x02\x24" + b"i" * 36 + b"\0"
    for caveat in caveats:
        said = json.dumps(caveat).encode()
        size = (
            bytes([len(said)])
            if len(said) < 128
            else bytes([len(said) & 127 | 128, len(said) >> 7])
        )
        raw += b"\x02" + size + said + b"\0"
    return b"pypi-" + base64.urlsafe_b64encode(raw + b"\0\x06\x20" + b"s" * 32).rstrip(b"=")


@pytest.mark.parametrize(
    ("caveat", "said"),
    [
        ([1, ["one", "two"]], {"project": "one two"}),
        ({"version": 1, "permissions": {"projects": ["one"]}}, {"project": "one"}),
        ({"version": 1, "permissions": {"projects": ["p" * 150]}}, {"project": "p" * 150}),
        ({"version": 1, "permissions": "user"}, {"role": "user"}),
        ([3, "user-id"], {"subject": "user-id"}),
        ([0, 1_800_000_000, 1_700_000_000], MOMENTS),
        ([9, "of the future"], {}),
    ],
)
def test_a_pypi_token_says_what_it_is_limited_to(caveat: object, said: dict[str, str]) -> None:
    facts = decode.facts("pypi-macaroon", pypi(caveat))
    assert facts == {"issuer": INDEX.decode()} | said


def test_a_pypi_token_may_have_several_limits() -> None:
    facts = decode.facts("pypi-macaroon", pypi([0, 1_800_000_000, 1_700_000_000], [1, ["one"]]))
    assert facts == {"issuer": INDEX.decode(), "project": "one"} | MOMENTS


def test_a_routable_gitlab_token_names_its_user_and_organization() -> None:
    payload = b64("c:1\no:1e\nu:zz" + "\x7f" * 16 + "\x10")
    facts = decode.facts("gitlab-routable", f"glpat-{payload}.01.0z1234567".encode())
    assert facts == {"cell": "1", "organization": "50", "user": "1295"}


def test_a_session_token_names_account_and_region() -> None:
    raw = (
        b"\x21\x0a\x09origin_ec\x10\x9a" + b"\xff" * 9 + b"\x01\x1a\x09us-east-1"
        b"\x22\x47"
        + b"\x30" * 71
        + b"\x2a\x20\x12\x03\x10\x00\x1a\x0c123456789012"
        + b"\x22\x0c"
        + b"k" * 200
    )
    assert decode.facts("aws-session", base64.b64encode(raw)) == {
        "region": "us-east-1",
        "account": "123456789012",
    }


def test_a_bedrock_key_names_its_account() -> None:
    token = b"ABSK" + base64.b64encode(b"BedrockAPIKey-abcd-at-123456789012:" + b"s" * 44)
    assert decode.facts("aws-bedrock", token) == {
        "key_name": "BedrockAPIKey-abcd-at-123456789012",
        "account": "123456789012",
    }


def test_a_short_bedrock_key_says_when_it_ends() -> None:
    url = (
        "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Credential=ASIA"
        + "QNZGKIQY56JQ7WML"
        "%2F20260101%2Feu-central-1%2Fbedrock%2Faws4_request&X-Amz-Date=20260101T000000Z"
        "&X-Amz-Expires=43200&X-Amz-Signature=0"
    )
    token = b"bedrock-api-key-" + base64.b64encode(url.encode())
    assert decode.facts("aws-bedrock-session", token) == {
        "account": "029608264753",
        "region": "eu-central-1",
        "issued_at": "2026-01-01T00:00:00+00:00",
        "expires_at": "2026-01-01T12:00:00+00:00",
    }


def test_an_annotated_azure_key_says_when_and_by_whom_it_was_made(
    token: Callable[..., str],
) -> None:
    text = token("azure-devops-pat")
    text = text[:58] + "BK" + text[60:]
    assert decode.facts("azure-cask", text.encode()) == {
        "issued_at": "2025-11-01T00:00:00+00:00",
        "service": "AZDO",
    }


def test_a_1password_token_names_its_account() -> None:
    said = {"signInAddress": "example.1password.com", "userAuth": {}, "email": "ci@example.test"}
    assert decode.facts("1password", f"ops_{b64(json.dumps(said))}".encode()) == {
        "url": "example.1password.com",
        "account": "ci@example.test",
    }


def test_a_mapbox_token_names_its_account() -> None:
    text = f"sk.{b64(json.dumps({'u': 'someone', 'a': 'ck123'}))}.{'x' * 22}"
    assert decode.facts("mapbox", text.encode()) == {"account": "someone", "key_id": "ck123"}


def test_a_fly_token_names_its_issuer() -> None:
    raw = (
        b"\x94\x93\xc4\x10"
        + b"k" * 16
        + b"\xc4\x10"
        + b"u" * 16
        + b"\xc3\xb5https://api.fly.io/v1"
        + b"\x90"
    )
    token = b"fm2_" + base64.b64encode(raw)
    assert decode.facts("flyio-macaroon", token) == {"issuer": "https://api.fly.io/v1"}


def test_a_ksuid_says_when_it_was_made() -> None:
    """The example in segmentio/ksuid."""
    text = "0ujtsYcgvSTl8PAuAdqWYSMnLOv" + "_" + "x" * 21
    assert decode.facts("ksuid", text.encode()) == {"issued_at": "2017-10-10T04:00:47+00:00"}


def test_a_workos_key_names_its_id() -> None:
    """The ULID of the specification's example."""
    text = "sk_test_" + base64.b64encode(b"key_01ARZ3NDEKTSV4RRFFQ69G5FAV,secret").decode()
    assert decode.facts("ulid-key", text.encode()) == {
        "key_id": "key_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "issued_at": "2016-07-30T23:54:10+00:00",
    }


def test_the_auth_of_a_registry_names_its_user() -> None:
    assert decode.facts("user-password", base64.b64encode(b"robot:secret")) == {"user": "robot"}


def test_a_discord_token_names_its_bot(token: Callable[..., str]) -> None:
    text = f"{b64('123456789012345678')}.{token('discord-bot-token').partition('.')[2]}"
    assert decode.facts("discord-bot", text.encode()) == {"account": "123456789012345678"}


def test_a_data_center_token_names_its_number() -> None:
    token = b"BBDC-" + base64.b64encode(b"012345678901:" + b"x" * 20)
    assert decode.facts("digits-colon", token) == {"key_id": "012345678901"}


def test_a_new_stripe_key_names_its_account() -> None:
    body = "5" + "1AbCdEfGhIjKlMnO" + "x" * 90
    assert decode.facts("stripe", f"sk_live_{body}".encode()) == {
        "account": "acct_1AbCdEfGhIjKlMnO"
    }
    assert decode.facts("stripe", b"sk_live_" + b"51AbCdEfGhIjKlMnOpQrStUv") == {}


def test_a_jwt_names_tenant_project_and_role() -> None:
    facts = decode.facts("jwt-claims", jwt(role="service_role", ref="abcdef", tid="t-1"))
    assert facts == {
        "algorithm": "RS256",
        "role": "service_role",
        "project": "abcdef",
        "tenant": "t-1",
    }


IN_CLEAR = {
    "asana-pat": {"account"},
    "bitwarden-access-token": {"key_id"},
    "clickup-personal-token": {"account"},
    "cloudinary-url": {"key_id", "account"},
    "coinbase-cdp-key-name": {"organization", "key_id"},
    "convex-deploy-key": {"environment", "project"},
    "discord-webhook": {"key_id"},
    "dynatrace-api-token": {"key_id"},
    "twitter-access-token": {"account"},
}


@pytest.mark.parametrize("format_id", IN_CLEAR)
def test_facts_in_clear_stand_in_the_token_and_are_not_all_of_it(
    rules: RuleSet, token: Callable[..., str], format_id: str
) -> None:
    name = next(one.decode for one in rules.tokens if one.id == format_id)
    assert name
    text = token(format_id)
    facts = decode.facts(name, text.encode())
    assert facts.keys() == IN_CLEAR[format_id]
    assert all(value in text for value in facts.values())
    assert sum(map(len, facts.values())) < len(text) - 16


def test_a_doppler_service_token_names_its_config() -> None:
    assert decode.facts("doppler", b"dp.st.prd_eu." + b"x" * 43) == {"environment": "prd_eu"}
    assert decode.facts("doppler", b"dp.st." + b"x" * 43) == {}


def test_a_telegram_token_names_its_bot() -> None:
    assert decode.facts("telegram", b"1234567890:" + b"AA" + b"x" * 33) == {"account": "1234567890"}


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


@pytest.mark.parametrize(
    ("claims", "client"),
    [
        pytest.param({"appid": "app", "sub": "x", "oid": "x"}, "app", id="entra-app"),
        pytest.param(
            {"appid": "app", "sub": "x", "scp": "Mail.Read"}, "", id="entra-user-in-an-app"
        ),
        pytest.param({"azp": "app", "oid": "x", "sub": "x", "idtyp": "app"}, "app", id="entra-v2"),
        pytest.param({"cid": "app", "sub": "app", "scp": ["a"]}, "app", id="client-credentials"),
        pytest.param({"azp": "app", "aud": "app", "sub": "1234"}, "", id="a-user-who-signed-in"),
        pytest.param({"sub": "app"}, "", id="no-client"),
    ],
)
def test_a_token_says_which_application_it_stands_for(
    claims: dict[str, object], client: str
) -> None:
    parts = ({"alg": "RS256"}, claims, {})
    token = b".".join(base64.urlsafe_b64encode(json.dumps(one).encode()) for one in parts)
    assert decode.facts("jwt-claims", token).get("client_id", "") == client


def test_a_hint_is_the_same_for_the_same_beginning_and_does_not_tell_it() -> None:
    one, other = (decode.facts("entra-hint", b"abc8Q~" + end) for end in (b"x" * 34, b"y" * 34))
    assert one == other != decode.facts("entra-hint", b"abd8Q~" + b"x" * 34)
    assert "abc" not in str(one)


def test_a_webhook_of_slack_says_whose_it_is() -> None:
    url = b"https://hooks.slack.com/services/T0123456789/B0123456789/" + b"x" * 24
    assert decode.facts("slack-webhook", url) == {"team": "T0123456789"}
