"""The inner loops in C and in Python: the same answers, and no harm from what is none."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster.detect import loops
from keymuster.detect.loops import PLAIN, Loops

Kept = list[tuple[int, int, int]]


@pytest.fixture(scope="module")
def compiled() -> Loops:
    found = loops.accelerated()
    if found is None:
        pytest.skip("was not built")
    return found


def stretches_of(chance: Random, size: int, other: int) -> Kept:
    kept, at = Kept(), 0
    while at < size and chance.random() < 0.9:
        at += chance.choice([0, 0, 1, 20, 300])
        length = min(chance.choice([1, 5, 160, 3000]), size - at, other)
        if length < 1:
            break
        there = chance.choice(
            [0, other - length, chance.randrange(other - length + 1), min(at, other - length)]
        )
        kept.append((at, there, length))
        at += length
    return kept


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_a_mark_is_seen_where_nothing_was_kept(compiled: Loops, chance: Random) -> None:
    text = b"".join(chance.choices([b"mark", b"mar", b"k", b"m", b" " * 9, b"mmark"], k=12))
    kept = stretches_of(chance, len(text), len(text))
    said = PLAIN.stands_anew(text, kept, b"mark")
    assert compiled.stands_anew(text, kept, b"mark") == said
    outside = text
    for here, _, length in kept:
        outside = outside[:here] + b"." * length + outside[here + length :]
    assert said or b"mark" not in outside


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_one_of_some_words_is_seen(compiled: Loops, chance: Random) -> None:
    letters = chance.choice([b"ab", b"ab\x00\xff", bytes(range(256))])

    def some(most: int) -> bytes:
        return bytes(chance.choices(letters, k=chance.randrange(2, most)))

    words = tuple(some(chance.choice([3, 5, 9, 300])) for _ in range(chance.randrange(1, 12)))
    text = some(400) + chance.choice([b"", *words, words[0][:-1], words[-1][1:]]) + some(40)
    for one in (text, text[: chance.randrange(len(text))], text + words[0], words[0], b""):
        assert compiled.holds_one(one, words) is PLAIN.holds_one(one, words)


@given(
    st.text("ab\n", max_size=200), st.integers(0, 100), st.integers(1, 90), st.integers(0, 20_000)
)
def test_as_many_lines_end(compiled: Loops, text: str, at: int, times: int, end: int) -> None:
    content = text.encode() * times  # more in a row than a byte counts
    at, end = min(at, len(content)), min(end, len(content))
    assert compiled.line_ends(content, at, end) == PLAIN.line_ends(content, at, end)
    ends = b"\n" * end
    assert compiled.line_ends(ends, 0, end) == end


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_stretches_around_escapes_are_the_same(compiled: Loops, chance: Random) -> None:
    pieces = [b"\n", b" ", b'"', b"<", b"x", b"y" * 250, b"z" * 257, b"w" * 4096, b"v" * 4360]
    text = b"".join(chance.choices(pieces, k=chance.randrange(1, 15)))
    ends = sorted(chance.randrange(1, len(text) + 1) for _ in range(chance.randrange(12)))
    found = PLAIN.stretches(text, ends)
    assert compiled.stretches(text, ends) == found
    many = list(range(1, 200_000, 100))
    assert compiled.stretches(b"a" * 200_000, many) == PLAIN.stretches(b"a" * 200_000, many)
    for begin, end in found:
        assert 0 <= begin <= end <= len(text)
    others = [sorted(chance.choices(range(1, len(text) + 1), k=9)), [], ends]
    counts, held = PLAIN.gathered(text, ends, others)
    assert compiled.gathered(text, ends, others) == (counts, held)
    assert counts[0] == sum(begin <= one <= end for begin, end in found for one in others[0])
    parts = [(end - begin).to_bytes(8, "little") + text[begin:end] for begin, end in found]
    assert held == b"".join(parts)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stands_anew", (b"text", [(2, 0, 3)], b"m")),
        ("stands_anew", (b"text", [(2, 0, 1), (1, 0, 1)], b"m")),
        ("stands_anew", (b"text", [(-1, 0, 1)], b"m")),
        ("stands_anew", (b"text", [(0, 0, 1 << 63)], b"m")),
        ("stands_anew", (b"text", [], b"")),
        ("stretches", (b"text", [5])),
        ("stretches", (b"text", [0])),
        ("stretches", (b"text", [3, 2])),
        ("stretches", (b"text", ["a"])),
        ("gathered", (b"text", [5], [])),
        ("gathered", (b"text", [3, 2], [])),
        ("gathered", (b"text", [2], [["a"]])),
        ("gathered", (b"text", [2], [(1, 2)])),
        ("gathered", (b"text", [2], [[1 << 70]])),
        ("same", (b"text", 5, b"text", 0)),
        ("same", (b"text", 0, b"text", -1)),
        ("line_ends", (b"text", -1, 2)),
        ("line_ends", (b"text", 0, 5)),
        ("holds_one", (b"text", ())),
        ("holds_one", (b"text", [b"ex"])),
        ("holds_one", (b"text", (b"ex", "xt"))),
        ("holds_one", (b"text", (b"ex", b"t"))),
        ("holds_one", (b"text", (b"xx",) * 257)),
        ("holds_one", ("text", (b"xx",))),
    ],
)
def test_what_is_no_input_does_no_harm(compiled: Loops, name: str, words: Any) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError, IndexError)):
        getattr(compiled, name)(*words)
