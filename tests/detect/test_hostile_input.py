"""Input made to hurt: the time grows with the size, and nothing raises."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from math import prod
from random import Random

import pytest

import timing
from detect import made
from detect.conftest import Find
from keymuster.detect import examples, patterns
from keymuster.detect.engine import Engine
from keymuster.rules import re2, shape
from keymuster.rules.schema import RuleSet, TokenFormat

DASHES = "-" * 5
REPEATED = {
    "a letter": "a",
    "a digit": "2",
    "a zero byte": "\0",
    "a space": " ",
    "a newline": "\n",
    "a quote": '"',
    "a backslash": "\\",
    "an equals sign": "=",
    "an underscore": "_",
    "password": "password = ",
    "password and value": "password = " + "a1b2c3d4" + "e5f6g7h8 ",
    "names without end": "api_key",
    "names and signs": "api_token=",
    "url marks": "://",
    "urls": "x://a:bcd@",
    "a url that goes on": "://u:p" + "a" * 150,
    "values in a list": "passwords = ['a1b2', 'c3d4', 'e5f6', ",
    "wrapped values": "password = a(b(",
    "an escape before a name": "%3Dtoken%3D",
    "calls": "setPassword('a1b2c3",
    "headers": "Authorization: Bearer basic token ",
    "options": "--a-token-b ",
    "names of values": 'password" value="',
    "users of a machine": "login a password ",
    "sql": "identified with a by ",
    "tags": "<password>",
    "json web keys": '{"kty":"EC",',
    "kinds": "kind: Secret\ndata:\n  a: eA==\n",
    "kinds in capitals": "kind: SECRET\ndata:\n  a: eA==\n",
    "kinds of documents": "---\nkind: Secret\ndata:\n  a: eA==\n",
    "secrets without a kind": "secret: my-secret\nsecretKeyRef:\n",
    "words of a mnemonic": "abandon ability able ",
    "words and edges": "twitter=a-a-a-a-",
    "a word and a long value": "igtoken instagram=a1b2c3d4e5f6",
    "dots": "eyJ.",
    "context words": "aws azure github ",
    "pem": f"{DASHES}BEGIN RSA PRIVATE KEY{DASHES}",
    "pem and line": f"{DASHES}BEGIN RSA PRIVATE KEY{DASHES}\nMIIEabcd1234efghABCDEFGHIJ\n",
    "pem and signs": f'{DASHES}BEGIN RSA PRIVATE KEY{DASHES}"+++ ',
    "half a pem": f"{DASHES}BEGIN ",
    "openssh": f"{DASHES}BEGIN OPENSSH PRIVATE KEY{DASHES}",
    "pgp": f"{DASHES}BEGIN PGP PRIVATE KEY BLOCK{DASHES}",
    "putty": "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\n",
}


def seconds(engine: Engine, content: bytes) -> float:
    return timing.seconds(lambda: engine.scan(content))


def grows_with(engine: Engine, content: bytes) -> bool:
    """Whether twice the content takes about twice the time."""
    return timing.is_linear(lambda: engine.scan(content), lambda: engine.scan(content + content))


@pytest.fixture(scope="session")
def is_linear(engine: Engine) -> Callable[[str], bool]:
    """Whether twice the text takes at most about twice the time. The text is made so long that a
    scan can be timed; what takes no time at a length of half a megabyte is linear."""
    engine.open()

    def check(text: str) -> bool:
        small = (text * (8_000 // len(text) + 1)).encode()
        while seconds(engine, small) < 0.1:
            if len(small) > 500_000:
                return True
            small += small
        return grows_with(engine, small)

    return check


@pytest.mark.parametrize("name", REPEATED)
def test_repetition_takes_linear_time(is_linear: Callable[[str], bool], name: str) -> None:
    assert is_linear(REPEATED[name])


SLOW = 100e-6
"""Seconds for a byte that no text may take: a thousand times those of ordinary text."""


def test_the_prefix_of_every_format_repeated_is_scanned_in_a_moment(
    rules: RuleSet, engine: Engine
) -> None:
    firsts = [shape.parse(one)[0] for token in rules.tokens for one in token.shapes]
    prefixes = {first.text for first in firsts if isinstance(first, shape.Literal)}
    text = {prefix: (prefix * (6_000 // len(prefix))).encode() for prefix in sorted(prefixes)}
    assert not [prefix for prefix in text if is_slow(engine, text[prefix])]


def test_near_misses_of_every_format_are_scanned_in_a_moment(
    rules: RuleSet, engine: Engine
) -> None:
    """The words of a format, and a value that lacks its last character, again and again."""
    slow = []
    for token in rules.tokens:
        for one in token.shapes:
            value = examples.from_shape(one, token.id)[:-1]
            miss = f"{' '.join(token.context[:3])} {value}"
            if is_slow(engine, (miss * (1_500 // len(miss) + 1)).encode()):
                slow.append((token.id, one))
    assert not slow


def is_slow(engine: Engine, content: bytes) -> bool:
    """Whether a scan takes too long, however often it is tried."""
    return not timing.takes(lambda: engine.scan(content), SLOW * len(content))


def test_no_shape_makes_the_matcher_start_over_too_often(rules: RuleSet) -> None:
    """A field that can give back what it took is tried at every length, and a token has at most
    some thousand bytes: so an expression looks at a bounded number of them from each start."""
    for token in rules.tokens:
        for pattern in patterns.of_format(0, token):
            lengths = [
                int(most) - int(least or 0) + 1
                for least, most, kept in _REPEAT.findall(pattern.confirm)
                if not kept
            ]
            assert prod(lengths) <= 1000 or token.pattern, (token.id, pattern.confirm)


_REPEAT = re.compile(r"\{(\d*),(\d+)\}(\+?)")


def test_no_expression_of_a_rule_looks_at_too_much(rules: RuleSet) -> None:
    expressions = {token.id: token.pattern for token in rules.tokens if token.pattern}
    assert expressions
    for name, expression in expressions.items():
        assert re2.steps(re2.parse(expression)) <= re2.MOST_STEPS, name


def test_a_line_of_five_megabytes_takes_a_moment(engine: Engine) -> None:
    random = Random(5)
    words = b"function return this value key token name length data user type null".split()
    marks = (b".", b"=", b"(", b")", b";", b",", b'"', b":", b"{", b"}")
    bundle = b"".join(random.choice(words) + random.choice(marks) for _ in range(100_000))
    for line in (
        base64.b64encode(random.randbytes(3_750_000)),
        random.randbytes(2_500_000).hex().encode(),
        random.randbytes(5_000_000),
        bundle * 9,
    ):
        assert len(line) >= 4_900_000
        assert seconds(engine, line) < 30


def test_a_hundred_thousand_candidates_take_linear_time(
    formats: dict[str, TokenFormat], engine: Engine
) -> None:
    form = formats["aws-access-key-id"].shapes[0]
    lines = [examples.from_shape(form, str(seed)) for seed in range(500)]
    text = ("\n".join(lines) + "\n").encode() * 100
    assert grows_with(engine, text)
    assert len(engine.scan(text + text)) == 100_000


def test_ten_thousand_headers_take_a_moment(engine: Engine) -> None:
    for name in ("pem", "pem and line", "openssh", "pgp", "putty"):
        assert seconds(engine, (REPEATED[name] * 10_000).encode()) < 10


def test_many_tokens_on_one_line_take_linear_time(
    formats: dict[str, TokenFormat], engine: Engine
) -> None:
    text = ",".join(next(made.tokens(formats["github-pat"], seed)) for seed in range(2000))
    assert grows_with(engine, text.encode() * 5)


def test_many_wrong_checksums_take_linear_time(
    formats: dict[str, TokenFormat], engine: Engine
) -> None:
    broken = examples.expand("{broken}", formats["github-pat"], formats)
    text = f'token="{broken}" '.encode() * 300
    assert grows_with(engine, text * 5)


def test_one_long_tangle_takes_linear_time(
    formats: dict[str, TokenFormat], engine: Engine, find: Find
) -> None:
    """A key body full of other tokens: one match covers many, or they cover it."""

    def tangle(count: int) -> str:
        inner = "\n".join(next(made.tokens(formats["github-pat"], seed)) for seed in range(count))
        return f"{DASHES}BEGIN PRIVATE KEY{DASHES}\n{inner}\n{DASHES}END PRIVATE KEY{DASHES}\n"

    assert {match.format.id for match in find(tangle(20))} == {"github-pat"}
    assert grows_with(engine, (tangle(900) * 4).encode())
