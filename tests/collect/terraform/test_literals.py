"""Secrets in plain text among the settings of what Terraform declares."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import File, Node
from keymuster.collect.terraform.literals import literals as plain_secrets
from keymuster.model import CredentialKind

_ROOT = Node(value=None, file=File(path="main.tf"), line=1, column=1, end_line=9, end_column=2)

WORD = "correct-horse-7"
LONG = "Zk3" + "q9" * 12


def _names(type: str, written: Any) -> list[str]:
    one = Declared(type=type, name="x", scope="terraform:.", settings=_ROOT.made(written))
    return [found.name for found in plain_secrets(one)]


@pytest.mark.parametrize(
    ("type", "written", "names"),
    [
        ("acme_database", {"admin": {"password": WORD}}, ["password"]),
        ("acme_database", {"users": [{"password": WORD}, {"password": WORD + "x"}]}, ["password"] * 2),
        ("terraform:provider", {"provider": "panos", "api_key": LONG}, ["api_key"]),
        ("terraform:provider", {"provider": "acme", "secret": WORD}, ["secret"]),
        ("terraform:backend", {"backend": "http", "password": WORD}, ["password"]),
        ("terraform:module", {"source": "acme/db", "db_password": WORD}, ["db_password"]),
        ("terraform:variable", {"variable": "db_password", "default": WORD}, ["db_password"]),
        ("terraform:variable", {"variable": "db", "default": {"password": WORD}}, ["password"]),
        ("terraform:output", {"output": "db_password", "value": WORD}, ["db_password"]),
        ("google_secret_manager_secret_version", {"secret_data": WORD}, ["secret_data"]),
        ("github_actions_secret", {"secret_name": "X", "plaintext_value": WORD}, ["X"]),
        ("gitlab_project_variable", {"key": "DB_PASSWORD", "value": WORD}, ["DB_PASSWORD"]),
        ("helm_release", {"set_sensitive": [{"name": "auth.password", "value": WORD}]}, ["auth.password"]),
        ("vault_generic_secret", {"data_json": f'{{"user": "jo", "pin": "{WORD}"}}'}, ["pin"]),
        ("google_compute_instance", {"metadata_startup_script": f"#!/bin/sh\nexport DB_PASSWORD={WORD}\n"},
         ["DB_PASSWORD"]),
        ("random_password", {"length": 15, "result": WORD}, ["result"]),
        ("null_resource", {"connection": {"type": "ssh", "password": WORD}}, ["password"]),
    ],
)  # fmt: skip
def test_a_secret_is_known_by_its_name_or_by_the_type(
    type: str, written: Any, names: list[str]
) -> None:
    found = _names(type, written)
    if type == "vault_generic_secret":
        assert names[0] in found
    else:
        assert found == names


@pytest.mark.parametrize(
    ("type", "written"),
    [
        ("acme_database", {"password": "${var.password}"}),
        ("acme_database", {"password": ""}),
        ("acme_database", {"password": "password"}),
        ("acme_database", {"password_length": WORD, "kms_key_id": LONG, "public_key": LONG}),
        ("acme_database", {"password": True}),
        ("terraform:variable", {"variable": "region", "default": WORD}),
        ("terraform:provider", {"provider": "slack", "token": "${var.token}"}),
        ("google_secret_manager_secret_version", {"secret_data": "secret-data"}),
        ("google_kms_crypto_key", {"encryption_key": "projects/p/locations/l/keyRings/k/cryptoKeys/c"}),
        ("AWS::RDS::DBInstance", {"MasterUserPassword": WORD}),
        ("ConfigMap", {"password": WORD}),
    ],
)  # fmt: skip
def test_what_is_none(type: str, written: Any) -> None:
    assert _names(type, written) == []


def test_it_is_sealed() -> None:
    one = Declared(
        type="acme_database", name="x", scope="t", settings=_ROOT.made({"password": WORD})
    )
    [found] = plain_secrets(one)
    assert found.kind is CredentialKind.PASSWORD
    assert found.id == f"secret:{found.fingerprint}"
    assert WORD not in repr(found)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["{", "[", '{"password": {"a": []}}', "${", "[[[[", "{{"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["name", "value", "password", "data_json", "user_data", "x"]), inner),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["terraform:variable", "terraform:provider", "vault_generic_secret", "a_b"]),
    _VALUES,
)
def test_whatever_stands_there_is_read_or_left(type: str, written: Any) -> None:
    for name in _names(type, written):
        assert name
