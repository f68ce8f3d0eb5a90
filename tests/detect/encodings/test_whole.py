"""Text that is encoded as a whole: base64, hex, gzip, and where values are known to be base64."""

from __future__ import annotations

import base64
import gzip
import json
import textwrap
import zlib
from collections.abc import Callable

import pytest

from detect.encodings.conftest import Look
from keymuster.detect.nested import Nested

Token = Callable[..., str]
Secrets = Callable[[str | bytes], list[bytes]]

PASSWORD = "Xy7Kp29" + "LmQw4Zt81"


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


@pytest.mark.parametrize(
    "around",
    ["{}", "x: {}\n", '{{"x": "{}"}}', "X={}\n", "data:text/plain;base64,{})", "`{}`", "/{}"],
)
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_the_region_of_base64_is_the_whole_run(
    look: Look, token: Token, around: str, encode: Callable[[bytes], bytes]
) -> None:
    run = encode(f"a key?~ of mine {token('github-pat')}\n".encode())
    content = around.format(run.decode())
    assert look(content) == [("github-pat", "base64", run)]


def test_base64_without_padding_is_read_to_its_end(look: Look, token: Token) -> None:
    run = b64(f"the token is {token('github-pat')}").rstrip("=")
    assert look(f"x: {run}\n") == [("github-pat", "base64", run.encode())]


@pytest.mark.parametrize("lead", range(6))
def test_a_token_amid_bytes_that_are_no_text_is_found_at_every_place_in_a_group(
    look: Look, token: Token, lead: int
) -> None:
    raw = b"\x80\x04\x95\xfe" + b"\xf1" * lead + token("github-pat").encode() + b"\x94\0\xff"
    run = b64(raw)
    assert look(f"x: {run}\n") == [("github-pat", "base64", run.encode())]


@pytest.mark.parametrize("width", [64, 76])
@pytest.mark.parametrize(
    "joint", ["\n", "\r\n", "\n    ", "\n\t", "\\n", '"\n  "', "' +\n    '", "\\\n"]
)
@pytest.mark.parametrize("size", [0, 1, 2, 50])
def test_wrapped_lines_are_one_run(
    look: Look, token: Token, width: int, joint: str, size: int
) -> None:
    text = "# " + "words of no meaning, " * 9 + "x" * size + f"\nkey = {token('github-pat')}\n"
    run = joint.join(textwrap.wrap(b64(text), width))
    content = f"blob: |\n    {run}\nnext: value\n" if "'" not in joint else f"x = '{run}'\n"
    assert look(content) == [("github-pat", "base64", run.encode())]


def test_what_follows_on_the_next_line_is_no_part_of_a_run(look: Look, token: Token) -> None:
    run = b64(f"the key is this one: {token('github-pat')}..")
    assert not run.endswith("=")
    for after in ("\nother: x", "\nEnd\n", "\nname\n"):
        assert look(f"a: {run}{after}") == [("github-pat", "base64", run.encode())]


def test_two_secrets_in_one_run_have_one_region(look: Look, token: Token) -> None:
    run = b64(f"a={token('github-pat', 1)}\nb={token('github-pat', 2)}\n")
    assert look(f"x: {run}") == [("github-pat", "base64", run.encode())] * 2


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("around", ["x: {}\n", "0x{}", "'\\x{}'"])
def test_hex_is_read(look: Look, token: Token, around: str, upper: bool) -> None:
    run = f"key = {token('github-pat')}".encode().hex()
    run = run.upper() if upper else run
    assert look(around.format(run)) == [("github-pat", "hex", run.encode())]


def test_compressed_user_data_is_read(look: Look, token: Token) -> None:
    run = b64(gzip.compress(f"#!/bin/sh\nexport A={token('github-pat')}\n".encode()))
    assert look(f"user_data: {run}\n") == [("github-pat", "base64 > gzip", run.encode())]


def test_a_damaged_archive_is_no_error(look: Look) -> None:
    packed = bytearray(gzip.compress(b"text " * 50))
    packed[12] ^= 0xFF
    assert look(f"x: {b64(bytes(packed))}") == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16"])
def test_an_encoded_command_of_powershell_is_read(look: Look, token: Token, encoding: str) -> None:
    run = b64(f"$env:A='{token('github-pat')}'".encode(encoding))
    assert look(f"powershell -enc {run}\n") == [("github-pat", "base64 > utf-16", run.encode())]


def test_the_payload_of_a_jwt_is_read_beside_the_jwt(look: Look, token: Token) -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"k": token("github-pat")}).encode())
    payload = payload.rstrip(b"=")
    header = base64.urlsafe_b64encode(b'{"alg":"RS256","typ":"JWT"}').rstrip(b"=")
    signature = base64.urlsafe_b64encode(bytes(range(130, 200))).rstrip(b"=")
    content = b"T=" + b".".join((header, payload, signature))
    assert look(content) == [("github-pat", "base64", payload)]


def secret(*entries: str, kind: str = "Secret") -> str:
    return "\n".join(["apiVersion: v1", f"kind: {kind}", "data:", *entries, "type: Opaque", ""])


@pytest.mark.parametrize(
    "entry", ["  db-password: {}", '  "db-password": "{}"', "  db-password: |\n    {}",
              "  # old\n\n  a: Zm9v\n  db-password: >-\n    {}", "    db-password: !!binary {}"]
)  # fmt: skip
def test_a_value_of_a_kubernetes_secret_is_read_with_its_name(
    secrets: Secrets, look: Look, entry: str
) -> None:
    content = secret(entry.format(b64(PASSWORD)))
    assert secrets(content) == [PASSWORD.encode()]
    assert [place for _, _, place in look(content)] == [b64(PASSWORD).encode()]


def test_the_kind_may_stand_behind_the_data(secrets: Secrets) -> None:
    text = f"data:\n  db-password: {b64(PASSWORD)}\nkind: Secret\n---\nkind: Service\n"
    assert secrets(text) == [PASSWORD.encode()]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_kubernetes_secret_may_be_json(secrets: Secrets, indent: int | None) -> None:
    made = {"kind": "Secret", "data": {"a": "Zm9v", "db-password": b64(PASSWORD)}, "type": "x"}
    assert secrets(json.dumps(made, indent=indent)) == [PASSWORD.encode()]


def test_data_of_another_kind_is_not_decoded_by_name(look: Look) -> None:
    assert look(secret(f"  db-password: {b64(PASSWORD)}", kind="ConfigMap")) == []
    assert look(secret(f"  db-password: {b64(PASSWORD)}", kind="SecretStore")) == []


def test_an_encoded_placeholder_is_no_secret(secrets: Secrets) -> None:
    assert secrets(secret(f"  db-password: {b64('changeme-please-123')}")) == []


def test_docker_credentials_in_a_kubernetes_secret_are_two_deep(look: Look) -> None:
    config = json.dumps({"auths": {"x.test": {"auth": b64(f"ci:{PASSWORD}")}}, "z": {"auth": ""}})
    content = secret(f"  .dockerconfigjson: {b64(config)}")
    [(_, encoded, place)] = look(content)
    assert encoded.startswith("base64")  # the inner one has a format of its own
    assert place == b64(config).encode()


@pytest.mark.parametrize(
    "around",
    ["Authorization: Basic {}\n", "curl -H 'authorization: basic {}'", "//x.test/:_auth={}\n"],
)
def test_user_and_password_in_base64_are_taken_apart(
    secrets: Secrets, look: Look, around: str
) -> None:
    run = b64(f"ci:{PASSWORD}")
    assert secrets(around.format(run)) == [PASSWORD.encode()]
    assert [place for _, _, place in look(around.format(run))] == [run.encode()]


def test_the_auth_of_docker_is_one_secret(nested: Nested) -> None:
    run = b64(f"ci:{PASSWORD}").encode()
    content = b'{"auths": {"x.test": {"auth": "' + run + b'"}}}'
    [match] = nested.scan(content).matches
    assert content[match.start : match.end] == run


def test_a_token_may_be_the_user(look: Look, token: Token) -> None:
    run = b64(f"{token('github-pat')}:x-oauth-basic")
    assert look(f"Authorization: Basic {run}") == [("github-pat", "base64", run.encode())]


def test_basic_is_also_a_word(look: Look) -> None:
    assert look("Basic authentication and Basic understanding of basic principles") == []


def test_an_encoded_netrc_is_read(secrets: Secrets, token: Token) -> None:
    text = f"machine x.test\nlogin ci\npassword {token('github-pat')}\n"
    assert secrets(f"x: {b64(text)}") == [token("github-pat").encode()]


def test_pictures_and_digests_are_not_decoded(look: Look) -> None:
    noise = zlib.compress(bytes(range(256)) * 9)
    assert look(f"src: data:image/png;base64,{b64(noise)}\nsha512-{b64(noise[:64])}") == []
