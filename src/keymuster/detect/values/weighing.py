"""How likely a value is a secret: boosted decision trees over the signals, and what each one said.

The weights are data (`weights.json`), made by `benchmarks/train_values.py` from labelled files. A
tree node is `[signal, threshold, expected, left, right]`, where `expected` is the mean of what can
still come; a leaf is a number. Their sum is the logarithm of the odds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache, lru_cache
from math import exp, inf
from typing import Any

import msgspec
from msgspec import Struct

from keymuster.detect.values.signals import NAMES
from keymuster.model import Confidence


class Weights(Struct, frozen=True):
    """The trees, the signals they were made for, and the least probability of each tier. `glance`
    are trees that ask only the signals of a glance, and `hopeless` the sum of theirs below which no
    more is asked; `stops` are such sums after so many of the trees."""

    signals: tuple[str, ...]
    glance: tuple[Any, ...]
    hopeless: float
    trees: tuple[Any, ...]
    stops: dict[int, float]
    tiers: dict[Confidence, float]


@cache
def weights() -> Weights:
    """The weights that come with this version."""
    with open(os.path.join(os.path.dirname(__file__), "weights.json"), "rb") as file:
        found = msgspec.json.decode(file.read(), type=Weights)
    if found.signals != NAMES:
        raise RuntimeError(
            "weights.json was made for other signals; run benchmarks/train_values.py"
        )
    return found


@lru_cache(maxsize=32_768)
def is_hopeless(glance: tuple[float, ...]) -> bool:
    """Whether a glance tells that nothing else can make a value likely."""
    return _sum(_glance(), glance) < weights().hopeless


def probability(signals: Sequence[float]) -> float:
    """How likely the signals come from a secret, 0 to 1. Given the signals of a glance, what those
    say."""
    total = 0.0
    for stop, trees in _stages() if len(signals) == len(NAMES) else [(-inf, _glance())]:
        total += _sum(trees, signals)
        if total < stop:
            break
    return 1 / (1 + exp(-total))


def _sum(trees: list[Any], signals: Sequence[float]) -> float:
    total = 0.0
    for node in trees:
        while type(node) is tuple:
            signal, threshold, left, right = node
            node = left if signals[signal] <= threshold else right
        total += node
    return total


@cache
def _glance() -> list[Any]:
    return [_lean(tree) for tree in weights().glance]


@cache
def _stages() -> list[tuple[float, list[Any]]]:
    """The trees up to each stop, with the sum that must be reached there."""
    lean = [_lean(tree) for tree in weights().trees]
    ends = [*weights().stops, len(lean)]
    return [
        (weights().stops.get(end, -inf), lean[begin:end])
        for begin, end in zip([0, *ends], ends, strict=False)
    ]


def _lean(node: Any) -> Any:
    """A tree without what only the reasons need."""
    if type(node) is not list:
        return node
    return node[0], node[1], _lean(node[3]), _lean(node[4])


def tier(probability: float) -> Confidence | None:
    """The tier a probability belongs to; None if it is in none."""
    for confidence in (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW):
        if probability >= weights().tiers[confidence]:
            return confidence
    return None


def reasons(signals: Sequence[float]) -> tuple[float, dict[str, float]]:
    """The log-odds before anything is known, and what each signal adds to them, in words. The sum
    of all is the log-odds of the probability, whose trees these are: of a value that is soon seen to
    be none, the first."""
    base, said = 0.0, [0.0] * len(NAMES)
    for node in _asked(signals):
        expected = node[2] if type(node) is list else node
        base += expected
        while type(node) is list:
            signal = node[0]
            node = node[3] if signals[node[0]] <= node[1] else node[4]
            following = node[2] if type(node) is list else node
            said[signal] += following - expected
            expected = following
    return base, {
        _words(name, value): weight
        for name, value, weight in zip(NAMES, signals, said, strict=False)
        if weight
    }


def _asked(signals: Sequence[float]) -> Sequence[Any]:
    """The trees that a probability comes from."""
    if len(signals) < len(NAMES):
        return weights().glance
    total, count = 0.0, 0
    for stop, trees in _stages():
        total += _sum(trees, signals)
        count += len(trees)
        if total < stop:
            break
    return weights().trees[:count]


def _words(name: str, value: float) -> str:
    if value in (0, 1):
        return name if value else f"no: {name}"
    return f"{name}: {value:.3g}"
