"""What the secrets reader says of one file."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from keymuster.collect.base import Blob, Context, Selection
from keymuster.collect.readers.secrets import Secrets
from keymuster.detect import engine, examples
from keymuster.model import (
    Credential,
    CredentialStatus,
    Environment,
    FileLocation,
    Storage,
    Trouble,
)
from keymuster.rules.schema import RuleSet

Token = Callable[..., str]


@pytest.fixture(scope="module")
def reader(rules: RuleSet) -> Secrets:
    return Secrets(Context(selection=Selection(root="."), rules=rules))


def read(reader: Secrets, text: str | bytes, **more: object) -> list[Credential]:
    data = text.encode() if isinstance(text, str) else text
    return list(reader.read(Blob(path="a.env", data=data, storage=Storage.TREE, **more)))  # type: ignore[arg-type]


def place(credential: Credential) -> FileLocation:
    assert isinstance(credential.location, FileLocation)
    return credential.location


def test_a_token_is_a_credential_with_its_place_and_without_its_text(
    reader: Secrets, token: Token
) -> None:
    made = token("github-pat")
    [found] = read(reader, f"A=1\nB = '{made}'\n")
    where = place(found)
    assert (found.format, found.vendor, found.preview) == ("github-pat", "github", "ghp_****")
    assert (where.line, where.column, where.end_line, where.end_column) == (2, 6, 2, 6 + len(made))
    assert where.context == "B = 'ghp_****'"
    assert made[4:] not in repr(found)


def test_columns_count_characters_and_not_bytes(reader: Secrets, token: Token) -> None:
    [found] = read(reader, f"# äöü𝔘 {token('github-pat')}\n")
    assert place(found).column == 8


def test_the_same_secret_has_the_same_id_wherever_it_stands(reader: Secrets, token: Token) -> None:
    first, second = read(reader, f"a={token('github-pat')}\nb={token('github-pat')}\n")
    assert first.id == second.id
    assert first.location != second.location


def test_another_fingerprint_key_gives_another_id(rules: RuleSet, token: Token) -> None:
    text = f"a={token('github-pat')}"
    ids = set()
    for key in (b"one", b"two"):
        context = Context(selection=Selection(root="."), rules=rules, fingerprint_key=key)
        [found] = read(Secrets(context), text)
        ids.add(found.id)
    assert len(ids) == 2


def test_only_what_touches_a_changed_line_counts(reader: Secrets, token: Token) -> None:
    text = f"a={token('github-pat', 1)}\nb={token('github-pat', 2)}\n"
    [found] = read(reader, text, changed=[(2, 2)])
    assert place(found).line == 2


def test_utf_16_is_read_like_any_text(reader: Secrets, token: Token) -> None:
    [found] = read(reader, f"A=1\r\nB={token('github-pat')}\r\n".encode("utf-16"))
    assert (place(found).line, place(found).column) == (2, 3)


def test_a_test_prefix_is_a_test_environment(reader: Secrets, token: Token) -> None:
    made = token("stripe-secret-key").replace("_live_", "_test_")
    [found] = read(reader, f"k={made}")
    assert found.environment is Environment.TEST


def test_an_example_of_the_documentation_is_a_sample(reader: Secrets) -> None:
    [found] = read(reader, "key = AKIA" + "IOSFODNN7" + "EXAMPLE\n")
    assert found.status is CredentialStatus.SAMPLE


def test_a_secret_in_encoded_text_stands_where_that_stands(reader: Secrets, token: Token) -> None:
    run = base64.b64encode(f"a={token('github-pat', 1)}\nb={token('github-pat', 2)}".encode())
    first, second = read(reader, f"x: 1\n  blob: {run.decode()}\n")
    assert first.id != second.id
    for found in (first, second):
        where = place(found)
        assert (where.line, where.column, where.end_column) == (2, 9, 9 + len(run))
        assert where.context == "blob: ghp_****"
        assert found.tags["encoded"] == "base64"


def test_an_encoded_secret_is_the_same_secret(reader: Secrets, token: Token) -> None:
    run = base64.b64encode(b"key is " + token("github-pat").encode()).decode()
    plain, encoded = read(reader, f"a={token('github-pat')}\nb: {run}\n")
    assert plain.id == encoded.id


def test_what_was_not_decoded_is_said(reader: Secrets) -> None:
    blob = Blob(path="a.env", data=b"\\u0041" * 200_000, storage=Storage.TREE)
    [trouble] = reader.read(blob)
    assert isinstance(trouble, Trouble)
    assert (trouble.part, trouble.scope) == ("secrets", "a.env")


def test_a_password_in_a_url_is_shown_with_what_is_before_it_as_far_as_its_format_tells(
    reader: Secrets,
) -> None:
    """A format that fixes the whole URL need not say which scheme it saw."""
    shown = {
        one.format: one.preview
        for template in ("https://{hex:8}:{hex:8}@gems.contribsys.com/", "amqps://ci:{base62:20}@h")
        for one in read(reader, examples.expand(template, None, {}))
    }
    assert shown == {"sidekiq-url": "****", "url-password": "amqps://****@"}


def test_more_names_than_are_looked_at_are_said_so(
    reader: Secrets, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_NAMES", 10)
    text = "token = load(x)\n" * 30 + f"x = {token('github-pat')}\n"
    first, second = read(reader, text)
    assert isinstance(first, Trouble)
    assert "more names of secrets" in first.message
    assert second.format == "github-pat"
    assert len(read(reader, "token = load(x)\n" * 10)) == 0
