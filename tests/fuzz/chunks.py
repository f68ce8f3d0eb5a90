"""Texts that come back in pieces: what was seen before makes no difference to what hits, and C takes over
from another version what Python does."""

from __future__ import annotations

import re
from random import Random

from fuzz.containers import spoiled
from keymuster.detect.hits import Answer, Plain, planned
from keymuster.detect.loops import PLAIN, accelerated
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
    if seen is None or (functions := accelerated()) is None:
        return
    before = b"", Plain(), seen.read(b"", None, 0, (), hits)
    for text in (*texts, *texts[::-1], b"".join(texts)):
        other, mine, had = before
        kept = _kept(text, other, chance)
        runs, spans = planned(kept, len(text), len(other), _WIDTH)
        wanted = spans if runs else [(0, len(text) + 1)]
        inside = [one for one in hits(text) if any(a < one[0] < b for a, b in wanted)]
        mine, had = Plain.merged(inside, runs, mine), seen.read(text, had, len(other), kept, hits)
        ends = [mine.hit(at)[0] for at in range(len(mine))]
        for at in range(max(len(mine), len(had))):
            assert had.hit(at) == mine.hit(at)
            assert had.answer_of(at) == mine.answer_of(at)
            if (answer := _answer(chance)) is not None:
                mine.answer(at, answer)
                had.answer(at, answer)
        groups = [0, 1, 1, 0, 2]
        assert had.grouped(2, groups) == mine.grouped(2, groups)
        assert had.telling() == mine.telling()
        kept = _kept(text, text, chance)
        assert functions.stands_anew(text, kept, b"key") == PLAIN.stands_anew(text, kept, b"key")
        assert functions.stretches(text, ends) == PLAIN.stretches(text, ends)
        others = [ends[::2], ends]
        assert functions.gathered(text, ends, others) == PLAIN.gathered(text, ends, others)
        before = text, mine, had


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


def _kept(text: bytes, other: bytes, chance: Random) -> list[tuple[int, int, int]]:
    kept = []
    for begin, end in _spans(text, chance):
        length = min(end, len(text), begin + len(other)) - begin
        if length > 0:
            last = len(other) - length
            kept.append((begin, chance.choice([0, min(begin, last), last]), length))
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
