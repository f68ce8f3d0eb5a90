"""A value given to a name that speaks of a secret, in many languages; and what is none."""

from __future__ import annotations

import pytest

from detect.conftest import Find
from keymuster.detect import examples
from keymuster.model import Confidence

VALUE = examples.from_shape("{base62:24}", "assignment")


def values(find: Find, text: str) -> list[str]:
    return [
        match.secret.reveal().decode()
        for match in find(text)
        if match.format.id == "generic-assignment"
    ]


@pytest.mark.parametrize(
    "line",
    [
        'password = "{}"',
        "password: '{}'",
        "PASSWORD={}",
        "export DB_PASSWORD={}",
        'db.password="{}";',
        '"password": "{}",',
        "'secret' => '{}',",
        'secret := "{}"',
        'clientSecret: "{}"',
        'config["api_key"] = "{}"',
        "let apiKey = `{}`;",
        'const token = "{}"',
        "  auth-token: {}",
        'String accessKey = "{}";',
        "spring.datasource.password={}",
        "<!-- token={} -->",
        'passphrase="{}"',
        "ENV SIGNING_KEY={}",
        'credentials = "{}"',
        "x-api-key: {}",
        'var token string = "{}"',
        'val password: String = "{}"',
        "const apiKey: string = '{}';",
        'TOKEN ?= "{}"',
        'TOKEN ::= "{}"',
        '$token .= "{}"',
        'token ||= "{}"',
        'System.setProperty("ACME_TOKEN", "{}")',
        "os.environ.setdefault('API_KEY', '{}')",
    ],
)
def test_a_literal_is_found_exactly(find: Find, line: str) -> None:
    matches = find(line.format(VALUE))
    assert [match.secret.reveal().decode() for match in matches] == [VALUE]
    assert matches[0].confidence is Confidence.LOW


@pytest.mark.parametrize(
    "line",
    [
        'password = os.environ["DB_PASSWORD_2"]',
        "password = get_secret('db-password-12')",
        "password = config.database.password2",
        "password: ${{{{ secrets.DB_PASSWORD_1 }}}}",
        "password: ${{DB_PASSWORD_1}}",
        'password = "{{{{ vault_password_1 }}}}"',
        'password = "changeme-please-123"',
        'password = "your-password-here-1"',
        'token = "xxxxxxxxxxxxxxxx1"',
        'secret_name = "prod/database/key2"',
        'token_url = "https://acme.io/oauth2/token"',
        'secret_key_ref: "database-credentials-2"',
        'token_type = "urn:ietf:params:oauth2"',
        'password_field = "{}"',
        'token_hash = "{}"',
        "public_key = '{}'",
        'api_key_path = "/etc/keys/api2.key"',
        'password = "correct horse battery"',
        'csrf_token = "{}"',
        'secret = "arn:aws:secretsmanager:us-east-1:1:secret:a2"',
        'token = "550e8400-e29b-41d4-a716-446655440000"',
        'secret = "sha256:{}"',
        "password = None  # set in 2024-01-01",
        'version_token = "1.2.3.4.5.6.7.8"',
        'password == "{}"',
        'if (password != "{}") {{',
        'SECRET = "MY_SECRET_NAME_2"',
        "tokens_per_second = 1000000000",
        'accesskey = "deadbeefdeadbeef1"',
        'print("password", {})',
        'f("token", get("{}"))',
    ],
)
def test_what_is_no_literal_secret_is_silent(find: Find, line: str) -> None:
    assert not values(find, line.format(VALUE))


def test_the_name_is_a_fact(find: Find) -> None:
    (match,) = find(f'  spring.db-password = "{VALUE}"')
    assert match.facts == {"name": "spring.db-password"}


def test_a_name_on_the_line_before_does_not_count(find: Find) -> None:
    assert not values(find, f'password =\n"{VALUE}"')


def test_a_name_longer_than_any_is_no_name(find: Find) -> None:
    assert not values(find, f'password{"x" * 200} = "{VALUE}"')


def test_a_value_longer_than_any_secret_is_silent(find: Find) -> None:
    assert not values(find, f'password = "{VALUE * 20}"')


def test_two_on_a_line_are_two(find: Find) -> None:
    assert values(find, f'password="{VALUE}", secret="{VALUE[::-1]}"') == [VALUE, VALUE[::-1]]
