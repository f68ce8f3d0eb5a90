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
from keymuster.detect.engine import Engine
from keymuster.detect.matches import DULL, UNKEPT, WRONG_CHECKSUM, Match
from keymuster.detect.text import as_text
from keymuster.model import Confidence, CredentialStatus
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
        texts = list(made.tokens(token))
        assert texts or not token.shapes, token.id
        for text in texts:
            before, after = made.in_context(token, text, Random(text))
            found = spans(engine.scan((before + text + after).encode()))
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
            others = [before + text[:-1], before + "x" + text, before + text + "0"]
            wrong += [
                (token.id, before)
                for match in engine.scan("\n\n".join(others).encode())
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


@pytest.fixture(scope="session")
def alone(engine: Engine, everything: list[bytes]) -> dict[bytes, list[tuple[str, int, int]]]:
    """What is found in each of the texts when nothing stands around it."""
    return {text: spans(engine.scan(text)) for text in everything}


LEADS = (
    b"password = ",
    b"https://u:",
    b"-----BEGIN RSA PRIVATE KEY-----\n",
    b"-----BEGIN ",
    b"aws_secret_access_key =",
    b"\xef\xbb\xbf",
    b"x1" * 30_000,
    b"aws " * 40,
)


@pytest.mark.parametrize("place", range(len(LEADS)))
def test_what_is_found_does_not_depend_on_where_the_text_begins(
    engine: Engine, alone: dict[bytes, list[tuple[str, int, int]]], place: int
) -> None:
    """History scans windows of files: lines before must not change what a line is. Each of the
    leads stands before an eighth of the texts, and more than a glance reaches before all."""
    lead = LEADS[place] + b"\n" + b"\n" * _AWAY
    for text in [*alone][place :: len(LEADS)]:
        together = [one for one in spans(engine.scan(lead + text)) if one[1] >= len(lead)]
        assert together == shifted(alone[text], len(lead)), text


_AWAY = 400
"""Empty lines that keep what stands before a text out of what the values in it are weighed by."""


@settings(max_examples=50, deadline=None)
@given(lead=st.binary(max_size=200), seed=st.integers(min_value=0))
def test_bytes_far_before_a_text_change_nothing(
    engine: Engine, alone: dict[bytes, list[tuple[str, int, int]]], lead: bytes, seed: int
) -> None:
    lead += b"\n" * _AWAY
    text = [*alone][seed % len(alone)]
    together = [one for one in spans(engine.scan(lead + text)) if one[1] >= len(lead)]
    assert together == shifted(alone[text], len(lead))


def shifted(found: list[tuple[str, int, int]], by: int) -> list[tuple[str, int, int]]:
    return [(name, start + by, end + by) for name, start, end in found]


def test_what_is_found_does_not_depend_on_what_follows(
    engine: Engine, alone: dict[bytes, list[tuple[str, int, int]]]
) -> None:
    for text in [*alone][::4]:
        if b"PRIVATE KEY" in text and b"END" not in text:
            continue
        assert spans(engine.scan(text + b"\n" * _AWAY + b"x = 1\n" * 50)) == alone[text]


def test_matches_come_in_order_and_do_not_overlap(engine: Engine, everything: list[bytes]) -> None:
    content = b"\n".join(everything)
    matches = engine.scan(content)
    assert len(matches) > len(everything) * 0.9
    ends = 0
    for match in matches:
        assert ends <= match.start < match.end
        ends = match.end
    assert spans(engine.scan(content)) == spans(matches)


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


def test_the_particular_prefix_beats_the_common_one(engine: Engine, token: Token) -> None:
    text = token("workos-api-key").encode()
    assert {one.id for one, _, _ in engine.judged(text)} == {"workos-api-key", "stripe-secret-key"}
    assert ids(engine.scan(text)) == ["workos-api-key"]


def test_a_vendor_named_before_a_common_prefix_beats_the_prefix_alone(
    find: Find, token: Token
) -> None:
    text = "sk_test_" + examples.from_shape("{base62:44}", "knock")
    assert ids(find(f"KEY={text}")) == ["stripe-secret-key"]
    assert ids(find(f"KNOCK_API_KEY={text}")) == ["knock-secret-key"]


def test_of_two_values_of_a_vendor_the_one_with_fewer_letters_wins(
    find: Find, token: Token
) -> None:
    """Thirty-two digits of hexadecimal are by chance no value in letters of any kind."""
    assert ids(find(f"twilio_token={token('twilio-api-key-secret')}")) == ["twilio-api-key-secret"]
    assert ids(find(f"twilio_token={token('twilio-auth-token')}")) == ["twilio-auth-token"]


def test_a_longer_match_beats_the_beginning_of_it(find: Find) -> None:
    text = examples.from_shape("sk_live_{base62:55}-{base62:37}", "apideck")
    assert [one.secret.reveal() for one in find(f"apideck: {text}")] == [text.encode()]


def test_a_checksum_beats_a_longer_match_without_one(rules: RuleSet, token: Token) -> None:
    github = next(one for one in rules.tokens if one.id == "github-pat")
    loose = replace(
        github, id="aaa-loose", shape="gh{lower:1}_{base62:36}.{base62:0-9}", checksum=None,
        decode=None, context=[],
    )  # fmt: skip
    engine = Engine(replace(rules, tokens=[loose, github], key=""))
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


# What is dropped, and why


def verdicts(engine: Engine, text: str) -> dict[str, Match | str]:
    return {token.id: verdict for token, _, verdict in engine.judged(text.encode())}


def test_what_is_found_is_judged_to_be_a_match(engine: Engine, token: Token) -> None:
    verdict = verdicts(engine, token("github-pat"))["github-pat"]
    assert isinstance(verdict, Match)
    assert verdict.secret.reveal() == token("github-pat").encode()


def test_a_wrong_checksum_is_the_reason_given(
    engine: Engine, formats: dict[str, TokenFormat]
) -> None:
    broken = examples.expand("{broken}", formats["github-pat"], formats)
    assert verdicts(engine, broken)["github-pat"] == WRONG_CHECKSUM


def test_a_dull_value_is_the_reason_given(engine: Engine) -> None:
    assert verdicts(engine, "AKIA" + "ABCD" * 4)["aws-access-key-id"] == DULL


def test_a_format_that_lost_to_another_says_so(engine: Engine, token: Token) -> None:
    found = verdicts(engine, token("workos-api-key"))
    assert found["stripe-secret-key"] == UNKEPT
    assert isinstance(found["workos-api-key"], Match)


def test_what_lies_in_a_forged_token_says_so(engine: Engine, token: Token, rules: RuleSet) -> None:
    github = next(one for one in rules.tokens if one.id == "github-pat")
    loose = replace(github, id="aaa-loose", shape="{base62:36}", checksum=None, decode=None,
                    context=["ghp"])  # fmt: skip
    broken = examples.expand("ghp {broken}", github, {})
    found = verdicts(Engine(replace(rules, tokens=[loose, github], key="")), broken)
    assert found == {"github-pat": WRONG_CHECKSUM, "aaa-loose": UNKEPT}


def test_a_scan_gives_what_is_judged_to_match(engine: Engine, everything: list[bytes]) -> None:
    for text in everything[::40]:
        judged = [
            (match.format.id, match.start, match.end)
            for _, _, match in engine.judged(text)
            if isinstance(match, Match)
        ]
        assert sorted(judged) == sorted(spans(engine.scan(text)))


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


@pytest.mark.parametrize("body", ["deadbeef" * 4, "0123456789abcdef" * 2])
def test_a_dull_value_behind_a_vendors_name_is_a_sample(find: Find, body: str) -> None:
    """A person wrote it there in the form of the real one: worth a word, and no alarm."""
    matches = find(f"TWILIO_AUTH_TOKEN={body}")
    assert [(one.format.id, one.status) for one in matches] == [
        ("twilio-auth-token", CredentialStatus.SAMPLE)
    ]


@pytest.mark.parametrize("body", ["0" * 32, "a" * 31 + "b"])
def test_a_value_of_two_characters_is_not_even_a_sample(engine: Engine, body: str) -> None:
    assert verdicts(engine, f"TWILIO_AUTH_TOKEN={body}")["twilio-auth-token"] == DULL


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


@pytest.mark.parametrize(
    ("line", "format_id"),
    [
        ("lusha: {}", "lusha-api-key"),
        ("lusha={}", "lusha-api-key"),
        ("ritetag = '{}'", "ritekit-client-secret"),
    ],
)
def test_a_vendor_whose_name_ends_like_a_hash_has_values(
    find: Find, token: Token, line: str, format_id: str
) -> None:
    assert ids(find(line.format(token(format_id)))) == [format_id]


@pytest.mark.parametrize("name", ["sha", "sha-256", "twilioSha", "twilio_sha1", "ETag", "imageRev", "fileChecksum", "gitcommit"])  # fmt: skip
def test_a_name_that_ends_with_a_hash_has_none(find: Find, name: str) -> None:
    value = examples.from_shape("{hex:32}", "digest")
    assert ids(find(f"twilio {value}")) == ["twilio-auth-token"]
    assert ids(find(f"twilio {name}={value}")) == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_that_is_complete_does_not_reach_the_next(
    find: Find, token: Token, end: str
) -> None:
    made = token("twilio-auth-token")
    assert "twilio-auth-token" not in ids(find(f"about twilio{end}{made}{end}"))
    assert "twilio-auth-token" in ids(find(f"twilio:{end}  {made}{end}"))
    assert "twilio-auth-token" in ids(find(f"twilio = {made}{end}"))


@pytest.mark.parametrize("text", ["x", "A", "f", "ab", "2"])
def test_a_long_run_leaves_next_to_no_hits(engine: Engine, text: str) -> None:
    assert len(engine._searched((text * 20_000).encode()[:20_000])) < 2_500


def test_what_has_a_wrong_checksum_is_found_when_asked(rules: RuleSet, token: Token) -> None:
    made = token("github-pat")
    wrong = made[:-1] + ("a" if made[-1] != "a" else "b")
    asked = Engine(rules, invalid=True)
    text = f"x = {wrong}\ny = {made}\n".encode()
    assert [(match.status, match.confidence) for match in asked.scan(text)] == [
        (CredentialStatus.INVALID, Confidence.LOW), (CredentialStatus.UNKNOWN, Confidence.HIGH),
    ]  # fmt: skip
    assert ids(Engine(rules).scan(text)) == ["github-pat"]
    assert wrong[4:] not in repr(asked.scan(text))
