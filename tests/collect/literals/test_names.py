"""Which names are those of secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.literals.names import (
    holds_secrets,
    is_open,
    is_vague,
    kind_of,
    may_name_one,
)
from keymuster.model import CredentialKind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("MasterUserPassword", CredentialKind.PASSWORD),
        ("DB_PASSWORD", CredentialKind.PASSWORD),
        ("adminpassword", CredentialKind.PASSWORD),
        ("passwords", CredentialKind.PASSWORD),
        ("passphrase", CredentialKind.PASSWORD),
        ("OauthToken", CredentialKind.ACCESS_TOKEN),
        ("HECToken", CredentialKind.ACCESS_TOKEN),
        ("bot_token", CredentialKind.ACCESS_TOKEN),
        ("client_secret", CredentialKind.CLIENT_SECRET),
        ("AWS_SECRET_ACCESS_KEY", CredentialKind.ACCESS_KEY),
        ("stripeApiKey", CredentialKind.API_KEY),
        ("apiKeyValue", CredentialKind.API_KEY),
        ("apikey", CredentialKind.API_KEY),
        ("PrivateKey", CredentialKind.PRIVATE_KEY),
        ("client-key-data", CredentialKind.PRIVATE_KEY),
        ("JWT_SECRET", CredentialKind.ENCRYPTION_KEY),
        ("redis_connection_string", CredentialKind.CONNECTION_STRING),
    ],
)
def test_a_name_tells_what_a_setting_holds(name: str, kind: CredentialKind) -> None:
    assert kind_of(name) is kind
    assert is_vague(name) is (name == "client-key-data")


@pytest.mark.parametrize(
    "name",
    ["PasswordLength", "SecretArn", "SECRET_NAME", "TokenUrl", "KmsKeyId", "PublicKey", "Key", "Author",
     "ManageMasterUserPasswordEnabled", "monkey", "", "MYSQL_ALLOW_EMPTY_PASSWORD", "update_password",
     "password_file", "passwordSecretName", "POSTGRES_USER", "existingSecretPassword", "compass",
     "imagePullSecret", "bypass_cache", "PUBLIC_KEY", "KEYBOARD", "PartitionKey", "next_token", "42"],
)  # fmt: skip
def test_a_name_may_only_speak_of_a_secret(name: str) -> None:
    assert kind_of(name) is None


@pytest.mark.parametrize("name", ["DB_SECRET", "credentials", "ssh_key", "MINIO_ACCESS_KEY"])
def test_a_name_may_mean_a_secret_or_what_one_is_called(name: str) -> None:
    assert kind_of(name) is not None
    assert is_vague(name)


def test_some_maps_are_made_for_secrets() -> None:
    assert holds_secrets("stringData")
    assert holds_secrets("secret_env")
    assert not holds_secrets("env")


@pytest.mark.parametrize("name", ["username", "POSTGRES_USER", "db-host", "smtpPort"])
def test_who_signs_in_and_where_is_told_openly(name: str) -> None:
    assert is_open(name)


@pytest.mark.parametrize("name", ["password", "user-password", "DATABASE_URL", "host_key", ""])
def test_what_may_be_a_secret_is_not(name: str) -> None:
    assert not is_open(name)


@given(
    st.lists(
        st.sampled_from(
            ["api", "API", "key", "Key", "pass", "wd", "PW", "d", "connection", "string", "Data", "7", "_", "-", " ", "tok", "En",
             "auth", "or", "é"]
        ), max_size=6,
    ).map("".join)
)  # fmt: skip
def test_a_text_without_words_of_secrets_names_none(name: str) -> None:
    if kind_of(name) is not None or holds_secrets(name):
        assert may_name_one(f"host: a\n'{name}': b\n".encode())


def test_most_texts_name_no_secret() -> None:
    assert not may_name_one(b"host: a\nkeys: b\nkeyboard: us\n")
    assert may_name_one(b"api_\n  key")
    assert may_name_one(b'"\\x74oken": a')
