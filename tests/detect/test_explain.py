"""Every candidate with its verdict, and what was weighed."""

from __future__ import annotations

from collections.abc import Callable
from math import exp

import pytest

from detect.values.conftest import VALUE, filled
from keymuster.detect import examples
from keymuster.detect.engine import Engine
from keymuster.detect.explain import Considered, explain
from keymuster.detect.matches import DULL, UNKEPT, WRONG_CHECKSUM
from keymuster.model import Confidence
from keymuster.rules.schema import RuleSet, TokenFormat

Explain = Callable[..., list[Considered]]


@pytest.fixture(scope="session")
def said(rules: RuleSet) -> Explain:
    return lambda text, path="": explain(rules, filled(text), path)


def test_a_value_is_explained_by_what_was_weighed(said: Explain) -> None:
    (one,) = said('db_password = "~"')
    assert (one.start, one.end) == (15, 15 + len(VALUE))
    assert one.reported
    assert one.verdict == "confidence high"
    assert one.likelihood is not None
    assert one.weights["named as a password"] > 0
    total = one.before + sum(one.weights.values())
    assert 1 / (1 + exp(-total)) == pytest.approx(one.likelihood)


def test_the_heaviest_reason_comes_first(said: Explain) -> None:
    (one,) = said('db_password = "~"')
    sizes = [abs(weight) for weight in one.weights.values()]
    assert sizes == sorted(sizes, reverse=True)


def test_an_unlikely_value_is_explained_too(said: Explain) -> None:
    (one,) = said('"title.password": "Mot de passe"')
    assert not one.reported
    assert one.verdict == "too unlikely"
    assert one.likelihood is not None
    assert one.likelihood < 0.1
    assert one.weights


def test_what_a_glance_dismissed_is_explained_by_the_glance(said: Explain) -> None:
    (one,) = said('cache_key = "users/x"')
    assert (one.reported, one.verdict) == (False, "too unlikely")
    assert one.likelihood is not None
    assert one.weights
    total = one.before + sum(one.weights.values())
    assert 1 / (1 + exp(-total)) == pytest.approx(one.likelihood)


def test_what_is_obviously_none_has_no_reasons(said: Explain) -> None:
    (one,) = said("password = ${PASSWORD}")
    assert not one.reported
    assert one.verdict.startswith("obviously no secret")
    assert one.likelihood is None
    assert not one.weights


def test_a_token_is_explained_by_its_tier_and_status(
    rules: RuleSet, token: Callable[..., str]
) -> None:
    text = token("github-pat").encode()
    (one,) = explain(rules, text)
    assert (one.start, one.end, one.format.id) == (0, len(text), "github-pat")
    assert (one.reported, one.verdict) == (True, "confidence high, status unknown")
    assert (one.likelihood, one.weights) == (None, {})


def test_what_was_dropped_says_why(rules: RuleSet, token: Callable[..., str]) -> None:
    formats = {one.id: one for one in rules.tokens}
    broken = examples.expand("{broken}", formats["github-pat"], formats)
    assert verdicts(explain(rules, broken.encode())) == {"github-pat": (False, WRONG_CHECKSUM)}
    dull = b"AKIA" + b"ABCD" * 4
    assert verdicts(explain(rules, dull)) == {"aws-access-key-id": (False, DULL)}
    both = verdicts(explain(rules, token("workos-api-key").encode()))
    assert both["stripe-secret-key"] == (False, UNKEPT)
    assert both["workos-api-key"][0]


def verdicts(found: list[Considered]) -> dict[str, tuple[bool, str]]:
    return {one.format.id: (one.reported, one.verdict) for one in found}


def test_a_value_that_a_format_explains_better_says_so(
    rules: RuleSet, token: Callable[..., str]
) -> None:
    found = verdicts(explain(rules, f'token = "{token("github-pat")}"'.encode()))
    assert found["github-pat"][0]
    assert found["generic-assignment"] == (False, UNKEPT)


def test_no_explanation_quotes_a_value(said: Explain, token: Callable[..., str]) -> None:
    text = f'password = "~"\nhttps://u:~@acme.io\n{token("github-pat")}'
    for one in said(text):
        for secret in (VALUE, token("github-pat")[4:]):
            assert secret[:8] not in f"{one.preview} {one.verdict} {one.weights}"


def test_the_path_is_weighed(said: Explain) -> None:
    (one,) = said('password = "~"', "tests/a.py")
    assert any("path" in reason for reason in one.weights)


def test_what_is_explained_as_reported_is_what_a_scan_reports(
    rules: RuleSet, engine: Engine, formats: dict[str, TokenFormat]
) -> None:
    texts = [
        examples.expand(template, one, formats)
        for one in rules.tokens[::15]
        for template in (*one.examples, *one.counter_examples)
    ]
    content = "\n\n".join(texts).encode()
    reported = {
        (one.start, one.end, one.format.id) for one in explain(rules, content) if one.reported
    }
    assert len(reported) > 100
    assert reported == {(one.start, one.end, one.format.id) for one in engine.scan(content)}


def test_a_low_value_says_how_to_see_it(said: Explain, engine: Engine) -> None:
    words = ("correct horse battery", "welcome home", "open sesame", "abc12345", "letmein now")
    texts = [f'password = "{value}"' for value in words]
    low = [
        text
        for text in texts
        for match in engine.scan(text.encode())
        if match.confidence is Confidence.LOW
    ]
    assert low
    text = low[0]
    (one,) = said(text)
    assert "--confidence low" in one.verdict
