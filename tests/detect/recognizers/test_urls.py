"""Passwords in URLs, and what only looks like one."""

from __future__ import annotations

import pytest

from detect.conftest import Find
from keymuster.detect import examples
from keymuster.model import CredentialStatus

PASSWORD = examples.from_shape("{base62:16}", "url")


def passwords(find: Find, text: str) -> list[str]:
    return [
        match.secret.reveal().decode() for match in find(text) if match.format.id == "url-password"
    ]


@pytest.mark.parametrize(
    "url",
    [
        "postgres://app:{}@db.acme.io:5432/app",
        "redis://:{}@cache.acme.io/0",
        "https://ci:{}@git.acme.io/a.git",
        "amqps://u%40corp:{}@mq.acme.io",
        "mongodb+srv://app:{}@cluster0.ab12c.mongodb.net/?retryWrites=true",
        "postgresql+asyncpg://app:{}@10.1.2.3/app",
        "ftp://u:{}@[2001:db8::1]:21/",
        "jdbc:mysql://root:{}@db.acme.io/x",
        "DATABASE_URL=postgres://app:{}@db.acme.io/app",
        "url: 'smtp://mailer:{}@smtp.acme.io:587'",
        "[link](https://u:{}@acme.io)",
    ],
)
def test_the_password_alone_is_the_secret(find: Find, url: str) -> None:
    assert passwords(find, url.format(PASSWORD)) == [PASSWORD]


def test_a_percent_encoded_password_is_found_as_it_stands(find: Find) -> None:
    password = PASSWORD[:8] + "%2F%40" + PASSWORD[8:]
    assert passwords(find, f"postgres://app:{password}@db.acme.io/app") == [password]


def test_a_password_may_hold_a_colon(find: Find) -> None:
    password = PASSWORD[:8] + ":" + PASSWORD[8:]
    assert passwords(find, f"postgres://app:{password}@db.acme.io/app") == [password]


@pytest.mark.parametrize(
    "password",
    [
        "$DB_PASSWORD",
        "${DB_PASSWORD}",
        "$(cat_file)",
        "%s",
        "%(password)s",
        "{password}",
        "{{ password }}",
        "{{password}}",
        "<password>",
        "[password]",
        "****",
        "password",
        "PASSWORD",
        "changeme",
        "your-password",
        "xxxxxxxx",
        "secret",
        "...",
        "redacted",
    ],
)
def test_a_placeholder_is_silent(find: Find, password: str) -> None:
    assert not passwords(find, f"postgres://app:{password}@db.acme.io/app")


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.io:8443/a?b=c@d",
        "http://[::1]:8080/x@y",
        "https://user@acme.io/x",
        "https://acme.io/a:b@c",
        "see http://acme.io: mail me@acme.io",
        "https://acme.io/#a:b@c",
        "ssh://git@acme.io:22/a.git",
        "git@github.com:a/b.git",
        "https://u:@acme.io/",
    ],
)
def test_a_url_without_a_password_is_silent(find: Find, url: str) -> None:
    assert not passwords(find, url)


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:5432", "127.0.0.1", "0.0.0.0:80", "[::1]:5432", "host.docker.internal", "db.example.com",
     "example.org", "db.test", "x.local", "host"],
)  # fmt: skip
def test_a_password_of_this_machine_or_an_example_is_a_sample(find: Find, host: str) -> None:
    matches = find(f"postgres://app:{PASSWORD}@{host}/app")
    assert [match.status for match in matches] == [CredentialStatus.SAMPLE]


@pytest.mark.parametrize(
    "host", ["localhost.acme.io", "example-prod.acme.io", "hostess.io", "testing.io"]
)
def test_a_host_that_only_begins_like_one_is_no_sample(find: Find, host: str) -> None:
    matches = find(f"postgres://app:{PASSWORD}@{host}/app")
    assert [match.status for match in matches] == [CredentialStatus.UNKNOWN]


def test_a_password_that_is_the_user_name_is_a_sample(find: Find) -> None:
    matches = find("postgres://grafana:grafana@db.acme.io/app")
    assert [match.status for match in matches] == [CredentialStatus.SAMPLE]


def test_several_urls_on_a_line_are_several(find: Find) -> None:
    other = PASSWORD[::-1]
    text = f"a=redis://u:{PASSWORD}@a.acme.io,redis://u:{other}@b.acme.io"
    assert passwords(find, text) == [PASSWORD, other]


def test_the_scheme_is_a_fact(find: Find) -> None:
    (match,) = find(f"Postgres://u:{PASSWORD}@db.acme.io")
    assert match.facts == {"scheme": "postgres"}
