"""How likely a value is a secret: boosted decision trees over the signals, and what each one said.

The weights are data (`weights.json`), made by `benchmarks/train_values.py` from labelled files. A
tree node is `[signal, threshold, expected, left, right]`, where `expected` is the mean of what can
still come; a leaf is a number. Their sum is the logarithm of the odds. The trees are asked in
stages: the first of them ask only what costs little, and decide most values.

`_accelerator.c` has the signals and the sums in C; whatever it says, the Python here does too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from math import exp
from typing import Any

import msgspec
from msgspec import Struct

from keymuster import accelerator
from keymuster.detect.values.signals import GROUPS, NAMES, Signals, groups, packed, tables
from keymuster.detect.values.syntax import Found
from keymuster.model import Confidence

try:
    from keymuster.detect.values import _accelerator
except ImportError:
    _accelerator = None  # type: ignore[assignment]


class Stage(Struct, frozen=True):
    """Trees that ask the first so many `signals`; a sum of all trees so far that is below `least`
    is of no secret, whatever follows."""

    signals: int
    least: float
    trees: tuple[Any, ...]


class Weights(Struct, frozen=True):
    """The stages, the signals they were made for, and the least probability of each tier."""

    signals: tuple[str, ...]
    stages: tuple[Stage, ...]
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


def weigh(content: bytes, found: Found, path: str) -> tuple[Signals, float]:
    """As many signals as it takes, and how likely they come from a secret, 0 to 1."""
    in_c = scales()
    if in_c is None:
        return weighed(groups(content, found, path))
    said, total, stopped = in_c.weigh(
        content, found.name, found.name_start, found.start, found.end, len(found.quote),
        *packed(found, path),
    )  # fmt: skip
    return memoryview(said).cast("d"), likelihood(total, stopped=stopped)


def weighed(following: Iterator[Signals]) -> tuple[Signals, float]:
    """The same of signals that come group by group."""
    signals: list[float] = []
    total = 0.0
    for sums in _sums():
        while len(signals) < sums.stage.signals:
            signals += next(following)
        total += sums.of(signals)
        if total < sums.stage.least:
            return signals, likelihood(total, stopped=True)
    return signals, likelihood(total, stopped=False)


def likelihood(total: float, *, stopped: bool) -> float:
    """That of a sum of trees; if it was stopped, and no more is asked, less than any tier has."""
    found = 1 / (1 + exp(-total))
    return min(found, _BELOW * weights().tiers[Confidence.LOW]) if stopped else found


_BELOW = 0.99
"""Of the least likelihood that is in a tier: what no more is asked about is in none."""


@cache
def scales() -> _accelerator.Scales | None:
    """Both at once in C, where that was built; it gives the same numbers."""
    if _accelerator is None or not accelerator.is_wanted():
        return None
    stages = tuple((one.signals, one.least, one.trees) for one in weights().stages)
    return _accelerator.Scales(tuple(accumulate(map(len, GROUPS))), stages, *tables())


_OFTEN = 1500
"""Sums of a stage after which it is worth what these took, some milliseconds, to make the next ones three times as
fast."""


class _Sums:
    """The sum of a stage's trees for one value after another."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._asked = 0
        self.of: Callable[[Signals], float] = self._walked

    def _walked(self, signals: Signals) -> float:
        self._asked += 1
        if self._asked > _OFTEN:
            self.of = _compiled(self.stage.trees)
        total = 0.0
        for node in self.stage.trees:
            while type(node) is list:
                node = node[3] if signals[node[0]] <= node[1] else node[4]
            total += node
        return total


def _compiled(trees: Sequence[Any]) -> Callable[[Signals], float]:
    """The same sum as one expression of Python; it holds nothing but numbers."""
    found: Callable[[Signals], float] = eval("lambda s: " + "+".join(map(_source, trees)))  # noqa: S307
    return found


def _source(node: Any) -> str:
    if type(node) is not list:
        return f"({float(node)!r})"
    signal, threshold, _, left, right = node
    return f"({_source(left)} if s[{int(signal)}] <= {float(threshold)!r} else {_source(right)})"


@cache
def _sums() -> list[_Sums]:
    return [_Sums(stage) for stage in weights().stages]


def tier(probability: float) -> Confidence | None:
    """The tier a probability belongs to; None if it is in none."""
    tiers = weights().tiers
    if probability < tiers[Confidence.LOW]:
        return None
    return next(one for one in _DOWNWARDS if probability >= tiers[one])


_DOWNWARDS = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)


def reasons(signals: Signals) -> tuple[float, dict[str, float]]:
    """Of what `weigh` made of signals: the log-odds before anything is known, and what each signal
    adds to them, in words. The sum of all is the log-odds of the probability."""
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


def _asked(signals: Signals) -> Sequence[Any]:
    """The trees that a probability comes from."""
    total, asked = 0.0, list[Any]()
    for sums in _sums():
        asked += sums.stage.trees
        total += sums.of(signals)
        if total < sums.stage.least:
            break
    return asked


def _words(name: str, value: float) -> str:
    if value in (0, 1):
        return name if value else f"no: {name}"
    return f"{name}: {value:.3g}"
