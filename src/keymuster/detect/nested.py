"""Secrets in plain text and in text that is encoded in it, up to three encodings deep."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from keymuster import cache
from keymuster.detect import encodings
from keymuster.detect.encodings.base import Ends, Piece
from keymuster.detect.engine import Engine, Reading
from keymuster.detect.layers import LARGEST, Layer
from keymuster.detect.loops import Gathered, Kept, fastest
from keymuster.detect.matches import Match
from keymuster.detect.patterns import Pattern
from keymuster.detect.several import Several
from keymuster.digests import blake2b
from keymuster.model import CredentialKind
from keymuster.rules import shape
from keymuster.rules.schema import RuleSet

Known: TypeAlias = Mapping[str, int]
_NOTHING: Known = MappingProxyType({})

DEPTH = 3
"""Encodings inside each other that are undone."""

_SHORTEST_ANCHOR, _LONGEST_ANCHOR = 4, 6


_Spent: TypeAlias = tuple[int, int, int]
"""Bytes, pieces and hits of a budget."""


class Budget(Struct, kw_only=True):
    """How much decoding a text is worth: in proportion to its size, and never without end. `crowded`
    is a text with more names of secrets than are looked at."""

    bytes: int
    pieces: int
    hits: int
    reached: bool = False
    crowded: bool = False

    def cut(self) -> None:
        self.crowded = True

    @property
    def ended(self) -> bool:
        """Whether something was left out, so that another budget may give another answer."""
        return self.reached or self.crowded

    @property
    def left(self) -> _Spent:
        return self.bytes, self.pieces, self.hits

    def spent_since(self, before: _Spent) -> _Spent:
        bytes, pieces, hits = before
        return bytes - self.bytes, pieces - self.pieces, hits - self.hits

    def allows(self, spent: _Spent) -> bool:
        bytes, pieces, hits = spent
        return bytes < self.bytes and pieces < self.pieces and hits < self.hits

    def spend(self, spent: _Spent) -> None:
        bytes, pieces, hits = spent
        self.bytes -= bytes
        self.pieces -= pieces
        self.hits -= hits

    @classmethod
    def of(cls, size: int) -> Budget:
        return cls(bytes=512 * 1024 + 4 * size, pieces=10_000 + size // 256,
                   hits=100_000 + size // 16)  # fmt: skip


class Found(Struct, frozen=True):
    """The matches in order of place. `incomplete` means that some encoded text was left alone, and
    `crowded` that some names of secrets were, because there are more than is reasonable."""

    matches: list[Match]
    incomplete: bool = False
    crowded: bool = False


_NOTHING_FOUND = Found([])

_LARGE = 4 * 1024 * 1024
"""Bytes of a text of which much comes again: what was seen once is not searched again then. Measured with a log that
repeats itself every 26 MB: a third of the time, and a seventh more for what is new."""


class _Hit(Struct, frozen=True):
    """A match, its place in the text at hand, and the encodings that stand between. `whole` means
    that the place is the encoded text in which it lies."""

    start: int
    end: int
    match: Match
    path: tuple[str, ...] = ()
    whole: bool = False


class _Gate(Struct, frozen=True, array_like=True):
    """What to search for, the encoding it belongs to, and its mark there."""

    gate: str
    encoding: str
    mark: int
    width: int


class _Inside(Struct, frozen=True):
    """What was found in a decoded piece, and what of the budget that took."""

    hits: list[_Hit]
    spent: _Spent


_MOST_REMEMBERED = 50_000
"""Pieces, and what is not decoded again, of which it is known what they hold. Versions of a text have
nearly the same of them."""


class Nested:
    """An engine that also looks into encoded text. Cheap to make; the first scan opens databases.
    `invalid` is as for the engine."""

    def __init__(self, rules: RuleSet, *, invalid: bool = False) -> None:
        self._engine = Engine(rules, invalid=invalid, beside=self._layer_from)
        self._rules = rules
        self._inside: dict[bytes, _Inside] = {}
        self._fruitless: dict[bytes, _Spent] = {}
        self._gathered = fastest().gathered  # to ask each time what is wanted took longer than that

    @property
    def layers(self) -> list[Layer]:
        """All that is searched for."""
        return [*self._engine.layers, self._layer]

    def open(self) -> None:
        """Open the databases now, so that processes forked later share them."""
        self._engine.open()
        self._layer.open()

    def prepare(self, *, begun: bool = False) -> None:
        """Load what most texts ask for, so that processes forked later share that, too; and unless some texts were
        read before, all that a `read` needs."""
        self._engine.prepare(begun=begun)
        for name in encodings.names():
            encodings.load(name)
        if not begun:
            self._groups  # noqa: B018

    @cached_property
    def several(self) -> Several:
        """Tells of small texts, before each is scanned, of which it is needless."""
        return Several(self.layers, self._rules.search_key)

    def scan(self, content: bytes, *, binary: bool = False, path: str = "") -> Found:
        """Every secret in the content and in what is encoded in it. A match in encoded text has the
        encodings among its facts (`encoded`); several may have the same place. `path` is what the
        content calls itself (see `Engine.scan`)."""
        if len(content) >= _LARGE and self._engine.remembers:
            return self.read(content, binary=binary, path=path)[0]
        return self._scanned(content, binary, path)

    def _scanned(self, content: bytes, binary: bool, path: str) -> Found:
        budget = Budget.of(len(content))
        return _found(self._hits(content, binary, DEPTH, budget, path), budget)

    def read(
        self, content: bytes, *, binary: bool, path: str,
        other: Reading | None = None, kept: Kept = (),
    ) -> tuple[Found, Reading]:  # fmt: skip
        """What `scan` finds, and what was seen on the way, which spares most of the work for another
        text of which some is `kept` from this one (see `Engine.read`)."""
        matches, reading = self._engine.read(
            content, binary=binary, path=path, other=other, kept=kept
        )
        hits = reading.hits
        if not len(hits):
            return _NOTHING_FOUND, reading
        known, groups = self._groups
        ends = hits.grouped(self._engine.gates, groups)
        if not ends and not reading.crowded:
            return Found(matches) if matches else _NOTHING_FOUND, reading
        budget = Budget.of(len(content))
        budget.crowded = reading.crowded
        gated = self._gated_again(ends, known, budget)
        if budget.hits < 0:  # which of them count, only a scan says
            return self._scanned(content, binary, path), reading
        inner: list[_Hit] = []
        certain: list[Piece] = []
        for name in gated:
            digest = _digest(name, content, gated, reading, self._gathered)
            spent = self._fruitless.get(digest)
            if spent is not None and budget.allows(spent):
                budget.spend(spent)
                continue
            before, found = budget.left, len(inner) + len(certain)
            for piece in self._pieces(name, content, binary, DEPTH, gated, _NOTHING, budget):
                if piece.certain:
                    certain.append(piece)
                hits_inside = self._remembered(name, piece, gated, reading, budget)
                inner += filter(None, (_outside(hit, piece) for hit in hits_inside))
            if digest and not budget.ended and len(inner) + len(certain) == found:
                _remember(self._fruitless, digest, budget.spent_since(before))
        if not inner and not (matches and certain):
            return Found(matches, budget.reached, budget.crowded), reading
        own = [_Hit(one.start, one.end, one) for one in matches]
        return _found(_settled(_believed(own, certain), inner), budget), reading

    def _remembered(
        self, name: str, piece: Piece, gated: Mapping[str, Ends], reading: Reading, budget: Budget
    ) -> list[_Hit]:
        """The hits in a piece of a text; those of one that was seen in another text are known."""
        seen = _known(name, piece, gated)
        about = f"{piece.binary} {sorted(seen.items())} {reading.path}\0".encode("utf-8", "replace")
        digest = blake2b(about + piece.text, digest_size=16).digest()
        found = self._inside.get(digest)
        if found is not None and budget.allows(found.spent):
            budget.spend(found.spent)
            return found.hits
        before = budget.left
        hits = self._hits(piece.text, piece.binary, DEPTH - 1, budget, reading.path, seen)
        if not budget.ended:
            _remember(self._inside, digest, _Inside(hits, budget.spent_since(before)))
        return hits

    def _hits(
        self, text: bytes, binary: bool, depth: int, budget: Budget, path: str,
        known: Known = _NOTHING,
    ) -> list[_Hit]:  # fmt: skip
        matches = self._engine.scan(text, binary=binary, path=path, cut=budget.cut)
        own = [_Hit(one.start, one.end, one) for one in matches]
        if not depth:
            return own

        gated = self._gated(text, budget)
        inner: list[_Hit] = []
        certain: list[Piece] = []
        for name in gated:
            for piece in self._pieces(name, text, binary, depth, gated, known, budget):
                if piece.certain:
                    certain.append(piece)
                seen = _known(name, piece, gated)
                hits = self._hits(piece.text, piece.binary, depth - 1, budget, path, seen)
                inner += filter(None, (_outside(hit, piece) for hit in hits))
        return _settled(_believed(own, certain), inner)

    @cached_property
    def _layer(self) -> Layer:
        return Layer(self._key, (), self._patterns)

    def _layer_from(self, first: int) -> Layer:
        """The gates of the encodings, numbered from `first` on."""
        return self._layer.numbered_from(first)

    def _patterns(self) -> dict[int, Pattern]:
        return {
            number: Pattern(format=0, gate=one.gate, length=0, width=one.width)
            for number, one in enumerate(self._gates)
        }

    @cached_property
    def _key(self) -> str:
        """Names the gates of the encodings, if the rules have a name."""
        return self._rules.search_key and f"encodings-{self._rules.search_key}"

    @cached_property
    def _gates(self) -> list[_Gate]:
        """The gates of every encoding; derived once per rule set."""
        return cache.derived(self._key and f"{self._key}.bin", list[_Gate], self._made)

    def _made(self) -> list[_Gate]:
        from keymuster.rules import re2

        found = anchors(self._rules)
        return [
            _Gate(gate, name, mark, re2.width(re2.parse(gate)))
            for name in encodings.names()
            for gate, mark in encodings.load(name).gates(found)
        ]

    def _pieces(
        self, name: str, text: bytes, binary: bool, depth: int, gated: Mapping[str, Ends], known: Known,
        budget: Budget,
    ) -> Iterator[Piece]:  # fmt: skip
        """What is encoded in a text by one encoding, decoded, as far as the budget allows."""
        encoding, ends = encodings.load(name), gated[name]
        if (binary and not encoding.in_binary) or (encoding.inner and depth == DEPTH):
            return
        if name in known and len(ends[0]) <= known[name]:
            return
        if budget.bytes < 0 or budget.pieces < 0:
            return
        for piece in encoding.decode(text, ends, budget.bytes):
            budget.bytes -= len(piece.text)
            budget.pieces -= 1
            budget.reached |= piece.cut
            if budget.bytes < 0 or budget.pieces < 0:
                budget.reached = True
                return
            yield piece

    def _gated(self, text: bytes, budget: Budget) -> dict[str, Ends]:
        """Where the gates of each encoding matched."""
        if len(text) > LARGEST:
            return {}
        found, whole = self._layer.ends(text, budget.hits)
        budget.reached |= not whole
        return self._by_encoding(found, budget)

    def _gated_again(
        self, ends: Mapping[int, list[int]], known: list[tuple[str, int]], budget: Budget
    ) -> Mapping[str, Ends]:
        """The same of hits in a text that was read."""
        found: dict[str, dict[int, Sequence[int]]] = {}
        for group in sorted(ends):
            budget.hits -= len(ends[group])
            encoding, mark = known[group]
            found.setdefault(encoding, {})[mark] = ends[group]
        return found

    @cached_property
    def _groups(self) -> tuple[list[tuple[str, int]], list[int]]:
        """The marks of all encodings, in order, and which of them each gate has."""
        each = [(one.encoding, one.mark) for one in self._gates]
        known = sorted(set(each))
        places = {one: place for place, one in enumerate(known)}
        return known, [places[one] for one in each]

    def _by_encoding(self, hits: Mapping[int, Sequence[int]], budget: Budget) -> dict[str, Ends]:
        found: defaultdict[str, defaultdict[int, list[int]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for number, ends in hits.items():
            budget.hits -= len(ends)
            gate = self._gates[number]
            found[gate.encoding][gate.mark].extend(ends)
        return {
            name: {mark: sorted(marks[mark]) for mark in marks}
            for name, marks in sorted(found.items())
        }


def _known(name: str, piece: Piece, gated: Mapping[str, Ends]) -> Known:
    """How many escapes of each encoding before this one stood in the piece before it was decoded.
    Where no more stand in it now, both orders of decoding come to the same."""
    if not piece.spans:
        return _NOTHING
    return {
        other: sum(
            bisect_right(ends[0], end) - bisect_left(ends[0], start) for start, end in piece.spans
        )
        for other, ends in gated.items()
        if other < name and encodings.load(other).escapes
    }


def _digest(
    name: str, text: bytes, gated: Mapping[str, Ends], reading: Reading, gathered: Gathered
) -> bytes:
    """What names everything that an encoding makes of a text; empty if only decoding shows it."""
    if not encodings.load(name).spells:
        return b""
    names = [one for one in gated if one < name and encodings.load(one).escapes]
    others = [[*gated[one][0]] for one in names]
    counts, held = gathered(text, [*gated[name].get(0, ())], others)
    about = f"{name} {[*zip(names, counts, strict=True)]} {reading.binary} {reading.path}"
    told = about.encode("utf-8", "replace")
    digest = blake2b(len(told).to_bytes(8, "little") + told, digest_size=16)
    digest.update(held)
    return digest.digest()


_T = TypeVar("_T")


def _remember(known: dict[bytes, _T], digest: bytes, what: _T) -> None:
    if len(known) >= _MOST_REMEMBERED:
        known.clear()
    known[digest] = what


def _found(hits: list[_Hit], budget: Budget) -> Found:
    matches = [_told(hit) for hit in sorted(hits, key=lambda hit: (hit.start, hit.end))]
    return Found(matches, budget.reached, budget.crowded)


def anchors(rules: RuleSet) -> list[bytes]:
    """The fixed texts that tokens begin with."""
    found = set()
    for token in rules.tokens:
        for one in token.shapes:
            first = shape.parse(one)[0]
            if isinstance(first, shape.Literal) and len(first.text) >= _SHORTEST_ANCHOR:
                found.add(first.text[:_LONGEST_ANCHOR].encode())
    return sorted(found)


def _outside(hit: _Hit, piece: Piece) -> _Hit | None:
    """A hit in decoded text as one in the text that holds the encoded; None if it does not."""
    if hit.start < piece.lead:
        return None
    path = (piece.encoding, *hit.path)
    if piece.offsets is None:
        return _Hit(piece.start, piece.end, hit.match, path, True)
    span = piece.offsets(hit.start, hit.end)
    return span and _Hit(*span, hit.match, path, hit.whole)


def _told(hit: _Hit) -> Match:
    if not hit.path:
        return hit.match
    facts = hit.match.facts | {"encoded": " > ".join(hit.path)}
    return replace(hit.match, start=hit.start, end=hit.end, facts=facts)


def _believed(own: list[_Hit], certain: list[Piece]) -> list[_Hit]:
    """Without guesses about encoded text: what it says is known."""
    if not own or not certain:
        return own
    spans = _Spans(own)
    doubted = {
        id(hit)
        for piece in certain
        for hit in spans.touching(piece.start, piece.end)
        if hit.match.format.is_guess
    }
    return [hit for hit in own if id(hit) not in doubted]


def _settled(own: list[_Hit], inner: list[_Hit]) -> list[_Hit]:
    """One hit per secret. Spelled with escapes, it is the secret that the plain text shows, so the
    surer reading counts, the plain one if they are equal. Encoded as a whole, it is another one:
    what the plain text shows there is then a guess, or a wrapping of it."""
    if not inner:
        return own
    inner.sort(key=lambda hit: (len(hit.path), hit.start))
    spans = _Spans(own)
    for hit in inner:
        if hit.whole:
            continue
        rivals = spans.touching(hit.start, hit.end)
        if all(_certainty(one) < _certainty(hit) for one in rivals):
            spans.put(hit, rivals)
    seen: set[tuple[int, int, bytes]] = set()
    whole = []
    for hit in inner:
        if not hit.whole:
            continue
        rivals = spans.touching(hit.start, hit.end)
        key = (hit.start, hit.end, hit.match.secret.reveal())
        if key in seen or not all(
            _wraps(one) or (_is_guess(one) and _certainty(one) <= _certainty(hit)) for one in rivals
        ):
            continue
        seen.add(key)
        whole.append(hit)
    hidden = {
        id(one) for hit in whole for one in spans.touching(hit.start, hit.end) if not _wraps(one)
    }
    return [hit for hit in spans.hits if id(hit) not in hidden] + whole


def _is_guess(hit: _Hit) -> bool:
    """Whether nothing but the words around a value make it a secret."""
    return hit.match.format.kind is CredentialKind.GENERIC


def _certainty(hit: _Hit) -> tuple[bool, int]:
    return not _is_guess(hit), hit.match.confidence.rank


def _wraps(plain: _Hit) -> bool:
    """Whether a credential is of a kind that carries other text for anybody to read."""
    return plain.match.format.decode == "jwt-claims"


class _Spans:
    """Hits that do not overlap, in order of place."""

    def __init__(self, hits: Iterable[_Hit]) -> None:
        self.hits = sorted(hits, key=lambda hit: hit.start)
        self._starts = [hit.start for hit in self.hits]

    def touching(self, start: int, end: int) -> list[_Hit]:
        """The hits that share a byte with a span."""
        first = max(0, bisect_right(self._starts, start) - 1)
        last = bisect_left(self._starts, end)
        return [hit for hit in self.hits[first:last] if hit.end > start]

    def put(self, hit: _Hit, rivals: list[_Hit]) -> None:
        """A hit in the place of all that it touches."""
        at = bisect_left(self._starts, rivals[0].start if rivals else hit.start)
        self.hits[at : at + len(rivals)] = [hit]
        self._starts[at : at + len(rivals)] = [hit.start]
