"""Deltas that mean anything: C and Python make the same of them, or refuse them for the same reason."""

from __future__ import annotations

from random import Random

from fuzz.containers import spoiled
from keymuster.collect.packs.functions import PLAIN, Functions, accelerated
from packing import delta, number

_LENGTH = 2
"""Bytes before the base that say how long it is; the delta is behind it."""


def check(data: bytes) -> None:
    held = int.from_bytes(data[:_LENGTH], "little")
    base, change = data[_LENGTH : _LENGTH + held], data[_LENGTH + held :]
    for least, most in ((0, 1 << 20), (1, 1 << 20), (16, 1 << 16), (1 << 62, 1 << 20)):
        want = _outcome(PLAIN, base, change, least, most)
        if functions := accelerated():
            assert _outcome(functions, base, change, least, most) == want
        if isinstance(want, str):
            continue
        result, kept = want
        end = 0
        for here, there, length in kept:
            assert here >= end, "not in order"
            assert length >= max(1, least)
            assert result[here : here + length] == base[there : there + length]
            end = here + length
        assert end <= len(result) <= most


def _outcome(
    functions: Functions, base: bytes, change: bytes, least: int, most: int
) -> str | tuple[bytes, list[tuple[int, int, int]]]:
    try:
        return functions.expand(base, change, least, most)
    except ValueError as error:
        return str(error)


def mutated(data: bytes, random: Random) -> bytes:
    held = int.from_bytes(data[:_LENGTH], "little")
    base, change = data[_LENGTH : _LENGTH + held], data[_LENGTH + held :]
    if random.random() < 0.3:
        base = random.choice((b"", b"a", bytes(range(256)) * random.choice((1, 20, 250))))
        change = made(base, random)
    change = spoiled(change, random)
    if random.random() < 0.5:  # with a head that fits, the rest is looked at
        body = change[len(number(len(base))) :]
        change = number(len(base)) + body
    return len(base).to_bytes(_LENGTH, "little") + base + change


def made(base: bytes, random: Random) -> bytes:
    """A delta for a base, mostly a right one."""
    steps: list[bytes | tuple[int, int]] = []
    size = 0
    for _ in range(random.choice((0, 1, 3, 20))):
        if base and random.random() < 0.6:
            offset = random.randrange(len(base))
            length = random.randint(1, len(base) - offset)
            steps.append((offset, length))
            size += length
        else:
            text = random.randbytes(random.choice((1, 5, 127, 200)))
            steps.append(text)
            size += len(text)
    return delta(len(base), size + random.choice((0, 0, 0, 0, 0, 1, -1)) if size else 0, *steps)


def seeds() -> list[bytes]:
    random = Random(1)
    out = []
    for _ in range(40):
        base = random.randbytes(random.choice((0, 1, 100, 5000)))
        out.append(len(base).to_bytes(_LENGTH, "little") + base + made(base, random))
    return out
