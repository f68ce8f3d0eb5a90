"""What stands beside long runs of letters, and formats that are searched for only there."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from keymuster.detect import patterns, runs
from keymuster.detect.engine import Engine
from keymuster.detect.layers import Layer, search
from keymuster.detect.windows import Windows
from keymuster.model import CredentialKind
from keymuster.rules.schema import RuleSet, TokenFormat

WIDTH = 40
RUN = b"0a1B_c-D" * 3


def rules_of(*searched: str) -> RuleSet:
    """Rules with a format for each expression."""
    tokens = [
        TokenFormat(
            id=f"acme-{number}", name="Acme", kind=CredentialKind.API_KEY, revoke="Delete it.",
            pattern=one, examples=[], counter_examples=[],
        )
        for number, one in enumerate(searched)
    ]  # fmt: skip
    return RuleSet(tokens=tokens, policies=[], frameworks=[], mapping={}, samples={})


@pytest.fixture(params=[runs.beside, runs.fastest()], ids=["python", "fastest"])
def beside(request: pytest.FixtureRequest) -> Callable[[bytes, int], bytes]:
    found: Callable[[bytes, int], bytes] = request.param
    return found


@pytest.mark.parametrize("text", [b"", RUN[:-1], (b"x" * 23 + b".") * 9, b"\xe1" * 99])
def test_without_a_long_run_there_is_nothing(
    beside: Callable[[bytes, int], bytes], text: bytes
) -> None:
    assert beside(text, WIDTH) == b""


def test_a_long_run_has_as_much_around_it_as_a_match_may(
    beside: Callable[[bytes, int], bytes],
) -> None:
    text = b"." * 99 + RUN + b"." * 99
    assert beside(text, WIDTH) == b"." * 17 + RUN + b"." * 16


def test_a_run_may_be_all_of_a_text(beside: Callable[[bytes, int], bytes]) -> None:
    assert beside(RUN, WIDTH) == RUN


def test_runs_that_are_near_share_a_window() -> None:
    text = b"." * 50 + RUN + b"." * 20 + RUN + b"." * 200 + RUN
    assert runs.spans(text, WIDTH) == [(73, 134), (341, 358)]


def test_both_ways_find_the_same() -> None:
    made = random.Random(24)
    fast = runs.fastest()
    for _ in range(3000):
        share = made.choice((0.5, 0.9, 0.97, 1))
        text = bytes(
            made.choice(b"azAZ09_-" if made.random() < share else b" ./:@[`{\x80\xdf\0\n")
            for _ in range(made.choice((7, 16, 24, 25, 31, 48, 60, 200)))
        )
        for width in (25, 40, 120):
            assert fast(text, width) == runs.beside(text, width), text


def test_no_span_loses_a_match_or_finds_another() -> None:
    """With gates that ask what stands around a match, whole texts and what is beside runs say the same."""
    gates = {
        number: patterns.Pattern(format=0, gate=gate, width=width, length=length, free=False)
        for number, (gate, width, length) in enumerate([
            ("[0-9a-f]{24}", 24, 24),
            (r"(?:\A|[^-0-9A-Z_a-z])[0-9a-z]{26}(?:[^0-9A-Z_a-z]|\Z)", 28, None),
            (r"\b[a-z-]{24,28}\.[a-f]{2}", 31, None),
        ])
    }  # fmt: skip
    made = random.Random(7)
    whole, part = (
        Layer("", [*gates.values()], lambda: gates, beside_runs=only) for only in (False, True)
    )
    hits = 0
    for _ in range(1500):
        parts = [b"0a" * 12, b"ab" * 13, b"-", b".ab", b" ", b"_", b".", b"Z" * 9, b"\n" * 30]
        text = b"".join(made.choice(parts) for _ in range(made.randrange(12)))
        found = search([whole], text)
        assert search([part], text) == found, text
        hits += len(found)
    assert hits > 1000


def test_what_reaches_over_from_one_window_to_the_next_is_no_hit() -> None:
    windows = Windows(b"0123456789" * 3, [(6, 10), (25, 28)], 3)
    assert windows.text == b"3456789" + b"234567"
    assert [windows.place(end) for end in (3, 4, 6, 7, 8, 10, 11, 12, 13)] == [
        -1, 7, 9, -1, -1, -1, 26, 27, -1,
    ]  # fmt: skip


def test_a_format_of_letters_only_is_searched_for_beside_runs() -> None:
    rules = rules_of(
        "(?P<secret>[0-9a-f]{32})", "(?P<secret>acme_[0-9a-f]{32})",
        "(?P<secret>[0-9+/a-f]{32})", "(?P<secret>[0-9a-f]{20,32})",
    )  # fmt: skip
    found = {one.format: one.in_run for one in patterns.of_rules(rules)}
    assert found == {0: True, 1: False, 2: False, 3: False}


def test_a_format_is_found_beside_runs() -> None:
    rules = rules_of(r"\b(?P<secret>[0-9a-f]{32})\b")
    made = b"0a1b2c3d4e5f6071" * 2
    text = b"x\n" * 400 + b"key: " + made + b"\n" + b"y\n" * 400
    assert [match.start for match in Engine(rules).scan(text)] == [805]
    assert not Engine(rules).scan(text.replace(made, made[:-1]))
