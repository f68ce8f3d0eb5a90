"""The weights that come with this version, and what they make of signals."""

from __future__ import annotations

from importlib import resources
from itertools import accumulate
from math import exp, isfinite
from random import Random

import msgspec
import pytest

from detect.values.conftest import Read, filled
from keymuster.detect.values import signals, weighing
from keymuster.model import Confidence

TEXTS = [
    'password = "~"',
    "password: hunter2",
    'token_hash = "~"',
    'password_field = "Enter it"',
    "count_of_tokens = 1200",
    "postgres://app:~@db.acme.io",
    "Authorization: Basic ~",
    'cache_key = "users/x"',
    '"title.password": "Mot de passe"',
]


def seen(read: Read, text: str) -> list[float]:
    content = filled(text)
    found = read(content)[-1]
    return [one for group in signals.groups(content, found, "") for one in group]


def likelihood(said: list[float]) -> float:
    return weighing.weighed(iter([said]))[1]


@pytest.fixture(scope="module")
def made_up() -> list[list[float]]:
    """Signals of nothing in particular."""
    random = Random(1)
    return [
        [random.choice((0, 1, random.random() * 40)) for _ in signals.NAMES] for _ in range(200)
    ]


def test_the_weights_are_of_the_signals_there_are() -> None:
    assert weighing.weights().signals == signals.NAMES
    ends = list(accumulate(map(len, signals.GROUPS)))
    for stage in weighing.weights().stages:
        assert stage.signals in ends
        assert {node[0] for tree in stage.trees for node in nodes(tree)} <= set(
            range(stage.signals)
        )


def trees() -> list[object]:
    return [tree for stage in weighing.weights().stages for tree in stage.trees]


def nodes(tree: object) -> list[list[object]]:
    if not isinstance(tree, list):
        return []
    return [tree, *nodes(tree[3]), *nodes(tree[4])]


def test_the_weights_are_small_and_finite() -> None:
    data = resources.files(weighing.__package__ or "").joinpath("weights.json").read_bytes()
    assert len(data) < 200_000
    numbers = [
        number
        for tree in trees()
        for node in nodes(tree)
        for number in node[1:]
        if not isinstance(number, list)
    ]
    assert len(numbers) > 1000
    assert all(isinstance(number, int | float) and isfinite(number) for number in numbers)


def test_weights_of_other_signals_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    weighing.weights.cache_clear()
    monkeypatch.setattr(weighing, "NAMES", (*signals.NAMES, "another"))
    with pytest.raises(RuntimeError, match="other signals"):
        weighing.weights()
    weighing.weights.cache_clear()


def test_the_expected_value_of_a_node_lies_between_those_of_its_sides() -> None:
    """Otherwise a reason would be blamed on the wrong signal."""
    for tree in trees():
        for node in nodes(tree):
            left, right = (side[2] if isinstance(side, list) else side for side in node[3:])
            assert min(left, right) - 1e-3 <= node[2] <= max(left, right) + 1e-3


def test_the_tiers_are_in_order() -> None:
    tiers = weighing.weights().tiers
    assert 0 < tiers[Confidence.LOW] < tiers[Confidence.MEDIUM] < tiers[Confidence.HIGH] < 1
    for confidence in tiers:
        assert weighing.tier(tiers[confidence]) is confidence
    assert weighing.tier(tiers[Confidence.LOW] - 1e-9) is None
    assert weighing.tier(1.0) is Confidence.HIGH


def test_a_probability_is_one(read: Read, made_up: list[list[float]]) -> None:
    for one in [*made_up, *(seen(read, text) for text in TEXTS)]:
        assert 0 < likelihood(one) < 1


def added(said: list[float]) -> float:
    """The likelihood that the reasons come to; as `weigh` has it, where it stopped."""
    before, reasons = weighing.reasons(said)
    found = 1 / (1 + exp(-before - sum(reasons.values())))
    lowest = weighing.weights().tiers[Confidence.LOW]
    return found if likelihood(said) >= lowest else min(found, weighing._BELOW * lowest)


def test_the_reasons_add_up_to_the_probability(read: Read) -> None:
    for text in TEXTS:
        said = seen(read, text)
        assert added(said) == pytest.approx(likelihood(said))


def test_the_reasons_of_anything_add_up(made_up: list[list[float]]) -> None:
    for said in made_up:
        assert added(said) == pytest.approx(likelihood(said))


def test_what_is_stopped_early_is_in_no_tier(made_up: list[list[float]]) -> None:
    stopped = 0
    for said in made_up:
        total = 0.0
        for sums in weighing._sums():
            total += sums.of(said)
            if total < sums.stage.least:
                stopped += 1
                assert weighing.tier(likelihood(said)) is None
                break
    assert stopped


def test_no_more_signals_are_asked_than_it_takes(read: Read) -> None:
    asked = set()
    for text in TEXTS:
        content = filled(text)
        found = read(content)[-1]
        told, likely = weighing.weighed(signals.groups(content, found, ""))
        every = seen(read, text)
        asked.add(len(told))
        assert told == every[: len(told)]
        assert likely == pytest.approx(likelihood(every))
        assert weighing.reasons(told) == weighing.reasons(every)
    assert len(asked) > 1


def test_sums_are_the_same_however_often_they_are_made(made_up: list[list[float]]) -> None:
    """After a while they are made by another way."""
    for stage in weighing.weights().stages:
        sums = weighing._Sums(stage)
        first = [sums.of(said) for said in made_up[:50]]
        for said in made_up * 2:
            sums.of(said)
        assert [sums.of(said) for said in made_up[:50]] == pytest.approx(first)


def test_the_reasons_are_words_and_numbers(read: Read) -> None:
    _, reasons = weighing.reasons(seen(read, 'password = "~"'))
    assert "named as a password" in reasons
    assert any(reason.startswith("no: ") for reason in reasons)
    assert "length: 24" in reasons
    assert all(weight for weight in reasons.values())


def test_the_reasons_never_quote_the_value(read: Read) -> None:
    _, reasons = weighing.reasons(seen(read, "password = 'Zebra-zoo-77'"))
    assert "zebra" not in msgspec.json.encode(reasons).decode().lower()


def test_the_same_value_is_likelier_under_a_name_that_speaks_of_it(read: Read) -> None:
    named = likelihood(seen(read, 'db_password = "~"'))
    about = likelihood(seen(read, 'password_hash_column = "~"'))
    assert named > about
