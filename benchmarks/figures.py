"""From finished runs to ratios, their spread, and what they reach."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from processes import Run


@dataclass
class Measured:
    """All runs of one tool at one job. `problem` says why they are not to be compared: a tool that
    failed without a word is fast. `found` counts all that it reported."""

    runs: list[Run] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    found: int | None = None
    problem: str = ""

    def figures(self, name: str) -> list[float]:
        return self.peaks if name == "peak" else [getattr(run, name) for run in self.runs]

    def middle(self, name: str) -> float:
        return statistics.median(self.figures(name))


@dataclass(frozen=True)
class Ratio:
    """The median of ratios, and the least and largest of them."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        if self.least == self.most:
            return f"{self.median:.2g}"
        return f"{self.median:.2g} ({self.least:.2g}-{self.most:.2g})"


@dataclass(frozen=True)
class Target:
    """What a ratio must reach, and what is aimed for."""

    must: float
    aim: float

    def mark(self, value: float) -> str:
        return "aim" if value <= self.aim else "must" if value <= self.must else "MISSED"


TARGETS = {
    "hook": {"cpu": Target(0.5, 0.25), "wall": Target(0.6, 0.3)},
    "tree": {"cpu": Target(0.5, 0.25), "wall": Target(0.6, 0.3)},
    "history": {"cpu": Target(0.35, 0.15), "wall": Target(0.4, 0.2)},
    "history-python": {"cpu": Target(0.6, 0.4), "wall": Target(0.7, 0.45)},
    "large": {"cpu": Target(1, 0), "wall": Target(1, 0)},
}
"""keymuster / fastest peer of the same run, by job; an aim of 0 is none."""

AGAIN = 0.03
"""Of the first scan, for one after a hundred commits more."""

LINEAR = 2.3
"""Times the seconds for twice the size, at most."""

MEBIBYTE = 1024 * 1024


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Run by run, as they were interleaved."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))


def to_fastest(ours: Measured, peers: Mapping[str, Measured], figure: str) -> Ratio | None:
    """To whichever peer was the fastest in the same run; None if there is none to compare with."""
    fit = [peer.figures(figure) for peer in peers.values() if not peer.problem]
    return ratio(ours.figures(figure), list(map(min, *fit, fit[0]))) if fit else None


def peak_mark(ours: Measured, peers: Mapping[str, Measured], largest_blob: int) -> str:
    """No more memory than any peer; aimed for is an amount that does not grow with the history."""
    peak = ours.middle("peak")
    others = [peer.middle("peak") for peer in peers.values() if not peer.problem]
    return Target(min(others, default=0), 100 + 2 * largest_blob / MEBIBYTE).mark(peak)


def again_mark(share: float, first: float, second: float, least: float, new: float) -> str:
    """For a scan after more commits: `share` is second / first; `least` is what a scan of nothing
    takes, and `new` which part of all bytes came with the commits. Proportional is no more than
    twice that part."""
    proportional = second - least <= 2 * new * max(0.0, first - least)
    return "aim" if proportional and share <= AGAIN else "must" if share <= AGAIN else "MISSED"
