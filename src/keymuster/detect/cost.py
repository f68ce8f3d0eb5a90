"""What the search for each format costs, measured on a sample of text."""

from __future__ import annotations

import sysconfig
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from keymuster.detect import patterns
from keymuster.detect.layers import Layer
from keymuster.detect.nested import Nested
from keymuster.detect.patterns import Pattern
from keymuster.detect.seen import Keep
from keymuster.rules.schema import RuleSet

_RUNS = 3
"""Searches of which the quickest counts: a busy machine makes others slower."""

TOO_MUCH = 1.0
"""Nanoseconds per byte that no format alone should take: more than most take together."""


class Cost(Struct, frozen=True):
    """Of a format, or of what is searched for together: processor time per byte, searched for alone,
    and hits per million bytes."""

    name: str
    nanoseconds: float
    hits: float


_MOST = 2_000_000
"""Bytes of a sample; more say the same."""


def sample(path: Path | None = None) -> bytes:
    """Text to measure on: a file, the files of a folder, or Python's standard library."""
    root = path or Path(sysconfig.get_path("stdlib"))
    if root.is_file():
        return root.read_bytes()[:_MOST]
    texts, size = [], 0
    for file in sorted(root.rglob("*")):
        if size >= _MOST:
            break
        if file.is_file() and b"\0" not in (text := file.read_bytes()):
            texts.append(text)
            size += len(text)
    return b"\n".join(texts)[:_MOST]


def of_layers(rules: RuleSet, sample: bytes) -> list[Cost]:
    """What is searched for together; the sum is what a scan takes."""
    return [
        _cost(layer.key.partition("-")[0], layer.scan, sample) for layer in Nested(rules).layers
    ]


def of_formats(rules: RuleSet, ids: Collection[str], sample: bytes) -> list[Cost]:
    """Some of the formats, the most expensive first."""
    gates: defaultdict[str, list[Pattern]] = defaultdict(list)
    for pattern in patterns.of_rules(rules):
        if (id := rules.tokens[pattern.format].id) in ids:
            gates[id] += _gates(pattern)
    costs = (_cost(id, _alone(dict(enumerate(those))), sample) for id, those in gates.items())
    return sorted(costs, key=lambda one: -one.nanoseconds)


def _gates(pattern: Pattern) -> Iterator[Pattern]:
    if pattern.gate:
        yield pattern
    yield from map(patterns.of_word, pattern.words)


def _alone(gates: Mapping[int, Pattern]) -> Callable[[bytes, Keep], None]:
    """A search for these gates only."""
    return Layer("", (), lambda: gates, beside_runs=all(one.in_run for one in gates.values())).scan


def _cost(name: str, search: Callable[[bytes, Keep], None], sample: bytes) -> Cost:
    search(b"", lambda *_: None)  # which opens the database
    hits = 0

    def count(*_: object) -> None:
        nonlocal hits
        hits += 1

    spent = []
    for _ in range(_RUNS):
        start = time.process_time()
        search(sample, count)
        spent.append(time.process_time() - start)
    size = max(1, len(sample))
    return Cost(name, min(spent) * 1e9 / size, hits / _RUNS * 1e6 / size)
