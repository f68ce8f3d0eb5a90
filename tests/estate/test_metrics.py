from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_parsed
from prometheus_client.parser import text_string_to_metric_families as parsed

from estate.store.looking import API, WEB, Looking, finding
from keymuster.estate import metrics
from keymuster.estate.metrics import Metrics, rendered
from keymuster.estate.notify.delivery import cursor_of
from keymuster.estate.store.store import Store
from keymuster.model import Nhi, Severity, Trouble


@pytest.fixture
def looking(tmp_path: Path) -> Iterator[Looking]:
    store = Store.open(f"sqlite:///{tmp_path}/estate.db")
    yield Looking(store)
    store.close()


def values(made: Metrics) -> dict[tuple[str, frozenset[str]], float]:
    text, type = rendered(made, "")
    assert type.startswith("text/plain")
    return {
        (sample.name.removeprefix("keymuster_"), frozenset(sample.labels.values())): sample.value
        for family in parsed(text.decode())
        for sample in family.samples
    }


def at(now: datetime) -> Any:
    return lambda: now


def test_findings_targets_and_runs_are_counted(looking: Looking) -> None:
    two = finding("two", nhi=(Nhi.SECRET_LEAKAGE, Nhi.NHI_REUSE), severity=Severity.CRITICAL)
    looking.look(finding("a"), two, finding("gone"))
    looking.look(
        finding("w"), target=WEB, troubles=(Trouble(part="terraform", scope="x", message="y"),)
    )
    looking.look(finding("a"), two)
    looking.dies(WEB)
    found = values(Metrics(looking.store, ["appsec"], at(looking.now + timedelta(days=10))))
    assert found["open_findings", frozenset({"critical"})] == 1
    assert found["open_findings", frozenset({"high"})] == 2
    assert found["open_findings", frozenset({"low"})] == 0
    assert found["estate_open_findings", frozenset({"high"})] == 2
    assert found["findings", frozenset({"repository", "high", "resolved"})] == 1
    assert found["findings", frozenset({"repository", "high", "not observed"})] == 1
    assert found["findings_by_category", frozenset({"repository", "NHI9", "open"})] == 1
    assert found["oldest_open_finding_age_seconds", frozenset({"critical"})] == 13 * 86400
    assert found["open_findings_older_than", frozenset({"high", "7"})] == 2
    assert found["open_findings_older_than", frozenset({"high", "30"})] == 0
    assert found["targets", frozenset({"repository"})] == 2
    assert found["targets_failing", frozenset({"repository"})] == 1
    assert found["troubles", frozenset({"terraform"})] == 1
    assert found["last_run_targets_dead", frozenset()] == 1
    assert found["last_run_end_timestamp_seconds", frozenset()] == looking.now.timestamp()
    assert found["runs_unfinished", frozenset()] == 0
    pending = found["notify_pending_events", frozenset({"appsec"})]
    assert pending == sum(1 for _ in looking.store.events()) > 0


def test_what_several_targets_have_is_one_in_the_estate(looking: Looking) -> None:
    looking.look(finding("a"))
    looking.look(finding("a"), target=WEB)
    found = values(Metrics(looking.store, clock=at(looking.now)))
    assert found["open_findings", frozenset({"high"})] == 2
    assert found["estate_open_findings", frozenset({"high"})] == 1


def test_what_a_channel_was_told_is_not_pending(looking: Looking) -> None:
    looking.look(finding("a"))
    [(last, _)] = looking.store.events()
    looking.store.notified(cursor_of("appsec"), last)
    found = values(Metrics(looking.store, ["appsec"]))
    assert found["notify_pending_events", frozenset({"appsec"})] == 0


def test_no_label_is_a_name_of_something(looking: Looking) -> None:
    looking.look(*[finding(f"named-{number}") for number in range(50)], target=API)
    text, _ = rendered(Metrics(looking.store), "")
    assert "named-" not in text.decode()
    assert "acme" not in text.decode()
    assert len(values(Metrics(looking.store))) < 100


def test_an_empty_store_has_metrics(looking: Looking) -> None:
    found = values(Metrics(looking.store))
    assert found["open_findings", frozenset({"high"})] == 0
    assert ("last_run_duration_seconds", frozenset()) not in found


def test_who_takes_openmetrics_gets_it(looking: Looking) -> None:
    looking.look(finding("a"))
    text, type = rendered(
        Metrics(looking.store), "application/openmetrics-text; version=1.0.0; charset=utf-8"
    )
    assert type.startswith("application/openmetrics-text")
    assert [family.name for family in open_parsed(text.decode())]


def test_the_store_is_not_asked_by_each_who_asks(
    looking: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Metrics(looking.store)
    values(made)
    looking.look(finding("a"))
    assert values(made)["open_findings", frozenset({"high"})] == 0
    monkeypatch.setattr(metrics, "_FRESH_SECONDS", -1.0)
    made._until = 0.0
    assert values(made)["open_findings", frozenset({"high"})] == 1
