"""Secrets that a setting's name gives away."""

from __future__ import annotations

import pytest

from keymuster.collect import named_secrets as literals
from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import File
from keymuster.model import Confidence, CredentialKind, CredentialStatus

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW


@pytest.mark.parametrize(
    "name",
    ["MYSQL_ROOT_PASSWORD", "password", "dbPassword", "ansible_become_pass", "adminpassword", "PGPASSWORD",
     "redis-passphrase", "password2", "sslKeyPassphrase"],
)  # fmt: skip
def test_a_password_is_one_however_poor(name: str) -> None:
    assert literals.confidence(name, "root") is HIGH


@pytest.mark.parametrize(
    "name",
    ["MYSQL_ALLOW_EMPTY_PASSWORD", "update_password", "password_file", "passwordSecretName", "secret_name",
     "POSTGRES_USER", "existingSecretPassword", "token_url", "compass", "password_length", "imagePullSecret",
     "", "bypass_cache", "PUBLIC_KEY", "KEYBOARD"],
)  # fmt: skip
def test_a_name_about_secrets_holds_none(name: str) -> None:
    assert literals.confidence(name, "hunter22") in (None, LOW)
    assert literals.kind_of(name) is None


@pytest.mark.parametrize(
    "value",
    ["${PASSWORD}", "$PASSWORD", "{{ vault_password }}", "{{ .Values.password }}", "<password>", "",
     "/run/secrets/db", "ENC[AES256_GCM,data:x]", "arn:aws:secretsmanager:eu:1:secret:x", "vault:db#password",
     "true", "null", "on_create", "ref+vault://db", "%(password)s", "postgres://db/app", "__PASSWORD__",
     "file:///run/secret"],
)  # fmt: skip
def test_a_value_that_only_refers_to_a_secret_is_none(value: str) -> None:
    assert literals.confidence("db_password", value) is None


def test_a_dollar_inside_a_password_makes_it_no_reference() -> None:
    assert literals.confidence("password", "pa$$w0rd!") is HIGH


def test_a_vague_name_needs_a_value_that_looks_like_a_secret() -> None:
    random = "f3K9" + "xQ2m" + "T7vB" + "8zLp"
    assert literals.confidence("auth_token", random) is HIGH
    assert literals.confidence("secret", "database") is LOW
    assert literals.confidence("host", random) is None


def test_what_is_made_for_secrets_needs_no_name() -> None:
    random = "f3K9" + "xQ2m" + "T7vB" + "8zLp"
    assert literals.confidence("value", random, holder=True) is MEDIUM
    assert literals.confidence("value", "db.internal", holder=True) is LOW


def test_a_certificate_is_none_and_a_key_is_one() -> None:
    begin = "-----BEGIN "
    assert literals.confidence("tls_key", f"{begin}CERTIFICATE-----\nx", holder=True) is None
    assert literals.confidence("tls_key", f"{begin}PRIVATE KEY-----\nx", holder=True) is HIGH


@pytest.mark.parametrize(
    ("name", "kind"),
    [("password", CredentialKind.PASSWORD), ("apiKey", CredentialKind.API_KEY),
     ("AWS_SECRET_ACCESS_KEY", CredentialKind.API_KEY), ("client_secret", CredentialKind.CLIENT_SECRET),
     ("sshPrivateKey", CredentialKind.PRIVATE_KEY), ("bot_token", CredentialKind.SERVICE_TOKEN)],
)  # fmt: skip
def test_a_name_says_what_it_holds(name: str, kind: CredentialKind) -> None:
    assert literals.kind_of(name) is kind


def test_lines_that_set_something_are_found_in_a_text() -> None:
    text = "# comment\nexport HOST=db\n  PASSWORD: 'x y'\nURL\n\"token\"=abc,\n"
    assert list(literals.assignments(text)) == [
        ("HOST", "db"), ("PASSWORD", "x y"), ("token", "abc"),
    ]  # fmt: skip


def test_a_tree_is_searched_by_the_names_in_it() -> None:
    text = """
    auth: {username: app, password: letmein}
    env:
      - {name: DB_PASSWORD, value: letmein2}
      - {name: HOST, value: db}
    vaulted: {password: !vault x}
    list: {passwords: [a], password: [one, two]}
    """
    [root] = yaml.parse(text, File(path="a.yaml"))
    found = list(literals.within(root, declared_as="here"))
    assert sorted((one.tags["setting"], one.location.line) for one in found) == [  # type: ignore[union-attr]
        ("DB_PASSWORD", 4), ("password", 2), ("password", 7), ("password", 7),
    ]  # fmt: skip
    assert {one.tags["declared_as"] for one in found} == {"here"}
    assert list(literals.within(root, declared_as="here", counts=lambda *lines: False)) == []


def test_what_aliases_repeat_is_looked_at_once() -> None:
    text = "a: &a [{password: one}]\nb: &b [*a, *a]\nc: [*b, *b, *a]\n"
    [root] = yaml.parse(text, File(path="a.yaml"))
    assert len(list(literals.within(root, declared_as="here"))) == 1


def test_a_credential_does_not_show_its_text() -> None:
    [root] = yaml.parse("password: correct-horse", File(path="a.yaml"))
    [found] = literals.within(root, declared_as="here", key=b"k")
    assert "correct-horse" not in repr(found)
    assert (found.preview, found.kind) == ("****", CredentialKind.PASSWORD)
    [other] = literals.within(root, declared_as="here", key=b"another")
    assert other.fingerprint != found.fingerprint


def test_a_sample_is_said_to_be_one() -> None:
    [root] = yaml.parse("password: your-password-here", File(path="a.yaml"))
    [found] = literals.within(root, declared_as="here")
    assert found.status is CredentialStatus.SAMPLE


def test_what_is_no_base64_decodes_to_nothing() -> None:
    assert literals.decoded("bGV0bWVpbg==") == "letmein"
    assert literals.decoded("bGV0\nbWVpbg==") == "letmein"
    assert literals.decoded("not base64!") == ""
    assert literals.decoded("/w==") == ""
