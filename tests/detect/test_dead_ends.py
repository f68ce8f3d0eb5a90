"""What is known to lead to nothing: the same in C and in Python, and only where the text is the same."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster import accelerator
from keymuster.detect.dead_ends import DeadEnds, Plain
from keymuster.detect.engine import Engine
from keymuster.detect.hits import Hits
from keymuster.detect.hits import Plain as PlainHits
from keymuster.detect.patterns import Pattern
from keymuster.detect.seen import Memory
from keymuster.detect.words import Word
from keymuster.rules.schema import RuleSet

FIRST = 3
WORDS = [
    Word("acme", [Pattern(format=0, least=4, characters="abcdef01")]),
    Word("zed", [Pattern(format=0, least=2, characters="xyz"), Pattern(format=0, least=9)]),
]
ABOUT = [b"", b"", b"0123456789abcdef"]
PIECES = [
    b"\n", b"\n\n", b" ", b"\t", b"\r\n", b"=", b":", b"(", b'"', b"abc01", b"xy", b"z", b"q" * 90,
    b"a line of it\n", b" " * 45, b"acme", b"zed", b"w" * 300, b"=\n   'abcd", b">\r\n",
]  # fmt: skip


@pytest.fixture
def compiled() -> DeadEnds:
    found = Memory().dead_ends(FIRST, WORDS)
    if isinstance(found, Plain):
        pytest.skip("was not built")
    return found


def hits_of(text: bytes, chance: Random) -> list[tuple[int, int, int]]:
    found = [
        (end, number, chance.choice([0, 0, min(5, end), min(end, 380)]) if number < FIRST else 0)
        for end in (chance.randrange(len(text) + 1) for _ in range(8))
        for number in [chance.randrange(FIRST + len(WORDS) + 1)]
    ]
    return sorted(found)


def places(
    known: DeadEnds, text: bytes, hits: Hits, binary: bool, about: bytes, at: int = 0
) -> list[int]:
    """Those of the hits that are not known to lead to nothing, from a place on."""
    at = known.next(text, hits, at, binary, about)
    return [at, *places(known, text, hits, binary, about, at + 1)] if at < len(hits) else []


@pytest.mark.parametrize("word", WORDS)
def test_what_shows_that_nothing_is_behind_a_word_is_the_same(word: Word) -> None:
    asked = pytest.importorskip("keymuster.detect._accelerator").nothing_behind
    chance = Random(2)
    for _ in range(2000):
        text = b"".join(chance.choices(PIECES, k=chance.randrange(1, 9)))
        at = chance.randrange(len(text) + 1)
        known = word.nothing_behind(text, at)
        assert asked(text, at, word.least, word.characters) == known, (text, at)
        if known:
            assert word.behind(text, at) == ([], at + known)
    for outside in (-1, 4):
        with pytest.raises(ValueError, match="outside"):
            asked(b"abc", outside, 1, b"abc")


def accelerated_hits(found: list[tuple[int, int, int]]) -> Hits:
    made: Hits = pytest.importorskip("keymuster.detect._accelerator").Hits(found)
    return made


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_the_same_is_known_in_both(chance: Random) -> None:
    plain, compiled = Plain(FIRST, WORDS), Memory().dead_ends(FIRST, WORDS)
    if isinstance(compiled, Plain):
        pytest.skip("was not built")
    texts = [b"".join(chance.choices(PIECES, k=chance.randrange(12))) for _ in range(3)]
    for _ in range(12):
        text = b"".join(chance.choices(texts, k=chance.randrange(1, 3)))
        hits = hits_of(text, chance)
        one, other = PlainHits(hits), accelerated_hits(hits)
        for at in range(len(hits)):
            answer = chance.choice([None, None, None, (1, 2, 3, ()), (1, 2, 3, ("x",))])
            if answer is not None:
                one.answer(at, answer)
                other.answer(at, answer)
        binary, about = chance.random() < 0.2, chance.choice(ABOUT)
        told = places(plain, text, one, binary, about)
        assert places(compiled, text, other, binary, about) == told
        for at, hit in enumerate(hits):
            assert one.answer_of(at) == other.answer_of(at)
            assert one.is_repeated(at) == other.is_repeated(at)
            assert one.hit(at) == other.hit(at) == hit
        for at in told:
            _, number, back = hits[at]
            lead = [0, 3, 50, 337, 401, 1 << 60][(number + back) % 6]
            rest = [0, 1, 90, 257][(number + back) % 4]
            plain.add(text, hits[at], about, lead, rest)
            compiled.add(text, hits[at], about, lead, rest)


@pytest.mark.parametrize("kind", ["C", "Python"])
def test_a_line_is_known_wherever_it_stands(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "Python":
        monkeypatch.setenv(accelerator.SWITCH, "1")
    known = Memory().dead_ends(FIRST, WORDS)
    if kind == "C" and isinstance(known, Plain):
        pytest.skip("was not built")
    line = b"\n key = None\n\n# "

    def is_known(text: bytes, about: bytes = b"") -> bool:
        hits = [(text.index(b"None"), 1, 6)]
        made = PlainHits(hits) if kind == "Python" else accelerated_hits(hits)
        return known.next(text, made, 0, False, about) == 1

    text = b"a" * 500 + line + b"b" * 500
    assert not is_known(text)
    known.add(text, (text.index(b"None"), 1, 6), b"", 8, 8)
    assert is_known(text)
    assert is_known(b"x" + line + b"y")
    assert not is_known(b"x" + line + b"y", ABOUT[2])
    assert not is_known(b"x" + line[1:] + b"y")
    assert not is_known(b"x" + line.replace(b"#", b";"))
    # what reaches further than its lines is known where more of the text is the same
    known.add(b"x" + line + b"y", (8, 1, 6), b"", 9, 8)
    other = b"a" * 400 + line.replace(b"None", b"None of it") + b"b" * 400
    known.add(other, (other.index(b"None"), 1, 6), b"", 300, 100)
    assert is_known(other)
    assert is_known(b"c" + other + b"c")
    assert not is_known(other[200:])


@pytest.mark.parametrize(
    ("text", "hit", "about"),
    [
        (b"text", (5, 0, 0), b""),
        (b"text", (2, 0, 3), b""),
        (b"text", (2, 0, 0), b"short"),
        ("text", (2, 0, 0), b""),
    ],
)
def test_a_hit_outside_of_the_text_does_no_harm(
    compiled: DeadEnds, text: Any, hit: tuple[int, int, int], about: bytes
) -> None:
    with pytest.raises((TypeError, ValueError)):
        compiled.next(text, accelerated_hits([hit]), 0, False, about)
    with pytest.raises(TypeError):
        compiled.next(b"text", PlainHits([]), 0, False, b"")


@pytest.mark.parametrize(
    "words",
    [
        (b"text", (5, 0, 0), b"", 0, 0),
        (b"text", (2, 0, 3), b"", 0, 0),
        (b"text", (2, 0, 0), b"", -1, 0),
        (b"text", (2, 0, 0), b"x", 0, 0),
        (b"text", (2, 0, "a"), b"", 0, 0),
        (b"text", (2, 0), b"", 0, 0),
    ],
)
def test_what_is_no_hit_is_not_learned(compiled: DeadEnds, words: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        compiled.add(*words)


NAMES = [
    b"password",
    b"api_key",
    b"SECRET_TOKEN",
    b"auth",
    b"--token",
    b"key",
    b"user:pass",
    b"Bearer",
    b"redis-cli -h a ",
    b"mysql -u b ",
    b"https://me",
    b"<db-password x='1'",
    b"login me password",
    b" -u me",
]
JOINS = [
    b" = ", b": ", b"=", b":", b"('", b', "', b" => ", b" ", b"\n", b" :\n   ", b" = \\\n", b"> ", b" ->",
    b": >-\n ", b": str = ", b"\": ", b"' : '",
    b">", b"-a ", b" -p", b"\" {\n ", b" {", b"@", b"%3D", b" : X = ", b"?: T=", b"=\"'", b",", b", with=",
]  # fmt: skip
VALUES = [
    b"None", b"hunter2", b'"Zebra-zoo-77"', b"'a1B2c3D4e5F6g7H8'", b"os.environ['A']", b"foo(", b"[", b"{\n",
    b'"""', b'"a", "b"', b"x or 'y'", b"<b>", b"</b>", b"{{ a }}", b"your-key", b"", b"r'", b"\\\"c9d8e7\\\"",
    b"f(a, 'b7c6')", b"new String(\n", b"-  ", b"!vault ", b"a" * 60, b"self.key",
    b"x1y2z3@host", b"'open", b"\"open\\", b"{'a': 'b7c6'},", b"default = ", b"a, b, c", b"d8e7f6,",
    b"'d8e7f6',", b"(", b"x<a,", b"'''a\nb'''", b"Foo(  ",
]  # fmt: skip
AROUND = [
    b"\n",
    b"\n",
    b"\n\n",
    b" ",
    b"  ",
    b", ",
    b")",
    b"]",
    b"</",
    b"\r\n",
    b"#",
    b"import test\n",
    b"(\n",
]


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_what_has_a_say_lies_where_it_says(rules: RuleSet, chance: Random) -> None:
    """What stands outside of that may be anything."""
    engine = _engine(rules)
    text = b"".join(
        chance.choice(one) for _ in range(chance.randrange(1, 12)) for one in (NAMES, JOINS, VALUES, AROUND)
    )  # fmt: skip
    for end, number, back in engine._searched(text):
        found, begin, stop = engine._led_to(text, (end, number, back), False, "")
        before, after = text[: max(0, begin)], text[max(stop, 0) :]
        for _ in range(3):
            new = _other(before, chance) if begin > 0 else b""
            other = new + text[len(before) : len(text) - len(after)] + _other(after, chance)
            shift = len(new) - len(before)
            again, _, _ = engine._led_to(other, (end + shift, number, back), False, "")
            assert _told([*again], shift) == _told([*found], 0), (
                text[max(0, begin) : stop],
                new[-9:],
            )


def _other(text: bytes, chance: Random) -> bytes:
    """Something else in the place of a text that is there, and none where there is none."""
    if not text:
        return b""
    pieces = chance.choices([*NAMES, *JOINS, *VALUES, *AROUND], k=chance.randrange(12))
    return b"".join([*pieces, chance.choice([b"", text[:1], text[-1:]])]) or b"\n"


def _told(found: list[Any], shift: int) -> list[Any]:
    return [
        (
            token.id,
            one.start - shift,
            one.end - shift,
            one.confidence,
            one.facts,
            isinstance(said, str),
        )
        for token, one, said in found
    ]


_ENGINES: dict[int, Engine] = {}


def _engine(rules: RuleSet) -> Engine:
    """One for all examples: it opens databases."""
    return _ENGINES.setdefault(id(rules), Engine(rules))
