"""Values of settings that name where a secret is, and those that are only to be filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keymuster import regex
from keymuster.collect.literals.names import kind_of
from keymuster.collect.literals.values import is_literal, is_random, is_reference, is_sample

_DEFAULT = regex.later(r"\$\{(?:env:)?[A-Za-z_][\w.-]{0,100}:?-(?P<default>[^{}]{1,4000})\}")
_NAMED = regex.later(
    r"""(?x)
    \$\{\{?\s{0,4}(?:(?:env|input|secrets?|localEnv|vars|inputs)[:.]|command:)?(?P<braced>[A-Za-z_][\w.-]{0,120})(?::?[-?][^{}]{0,4000})?\s{0,4}\}?\} |
    \{(?:env|input):(?P<opencode>[A-Za-z_][\w-]{0,120})\} |
    \{\{\s{0,4}(?:env|secrets?)?[.: ]?\s{0,4}(?P<doubled>[A-Za-z_][\w.-]{0,120})\s{0,4}\}\} |
    (?<![\w$])\$(?:env:)?(?P<plain>[A-Za-z_]\w{1,120}) |
    %(?P<windows>[A-Z_][A-Z0-9_]{1,120})%
    """
)
_ELSEWHERE = regex.later(
    r"(?i)\A(?:op|vault|aws-sm|awssm|gcpsm|azurekv|keyring|keychain|doppler|infisical|1password|bws)://?"
)
_WORDY = regex.later(r"[A-Za-z]{1,30}(?:[-_. ](?:[A-Za-z]{1,30}|\d{1,3})){0,12}[-_. ]?\d{0,2}")
_FILLED_IN = regex.later(
    r"(?i)\A\{(?:file|env|cmd|input):|<[^<>]{1,200}>|\[[^\[\]]{1,200}\]|\{[a-z][\w -]{0,60}\}|\.{3}|…|x{3,}|\*{3,}|\byour\b|(?:\b|_)your(?:\b|_)|your[-_ ]|"
    r"[-_]here\b|placeholder|replace|change[-_ ]?me|example|dummy|insert|redacted|todo|"
    r"/?path[-_/](?:to|of)\b|(?:abc|123){2,}|abcdef|1234567|"
    r"\bmy[-_]"
)
_COMMON = frozenset(
    ("password", "passwd", "secret", "token", "key", "apikey", "api_key", "api-key", "postgres", "root", "admin",
     "test", "guest", "user", "pass", "changeme", "example", "default", "none", "xxx", "minioadmin", "mysql", "sa")
)  # fmt: skip


def default(text: str) -> str:
    """What a variable is if nobody sets it: `${X:-this}`; empty if the value is no such."""
    found = _DEFAULT.search(text)
    return found["default"] if found else ""


def variables(text: str) -> Iterator[str]:
    """The variables, inputs and secrets that a value is made of."""
    for found in _NAMED.finditer(text[:20_000]):
        name = found[found.lastgroup or 0]
        if name and name not in ("workspaceFolder", "userHome", "HOME", "PWD"):
            yield name


def stored(text: str) -> str:
    """The address of a secret in a store that a value names."""
    return text[:200] if _ELSEWHERE.match(text) else ""


def is_filled_in_later(text: str) -> bool:
    """Whether a value only says what is to be written in its place."""
    return (
        not text.strip() or _FILLED_IN.search(text) is not None or text.strip().lower() in _COMMON
    )


_NAMED_SECRET = regex.later(
    r"(?i)(?:.*[_.-])?(?:key|token|pat|secret|pass|auth|credentials?|xox[pbc])"
)
_NO_SECRET = regex.later(
    r"(?i).*(?:public|publishable|anon|site|cache|primary|foreign|index|sort|partition|key[_-]?(?:id|name|path|file)).*"
)


def is_named(name: str) -> bool:
    """Whether a name is that of a secret, as those who set up a server write it: `LINEAR_KEY`."""
    return kind_of(name) is not None or (
        _NAMED_SECRET.fullmatch(name) is not None and not _NO_SECRET.fullmatch(name)
    )


def is_secret(name: str, text: str, *, certain: bool = False) -> bool:
    """Whether a value that should be a secret is one. Of what is called a key or a token, that is what
    a machine made; of passwords (`certain`), what nobody would write as an example."""
    if not is_literal(text) or is_reference(text) or is_sample(text) or is_filled_in_later(text):
        return False
    plain = re.sub(r"[\W_]+", "", text).lower()
    if plain == re.sub(r"[\W_]+", "", name).lower() or len(text) < 6:
        return False
    if certain:
        return True
    return is_random(text) or (len(text) >= 12 and not _WORDY.fullmatch(text))
