"""Texts that come back in pieces: what was seen before makes no difference to what hits, and C takes over
from another version what Python does."""

from __future__ import annotations

import re
from random import Random

from fuzz.containers import spoiled
from keymuster.detect.loops import PLAIN, Answer, accelerated
from keymuster.detect.seen import Memory

LARGEST = 4_000
"""Bytes: some chunks; to look for the hits of a text in Python takes longer than all else."""

_WIDTH = 9
_BETWEEN = b"\xff\xfe"
_GATES = tuple(
    re.compile(gate) for gate in (rb"key", rb"\bab{1,7}\b", rb"(?:^|[^a])b", rb"\n\n", rb"y\Z")
)

_Hits = list[tuple[int, int, int]]


def check(data: bytes) -> None:
    chance = Random(len(data) + sum(data[:16]))
    texts = data.split(_BETWEEN)
    seen = Memory().of(_WIDTH)
    for text in (*texts, *texts[::-1], b"".join(texts)):
        spans = _spans(text, chance)
        kept = _kept(text, chance)
        if seen is not None:
            for wanted in ([(0, len(text) + 1)], spans):
                inside = [one for one in hits(text) if any(a < one[0] < b for a, b in wanted)]
                assert seen.search(text, wanted, hits) == inside
        if (functions := accelerated()) is None:
            continue
        found = hits(text)
        ends, marks = [one[0] for one in found], [one[1:] for one in found]
        answers: list[Answer | None] = [_answer(chance) for _ in found]
        planned = PLAIN.planned(kept, len(text), len(text), _WIDTH)
        assert functions.planned(kept, len(text), len(text), _WIDTH) == planned
        given = found, planned[0], ends, marks, answers, {*range(0, len(found), 3)}, 16
        merged = PLAIN.merged(*given)
        assert functions.merged(*given) == merged
        groups = [0, 1, 1, 0, 2]
        assert functions.grouped(ends, marks, 2, groups) == PLAIN.grouped(ends, marks, 2, groups)
        assert functions.stands_anew(text, kept, b"key") == PLAIN.stands_anew(text, kept, b"key")
        assert functions.stretches(text, ends) == PLAIN.stretches(text, ends)


def hits(text: bytes) -> _Hits:
    return sorted(
        {
            (one.end(), number, 0)
            for number, gate in enumerate(_GATES)
            for at in range(len(text))
            if (one := gate.match(text, at))
        }
    )


def _spans(text: bytes, chance: Random) -> list[tuple[int, int]]:
    places = sorted({chance.randrange(len(text) + 2) for _ in range(chance.randrange(9))})
    return [*zip(places[::2], places[1::2], strict=False)]


def _kept(text: bytes, chance: Random) -> list[tuple[int, int, int]]:
    kept = []
    for begin, end in _spans(text, chance):
        length = min(end, len(text)) - begin
        if length > 0:
            kept.append((begin, chance.choice([0, begin, len(text) - length]), length))
    return kept


def _answer(chance: Random) -> Answer | None:
    if chance.random() < 0.3:
        return None
    return (
        chance.choice([0, 9, 17, 1 << 59]),
        chance.choice([0, 9, 17]),
        3,
        chance.choice([(), (1,)]),
    )


def mutated(data: bytes, random: Random) -> bytes:
    texts = data.split(_BETWEEN)
    one = random.randrange(len(texts))
    match random.randrange(4):
        case 0:
            texts[one] = spoiled(texts[one], random)
        case 1:
            texts.append(texts[one][random.randrange(len(texts[one]) + 1) :])
        case 2:
            at = random.randrange(len(texts[one]) + 1)
            texts[one] = texts[one][:at] + made(random) + texts[one][at:]
        case _:
            del texts[one]
    return _BETWEEN.join(texts)[:LARGEST]


def made(random: Random) -> bytes:
    pieces = (
        b"key",
        b"ab",
        b"abb ",
        b"\n",
        b"a line\n",
        b"y" * 9,
        b"z" * 300,
        b"w" * 1100,
        b"\0",
        b" = ",
    )
    return b"".join(random.choices(pieces, k=random.choice((1, 3, 30))))


def seeds() -> list[bytes]:
    random = Random(1)
    return [_BETWEEN.join(made(random) for _ in range(3)) for _ in range(40)]
