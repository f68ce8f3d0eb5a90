"""What was recognised but is not to be reported: the user's `exclude`, and a format's `unless`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache

from keymuster import regex
from keymuster.detect.matches import Match
from keymuster.errors import SettingsError
from keymuster.model import Confidence, Credential, CredentialStatus, FileLocation, Secret
from keymuster.rules.schema import RuleSet, TokenFormat, Unless
from keymuster.settings import HASHES, Exclude

NAME, VALUE, RULE = "name", "value", "rule"
"""Why something is not reported."""

_GLOB = regex.later(r"[*?\[]")


class Unreported:
    """Says why a match is not reported, if so. `path` and commit are not asked for: the history
    tells them last, see `elsewhere`."""

    def __init__(self, exclude: Exclude) -> None:
        self._names = exclude.names
        given = [one for one in exclude.values if not one.startswith(HASHES)]
        self._hashed = frozenset(
            _unchecked(one) for one in exclude.values if one.startswith(HASHES)
        )
        self._plain = frozenset(one for one in given if not _GLOB.search(one))
        self._globs = tuple(one for one in given if _GLOB.search(one))

    def reason(self, content: bytes, match: Match, id: str) -> str:
        """`NAME`, `VALUE` or `RULE`; empty for what is reported. `id` is the secret's, as in
        reports."""
        if self._names and any(_is_named(self._names, one) for one in _called(content, match)):
            return NAME
        if (self._plain or self._globs or self._hashed) and self._is_excluded(match, id):
            return VALUE
        if any(_holds(one, content, match) for one in match.format.unless):
            return RULE
        return ""

    def _is_excluded(self, match: Match, id: str) -> bool:
        from hashlib import sha256  # only where values are excluded

        value = match.secret.reveal()
        if _unchecked(id) in self._hashed or f"sha256:{sha256(value).hexdigest()}" in self._hashed:
            return True
        text = value.decode("utf-8", "surrogateescape")
        return text in self._plain or any(fnmatchcase(text, glob) for glob in self._globs)


def _unchecked(id: str) -> str:
    """The name of a secret without the digits that only check the others."""
    return id[: -Secret.CHECK_DIGITS] if id.startswith("secret:") else id


def check(exclude: Exclude, rules: RuleSet) -> None:
    """SettingsError for a value in the clear that is a secret itself."""
    from hashlib import sha256

    from keymuster.detect.engine import Engine

    engine = Engine(rules)
    for number, value in enumerate(exclude.values):
        if value.startswith(HASHES):
            continue
        for match in engine.scan(value.encode("utf-8", "surrogateescape")):
            if match.confidence is Confidence.HIGH and match.status is not CredentialStatus.SAMPLE:
                digest = sha256(match.secret.reveal()).hexdigest()
                raise SettingsError(
                    f"exclude.values[{number}] is itself a secret ({match.format.name})",
                    f"Write its hash instead: sha256:{digest}",
                )


def elsewhere(credential: Credential, token: TokenFormat | None) -> bool:
    """Whether a format does not count where this was seen: in this file, or from this commit."""
    place = credential.location
    if token is None or not (token.paths or token.unless) or not isinstance(place, FileLocation):
        return False
    path = place.path.encode("utf-8", "surrogateescape")
    if token.paths and not _found(token.paths, path):
        return True
    commit = place.commit.id if place.commit else ""
    return any(
        commit in one.commits or _found(one.paths, path) for one in token.unless if not one.all
    )


def _holds(exception: Unless, content: bytes, match: Match) -> bool:
    value = match.secret.reveal()
    answers = []
    if exception.words:
        small = value.lower()
        answers.append(any(word.lower().encode() in small for word in exception.words))
    if exception.values:
        answers.append(_found(exception.values, value))
    if exception.lines:
        answers.append(_found(exception.lines, _line(content, match)))
    return bool(answers) and (all if exception.all else any)(answers)


def _found(expressions: Sequence[str], text: bytes) -> bool:
    """Whether one of the expressions is found; never in a text longer than they are made for."""
    from keymuster.rules import re2  # few rules have expressions, and every scan would load it

    if len(text) > re2.SEARCHED:
        return False
    return any(_compiled(expression).search(text) for expression in expressions)


@cache
def _compiled(expression: str) -> re.Pattern[bytes]:
    from keymuster.rules import re2

    return re.compile(re2.for_a_search(expression).encode())


_AROUND = 400
"""Bytes of a line on either side of a value that an expression for lines gets to see."""


def _line(content: bytes, match: Match) -> bytes:
    floor, ceiling = max(0, match.start - _AROUND), min(len(content), match.end + _AROUND)
    start = content.rfind(b"\n", floor, match.start) + 1 or floor
    end = content.find(b"\n", match.end, ceiling)
    return content[start : end if end >= 0 else ceiling]


# --- names -------------------------------------------------------------------------------------

_BEFORE = 200
_QUOTE = rb"(?:[bBfFrRuU]{0,2}[\"'`]{1,3})?"
_JOIN = (
    rb"(?<![\w.$-])(?P<name>[A-Za-z_$][\w.$-]{0,119})(?:"
    rb"[\"'`\])]{0,3}[ \t]{0,10}(?::[ \t]{0,4}[A-Za-z][\w.\[\]|?]{0,40}[ \t]{0,10})?"
    rb"(?::=|=>|\?=|\+=|\|\|=|={1,3}|:|,)[ \t]{0,10}|>)"
)
_DIRECTLY = _JOIN + _QUOTE + rb"\Z"
_OPTION = rb"(?<![\w-])--(?P<name>[A-Za-z][\w-]{0,119})[ \t]{1,10}" + _QUOTE + rb"\Z"
_INSIDE = _JOIN + _QUOTE + rb"[^\s\"'`]{1,120}\Z"
"""As in `DATABASE_URL=postgres://app:` before the password."""

_WORDS = regex.later(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _called(content: bytes, match: Match) -> Iterator[str]:
    """What the value, or the text it ends, is assigned to, as far as its line tells."""
    if "name" in match.facts:
        yield match.facts["name"]
    floor = max(0, match.start - _BEFORE)
    line = content[max(floor, content.rfind(b"\n", floor, match.start) + 1) : match.start]
    for way in (_DIRECTLY, _OPTION, _INSIDE):
        if found := re.search(way, line):
            yield found["name"].decode("ascii", "replace")


def _is_named(entries: Sequence[str], name: str) -> bool:
    small, words = name.lower(), _words(name)
    return any(
        fnmatchcase(small, entry.lower())
        or fnmatchcase(small.rpartition(".")[2], entry.lower())
        or (not _GLOB.search(entry) and _has_words(words, _words(entry)))
        for entry in entries
    )


def _words(name: str) -> list[str]:
    """`csrfToken`, `csrf_token`, `CSRF-TOKEN` -> csrf, token."""
    return [word.lower() for word in _WORDS.findall(name)]


def _has_words(words: list[str], wanted: list[str]) -> bool:
    """Whether the wanted words stand among the words, side by side."""
    size = len(wanted)
    return size > 0 and any(words[at : at + size] == wanted for at in range(len(words) - size + 1))
