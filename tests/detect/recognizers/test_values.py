"""Values without a format: which are reported, how surely, and with exactly which text."""

from __future__ import annotations

import pytest

from detect.conftest import Find
from detect.values.conftest import VALUE, filled
from detect.values.test_syntax import WAYS
from keymuster.detect.engine import Engine
from keymuster.model import Confidence, CredentialStatus

SURE = (Confidence.HIGH, Confidence.MEDIUM)


def sure(find: Find, text: str) -> list[str]:
    """The values that a scan reports unless told otherwise."""
    return [
        match.secret.reveal().decode()
        for match in find(filled(text))
        if match.format.recognizer in ("assignment", "url-password") and match.confidence in SURE
    ]


@pytest.mark.parametrize("text", [text for _, _, text in WAYS])
def test_a_value_is_reported_in_every_way_to_write_it(find: Find, text: str) -> None:
    assert sure(find, text) == [VALUE]


@pytest.mark.parametrize(
    "text",
    [
        "password = hunter2",
        'password = "Summer2024!"',
        "PASSWORD=s3cr3t-pa55",
        "db_password: 'Tr0ub4dor&3'",
        "https://user:hunter2@acme.io/",
        "postgres://app:p%40ss%2Fw0rd@db.acme.io/app",
        "postgres://app:a1b2:c3d4@db.acme.io/app",
        "amqps://u%40corp:k1l2m3n4@mq.acme.io",
        "mongodb+srv://app:k1l2m3n4@cluster0.ab12c.mongodb.net/?retryWrites=true",
        "ftp://u:k1l2m3n4@[2001:db8::1]:21/",
    ],
)
def test_a_password_that_a_person_chose_is_reported(find: Find, text: str) -> None:
    (value,) = sure(find, text)
    assert value in text


@pytest.mark.parametrize(
    "text",
    [
        # placeholders
        'password = "changeme-please-123"',
        'password = "your-password-here-1"',
        'token = "xxxxxxxxxxxxxxxx1"',
        'api_key = "<your api key>"',
        'password = "********"',
        "password = <password>",
        'api_key = "REPLACE_ME_1"',
        'secret_key = "0123456789abcdef"',
        # references
        'password = os.environ["DB_PASSWORD_2"]',
        "password = get_secret('db-password-12')",
        "password = config.database.password2",
        "password: ${{ secrets.DB_PASSWORD_1 }}",
        "password: ${DB_PASSWORD_1}",
        'password = "{{ vault_password_1 }}"',
        "password = $PASSWORD",
        "password=%s",
        "mysql -p$MYSQL_PASSWORD",
        "token = request.headers.get('X-Token')",
        'secret = "arn:aws:secretsmanager:us-east-1:1:secret:a2"',
        "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db-secret\n      key: password",
        "secretName: my-app-tls",
        'secret_key_ref: "database-credentials-2"',
        'SECRET = "MY_SECRET_NAME_2"',
        # code and types
        "password: string",
        "password: str = Field(..., min_length=8)",
        "func login(password string) error {",
        'const password = document.getElementById("password").value;',
        "password = None  # set in 2024-01-01",
        "tokens_per_second = 1000000000",
        'key = "name"',
        "sort_key: created_at",
        'primary_key = "user_id"',
        'tokenizer = "bert-base-uncased"',
        'raise ValueError("password must be 8 characters")',
        'print("password", value)',
        "password: 'password',",
        "token: Token",
        # texts for people
        '"password": "Password",',
        '"forgot_password": "Forgot your password?",',
        '<label for="password">Password</label>',
        '<input type="password" name="password" placeholder="Password">',
        "password.label = Mot de passe",
        'author: "Jane Doe"',
        'keyboard: "qwerty"',
        # paths, addresses, names of things
        'secret_name = "prod/database/key2"',
        'token_url = "https://acme.io/oauth2/token"',
        'token_type = "urn:ietf:params:oauth2"',
        'api_key_path = "/etc/keys/api2.key"',
        "private_key_file = /etc/ssl/private/server.key",
        'version_token = "1.2.3.4.5.6.7.8"',
        'cache_key = "users:list:v2"',
        "next_page_token = '~'",
        # hashes and ids
        'password_hash = "$2b$12$KIXQJ1vO3bT9u8Z0a1b2cOe"',
        'token = "550e8400-e29b-41d4-a716-446655440000"',
        "aws_access_key_id = '~'",
        # URLs
        "postgres://app:$DB_PASSWORD@db.acme.io/app",
        "postgres://app:${DB_PASSWORD}@db.acme.io/app",
        "postgres://app:$(cat_file)@db.acme.io/app",
        "postgres://app:%s@db.acme.io/app",
        "postgres://app:%(password)s@db.acme.io/app",
        "postgres://app:{password}@db.acme.io/app",
        "postgres://app:{{ password }}@db.acme.io/app",
        "postgres://app:<password>@db.acme.io/app",
        "postgres://app:[password]@db.acme.io/app",
        "postgres://app:****@db.acme.io/app",
        "postgres://app:password@db.acme.io/app",
        "postgres://app:PASSWORD@db.acme.io/app",
        "postgres://app:xxxxxxxx@db.acme.io/app",
        "postgres://app:...@db.acme.io/app",
        "postgres://grafana:grafana@db.acme.io/app",
    ],
)
def test_what_is_no_secret_is_not_reported(find: Find, text: str) -> None:
    assert not sure(find, text)


def test_a_value_tells_how_likely_it_is(find: Find) -> None:
    (match,) = find(filled('  spring.db-password = "~"'))
    assert 0.4 < float(match.facts.pop("likelihood")) <= 1
    assert match.facts == {}


def test_a_password_in_a_url_tells_the_scheme(find: Find) -> None:
    (match,) = find(filled("Postgres://u:~@db.acme.io"))
    assert match.format.id == "url-password"
    assert match.facts["scheme"] == "postgres"
    assert 0 < float(match.facts["likelihood"]) <= 1


def test_an_address_without_a_scheme_has_none(find: Find) -> None:
    (match,) = find(filled("//://u:~@db.acme.io"))
    assert match.facts["scheme"] == ""


def test_two_on_a_line_are_two(find: Find) -> None:
    found = sure(find, "password='~', secret='~9'")
    assert found == [VALUE, VALUE + "9"]


def test_several_urls_on_a_line_are_several(find: Find) -> None:
    found = sure(find, "a=redis://u:~@a.acme.io,redis://u:~9@b.acme.io")
    assert found == [VALUE, VALUE + "9"]


def test_each_value_of_a_list_is_one(find: Find) -> None:
    assert sure(find, 'passwords = ["~", "~9"]') == [VALUE, VALUE + "9"]


def test_the_surer_of_two_readings_counts(engine: Engine) -> None:
    """`Bearer X` is the value of a header and what follows a scheme; it is one secret."""
    text = filled('print("token ~", "token: ~")')
    surest = {
        span: max(one.confidence.rank for _, one, _ in engine.judged(text)
                  if one.confidence and (one.start, one.end) == span)
        for span in {(one.start, one.end) for _, one, _ in engine.judged(text)}
    }  # fmt: skip
    matches = engine.scan(text)
    assert len(matches) == 2
    assert all(one.confidence.rank == surest[one.start, one.end] for one in matches)


def test_a_path_adds_to_what_is_known(engine: Engine) -> None:
    text = b'"login.password": "geheim7"'
    found = {
        path: float(engine.scan(text, path=path)[0].facts["likelihood"])
        for path in ("config/prod.env", "i18n/de.json")
    }
    assert found["config/prod.env"] != found["i18n/de.json"]


@pytest.mark.parametrize("text", [text for _, _, text in WAYS])
def test_what_is_reported_moves_with_the_text(find: Find, text: str) -> None:
    alone = [
        (one.start + 400, one.end + 400, one.confidence, one.facts) for one in find(filled(text))
    ]
    moved = find(b"\n" * 400 + filled(text))
    assert alone == [(one.start, one.end, one.confidence, one.facts) for one in moved]


@pytest.mark.parametrize(
    ("host", "is_sample"),
    [("db.example.com", True), ("example.org:5432", True), ("host.test", True), ("db.acme.io", False),
     ("localhost", False), ("example.com.acme.io", False), ("myexample.com", False)],
)  # fmt: skip
def test_a_host_that_is_nobodys_makes_a_sample(find: Find, host: str, is_sample: bool) -> None:
    (match,) = find(filled(f"postgres://app:~@{host}/app"))
    assert (match.status is CredentialStatus.SAMPLE) is is_sample
