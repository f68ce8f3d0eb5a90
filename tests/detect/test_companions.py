"""What stands beside a secret in the same object, and says whose it is."""

from __future__ import annotations

import json

import pytest

from keymuster.detect import companions
from keymuster.detect.companions import AROUND, COMPANIONS
from keymuster.rules.schema import RuleSet

EMAIL = "ci@acme-prod.iam.gserviceaccount.com"
ID = f"{0x0A1B2C3D4E5F60718293:040x}"
SECRET = "the-secret"
FILE = {
    "type": "service_account", "project_id": "acme-prod", "private_key_id": ID, "private_key": SECRET,
    "client_email": EMAIL,
}  # fmt: skip
SAID = {"private_key_id": ID, "client_email": EMAIL, "project_id": "acme-prod"}


def said(text: str, format: str = "private-key-pem") -> dict[str, str]:
    content = text.encode()
    start = content.index(SECRET.encode())
    return companions.facts(format, content, start, start + len(SECRET))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps(FILE), id="json"),
        pytest.param(json.dumps(FILE, indent=2), id="indented"),
        pytest.param(json.dumps(json.dumps(FILE)), id="as-text-in-json"),
        pytest.param(str(FILE), id="python"),
        pytest.param(f"x = {{'a': 1}}\nkey = {FILE}\ny = {{'client_email': 'x@y'}}", id="among-others"),
    ],
)  # fmt: skip
def test_a_key_file_says_whose_key_it_is(text: str) -> None:
    assert said(text) == SAID


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f'"client_email": "{EMAIL}"\n{SECRET}\n', id="no-object"),
        pytest.param(f'{{"client_email": "{EMAIL}"}} {{"private_key": "{SECRET}"}}', id="another-object"),
        pytest.param(
            f'{{"other": {{"client_email": "{EMAIL}"}}, "private_key": "{SECRET}"}}', id="an-object-inside"
        ),
        pytest.param(
            f'{{"client_email": "{EMAIL}", "private_key": "{SECRET}", "client_email": "x{EMAIL}"}}', id="two"
        ),
        pytest.param(f'{{"client_email": "ada@example.org", "private_key": "{SECRET}"}}', id="a-person"),
        pytest.param(
            f'{{"client_email": "{EMAIL}",{" " * AROUND}"private_key": "{SECRET}"}}', id="too-far"
        ),
    ],
)  # fmt: skip
def test_what_does_not_stand_beside_it_says_nothing(text: str) -> None:
    assert "client_email" not in said(text)


def test_a_secret_of_entra_is_of_the_application_beside_it() -> None:
    app, tenant = "00000000-0000-4000-8000-000000000001", "99999999-1111-4222-8333-444444444444"
    text = json.dumps({"clientId": app, "clientSecret": SECRET, "tenantId": tenant})
    assert said(text, "azure-ad-client-secret") == {"client_id": app, "tenant": tenant}
    assert said(text) == {}


def test_each_format_that_has_companions_is_one(rules: RuleSet) -> None:
    assert COMPANIONS.keys() <= {token.id for token in rules.tokens}
