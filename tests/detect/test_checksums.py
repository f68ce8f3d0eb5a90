"""Every checksum holds what it signs, breaks with a changed character, and survives garbage."""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.detect import checksums, examples, patterns
from keymuster.detect.bip39 import WORDS
from keymuster.detect.checksums import CHECKSUMS
from keymuster.detect.marvin import marvin32
from keymuster.rules.schema import RuleSet, TokenFormat

STRUCTURES = {
    "jwt",
    "digits-colon-base64",
    "pypi-macaroon",
    "discord-snowflake",
    "jfrog-reference",
    "sentry-org",
    "grafana-cloud",
    "grafana-legacy",
    "user-password",
    "elastic-id-and-key",
    "aws-bedrock",
    "aws-bedrock-session",
    "intercom",
    "workos",
    "dropbox-long-lived",
    "clamped",
}
"""Entries that hold for a form, not for a sum: a changed character may leave it right."""

OF_PATTERNS = {"bip39"}
"""Entries of formats that are patterns, from which no token can be made."""

SHAPED = sorted(CHECKSUMS.keys() - OF_PATTERNS)


def signed(rules: RuleSet, name: str) -> list[tuple[TokenFormat, int, bytes]]:
    """(format, shape number, token) for each shape of each format with this checksum."""
    return [
        (
            token,
            number,
            CHECKSUMS[name].sign(examples.from_shape(one, f"{token.id} {seed}").encode()),
        )
        for token in rules.tokens
        if token.checksum == name
        for number, one in enumerate(token.shapes)
        for seed in range(5)
    ]


@pytest.mark.parametrize("name", CHECKSUMS)
def test_some_format_uses_it(rules: RuleSet, name: str) -> None:
    assert any(token.checksum == name for token in rules.tokens)
    assert bool(signed(rules, name)) == (name in SHAPED)


@pytest.mark.parametrize("name", SHAPED)
def test_what_is_signed_holds(rules: RuleSet, name: str) -> None:
    assert all(checksums.holds(name, text) for _, _, text in signed(rules, name))


@pytest.mark.parametrize("name", SHAPED)
def test_signing_keeps_the_shape_of_the_format(rules: RuleSet, name: str) -> None:
    for token, number, text in signed(rules, name):
        pattern = list(patterns.of_format(0, token))[number]
        found = pattern.regex.match(text)
        assert found, token.shapes[number]
        assert found["secret"] == text, token.shapes[number]


@pytest.mark.parametrize("name", sorted({*SHAPED} - STRUCTURES - {"crc32-hex-tail"}))
def test_signing_keeps_the_length(rules: RuleSet, name: str) -> None:
    for token, number, text in signed(rules, name):
        assert len(text) == len(examples.from_shape(token.shapes[number], "x"))


@pytest.mark.parametrize("name", sorted({*SHAPED} - STRUCTURES))
def test_no_changed_character_goes_unnoticed(rules: RuleSet, name: str) -> None:
    for _, _, text in signed(rules, name):
        for place in range(len(text) // 3, len(text) * 2 // 3):
            if (other := changed(text, place)) != text:
                assert not checksums.holds(name, other)


def changed(text: bytes, place: int) -> bytes:
    """The text with another letter or digit of the same kind at a place."""
    swap = bytes.maketrans(b"abcdefABCDEF234567", b"bcdefaBCDEFA345672")
    return text[:place] + text[place : place + 1].translate(swap) + text[place + 1 :]


@pytest.mark.parametrize("name", CHECKSUMS)
@given(garbage=st.binary(max_size=120))
def test_garbage_never_raises(name: str, garbage: bytes) -> None:
    assert checksums.holds(name, garbage) in (True, False)


SHAPES_SAY_IT_ALL = {
    "pypi-macaroon",
    "digits-colon-base64",
    "aws-bedrock",
    "dropbox-long-lived",
    "intercom",
}


@pytest.mark.parametrize("name", sorted({*SHAPED} - SHAPES_SAY_IT_ALL))
def test_random_text_of_the_right_shape_does_not_hold(rules: RuleSet, name: str) -> None:
    made = [
        examples.from_shape(one, f"unsigned {token.id} {seed}").encode()
        for token in rules.tokens
        if token.checksum == name
        for one in token.shapes
        for seed in range(20)
    ]
    assert sum(checksums.holds(name, text) for text in made) <= len(made) // 20


@pytest.mark.parametrize("name", CHECKSUMS)
def test_endlessly_nested_json_never_raises(name: str) -> None:
    deep = base64.urlsafe_b64encode(b'{"a":' + b"[" * 5000)
    for text in (b".".join([deep] * 3), b"glc_" + deep, b"sntrys_" + deep + b"_x", deep):
        assert not checksums.holds(name, text)


@pytest.fixture(scope="session")
def samples(rules: RuleSet) -> dict[str, list[bytes]]:
    """Two signed tokens for each checksum."""
    return {name: [text for _, _, text in signed(rules, name)][:2] for name in SHAPED}


@pytest.mark.parametrize("name", SHAPED)
@given(cut=st.integers(0, 200), noise=st.binary(max_size=8))
def test_a_damaged_token_never_raises(
    samples: dict[str, list[bytes]], name: str, cut: int, noise: bytes
) -> None:
    for text in samples[name]:
        checksums.holds(name, text[:cut] + noise + text[cut:])
        checksums.holds(name, text[:cut])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", 0x30ED35C100CD3C7D),
        (b"\xaf", 0x48E73FC77D75DDC1),
        (b"\xe7\x0f", 0xB5F6E1FC485DBFF8),
        (b"\x37\xf4\x95", 0xF0B07C789B8CF7E8),
        (b"\x86\x42\xdc\x59", 0x7008F2E87E9CF556),
        (b"\x15\x3f\xb7\x98\x26", 0xE6C08C6DA2AFA997),
    ],
)
def test_marvin_gives_the_published_values(content: bytes, expected: int) -> None:
    """Test vectors of the .NET runtime for the seed 0x004FB61A001BDBCC, folded to 32 bits."""
    seed = (0x004FB61A001BDBCC).to_bytes(8, "big")
    assert marvin32(content, seed) == (expected >> 32) ^ (expected & 0xFFFFFFFF)


PUBLISHED = [
    ("base58check", "5HueCGU8rMjxEXxiPuD5" + "BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"),  # Bitcoin wiki
    (  # BIP-32, test vector 1
        "base58check",
        "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqji"
        + "ChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
    ),
    ("stellar-seed", "SCZANGBA5YHTNYVVV4C3" + "U252E2B6P6F5T3U6MM63WBSBZATAQI3EBTQ4"),
    ("stellar-seed", "SBU2RRGLXH3E5CQHTD3O" + "DLDF2BWDCYUSSBLLZ5GNW7JXHDIYKXZWHOKR"),
    ("nkey", "SUACSSL3UAHUDXKFSNVU" + "ZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"),  # docs.nats.io
    ("bech32", "AGE-SECRET-KEY-1" + "GFPYYSJZ" * 5 + "GFPYYSJZGFPQ4EGAEX"),  # age's test kit
    ("clamped", "yAnz5TF+lXXJte14tj3z" + "lMNq+hd2rYUIgJBgB3fBmWY="),  # wireguard.com
    (  # elastic.co, "Create API key"
        "elastic-id-and-key",
        base64.b64encode(b"VuaCfGcBCdbkQm-e5aOx" + b":" + b"ui2lp2axTNmsyakw9tvNnw").decode(),
    ),
    ("user-password", "QWxhZGRpbjpv" + "cGVuIHNlc2FtZQ=="),  # RFC 7617
    ("bip39", "zoo " * 11 + "wrong"),
    ("bip39", "abandon " * 23 + "art"),
    ("bip39", "letter advice cage absurd amount doctor acoustic avoid " * 2 + "letter always"),
]
"""Values that specifications and handbooks print."""


@pytest.mark.parametrize(("name", "text"), PUBLISHED)
def test_published_values_hold(name: str, text: str) -> None:
    assert checksums.holds(name, text.encode())


def test_the_words_of_a_mnemonic_are_those_of_the_specification() -> None:
    """The digest of english.txt in bitcoin/bips."""
    text = "".join(f"{word}\n" for word in WORDS)
    assert sha256(text.encode()).hexdigest().startswith("2f5eed53a4727b4bf8880d8f3f199efc")


@pytest.mark.parametrize(
    "words", ["zoo " * 12, "zoo " * 11, "abandon " * 24, "zoo " * 11 + "wrung"]
)
def test_words_whose_last_bits_are_not_their_digest_are_no_mnemonic(words: str) -> None:
    assert not checksums.holds("bip39", words.encode())


@pytest.mark.parametrize("equals", ["=", "\\=", "%3D", "%3d"])
def test_an_escaped_equals_sign_counts_as_one(token: Callable[..., str], equals: str) -> None:
    text = token("atlassian-api-token").replace("=", equals)
    assert checksums.holds("crc32-hex-tail", text.encode())
    assert not checksums.holds("crc32-hex-tail", text.replace(equals, "~").encode())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("user-password", "robot"),
        ("user-password", ":secret"),
        ("user-password", "robot:"),
        ("user-password", "two words" + ":secret"),
        ("elastic-id-and-key", "short:" + "k" * 22),
        ("elastic-id-and-key", "i" * 20 + "k" * 22),
        ("intercom", "token:" + "x" * 30),
    ],
)
def test_base64_of_something_else_does_not_hold(name: str, text: str) -> None:
    assert not checksums.holds(name, base64.b64encode(text.encode()))


@pytest.mark.parametrize("secret", ["", "short", "sp ace" * 4])
def test_a_workos_key_needs_an_id_and_a_secret(secret: str) -> None:
    body = base64.b64encode(f"key_01{'ABCDEFGH' * 3},{secret}".encode()).decode()
    assert not checksums.holds("workos", f"sk_live_{body}".encode())


def test_a_row_of_the_letter_a_is_no_dropbox_token() -> None:
    assert not checksums.holds(
        "dropbox-long-lived", b"A" * 21 + b"bcdefghijk0123456789" * 2 + b"xyz"
    )


PEER = Path(__file__).parents[3] / "shared/bench/tokens/checksums.py"


@pytest.fixture(scope="session")
def peer() -> ModuleType:
    """An independent implementation of the same published algorithms."""
    if not PEER.exists():
        pytest.skip("the other implementation is not at hand")
    spec = importlib.util.spec_from_file_location("peer_checksums", PEER)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PEERS_NAME = {
    "crc32-base62": "github",
    "gitlab-routable": "gitlab_routable",
    "grafana-crc32": "grafana_sa",
    "crc32-hex-tail": "atlassian_crc",
    "crc32-hex-body": "hexcrc_tail",
    "digits-colon-base64": "atlassian_dc",
    "pypi-macaroon": "pypi",
    "jwt": "jwt",
    "discord-snowflake": "discord_bot",
    "azure-ad": "aad",
    "azure-identifiable": "azure_his",
    "azure-cask": "cask",
    "azure-devops-pat": "ado_pat",
    "nkey": "nkey",
    "stellar-seed": "stellar",
    "bech32": "bech32",
    "base58check": "base58check",
    "jfrog-reference": "jfrog_ref",
    "sentry-org": "sentry_org",
    "grafana-cloud": "grafana_cloud",
    "grafana-legacy": "grafana_legacy",
}


def test_every_checksum_has_a_second_opinion() -> None:
    assert PEERS_NAME.keys() | {name for name, _ in PUBLISHED} | STRUCTURES == CHECKSUMS.keys()


@pytest.mark.parametrize("name", PEERS_NAME)
def test_an_independent_implementation_agrees(rules: RuleSet, name: str, peer: ModuleType) -> None:
    judge = getattr(peer, PEERS_NAME[name])
    for _, _, text in signed(rules, name):
        if b"\\" in text:  # an escaped sign is known only to ours
            continue
        assert judge(text.decode())
        for place in range(len(text) // 3, len(text)):
            other = changed(text, place)
            ours, theirs = checksums.holds(name, other), _verdict(judge, other.decode())
            assert ours == theirs or (name in STRUCTURES and theirs)  # ours looks closer at those


def _verdict(judge: object, text: str) -> bool:
    try:
        return bool(judge(text))  # type: ignore[operator]
    except (ValueError, IndexError, KeyError, TypeError):
        return False
