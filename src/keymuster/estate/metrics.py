"""Metrics for Prometheus, made from the store when they are asked for.

Labels have few values: kinds of targets, severities, categories, states. No name of a target, an owner or a finding is one.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from keymuster import __version__
from keymuster.estate.base import Work
from keymuster.estate.notify.delivery import cursor_of
from keymuster.estate.store.rows import Run
from keymuster.model import Severity

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.registry import Collector

    from keymuster.estate.store.counting import Counts
    from keymuster.estate.store.store import Store

_FRESH_SECONDS = 10.0
"""For so long what was counted is told again: who asks in between costs the database nothing."""


class Seen(Struct, frozen=True):
    """What was asked of the store at one moment."""

    at: datetime
    counts: Counts
    runs: list[Run]
    unfinished: int
    troubles: dict[str, int]
    pending: dict[str, int]
    open: dict[str, int]


class Metrics:
    """What a store tells, as Prometheus wants it. `channels` are those of the settings."""

    def __init__(
        self, store: Store, channels: Iterable[str] = (), clock: Callable[[], datetime] | None = None
    ) -> None:  # fmt: skip
        self._store, self._channels = store, tuple(channels)
        self._clock = clock or (lambda: datetime.now(UTC))
        self._lock = threading.Lock()
        self._seen: Seen | None = None
        self._until = 0.0
        self._state = ""
        self._troubles: dict[str, int] = {}
        self._open: dict[str, int] = {}

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """KeymusterError if the store cannot be asked."""
        yield from _families(self._looked())

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: what there is depends on the store, and nobody asks it before."""
        return ()

    def _looked(self) -> Seen:
        with self._lock:  # one asks, the others wait for the same
            if self._seen is None or time.monotonic() > self._until:
                self._seen = self._look()
                self._until = time.monotonic() + _FRESH_SECONDS
            return self._seen

    def _look(self) -> Seen:
        store, now = self._store, self._clock()
        if (state := store.state()) != self._state:  # all that could not be seen is read for this
            self._troubles = Counter(trouble.part for _, trouble in store.troubles())
            trend = store.trend(1, now)
            self._open = trend[-1].by_severity if trend else {}
            self._state = state
        counts = store.counts(now)
        pending = {name: store.pending(cursor_of(name)) for name in self._channels}
        return Seen(
            now,
            counts,
            store.runs(limit=20),
            len(store.unfinished_runs()),
            self._troubles,
            pending,
            self._open,
        )


def rendered(metrics: Metrics, accept: str) -> tuple[bytes, str]:
    """The text, and its type: what whoever asks says that they take."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import choose_encoder

    registry = CollectorRegistry(auto_describe=False)
    registry.register(cast("Collector", metrics))  # it has what is asked for
    encode, type = choose_encoder(accept)
    return encode(registry), type


# --- families --------------------------------------------------------------------------------------


def _families(seen: Seen) -> Iterator[GaugeMetricFamily]:
    yield _family("build_info", "The version that answers.", [((__version__,), 1)], "version")
    yield from _of_findings(seen)
    yield from _of_targets(seen)
    yield from _of_runs(seen)
    yield _family(
        "notify_pending_events", "Events that a channel has not been told of.",
        [((name,), count) for name, count in sorted(seen.pending.items())], "channel",
    )  # fmt: skip


def _of_findings(seen: Seen) -> Iterator[GaugeMetricFamily]:
    by_state: Counter[tuple[str, ...]] = Counter()
    by_category: Counter[tuple[str, ...]] = Counter()
    for one in seen.counts.findings:
        by_state[one.kind, one.severity, one.state.value] += one.count
        for category in one.nhi.split():
            by_category[one.kind, category, one.state.value] += one.count
    yield _family(
        "findings", "Findings by kind of target, severity and state. Each is counted once in each target that has it.",
        by_state.items(), "kind", "severity", "state",
    )  # fmt: skip
    yield _family(
        "findings_by_category", "Findings by category of the OWASP NHI Top 10, counted in each target. One may be in several categories.",
        by_category.items(), "kind", "nhi", "state",
    )  # fmt: skip
    yield _family(
        "estate_open_findings", "Findings that are open, as the report of the estate counts them: what several targets have is one.",
        [((one.value,), seen.open.get(one.value, 0)) for one in Severity], "severity",
    )  # fmt: skip
    found = {one.severity: one for one in seen.counts.open}
    yield _family(
        "open_findings", "Findings that are open. Each is counted once in each target that has it.",
        [((one.value,), found[one].count if one in found else 0) for one in Severity], "severity",
    )  # fmt: skip
    yield _family(
        "open_findings_older_than", "Findings that have been open for more than so many days, counted in each target.",
        [((one.severity, str(days)), count) for one in seen.counts.open for days, count in one.older.items()],
        "severity", "days",
    )  # fmt: skip
    yield _family(
        "oldest_open_finding_age_seconds", "For how long the oldest finding has been open.",
        [((one.severity,), (seen.at - one.oldest).total_seconds()) for one in seen.counts.open], "severity",
    )  # fmt: skip


def _of_targets(seen: Seen) -> Iterator[GaugeMetricFamily]:
    several = seen.counts.targets
    yield _family("targets", "Targets.", [((one.kind,), one.count) for one in several], "kind")
    yield _family(
        "targets_looked_at", "Targets that were looked at with success within so many days.",
        [((one.kind, str(days)), count) for one in several for days, count in one.within.items()],
        "kind", "days",
    )  # fmt: skip
    for name, says, field in (
        ("targets_never_looked_at", "Targets that were never looked at with success.", "never"),
        ("targets_failing", "Targets that could not be looked at the last time.", "failing"),
        ("targets_partly_seen", "Targets of which the last look was cut short.", "partly"),
    ):
        yield _family(name, says, [((one.kind,), getattr(one, field)) for one in several], "kind")
    yield _family(
        "troubles", "Parts of targets that could not be seen, by what should have seen them.",
        [((part,), count) for part, count in sorted(seen.troubles.items())], "part",
    )  # fmt: skip


def _of_runs(seen: Seen) -> Iterator[GaugeMetricFamily]:
    yield _family("runs_unfinished", "Runs that have not ended.", [((), seen.unfinished)])
    if not seen.runs:
        return
    latest = seen.runs[0]
    yield _family(
        "latest_run_start_timestamp_seconds", "When the latest run began.", [((), latest.started.timestamp())]
    )  # fmt: skip
    yield _family(
        "latest_run_targets", "Targets of the latest run, by where they stand.",
        [((one.value,), latest.counts.get(one, 0)) for one in Work], "work",
    )  # fmt: skip
    ended = next((one for one in seen.runs if one.ended is not None), None)
    if ended is None or ended.ended is None or seen.counts.run is None:
        return
    took = seen.counts.run
    for name, says, value in (
        ("start_timestamp_seconds", "When it began.", ended.started.timestamp()),
        ("end_timestamp_seconds", "When it ended.", ended.ended.timestamp()),
        ("duration_seconds", "How long it took.", (ended.ended - ended.started).total_seconds()),
        ("targets_done", "Targets that were looked at.", ended.counts.get(Work.DONE, 0)),
        ("targets_dead", "Targets that were given up.", ended.counts.get(Work.DEAD, 0)),
        ("targets_retried", "Targets that were tried more than once.", took.retried),
        ("targets_unchanged", "Targets in which nothing had changed.", took.unchanged),
        ("target_seconds", "Seconds by the clock, over all targets.", took.seconds),
        ("cpu_seconds", "Seconds of CPU, over all targets.", took.cpu),
        ("memory_peak_bytes", "Memory of the target that took most.", took.memory),
        ("calls", "Calls or bytes over the network, where they are counted.", took.calls),
    ):
        yield _family(f"last_run_{name}", f"The last run that has ended. {says}", [((), value)])


def _family(
    name: str, says: str, values: Iterable[tuple[tuple[str, ...], float]], *labels: str
) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(f"keymuster_{name}", says, labels=labels)
    for words, value in values:
        family.add_metric(words, value)
    return family
