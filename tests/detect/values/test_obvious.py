"""Found values that are dismissed before anything is weighed, and those that are not."""

from __future__ import annotations

from random import Random

import pytest

import timing
from detect import made
from detect.values.conftest import Read, filled
from keymuster.detect.values import obvious
from keymuster.model.secret import Secret


def is_none(read: Read, text: str, path: str = "") -> list[bool]:
    content = filled(text)
    return [obvious.is_none(content, found, path) for found in read(content)]


@pytest.mark.parametrize(
    "value",
    ["changeme", "CHANGE-ME", "change_this", "your-password", "is your_key", "Placeholder", "REDACTED",
     "replace-me", "replace with it", "xxxxx1", "ab***", "abc...", "<your key>", "${SECRET}", "{{ secret }}",
     "$SECRET", "%SECRET%", "[secret]", "url/{secret}", "{other:-none}", "0123456789abcdef"],
)  # fmt: skip
def test_a_value_that_stands_in_for_another_is_none(read: Read, value: str) -> None:
    assert is_none(read, f'api_key = "{value}"') == [True]


@pytest.mark.parametrize(
    "value",
    ["~", "changed1", "yourself9", "x4xx4x", "a*b*c*", "1.2.3.x", "pa$$w0rd", "50%off%", "hunter2",
     "a<b>c1", "correct horse"],
)  # fmt: skip
def test_a_value_that_could_be_meant_is_weighed(read: Read, value: str) -> None:
    assert is_none(read, f'api_key = "{value}"') == [False]


@pytest.mark.parametrize(
    "text",
    ["FB_PAGE_TOKEN=~", "client_token: ~", "vault_secret_id = ~", "password = '$uperS3cretZq'",
     "SECRET_KEY: qx7Zp3kLm9Tn++B2v", "https://keyid:~@host.io", "password: '$ecret12}'"],
)  # fmt: skip
def test_names_and_values_of_credentials_are_weighed(read: Read, text: str) -> None:
    assert False in is_none(read, text, "a.yaml")


@pytest.mark.parametrize(
    "text",
    ["nextPageToken: ~", "ClientToken: ~", "SecretId: ~", "password = '$dbPassword'", "password = '$DB_PASS2'",
     "token = 'd41d8cd98f00b204e9800998ecf8427e'", "arn:aws:secretsmanager:eu-1:1:secret:~",
     "secret: '[a-z0-9]{20,40}'"],
)  # fmt: skip
def test_marks_of_requests_references_and_expressions_are_none(read: Read, text: str) -> None:
    assert is_none(read, text, "a.yaml")[-1] is True


def test_the_id_that_reports_give_a_secret_is_none(read: Read) -> None:
    ours = f"secret:{Secret(b'any').fingerprint()}"
    assert is_none(read, f"- {ours}", "a.yaml") == [True]
    assert is_none(read, f"- {ours.replace(':', ': ')}", "a.yaml") == [False]


@pytest.mark.parametrize("path", ["a.env", "a.ini", "b/a.properties"])
def test_where_nothing_is_code_nothing_is_dropped_for_it(read: Read, path: str) -> None:
    assert is_none(read, "DB_PASSWORD=p4ss&&Zw0rd99", path) == [False]
    assert is_none(read, "DB_PASSWORD=p4ss&&Zw0rd99", "a.sh") == [True]


@pytest.mark.parametrize(
    "text",
    [
        "secrets: inherit\n",
        "permissions:\n  id-token: write\n",
        "password = None",
        "password: true",
        "token: string",
        'password = "password"',
        "password = get_secret(x)",
        "password = a->b",
        "password = A::B",
        "password = x[0]",
        "keyboard = '~'",
        "authors: '~'",
        "next_page_token = '~'",
        "access_key_id = '~'",
        "password: 'ab cd ef gh ij kl mn'",
        "postgres://app:app@db.acme.io",
        "postgres://app:Password@db.acme.io",
        "postgres://app:%s@db.acme.io",
        "postgres://app:{{password}}@db.acme.io",
    ],
)
def test_code_words_and_other_names_are_none(read: Read, text: str) -> None:
    found = is_none(read, text)
    assert found
    assert all(found)


@pytest.mark.parametrize(
    "text", ["password = user.password", "password = other", "token = abc is b"]
)
def test_in_code_a_bare_name_is_another_name(read: Read, text: str) -> None:
    assert is_none(read, text, "a.py") == [True]
    assert is_none(read, text, "a.ini") == [False]


@pytest.mark.parametrize("text", ["'x password=other'", "{password=other", "password = 0ther"])
def test_in_code_a_string_may_hold_a_value(read: Read, text: str) -> None:
    assert is_none(read, text, "a.py") == [False]


@pytest.mark.parametrize(
    "begin",
    ["ENC[AES256_GCM,data:", "ENC[PKCS7,", "$ANSIBLE_VAULT;1.1;AES256", "vault:v12:", "AQICAHh", "ENC(", "{cipher}", "AgB"],
)  # fmt: skip
def test_an_encrypted_value_is_known_as_such(read: Read, begin: str) -> None:
    body = "".join(made.from_shape("{base64:40}", 0, Random(seed)) for seed in range(11))
    assert is_none(read, f"password: '{begin}{body}'") == [True]
    assert is_none(read, f"password: '{body}'") == [False]


def test_what_a_stack_of_pulumi_holds_encrypted_is_known_as_such(read: Read) -> None:
    nonce, body = (made.from_shape(f"{{base64:{n}}}", 0, Random(n)) for n in (16, 40))
    salt = made.from_shape("{base64:11}", 0, Random(1))
    assert is_none(read, f"password: v1:{nonce}:{body}") == [True]
    assert is_none(read, f"encryptionsalt: v1:{salt}=:v1:{nonce}:{body}") == [True]
    assert is_none(read, f"password: v1:{body}") == [False]


def test_an_authorization_header_is_no_word_of_its_own(read: Read) -> None:
    assert is_none(read, "Authorization: Bearer ~") == [True, False]


@pytest.mark.parametrize(
    "value", ["change" * 300, "your" * 500, "{a" * 900, "x4" * 1000, "oauth:" * 300, "(a" * 900, "[" * 1900]
)  # fmt: skip
def test_a_long_value_takes_a_moment(read: Read, value: str) -> None:
    content = filled(f"password=a{value}\n")
    (found,) = [one for one in read(content) if one.start == 9]
    assert timing.takes(lambda: [obvious.is_none(content, found, "") for _ in range(100)], 0.5)
