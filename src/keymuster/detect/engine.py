"""From bytes to secret matches: gate, confirm, decide."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, TypeAlias

from keymuster.detect import patterns, recognizers, words
from keymuster.detect.candidates import Candidate
from keymuster.detect.matches import DULL, UNKEPT, WRONG_CHECKSUM, Judged, Match, kept, with_invalid
from keymuster.detect.patterns import Pattern
from keymuster.detect.placeholders import entropy, is_placeholder, is_repetitive
from keymuster.detect.words import Word
from keymuster.errors import Unreadable
from keymuster.model import CredentialStatus, Secret
from keymuster.rules.schema import RuleSet, TokenFormat

LARGEST = 2**32 - 1
"""Bytes that Hyperscan can search at once; it counts them in 32 bits."""


_NAMES, _BYTES_PER_NAME = 20_000, 100
"""Names of secrets whose values are looked at: so many, and one more for so many bytes. Where text is
made of nothing else, weighing them all would take minutes."""

_LEAST_VARIETY = 3
"""Different bytes in anything that is worth a word, be it as a sample."""


_NONE = (-1, -1)

_Hit: TypeAlias = tuple[int, int, int]
"""Number in the database, begin (0 where it was not asked), end. The words come last in it."""


class Engine:
    """A rule set made ready to search. Making one is cheap; the first scan opens the database. With
    `invalid`, what has a wrong checksum is found too, with low confidence."""

    def __init__(self, rules: RuleSet, *, invalid: bool = False) -> None:
        self._rules = rules
        self._invalid = invalid
        self._patterns = patterns.of_rules(rules)

    @cached_property
    def _gated(self) -> list[Pattern]:
        """The patterns with a gate of their own."""
        return [pattern for pattern in self._patterns if pattern.gate]

    @cached_property
    def _words(self) -> list[Word]:
        return words.of(self._patterns)

    @cached_property
    def _database(self) -> tuple[Any, Any]:
        from keymuster.detect.database import open_database

        return open_database(
            self._rules.key,
            lambda: [*self._gated, *(patterns.of_word(one.text) for one in self._words)],
        )

    def open(self) -> None:
        """Open the database now, so that processes forked later share it."""
        if self._patterns:
            self._database  # noqa: B018

    def scan(
        self, content: bytes, *, binary: bool = False, path: str = "",
        cut: Callable[[], None] = lambda: None,
    ) -> list[Match]:  # fmt: skip
        """Every secret in the content, in order of place; no two overlap. In `binary` content only
        formats count that are recognisable without the words around them. `path` is what the
        content calls itself; it only adds to the weight of values without a format. `cut` is called
        when there are more names of secrets than are looked at."""
        found = self._found(content, binary, path, cut)
        return with_invalid(kept(found), found, content) if self._invalid else kept(found)

    def judged(self, content: bytes, *, path: str = "") -> list[Judged]:
        """Everything that has the form of a credential, with the match or the reason why it is none:
        what `scan` drops without a word."""
        found = self._found(content, False, path, lambda: None)
        chosen = {id(match) for match in kept(found)}
        return [
            (
                token,
                one,
                UNKEPT if isinstance(verdict, Match) and id(verdict) not in chosen else verdict,
            )
            for token, one, verdict in found
        ]

    def hits(self, content: bytes) -> Iterator[tuple[Pattern, int]]:
        """Where the gate of a pattern hit, each place once, with the offset that its candidate
        starts at."""
        return self._starts(self._searched(content))

    def _searched(self, content: bytes) -> list[_Hit]:
        found: list[_Hit] = []
        if self._patterns:
            if len(content) > LARGEST:
                raise Unreadable("holds more than 4 GiB in one piece; it was not searched")
            database, scratch = self._database
            database.scan(
                content, match_event_handler=self._keeper(content, found), scratch=scratch
            )
        return found

    def _keeper(
        self, content: bytes, found: list[_Hit]
    ) -> Callable[[int, int, int, int, Any], None]:
        """Keeps the hits of a search, without those at each further byte of a long run: what begins
        at the same place as the one before, or inside a word."""
        gated, gates = self._gated, len(self._gated)
        before: dict[int, tuple[int, int]] = {}

        def keep(number: int, begin: int, end: int, _: int, __: Any) -> None:
            if number < gates:
                last = before.get(number, _NONE)
                before[number] = begin, end
                length = gated[number].length
                if length is None:
                    if begin == last[0]:
                        return
                elif (
                    end == last[1] + 1
                    and gated[number].free
                    and not _FREE.match(content, end - length)
                ):
                    return
            found.append((number, begin, end))

        return keep

    def _starts(self, searched: Iterable[_Hit]) -> Iterator[tuple[Pattern, int]]:
        seen: set[tuple[int, int]] = set()
        gated, gates = self._gated, len(self._gated)
        for number, begin, end in searched:
            if number < gates:
                pattern = gated[number]
                start = begin if pattern.length is None else end - pattern.length
                if start >= 0 and (number, start) not in seen:
                    seen.add((number, start))
                    yield pattern, start

    def _ends(self, searched: Iterable[_Hit]) -> Iterator[tuple[Word, int]]:
        """Each context word that was found, with the offset one past it."""
        gates = len(self._gated)
        for number, _, end in searched:
            if number >= gates:
                yield self._words[number - gates], end

    def _found(
        self, content: bytes, binary: bool, path: str, cut: Callable[[], None]
    ) -> list[Judged]:
        return [
            (token, one, self._judged(content, token, one))
            for token, one in self._confirmed(content, binary, path, cut)
        ]

    def _confirmed(
        self, content: bytes, binary: bool, path: str, cut: Callable[[], None]
    ) -> Iterator[tuple[TokenFormat, Candidate]]:
        """What has the form of a credential, whatever it turns out to be."""
        searched = self._searched(content)
        names = _NAMES + len(content) // _BYTES_PER_NAME
        for pattern, start in self._starts(searched):
            if pattern.guess:
                names -= 1
                if names < 0:
                    if names == -1:
                        cut()
                    continue
            if not binary or pattern.in_binary:
                for found in _candidates(content, pattern, start, path):
                    yield self._rules.tokens[pattern.format], found
        if not binary:
            for word, end in self._ends(searched):
                for pattern, found in word.behind(content, end):
                    yield self._rules.tokens[pattern.format], found

    def _judged(self, content: bytes, token: TokenFormat, found: Candidate) -> Match | str:
        """The match, or why its text is not what its form promises."""
        from hashlib import sha256  # only where there is something to judge

        from keymuster.detect import checksums, decode

        text = content[found.start : found.end]
        if token.checksum is not None and not checksums.holds(token.checksum, text):
            return WRONG_CHECKSUM
        status = found.status or token.status
        if sha256(text).hexdigest() in self._rules.samples or _says_sample(token, text, found):
            status = CredentialStatus.SAMPLE
        elif token.recognizer is None and token.checksum is None:
            body = text[found.public :]
            if len(set(body)) < _LEAST_VARIETY or (not token.context and _is_dull(token, body)):
                return DULL
            if token.context and (_is_dull(token, body) or is_placeholder(body)):
                status = CredentialStatus.SAMPLE
        facts = (
            found.facts if token.decode is None else found.facts | decode.facts(token.decode, text)
        )
        return Match(
            format=token,
            start=found.start,
            end=found.end,
            secret=Secret(text, found.public),
            confidence=found.confidence or token.confidence,
            status=status,
            facts=facts,
        )


def _candidates(content: bytes, pattern: Pattern, start: int, path: str) -> Iterable[Candidate]:
    """What stands at `start`, if it has the format's form and stands free."""
    if pattern.recognizer:
        recognize = recognizers.load(pattern.recognizer).recognize
        return recognize(content, start, pattern.number, path)
    found = _standing_candidate(content, pattern, start)
    return () if found is None else (found,)


_FREE = re.compile(patterns.LEFT_EDGE.encode())


def _standing_candidate(content: bytes, pattern: Pattern, start: int) -> Candidate | None:
    if pattern.free and _FREE.match(content, start) is None:
        return None
    found = pattern.regex.match(content, start)
    if found is None or found.start("secret") == found.end("secret"):
        return None
    begin, end = found.span("secret")
    if pattern.context and not words.stand_before(pattern.context, content, begin):
        return None
    return Candidate(start=begin, end=end, public=pattern.public)


def _says_sample(token: TokenFormat, text: bytes, found: Candidate) -> bool:
    """A value that calls itself an example."""
    body = text[found.public :] if token.recognizer is None else b""
    return b"EXAMPLE" in body or b"example" in body


def _is_dull(token: TokenFormat, body: bytes) -> bool:
    """Whether nobody's generator made a value of the right form."""
    return (len(body) >= 8 and is_repetitive(body)) or entropy(body) < token.least_entropy
