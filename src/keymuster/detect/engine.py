"""From bytes to secret matches: gate, confirm, decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from keymuster.detect import patterns, recognizers, words
from keymuster.detect.candidates import Candidate
from keymuster.detect.dead_ends import LEAD, NO_ANSWER, REST, DeadEnds
from keymuster.detect.hits import Answer, Hit, Hits
from keymuster.detect.layers import Layer, Searched, search
from keymuster.detect.loops import Kept
from keymuster.detect.matches import DULL, UNKEPT, WRONG_CHECKSUM, Judged, Match, kept, with_invalid
from keymuster.detect.patterns import Pattern
from keymuster.detect.placeholders import entropy, is_placeholder, is_repetitive
from keymuster.detect.seen import Memory
from keymuster.detect.words import Word
from keymuster.digests import blake2b
from keymuster.model import CredentialStatus, Secret
from keymuster.rules.schema import RuleSet, TokenFormat

_NAMES, _BYTES_PER_NAME = 20_000, 100
"""Names of secrets whose values are looked at: so many, and one more for so many bytes. Where text is
made of nothing else, weighing them all would take minutes."""

_LEAST_VARIETY = 3
"""Different bytes in anything that is worth a word, be it as a sample."""

_BEFORE = 16
"""Bytes before a format's text that may have a say: those of an escape."""

_ESCAPE = 6
"""Bytes of the longest escape behind which a word may begin."""

_BEFORE_IN_CONTEXT = 2 * (patterns.REACH + words.BEFORE)
"""The same of a format that only counts near its words, which may stand on the line before."""


_Around: TypeAlias = tuple[tuple[int, int], int, bytes, bytes]
"""A hit without its place, the bytes of the text up to its end, what else has a say, and the text
around it."""

_MOST_REMEMBERED = 40_000

_NEAR = 24
"""Bytes on either side of the end of a hit by which most are told from those that are remembered."""


class Reading(Struct):
    """What was seen in a text, for those texts that are made of it. One that is `crowded` has more names of
    secrets than are looked at."""

    size: int
    binary: bool
    path: str
    hits: Hits
    crowded: bool = False


class Engine:
    """A rule set made ready to search. Making one is cheap; the first scan opens the database. With
    `invalid`, what has a wrong checksum is found too, with low confidence. `beside` makes a layer of
    somebody else's, given the number of its first gate: a `read` searches for that too."""

    def __init__(
        self, rules: RuleSet, *, invalid: bool = False,
        beside: Callable[[int], Layer] | None = None,
    ) -> None:  # fmt: skip
        self._rules = rules
        self._invalid = invalid
        self._beside = beside
        self._remembered: dict[_Around, Answer] = {}
        self._near: set[tuple[int, bytes]] = set()

    @cached_property
    def _gated(self) -> list[Pattern]:
        """The patterns with a gate of their own, by their numbers."""
        return [pattern for pattern in self._patterns if pattern.gate]

    @cached_property
    def _guesses(self) -> frozenset[int]:
        return frozenset(number for number, gate in enumerate(self._gated) if gate.guess)

    @cached_property
    def _words(self) -> list[Word]:
        """The context words, whose numbers come after those of the patterns."""
        return words.of(self._patterns)

    @cached_property
    def _patterns(self) -> list[Pattern]:
        return patterns.of_rules(self._rules)

    @cached_property
    def layers(self) -> list[Layer]:
        """Most are searched for at once, with the context words. Measured: that takes a tenth less than
        names apart from formats. Apart from them is what would slow the others: formats that are
        searched for beside long runs only, and what a user has that costs much."""
        kinds: dict[str, list[int]] = {"formats": [], "runs": [], "costly": []}
        for number, gate in enumerate(self._gated):
            kinds["runs" if gate.in_run else "costly" if gate.apart else "formats"].append(number)
        context = {"formats": self._words}
        return [
            self._layer(name, numbers, context.get(name, ()))
            for name, numbers in kinds.items()
            if numbers or context.get(name)
        ]

    def _layer(self, name: str, numbers: Sequence[int], context: Sequence[Word]) -> Layer:
        def gates() -> dict[int, Pattern]:
            of_words = (patterns.of_word(word.text) for word in context)
            return {
                **{number: self._gated[number] for number in numbers},
                **dict(enumerate(of_words, len(self._gated))),
            }

        widths = [self._gated[number].width for number in numbers]
        widest = max(widths + [len(word.text) for word in context])
        return Layer(
            self._rules.search_key and f"{name}-{self._rules.search_key}",
            self._gated,
            gates,
            widest,
            beside_runs=name == "runs",
        )

    @cached_property
    def _search(self) -> Searched:
        layers = [*self.layers, *([self._beside(self.gates)] if self._beside else [])]
        width = max((layer.width for layer in layers), default=0)
        return Searched.of(layers, width, self._memory.of(width))

    @cached_property
    def _memory(self) -> Memory:
        return Memory()

    @cached_property
    def _dead_ends(self) -> DeadEnds:
        return self._memory.dead_ends(len(self._gated), self._words, self._search.seen is not None)

    @cached_property
    def gates(self) -> int:
        """How many there are: what hits with this number or a higher one is not the engine's."""
        return len(self._gated) + len(self._words)

    @property
    def remembers(self) -> bool:
        """Whether a `read` knows text that comes again."""
        return self._search.seen is not None

    def open(self) -> None:
        """Open the databases now, so that processes forked later share them, and what they learn."""
        self._memory  # noqa: B018
        for layer in self.layers:
            layer.open()

    def prepare(self, *, begun: bool = False) -> None:
        """Load what most texts ask for, so that processes forked later share that, too; and unless some texts were
        read before, all that a `read` needs."""
        from keymuster.detect import checksums, decode

        self.open()
        checksums, decode  # noqa: B018
        if not begun:
            self._search, self._dead_ends  # noqa: B018
        for name in {token.recognizer for token in self._rules.tokens if token.recognizer}:
            recognizers.load(name)

    def scan(
        self, content: bytes, *, binary: bool = False, path: str = "",
        cut: Callable[[], None] = lambda: None,
    ) -> list[Match]:  # fmt: skip
        """Every secret in the content, in order of place; no two overlap. In `binary` content only
        formats count that are recognisable without the words around them. `path` is what the
        content calls itself; it only adds to the weight of values without a format. `cut` is called
        when there are more names of secrets than are looked at."""
        return self._standing(self._found(content, binary, path, cut), content)

    def read(
        self, content: bytes, *, binary: bool, path: str,
        other: Reading | None = None, kept: Kept = (),
    ) -> tuple[list[Match], Reading]:  # fmt: skip
        """What `scan` finds, and what was seen on the way. Of what is kept of `other`, nothing is
        looked at again that cannot have changed: the matches are the same as those of a scan."""
        if other is None or other.binary != binary or other.path != path:
            hits = self._search.read(content, None, 0, ())
        else:
            hits = self._search.read(content, other.hits, other.size, kept)
        reading = Reading(len(content), binary, path, hits)
        found = self._answered(content, reading) if len(hits) else None
        return self._standing(found, content) if found else [], reading

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
        for end, number, back in self._searched(content):
            if number < len(self._gated):
                pattern = self._gated[number]
                yield pattern, end - (back if pattern.length is None else pattern.length)

    def _standing(self, found: list[Judged], content: bytes) -> list[Match]:
        if not found:
            return []
        return with_invalid(kept(found), found, content) if self._invalid else kept(found)

    def _searched(self, content: bytes) -> list[Hit]:
        """Every hit; of those of a gate that begin at one place, the first."""
        return [*_first(search(self.layers, content))]

    def _found(
        self, content: bytes, binary: bool, path: str, cut: Callable[[], None]
    ) -> list[Judged]:
        names, guesses = _names(content), self._guesses
        found: list[Judged] = []
        for hit in self._searched(content):
            if hit[1] in guesses:
                names -= 1
                if names < 0:
                    if names == -1:
                        cut()
                    continue
            if led_to := self._led_to(content, hit, binary, path)[0]:
                found += led_to
        return found

    def _answered(self, content: bytes, reading: Reading) -> list[Judged]:
        """The same from the hits of a reading. Those that have no answer are given one; those that are known
        to lead to nothing are passed over, by what was learned up to the one before, too: a line often
        stands in a text more than once."""
        hits, size, binary = reading.hits, len(reading.hits), reading.binary
        about = _about(reading)
        found: list[Judged] = []
        if size > _names(content):
            for at in self._named(content, reading):
                found += self._told(content, hits, at, reading, about)
            return found
        following = self._dead_ends.next
        at = following(content, hits, 0, binary, about)
        while at < size:
            found += self._told(content, hits, at, reading, about)
            at = following(content, hits, at + 1, binary, about)
        return found

    def _named(self, content: bytes, reading: Reading) -> Iterator[int]:
        """The places of all hits but those of more names than are looked at."""
        hits, names = reading.hits, _names(content)
        for at in range(len(hits)):
            if hits.hit(at)[1] in self._guesses and not hits.is_repeated(at):
                names -= 1
                if names < 0:
                    reading.crowded = True
                    continue
            yield at

    def _told(
        self, content: bytes, hits: Hits, at: int, reading: Reading, about: bytes
    ) -> Iterable[Judged]:
        """What a hit led to, by the answer that it has or gets."""
        answer = hits.answer_of(at)
        if answer is None:
            answer = self._answer(content, hits, at, reading, about)
            hits.answer(at, answer)
        return _moved(answer, hits.hit(at)[0]) if answer[3] else ()

    def _answer(
        self, content: bytes, hits: Hits, at: int, reading: Reading, about: bytes
    ) -> Answer:
        """What a hit led to. Versions of a text come back to what they had: what is known of the
        same hit in the same surroundings is not asked again."""
        end, number, _ = hit = hits.hit(at)
        if number >= self.gates or hits.is_repeated(at):
            return NO_ANSWER
        near = number, content[max(0, end - _NEAR) : end + _NEAR]
        if near in self._near:  # which is sooner asked than all that stands around it
            known = self._remembered.get(_around(content, hit, about))
            if known is not None:
                return known
        found, begin, stop = self._led_to(content, hit, reading.binary, reading.path)
        answer = end - begin, max(0, stop - end), end, tuple(found)
        if not found:
            self._dead_ends.add(content, hit, about, *answer[:2])
        elif (answer[0] <= LEAD or end < LEAD) and answer[1] <= REST:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
                self._near.clear()
            self._remembered[_around(content, hit, about)] = answer
            self._near.add(near)
        return answer

    def _led_to(
        self, content: bytes, hit: Hit, binary: bool, path: str
    ) -> tuple[list[Judged], int, int]:
        """What has the form of a credential where a gate hit, whatever it turns out to be; and the
        span of the content that had a say."""
        end, number, back = hit
        if number < len(self._gated):
            pattern = self._gated[number]
            start = end - (back if pattern.length is None else pattern.length)
            if binary and not pattern.in_binary:
                return [], end, end
            candidates, begin, stop = _candidates(content, pattern, start, path)
            if not candidates:
                return [], begin, stop
            found = [self._one(content, pattern, one) for one in candidates]
            if found and (reach := self._reach(pattern)):
                begin = min(begin, *(one.start - reach for _, one, _ in found))
                stop = max(stop, *(one.end + reach for _, one, _ in found))
            return found, begin, stop
        if binary:
            return [], end, end
        word = self._words[number - len(self._gated)]
        behind, stop = word.behind(content, end)
        found = [self._one(content, pattern, one) for pattern, one in behind]
        return found, end - len(word.text) - words.BEFORE, stop

    def _reach(self, pattern: Pattern) -> int:
        """How far from a secret of this format something is read that stands beside it."""
        from keymuster.detect import companions

        known = self._rules.tokens[pattern.format].id in companions.COMPANIONS
        return companions.AROUND if known else 0

    def _one(self, content: bytes, pattern: Pattern, one: Candidate) -> Judged:
        token = self._rules.tokens[pattern.format]
        return token, one, self._judged(content, token, one)

    def _judged(self, content: bytes, token: TokenFormat, found: Candidate) -> Match | str:
        """The match, or why its text is not what its form promises."""
        from keymuster.detect import companions
        from keymuster.model.sha256 import sha256

        text = content[found.start : found.end]
        if token.checksum is not None:
            from keymuster.detect import checksums

            if not checksums.holds(token.checksum, text):
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
        facts = found.facts
        if token.decode is not None:
            from keymuster.detect import decode

            facts = facts | decode.facts(token.decode, text)
        if beside := companions.facts(token.id, content, found.start, found.end):
            facts = {**facts, **beside}
        return Match(
            format=token,
            start=found.start,
            end=found.end,
            secret=Secret(text, found.public),
            confidence=found.confidence or token.confidence,
            status=status,
            facts=facts,
        )


def _candidates(
    content: bytes, pattern: Pattern, start: int, path: str
) -> tuple[Iterable[Candidate], int, int]:
    """What stands at `start`, if it has the format's form and stands free; and the span that had a
    say."""
    if pattern.recognizer:
        recognizer = recognizers.load(pattern.recognizer)
        return recognizer.recognize(content, start, pattern.number, path)
    if start >= 0 and pattern.free and patterns.STANDS_FREE.match(content, start) is None:
        line = content.rfind(b"\n", max(0, start - _ESCAPE), start)  # which no escape goes over
        return (), line if line >= 0 else start - _ESCAPE, start
    one = _candidate(content, pattern, start) if start >= 0 else None
    before = _BEFORE_IN_CONTEXT if pattern.context else _BEFORE
    return () if one is None else (one,), start - before, start + pattern.most + 2


def _candidate(content: bytes, pattern: Pattern, start: int) -> Candidate | None:
    found = pattern.regex.match(content, start)
    if found is None or found.start("secret") == found.end("secret"):
        return None
    begin, end = found.span("secret")
    if pattern.context and not words.stand_before(pattern.context, content, begin):
        return None
    return Candidate(start=begin, end=end, public=pattern.public)


def _around(content: bytes, hit: Hit, about: bytes) -> _Around:
    end, number, back = hit
    lead = min(end, LEAD)
    return (number, back), lead, about, content[end - lead : end + REST]


def _about(reading: Reading) -> bytes:
    """What has a say in an answer besides the text, in a few bytes; mostly nothing has."""
    if not reading.binary and not reading.path:
        return b""
    said = f"{reading.binary} {reading.path}".encode("utf-8", "replace")
    return blake2b(said, digest_size=16).digest()


def _names(content: bytes) -> int:
    return _NAMES + len(content) // _BYTES_PER_NAME


def _first(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Of the hits of a gate that begin at one place, the first."""
    seen: set[tuple[int, int]] = set()
    for hit in hits:
        end, number, back = hit
        if back:
            start = number, end - back
            if start in seen:
                continue
            seen.add(start)
        yield hit


def _moved(answer: Answer, end: int) -> Iterable[Judged]:
    """What an answer found, when its hit ends elsewhere now."""
    _, _, before, found = answer
    shift = end - before
    if not shift:
        return found
    return [
        (token, _shifted(one, shift), _shifted(said, shift) if isinstance(said, Match) else said)
        for token, one, said in found
    ]


_T = TypeVar("_T", Candidate, Match)


def _shifted(one: _T, shift: int) -> _T:
    return replace(one, start=one.start + shift, end=one.end + shift)


def _says_sample(token: TokenFormat, text: bytes, found: Candidate) -> bool:
    """A value that calls itself an example."""
    body = text[found.public :] if token.recognizer is None else b""
    return b"EXAMPLE" in body or b"example" in body


def _is_dull(token: TokenFormat, body: bytes) -> bool:
    """Whether nobody's generator made a value of the right form."""
    return (len(body) >= 8 and is_repetitive(body)) or entropy(body) < token.least_entropy
