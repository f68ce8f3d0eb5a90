"""What is a secret's text, and what only stands where one should be."""

from __future__ import annotations

import pytest

from keymuster.collect.literals import Sealing, is_literal, kind_by_name
from keymuster.collect.syntax.node import File, Node
from keymuster.model import CredentialKind, Storage

PLACE = Node(value=None, file=File(path="a"), line=1, column=1, end_line=1, end_column=2)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("MasterUserPassword", CredentialKind.PASSWORD),
        ("DB_PASSWORD", CredentialKind.PASSWORD),
        ("passphrase", CredentialKind.PASSWORD),
        ("OauthToken", CredentialKind.ACCESS_TOKEN),
        ("HECToken", CredentialKind.ACCESS_TOKEN),
        ("client_secret", CredentialKind.CLIENT_SECRET),
        ("AWS_SECRET_ACCESS_KEY", CredentialKind.ACCESS_KEY),
        ("stripeApiKey", CredentialKind.API_KEY),
        ("PrivateKey", CredentialKind.PRIVATE_KEY),
        ("JWT_SECRET", CredentialKind.ENCRYPTION_KEY),
    ],
)
def test_a_name_tells_what_a_setting_holds(name: str, kind: CredentialKind) -> None:
    assert kind_by_name(name) is kind


@pytest.mark.parametrize(
    "name",
    ["PasswordLength", "SecretArn", "SECRET_NAME", "TokenUrl", "KmsKeyId", "PublicKey", "Key", "Author",
     "ManageMasterUserPasswordEnabled", "DB_SECRET", "monkey", ""],
)  # fmt: skip
def test_a_name_may_only_speak_of_a_secret(name: str) -> None:
    assert kind_by_name(name) is None


@pytest.mark.parametrize(
    "text",
    ["", " ", "${var.x}", "{{resolve:ssm-secure:x}}", "$(fetch)", "$PASSWORD", "<password>", "arn:aws:x",
     "https://vault/x", "String", "changeme", "REPLACE-WITH-YOUR-SECRET-HERE", "put-your-key-here", "***", "xxxxx"],
)  # fmt: skip
def test_a_blank_to_fill_or_the_place_of_a_secret_is_none(text: str) -> None:
    assert not is_literal(text)


@pytest.mark.parametrize("text", ["1234", "pa55", "hunter2!", "postgres", "a$b{c}"])
def test_a_weak_secret_is_one(text: str) -> None:
    assert is_literal(text)


def test_a_fingerprint_is_made_with_the_key_of_the_estate() -> None:
    value = PLACE.holding("pa" + "55word")
    one, other = (
        Sealing(key=key, storage=Storage.STAGED).credential(value, "p", CredentialKind.PASSWORD)
        for key in (b"a", b"b")
    )
    assert one is not None
    assert other is not None
    assert one.fingerprint != other.fingerprint
    assert one.id == f"secret:{one.fingerprint}"
    assert (one.storage, one.location) == (Storage.STAGED, value.location())


def test_the_name_of_something_else_in_the_file_is_no_secret() -> None:
    sealing = Sealing(names={"DbPassword"})
    assert sealing.credential(PLACE.holding("DbPassword"), "p", CredentialKind.PASSWORD) is None


def test_machines_make_long_keys() -> None:
    assert Sealing().credential(PLACE.holding("bar"), "k", CredentialKind.ACCESS_KEY) is None
    assert Sealing().credential(PLACE.holding("bar"), "k", CredentialKind.PASSWORD) is not None
