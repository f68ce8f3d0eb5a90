"""Every format in every surrounding, and who wins where several match."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from detect import made
from detect.conftest import Find
from keymuster.detect import examples, patterns, placeholders
from keymuster.detect.engine import Engine, Match
from keymuster.detect.text import as_text
from keymuster.model import CredentialStatus
from keymuster.rules import loader
from keymuster.rules.schema import RuleSet, TokenFormat

Token = Callable[..., str]


def spans(matches: list[Match]) -> list[tuple[str, int, int]]:
    return [(match.format.id, match.start, match.end) for match in matches]


def ids(matches: list[Match]) -> list[str]:
    return [match.format.id for match in matches]


def test_every_token_of_every_format_is_found_with_its_exact_span(
    rules: RuleSet, engine: Engine
) -> None:
    wrong = []
    for token in rules.tokens:
        for text in made.tokens(token):
            before, after = made.in_context(token, text, Random(text))
            content = (before + text + after).encode()
            found = spans(engine.scan(content))
            if (token.id, len(before), len(before + text)) not in found and not (
                placeholders.is_placeholder(text.encode())
            ):
                wrong.append((token.id, before, len(text), after, found))
    assert not wrong


def test_no_format_matches_a_token_cut_short_or_run_on(rules: RuleSet, engine: Engine) -> None:
    wrong = []
    for token in rules.tokens:
        for one in token.shapes:
            text = made.from_shape(one, 0, Random(token.id))
            before, _ = made.in_context(token, text, Random(token.id))
            for other in (text[:-1], "x" + text, text + "0"):
                found = engine.scan((before + other + "\n").encode())
                wrong += [
                    (token.id, other)
                    for match in found
                    if match.format.id == token.id and match.secret.reveal() == text.encode()
                ]
    assert not wrong


TEXTS = [
    "{token:github-pat}",
    'a = "{token:github-pat}" # x\n{token:npm-access-token}',
    "aws_secret_access_key = {base64:40}\n",
    "export DB_PASSWORD={base62:24}; curl https://u:{base62:20}@h.acme.io/",
    "{-----}BEGIN RSA PRIVATE KEY{-----}\nMIIE{base64:60}\n{base64:64}\n{-----}END RSA PRIVATE KEY{-----}\n",
    "{-----}BEGIN PRIVATE KEY{-----}\\nMIIE{base64:60}\\n{base64:64}",
]


@pytest.fixture(scope="session")
def everything(rules: RuleSet, formats: dict[str, TokenFormat]) -> list[bytes]:
    """A text per example of every format, and some mixed ones."""
    texts = [examples.expand(text, None, formats).encode() for text in TEXTS]
    return texts + [
        examples.expand(template, token, formats).encode()
        for token in rules.tokens
        for template in token.examples
    ]


PREFIXES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"password = ",
            b"https://u:",
            b"-----BEGIN RSA PRIVATE KEY-----\n",
            b"-----BEGIN ",
            b"aws_secret_access_key =",
            b"\xef\xbb\xbf",
            b"x" * 70_000,
            b"aws " * 40,
        ]
    ),
)


@settings(max_examples=25, deadline=None)
@given(prefix=PREFIXES, random=st.randoms(use_true_random=False))
def test_what_is_found_does_not_depend_on_where_the_text_begins(
    engine: Engine, everything: list[bytes], prefix: bytes, random: Random
) -> None:
    """History scans windows of files: lines before must not change what a line is."""
    lead = prefix + b"\n"
    for text in random.sample(everything, 60):
        alone = {(match.format.id, match.start + len(lead), match.end + len(lead))
                 for match in engine.scan(text)}  # fmt: skip
        together = {one for one in spans(engine.scan(lead + text)) if one[1] >= len(lead)}
        assert alone == together


def test_what_is_found_does_not_depend_on_what_follows(
    engine: Engine, everything: list[bytes]
) -> None:
    for text in everything:
        if b"PRIVATE KEY" in text and b"END" not in text:
            continue
        more = engine.scan(text + b"\n" + b"x = 1\n" * 50)
        assert spans(engine.scan(text)) == spans(more)


def test_matches_come_in_order_and_do_not_overlap(engine: Engine, everything: list[bytes]) -> None:
    matches = engine.scan(b"\n".join(everything))
    assert len(matches) > len(everything) * 0.9
    ends = 0
    for match in matches:
        assert ends <= match.start < match.end
        ends = match.end


def test_the_same_text_gives_the_same_matches(engine: Engine, everything: list[bytes]) -> None:
    assert spans(engine.scan(b"\n".join(everything))) == spans(engine.scan(b"\n".join(everything)))


@pytest.mark.parametrize(
    "before", ["\\n", "\\t", "%3D", "%22", "\\u003d", "\\x3d", "_", "-", "é", '\\"']
)
def test_a_token_may_follow_an_escape(find: Find, token: Token, before: str) -> None:
    assert ids(find(f"a{before}{token('github-pat')}")) == ["github-pat"]


@pytest.mark.parametrize("before", ["a", "Z", "0", "xn"])
def test_a_token_does_not_begin_inside_a_word(find: Find, token: Token, before: str) -> None:
    assert not find(f"{before}{token('github-pat')}")


@pytest.mark.parametrize("after", ["", "\n", '"', "\\n", "%22", "&a=b", ".", ",", "@github.com"])
def test_a_token_may_be_followed_by_anything_but_its_own_letters(
    find: Find, token: Token, after: str
) -> None:
    assert ids(find(token("github-pat") + after)) == ["github-pat"]


@pytest.mark.parametrize(
    "line",
    [
        "https://verify.twilio.com/v2/Services/{}/Factors",
        "![badge](https://img.acme.io/twilio/grade/{})",
        "twilio: see docs.{}.html",
        "twilio.api.{}",
    ],
)
def test_a_piece_of_a_path_or_dotted_name_is_no_value(find: Find, token: Token, line: str) -> None:
    assert not find(line.format(token("twilio-auth-token")))


@pytest.mark.parametrize("line", ["ssh-rsa AAAA{}ibm{}= ", "{}Ibm{}+", "cribms = ", "{}aIbm{}= "])
def test_a_word_inside_base64_is_no_context(find: Find, token: Token, line: str) -> None:
    noise = examples.from_shape("{base62:30}", "noise")
    assert not find(line.format(noise, noise) + token("ibm-cloud-api-key"))


@pytest.mark.parametrize(
    "name", ["IBM_KEY", "ibmKey", "myIbmKey", "my_ibm", "x-ibm-key", "IBM Cloud key"]
)
def test_a_context_word_may_stand_in_any_style_of_name(find: Find, token: Token, name: str) -> None:
    assert ids(find(f"{name} = {token('ibm-cloud-api-key')}")) == ["ibm-cloud-api-key"]


# Who wins


def test_a_format_of_a_vendor_beats_the_generic_one(find: Find, token: Token) -> None:
    assert ids(find(f'api_token = "{token("github-pat")}"')) == ["github-pat"]


def test_a_vendor_token_in_a_url_is_not_a_url_password(find: Find, token: Token) -> None:
    assert ids(find(f"https://x:{token('github-pat')}@github.acme.io/a.git")) == ["github-pat"]


def test_the_particular_prefix_beats_the_common_one(
    find: Find, formats: dict[str, TokenFormat]
) -> None:
    text = made.from_shape(formats["workos-api-key"].shapes[0], 0, Random(1)).replace("+", "p")
    assert ids(find(text.replace("/", "s"))) == ["workos-api-key"]


def test_a_checksum_beats_a_longer_match_without_one(rules: RuleSet, token: Token) -> None:
    loose = replace(
        rules.tokens[0], id="aaa-loose", shape="gh{lower:1}_{base62:36}.{base62:0-9}", checksum=None,
        decode=None, context=[],
    )  # fmt: skip
    engine = Engine(replace(rules, tokens=[loose, *rules.tokens]))
    assert ids(engine.scan(f"{token('github-pat')}.tail".encode())) == ["github-pat"]


def test_a_wrong_checksum_is_no_finding_of_any_format(
    rules: RuleSet, engine: Engine, formats: dict[str, TokenFormat]
) -> None:
    loud = []
    for one in rules.tokens:
        if "{broken}" in one.counter_examples and patterns.has_marker(one):
            text = examples.expand('api_key = "{broken}"', one, formats)
            loud += [(one.id, match.format.id) for match in engine.scan(text.encode())]
    assert not loud


def test_a_wrong_checksum_does_not_hide_its_neighbours(
    find: Find, token: Token, formats: dict[str, TokenFormat]
) -> None:
    broken = examples.expand("{broken}", formats["github-pat"], formats)
    assert ids(find(f"{broken} {token('npm-access-token')}")) == ["npm-access-token"]


# Samples and dull values


def test_a_published_value_is_a_sample(rules: RuleSet, token: Token) -> None:
    text = token("github-pat").encode()
    engine = Engine(replace(rules, samples={sha256(text).hexdigest(): "documentation"}))
    assert [match.status for match in engine.scan(text)] == [CredentialStatus.SAMPLE]


def test_a_value_that_calls_itself_an_example_is_a_sample(find: Find) -> None:
    key_id = "AKIA" + "QW3RTY6U" + "EXAMPLE" + "7"
    assert [match.status for match in find(key_id[:20])] == [CredentialStatus.SAMPLE]


def test_an_example_in_the_words_before_does_not_make_a_sample(find: Find, token: Token) -> None:
    assert (
        find(f"EXAMPLE_KEY={token('aws-access-key-id')}")[0].status is not CredentialStatus.SAMPLE
    )


@pytest.mark.parametrize("body", ["A" * 16, "ABABABABABABABAB", "ABCDABCDABCDABCD"])
def test_a_repeated_value_is_nobodys_key(find: Find, body: str) -> None:
    assert not find(f"AKIA{body}")


@pytest.mark.parametrize("length", [20, 64, 200, 800, 4000])
@pytest.mark.parametrize(
    "letters", ["0123456789", "0123456789abcdef", "abcdefghijklmnopqrstuvwxyz"]
)
def test_a_long_random_value_is_not_repetitive(length: int, letters: str) -> None:
    value = examples.from_shape("{base64url:4096}", f"{length}{letters}").encode()
    assert not placeholders.is_repetitive(
        bytes(ord(letters[byte % len(letters)]) for byte in value[:length])
    )


def test_a_long_session_token_is_found(find: Find, formats: dict[str, TokenFormat]) -> None:
    text = made.from_shape(formats["aws-session-token"].shapes[0], 1500, Random(3))
    assert ids(find(f"AWS_SESSION_TOKEN={text}")) == ["aws-session-token"]


# Encodings


MIXED = (
    "api = '{token:github-pat}'\n"
    "aws_secret_access_key = {base64:40}\n"
    "db_password = '{base62:24}'\n"
    "{-----}BEGIN PRIVATE KEY{-----}\nMIIE{base64:60}\n{base64:64}\n{-----}END PRIVATE KEY{-----}\n"
)
ALL = ["github-pat", "aws-secret-access-key", "generic-assignment", "private-key-pem"]


@pytest.fixture(scope="session")
def mixed(formats: dict[str, TokenFormat]) -> str:
    return examples.expand(MIXED, None, formats)


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-32-le", b"\xff\xfe\x00\x00"),
        ("utf-32-be", b"\x00\x00\xfe\xff"),
    ],
)
def test_every_encoding_of_a_text_gives_the_same_matches(
    engine: Engine, mixed: str, encoding: str, mark: bytes
) -> None:
    text = as_text(mark + ("größe\n" + mixed).encode(encoding))
    assert not text.binary
    kept = mark if encoding == "utf-8" else b""
    assert text.content.startswith(kept + "größe".encode())
    assert ids(engine.scan(text.content)) == ALL


def test_latin1_bytes_do_not_disturb(engine: Engine, mixed: str) -> None:
    text = as_text(("# größe à côté ÿ\n" + mixed).encode("latin-1"))
    assert not text.binary
    assert ids(engine.scan(text.content)) == ALL


def test_half_a_character_at_the_end_does_not_disturb(engine: Engine, mixed: str) -> None:
    assert ids(engine.scan(as_text(mixed.encode("utf-16") + b"x").content)) == ALL


def test_in_binary_only_what_speaks_for_itself_counts(engine: Engine, mixed: str) -> None:
    text = as_text(b"\x7fELF\0\0\1\2" + mixed.encode() + b"\0\0")
    assert text.binary
    assert ids(engine.scan(text.content, binary=True)) == ["github-pat", "private-key-pem"]


def test_an_empty_text_is_text(engine: Engine) -> None:
    assert as_text(b"").content == b""
    assert engine.scan(b"") == []


def test_a_match_says_which_account_it_belongs_to(find: Find, token: Token) -> None:
    (match,) = find(token("aws-access-key-id", "second"))
    assert re.fullmatch(r"\d{12}", match.facts.get("account", "0" * 12))


def test_an_engine_without_rules_finds_nothing() -> None:
    empty = loader.read([])
    assert Engine(empty).scan(b"anything") == []


def test_a_hash_is_no_value_although_a_vendor_is_named_before_it(find: Find) -> None:
    value = examples.from_shape("{base64url:43}", "hash")
    assert [one.format.id for one in find(f"contentful: {value}")] == ["contentful-delivery-token"]
    assert find(f"rules/contentful.yaml,sha256={value},1202") == []
    assert find(f'"contentful": {{"integrity": "{value}"}}') == []


@pytest.mark.parametrize(
    "line",
    [
        "uses: circleci/orb@{hex:40}",
        "github.com/digitalocean/godo v1.2.3 h1:{base64:43}=",
        '  resolved "https://x.example/newrelic/-/newrelic-9.0.0.tgz#{hex:40}"',
        "newrelic commit {hex:40}",
        'heroku_dashboard_id = "{uuid}"',
    ],
)
def test_hashes_and_ids_beside_a_vendors_name_are_no_secrets(find: Find, line: str) -> None:
    assert find(examples.expand(line, None, {})) == []
