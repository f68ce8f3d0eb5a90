"""What is a secret's text, and what only stands where one should be."""

from __future__ import annotations

import pytest

from keymuster.collect.literals.values import decoded, is_literal, is_random, is_sample, repeats


@pytest.mark.parametrize(
    "text",
    ["", " ", "${var.x}", "{{resolve:ssm-secure:x}}", "$(fetch)", "$PASSWORD", "<password>", "arn:aws:x",
     "https://vault/x", "${PASSWORD}", "{{ vault_password }}", "{{ .Values.password }}", "%DB_PASSWORD%",
     "/run/secrets/db", "./secret.txt", "ENC[AES256_GCM,data:x]", "vault:db#password", "ref+vault://db",
     "%(password)s", "__PASSWORD__", "file:///run/secret", "@Microsoft.KeyVault(SecretUri=x)", "@key.pem",
     "var.password", "projects/p/secrets/s", "$ANSIBLE_VAULT;1.1;AES256", "privatelink.token.example.com"],
)  # fmt: skip
def test_the_place_of_a_secret_is_none(text: str) -> None:
    assert not is_literal(text)


@pytest.mark.parametrize(
    "text",
    ["String", "true", "null", "on_create", "12", "REPLACE-WITH-YOUR-SECRET-HERE", "put-your-key-here", "***",
     "xxxxx", "x" * 70_000],
)  # fmt: skip
def test_a_blank_to_fill_is_none(text: str) -> None:
    assert not is_literal(text)


@pytest.mark.parametrize(
    "text",
    ["1234", "pa55", "hunter2!", "postgres", "a$b{c}", "pa$$w0rd!", "changeme", "password", "@dmin123", "a%20b%21c",
     "/Kx93+abc/Zq", "horse.battery"],
)  # fmt: skip
def test_a_weak_secret_is_one(text: str) -> None:
    assert is_literal(text)


def test_a_value_may_say_that_it_is_a_sample() -> None:
    assert is_sample("your-password")
    assert is_sample("AKIAEXAMPLE")
    assert not is_sample("hunter2")


def test_a_value_may_say_no_more_than_its_name() -> None:
    assert repeats("secret_data", "secret-data")
    assert not repeats("secret_data", "hunter2")


def test_random_text_has_letters_and_digits() -> None:
    assert is_random("f3K9" + "xQ2m" + "T7vB" + "8zLp")
    assert not is_random("a-name-of-something-else")
    assert not is_random("0000000000000000a")


def test_what_is_no_base64_decodes_to_nothing() -> None:
    assert decoded("bGV0bWVpbg==") == "letmein"
    assert decoded("bGV0\nbWVpbg==") == "letmein"
    assert decoded("not base64!") == ""
    assert decoded("/w==") == ""
