"""The secret member of a JSON Web Key, wherever it stands in its object."""

from __future__ import annotations

import json

import pytest

from detect.conftest import Find
from keymuster.detect import examples

SECRET = examples.from_shape("{base64url:43}", "jwk")
OTHER = examples.from_shape("{base64url:43}", "other")


def keys(find: Find, text: str) -> list[tuple[str, str]]:
    """The type and the secret of every key that is found."""
    return [
        (match.facts["key_type"], match.secret.reveal().decode())
        for match in find(text)
        if match.format.recognizer == "json-web-key"
    ]


def key(kind: str, **members: object) -> dict[str, object]:
    return {"kty": kind, **members}


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (key("EC", crv="P-256", x=OTHER, y=OTHER, d=SECRET), "EC"),
        (key("OKP", crv="Ed25519", x=OTHER, d=SECRET), "OKP"),
        (key("RSA", n=OTHER * 8, e="AQAB", d=SECRET, p=OTHER, q=OTHER), "RSA"),
        (key("oct", alg="HS256", k=SECRET), "oct"),
        ({"d": SECRET, "x": OTHER, "kty": "EC"}, "EC"),
        ({"keys": [key("EC", d=SECRET, use="sig")]}, "EC"),
    ],
)
def test_the_secret_member_is_found(find: Find, made: dict[str, object], kind: str) -> None:
    assert keys(find, json.dumps(made)) == [(kind, SECRET)]
    assert keys(find, json.dumps(made, indent=2)) == [(kind, SECRET)]
    assert keys(find, json.dumps(json.dumps(made))) == [(kind, SECRET)]


def test_a_key_in_a_program_is_found(find: Find) -> None:
    assert keys(find, f"{{kty: 'OKP', crv: 'Ed25519', x: '{OTHER}', d: '{SECRET}'}}") == [
        ("OKP", SECRET)
    ]


@pytest.mark.parametrize(
    "made",
    [
        key("EC", crv="P-256", x=OTHER, y=OTHER),
        key("RSA", n=OTHER, e="AQAB"),
        key("oct", alg="HS256"),
        key("EC", k=SECRET),
        key("oct", d=SECRET),
        key("EC", d="abc"),
        key("EC", d="A" * 43),
        key("AKP", d=SECRET),
        {"type": "EC", "d": SECRET},
        {"kty": "EC", "id": SECRET},
    ],
)
def test_a_public_key_has_no_secret(find: Find, made: dict[str, object]) -> None:
    assert not keys(find, json.dumps(made))


def test_the_member_of_another_object_does_not_count(find: Find) -> None:
    keys_of_both = json.dumps([key("EC", x=OTHER), {"d": SECRET}])
    assert not keys(find, keys_of_both)
    assert not keys(find, json.dumps([{"d": SECRET}, key("EC", x=OTHER)]))


def test_every_key_of_a_set_is_found(find: Find) -> None:
    both = {"keys": [key("EC", d=SECRET, x=OTHER), key("oct", k=OTHER)]}
    assert keys(find, json.dumps(both)) == [("EC", SECRET), ("oct", OTHER)]


def test_a_member_too_far_away_does_not_count(find: Find) -> None:
    assert not keys(find, json.dumps(key("RSA", n="ab12" * 2000, d=SECRET)))


def test_what_is_found_moves_with_the_text(find: Find) -> None:
    text = json.dumps(key("EC", d=SECRET))
    lead = "{" * 3 + "\n" * 7000
    assert keys(find, lead + text) == keys(find, text)
