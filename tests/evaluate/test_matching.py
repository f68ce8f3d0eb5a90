"""What `matching` says of an expression and a text is what the runtime says."""

from __future__ import annotations

import random
import re
import time
from typing import Any

import pytest
from cel_expr_python import cel

from keymuster.evaluate.matching import Matches, matcher, translated
from keymuster.rules.schema import RuleSet


def matching(pattern: str) -> Matches | None:
    told = translated(pattern)
    return None if told is None else matcher(*told)


def _runtime(pattern: str) -> Any:
    environment = cel.NewEnv(variables={"text": cel.Type("string")})
    quoted = pattern.replace("\\", "\\\\").replace("\n", "\\n").replace("'", "\\'")
    compiled = environment.compile(f"text.matches('{quoted}')")
    return lambda text: compiled.eval(data={"text": text}).value()


def _texts(pattern: str, chance: random.Random) -> list[str]:
    """Texts that are near to what an expression is about."""
    words = [one for one in re.split(r"[][(){}|^$*+?\\]+", pattern) if one] or ["x"]
    made = ["", "\n", *words[:40]]
    for _ in range(30):
        parts = [
            chance.choice([*words, "a", "Z", "0", ":", "/", "*", ".", "-", "_", " ", "\n", "k"])
        ]
        while chance.random() < 0.7:
            parts.append(chance.choice([*words, "a", ":", "/", "*", "."]))
        text = "".join(parts)
        made += [text, text.upper(), text + "\n"]
    return made


def test_the_expressions_of_shipped_conditions(rules: RuleSet) -> None:
    said = {
        found[1].replace("\\\\", "\\")
        for policy in rules.policies
        for found in re.finditer(r"\.matches\('((?:[^'\\]|\\\\)*)'\)", policy.when)
    }
    chance = random.Random(1)
    known = asked = 0
    for pattern in sorted(said):
        if (ours := matching(pattern)) is None:
            continue
        known += 1
        theirs = _runtime(pattern)
        for text in _texts(pattern, chance):
            if (answer := ours(text)) is not None:
                asked += answer
                assert answer is theirs(text), (pattern, text)
    assert known > 0.6 * len(said)
    assert asked > 1_000


@pytest.mark.parametrize(
    "pattern",
    [
        "a|b", "a.b", "a$", "^a$", "[$]a", "[]a]", "[^]a]", "[[]a", "a{2}", "a{2,}", "a{1,2}?", "(?:ab)?c", "(?i)K[a-c]s", r"\\bab\\b",
        r"\\w\\.\\d", r"[\\w.-]+@", "(?i)a|(?i)b", "a}", "x{0,1}", "^(a|^b)$", "(a$|b)c?", "a-[b-]", "[.\\\\[]x", "(?:)a",
    ],
)  # fmt: skip
def test_expressions_of_all_kinds(pattern: str) -> None:
    pattern = pattern.replace("\\\\", "\\")
    ours, theirs = matching(pattern), _runtime(pattern)
    assert ours is not None
    for text in _texts(pattern, random.Random(2)):
        assert ours(text) is theirs(text), text


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+", "(a|b)*", "(?:a){2}", "a++", "a(?i)b", "(?s).", "(?P<n>a)", "(?=a)", r"\s", r"\z", r"\pL", "[[:alpha:]]", "é", "a**",
        "*a", "(a", "a)", "[a", ".*.*.*.*x", "[a--b]", "a{,3}", r"\1", "(?i:a)", r"\x41",
    ],
)  # fmt: skip
def test_what_may_mean_something_else_or_take_long_is_left_to_the_runtime(pattern: str) -> None:
    assert matching(pattern) is None


def test_texts_that_are_read_otherwise_are_left_to_the_runtime() -> None:
    found = matching("(?i)k")
    assert found is not None
    assert [found(one) for one in ("\u212a", "k\v", "x" * 30_000, "K")] == [None, None, None, True]


@pytest.mark.parametrize("pattern", ["a.*b", "^.*a.*b.*c", "a.*b.*c", "a.*b.*c.*d"])
def test_no_text_takes_long(pattern: str) -> None:
    found = matching(pattern)
    assert found is not None
    began = time.process_time()
    for letters in ("a", "ab", "abc"):
        for length in (80, 200, 2_000, 20_000):
            found((letters * length)[:length])
    assert time.process_time() - began < 2
