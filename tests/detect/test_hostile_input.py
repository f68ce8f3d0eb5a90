"""Input made to hurt: the time grows with the size, and nothing raises."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import pytest

from detect import made
from detect.conftest import Find
from keymuster.detect import examples
from keymuster.detect.engine import Engine
from keymuster.rules import shape
from keymuster.rules.schema import RuleSet, TokenFormat

DASHES = "-" * 5
MEGABYTE = 1_000_000
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
    begin = process_time()
    engine.scan(content)
    return process_time() - begin


@pytest.fixture(scope="session")
def is_linear(engine: Engine) -> Callable[[str], bool]:
    """Whether twice the text takes at most about twice the time; what takes no time is linear."""
    engine.open()

    def check(text: str) -> bool:
        small = (text * (MEGABYTE // 5 // len(text))).encode()
        large = small + small
        if seconds(engine, large) < 0.5:
            return True
        return any(seconds(engine, large) < 3 * seconds(engine, small) for _ in range(3))

    return check


@pytest.mark.parametrize("name", REPEATED)
def test_repetition_takes_linear_time(is_linear: Callable[[str], bool], name: str) -> None:
    assert is_linear(REPEATED[name])


def test_the_prefix_of_every_format_repeated_is_scanned_in_a_moment(
    rules: RuleSet, engine: Engine
) -> None:
    firsts = [shape.parse(one)[0] for token in rules.tokens for one in token.shapes]
    prefixes = {first.text for first in firsts if isinstance(first, shape.Literal)}
    text = {prefix: (prefix * (32_000 // len(prefix))).encode() for prefix in sorted(prefixes)}
    assert not [prefix for prefix in text if seconds(engine, text[prefix]) > 1]


def test_ten_thousand_headers_take_a_moment(engine: Engine) -> None:
    for name in ("pem", "pem and line", "openssh", "pgp", "putty"):
        assert seconds(engine, (REPEATED[name] * 10_000).encode()) < 5


def test_many_tokens_on_one_line_take_linear_time(
    formats: dict[str, TokenFormat], engine: Engine
) -> None:
    text = ",".join(next(made.tokens(formats["github-pat"], seed)) for seed in range(2000))
    small = seconds(engine, text.encode() * 5)
    assert seconds(engine, text.encode() * 10) < 3 * small + 0.2


def test_many_wrong_checksums_take_linear_time(
    formats: dict[str, TokenFormat], engine: Engine
) -> None:
    broken = examples.expand("{broken}", formats["github-pat"], formats)
    text = f'token="{broken}" '.encode() * 1000
    small = seconds(engine, text * 5)
    assert seconds(engine, text * 10) < 3 * small + 0.2


def test_one_long_tangle_takes_linear_time(formats: dict[str, TokenFormat], find: Find) -> None:
    """A key body full of other tokens: one match covers many."""
    inner = "\n".join(next(made.tokens(formats["github-pat"], seed)) for seed in range(900))
    (match,) = find(f"{DASHES}BEGIN PRIVATE KEY{DASHES}\n{inner}\n{DASHES}END PRIVATE KEY{DASHES}")[
        :1
    ]
    assert match.format.id in ("github-pat", "private-key-pem")
