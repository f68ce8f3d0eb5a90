"""How sure it is that a setting holds a secret, and the credential that is made of it."""

from __future__ import annotations

from hashlib import sha256

import pytest

from keymuster.collect.literals.sealing import SETTING, Sealing, confidence
from keymuster.collect.syntax.node import File, Node
from keymuster.model import Confidence, CredentialKind, CredentialStatus, Storage

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW
PLACE = Node(value=None, file=File(path="a"), line=1, column=1, end_line=1, end_column=2)
RANDOM = "f3K9" + "xQ2m" + "T7vB" + "8zLp"


@pytest.mark.parametrize(
    "name",
    ["MYSQL_ROOT_PASSWORD", "password", "dbPassword", "ansible_become_pass", "adminpassword", "PGPASSWORD",
     "redis-passphrase", "password2", "sslKeyPassphrase"],
)  # fmt: skip
def test_a_password_is_one_however_poor(name: str) -> None:
    assert confidence(name, "root") is HIGH
    assert confidence(name, "1111111") is MEDIUM


def test_an_address_is_no_password() -> None:
    assert confidence("db_password", "postgres://db/app") is None


def test_a_key_is_judged_by_how_it_looks() -> None:
    assert confidence("auth_token", RANDOM) is HIGH
    assert confidence("auth_token", "some-words-in-a-row") is MEDIUM
    assert confidence("auth_token", "short") is None
    assert confidence("auth_token", "some other words") is None
    assert confidence("host", RANDOM) is None


def test_a_vague_name_needs_a_value_that_looks_like_a_secret() -> None:
    assert confidence("secret", RANDOM) is HIGH
    assert confidence("secret", "database") is LOW


def test_a_setting_that_is_known_to_hold_a_secret_needs_no_name() -> None:
    assert confidence("Value", "a word", kind=CredentialKind.PASSWORD) is HIGH
    assert confidence("Value", "${var.x}", kind=CredentialKind.PASSWORD) is None


def test_what_is_made_for_secrets_needs_no_name() -> None:
    assert confidence("value", RANDOM, holder=True) is MEDIUM
    assert confidence("value", "db.internal", holder=True) is LOW


def test_a_connection_is_secret_if_there_is_a_key_in_it() -> None:
    assert confidence("connection_string", "Server=db;Password=" + "hunter2") is HIGH
    assert confidence("connection_string", "Server=db;Authentication=Managed") is None


def test_a_certificate_is_none_and_a_key_is_one() -> None:
    begin = "-----BEGIN "
    assert confidence("tls_key", f"{begin}CERTIFICATE-----\nx", holder=True) is None
    assert confidence("tls_key", f"{begin}PRIVATE KEY-----\nx", holder=True) is HIGH
    found = Sealing().credential(
        PLACE, "db_password", f"{begin}PRIVATE KEY-----\nx", declared_as="here"
    )
    assert found is not None
    assert found.kind is CredentialKind.PRIVATE_KEY


def test_machines_make_long_keys() -> None:
    assert confidence("k", "bar", kind=CredentialKind.ACCESS_KEY) is None
    assert confidence("k", "bar", kind=CredentialKind.PASSWORD) is not None


def test_a_credential_says_what_it_is_declared_as() -> None:
    found = Sealing().credential(
        PLACE.holding("hunter2"), "password", declared_as=SETTING, identity="u"
    )
    assert found is not None
    assert found.tags == {"declared_as": SETTING, "setting": "password"}
    assert (found.name, found.kind, found.identity) == ("password", CredentialKind.PASSWORD, "u")


def test_a_fingerprint_is_made_with_the_key_of_the_estate() -> None:
    value = PLACE.holding("pa" + "55word")
    one, other = (
        Sealing(key=key, storage=Storage.STAGED).credential(value, "password", declared_as="here")
        for key in (b"a", b"b")
    )
    assert one is not None
    assert other is not None
    assert one.fingerprint != other.fingerprint
    assert one.id == f"secret:{one.fingerprint}"
    assert (one.storage, one.location) == (Storage.STAGED, value.location())


def test_a_credential_does_not_show_its_text() -> None:
    found = Sealing().credential(PLACE.holding("correct-horse"), "password", declared_as="here")
    assert "correct-horse" not in repr(found)
    assert found is not None
    assert found.preview == "****"


def test_the_name_of_something_else_in_the_file_is_no_secret() -> None:
    sealing = Sealing(names={"DbPassword"})
    assert sealing.credential(PLACE.holding("DbPassword"), "password", declared_as="here") is None


def test_a_switch_is_no_secret() -> None:
    assert Sealing().credential(PLACE.holding(True), "password", declared_as="here") is None


def test_a_sample_is_said_to_be_one() -> None:
    published = "hunter2hunter2"
    sealing = Sealing(samples={sha256(published.encode()).hexdigest()})
    for text in (published, "secretEXAMPLE", "hunter2-to-be"):
        found = sealing.credential(PLACE, "password", text, declared_as="here")
        assert found is not None
        assert found.status is CredentialStatus.SAMPLE


def test_half_a_pair_of_surrogates_is_no_mistake() -> None:
    assert Sealing().credential(PLACE, "password", "a\ud800b", declared_as="here") is not None
