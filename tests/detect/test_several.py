"""Small texts searched at once: no text in which something hits is left out."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from detect.made import in_context, tokens
from keymuster.detect.nested import Nested
from keymuster.detect.patterns import Pattern
from keymuster.detect.several import Several, needed_by
from keymuster.rules.schema import RuleSet

PROSE = b"Nothing that anybody keeps to himself."


@pytest.fixture(scope="module")
def nested(rules: RuleSet) -> Nested:
    return Nested(rules)


def texts(rules: RuleSet) -> Iterator[bytes]:
    """Tokens that begin and end a text, and others with something around them."""
    random = Random(7)
    for number, format in enumerate(rules.tokens[::5]):
        for one in tokens(format):
            if len(one) < 1000:
                before, after = in_context(format, one, random)
                yield one.encode()
                yield f"{before}{one}".encode()
                yield f"{before}{one}{after} ".encode()
        if number % 3 == 0:
            yield PROSE
            yield b""


def hits(nested: Nested, text: bytes) -> bool:
    return any(layer.ends(text, 0)[0] for layer in nested.layers)


def test_each_text_is_named_in_which_something_hits(rules: RuleSet, nested: Nested) -> None:
    every = list(texts(rules))
    found = silent = 0
    for start in range(0, len(every), 40):
        some = every[start : start + 40]
        numbers = {*nested.several.hit(some, b"\n".join(some))}
        found += len(numbers)
        silent += some.count(PROSE) - sum(some[number] == PROSE for number in numbers)
        for number, text in enumerate(some):
            assert number in numbers or not hits(nested, text), number
    assert found > len(every) / 2
    assert silent > 0.9 * every.count(PROSE)


def test_what_only_begins_a_text_is_found_behind_others(nested: Nested) -> None:
    some = [PROSE, b"\x1f\x8b\x08" + PROSE, PROSE]
    assert hits(nested, some[1])
    assert 1 in nested.several.hit(some, b"\n".join(some))


def test_few_gates_ask_where_a_text_begins(nested: Nested) -> None:
    assert nested.several.apart == b"\x1f"


@pytest.mark.parametrize(
    ("gate", "needed"),
    [
        ("acme_[0-9a-f]{8}", b""),
        (r"(?:\A|[^a-z])acme_", b""),
        (r"(?:^|[^0-9A-Za-z]|\\n)acme_", b""),
        (r"acme_(?:[^a-z]|\Z)", b""),
        ("(?m:^)acme", b""),
        ("^acme", b"a"),
        ("^[ab]cme", b"ab"),
        (r"(?:\A|[a-z])acme_", bytes(range(256))),
        ("acme$", bytes(range(256))),
        ("^acme$", bytes(range(256))),
        ("x(?:^a|b)", b"a"),
    ],
)
def test_what_a_text_must_hold_for_its_edges_to_count(gate: str, needed: bytes) -> None:
    mask = needed_by(Pattern(format=0, gate=gate))
    assert bytes(byte for byte in range(256) if mask >> byte & 1) == needed


def test_in_a_gate_that_respects_no_case_both_count() -> None:
    assert needed_by(Pattern(format=0, gate="^a", caseless=True)) == 1 << ord("a") | 1 << ord("A")


def test_texts_with_such_a_byte_are_each_searched_by_themselves() -> None:
    class Careful(Several):
        apart = b"q"  # type: ignore[assignment]

    assert [*Careful((), "").hit([b"a", b"q"], b"a\nq")] == [0, 1]
    assert [*Careful((), "").hit([b"a", b"b"], b"a\nb")] == []
