"""Text in which characters are spelled with others; what is found is placed exactly."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.encodings.conftest import Look
from keymuster.detect.encodings import load
from keymuster.detect.encodings._escapes import _Spelling

Token = Callable[..., str]
Secrets = Callable[[str | bytes], list[bytes]]

PASSWORD = "Xy7Kp29" + "LmQw4Zt81"


def in_full(text: str, form: str) -> str:
    return "".join(form.format(ord(char)) for char in text)


@pytest.mark.parametrize(
    ("name", "form"),
    [("percent", "%{:02X}"), ("percent", "%{:02x}"), ("html", "&#{};"), ("html", "&#x{:x};"),
     ("json", "\\u{:04x}"), ("json", "\\x{:02X}"), ("json", "\\u{{{:x}}}")],
)  # fmt: skip
def test_a_token_spelled_in_full_is_found_where_it_stands(
    look: Look, token: Token, name: str, form: str
) -> None:
    spelled = in_full(token("github-pat"), form)
    expected = [("github-pat", name, spelled.encode())]
    assert look(f"first\nx = 'Größe {spelled}' \nlast") == expected
    assert look("word " * 60_000 + f" {spelled} " + "word " * 60_000) == expected


def test_a_password_in_an_encoded_url_is_placed_exactly(look: Look) -> None:
    url = quote("postgres://app:" + "s3cr3t+Pw9x" + "@db.prod.io/x", safe="")
    assert look(f"u={url}") == [("url-password", "percent", b"s3cr3t%2BPw9x")]


def test_an_attribute_is_read(look: Look) -> None:
    text = f'<input value="{html.escape(f"password={PASSWORD!r}")}">'
    assert look(text) == [("generic-assignment", "html", PASSWORD.encode())]


def test_json_in_json_is_read(secrets: Secrets) -> None:
    inner = json.dumps({"user": "ci", "password": PASSWORD})
    for text in (json.dumps({"body": inner}), json.dumps(json.dumps({"body": inner}))):
        assert secrets(text) == [PASSWORD.encode()]


def test_a_line_in_a_string_ends_where_it_ends(secrets: Secrets) -> None:
    assert secrets(f'echo "db_password={PASSWORD}\\nuser=ci\\n"') == [PASSWORD.encode()]


def test_cells_and_outputs_of_a_notebook_are_read(secrets: Secrets, token: Token) -> None:
    pat = token("github-pat")
    cell = {
        "cell_type": "code",
        "source": ["import os\n", f'password = "{PASSWORD}"\n'],
        "outputs": [{"output_type": "stream", "text": [f"\x1b[31mkey\x1b[0m: '{pat}'\n"]}],
    }
    found = secrets(json.dumps({"cells": [cell], "nbformat": 4}, indent=1))
    assert sorted(found) == sorted([PASSWORD.encode(), pat.encode()])


def test_a_token_beside_escapes_is_plain_text(look: Look, token: Token, secrets: Secrets) -> None:
    pat = token("github-pat")
    for text in (f"a%20b&t={pat}&c=%2F", f'"x\\u003d1\\n{pat}\\n"', f"&quot;{pat}&quot;&amp;"):
        assert look(text) == []
        assert secrets(text) == [pat.encode()]


@pytest.mark.parametrize(
    ("encoding", "lead"), [("utf-16-le", b"MZ\x90\0\3\0\0\0"), ("utf-16-be", b"MZ\x90\0\3\0\7")]
)
def test_a_string_in_utf_16_amid_other_bytes_is_placed_exactly(
    look: Look, token: Token, encoding: str, lead: bytes
) -> None:
    pat = token("github-pat")
    content = lead + f"token = {pat}".encode(encoding) + b"\0\0\1\2rest"
    [(name, encoded, place)] = look(content)
    assert (name, encoded) == ("github-pat", "utf-16")
    assert place == pat.encode(encoding)


@pytest.mark.parametrize("name", ["percent", "html", "json"])
@given(
    parts=st.lists(
        st.tuples(
            st.text("ab\n %&\\;\"'x", max_size=9), st.sampled_from(["%41", "&#65;", "\\u0041", "&amp;", "\\n", "%zz"])
        ),
        max_size=12,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_span_of_decoded_text_lies_where_it_was_spelled(
    name: str, parts: list[tuple[str, str]]
) -> None:
    source = "".join(text + escape for text, escape in parts).encode()
    ends = [at + 1 for at, byte in enumerate(source) if byte in b"%&\\"]
    for piece in load(name).decode(source, {0: ends}, 1 << 20):
        assert piece.offsets is not None
        whole = b"\n\0\n".join(source[start:end] for start, end in piece.spans)
        assert len(piece.text) <= len(whole)
        for at in range(len(piece.text)):
            if (span := piece.offsets(at, at + 1)) is None:
                continue
            start, end = span
            spelled = source[start:end]
            assert spelled == piece.text[at : at + 1] or spelled[:1] in b"%&\\"


def test_nothing_is_placed_across_a_gap() -> None:
    spelling = _Spelling()
    spelling.add(10, [b"ab", b"%41", b"c"], [b"A"])
    spelling.add(90, [b"de"], [])
    text = b"".join(spelling.parts)
    at = text.index(b"de")
    assert spelling.source(0, 4) == (10, 16)
    assert spelling.source(2, 3) == (12, 15)
    assert spelling.source(at, at + 2) == (90, 92)
    assert spelling.source(3, at + 1) is None
