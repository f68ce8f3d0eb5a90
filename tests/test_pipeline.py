"""From a selection to a report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keymuster import pipeline
from keymuster.collect.base import Context, Selection
from keymuster.collect.readers.secrets import Secrets
from keymuster.collect.sources.worktree import Worktree
from keymuster.errors import Unreadable
from keymuster.evaluate.choice import Choice
from keymuster.model import Report
from keymuster.rules.schema import RuleSet

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def scan(rules: RuleSet, tmp_path: Path) -> Callable[..., Report]:
    def run(**more: Any) -> Report:
        key = more.pop("fingerprint_key", b"keymuster")
        selection = Selection(root=str(tmp_path), paths=(str(tmp_path),))
        context = Context(selection=selection, rules=rules, fingerprint_key=key)
        return pipeline.scan(context, "worktree", now=NOW, **more)

    return run


@pytest.fixture(autouse=True)
def _leak(tmp_path: Path, token: Callable[..., str]) -> None:
    (tmp_path / "a.py").write_text(f"k = '{token('github-pat')}'\n")


def test_a_report_says_what_was_done(scan: Callable[..., Report], tmp_path: Path) -> None:
    report = scan()
    assert (report.mode, report.started_at, report.complete) == ("worktree", NOW, True)
    assert report.counts["files"] == 1
    assert report.provenance.root == str(tmp_path)
    [finding] = report.findings
    assert [rule.id for rule in report.rules] == [finding.rule]


def test_one_secret_in_many_files_is_one_finding(
    scan: Callable[..., Report], tmp_path: Path
) -> None:
    for name in ("b.py", "c.py"):
        (tmp_path / name).write_bytes((tmp_path / "a.py").read_bytes())
    [finding] = scan().findings
    assert [str(place) for place in finding.places] == ["a.py:1", "b.py:1", "c.py:1"]


def test_a_reader_that_fails_costs_one_file(
    scan: Callable[..., Report],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    token: Callable[..., str],
) -> None:
    whole = Secrets.read

    def read(self: Secrets, blob: Any) -> Iterator[Any]:
        if blob.path == "broken.py":
            raise RuntimeError("out of luck")
        yield from whole(self, blob)

    monkeypatch.setattr(Secrets, "read", read)
    (tmp_path / "broken.py").write_text(f'key = "{token("github-pat")}"')
    report = scan()
    assert [trouble.scope for trouble in report.troubles] == ["broken.py"]
    assert len(report.findings) == 1
    assert report.complete


def test_what_cannot_be_read_is_a_trouble_and_the_scan_goes_on(
    scan: Callable[..., Report], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    report = scan()
    assert [trouble.scope for trouble in report.troubles] == ["pipe"]
    assert report.complete
    assert len(report.findings) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Unreadable("git died")])
def test_what_ends_the_reading_early_keeps_what_was_found(
    error: BaseException, scan: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Worktree.batches

    def batches(self: Worktree) -> Iterator[Any]:
        yield from whole(self)
        raise error

    monkeypatch.setattr(Worktree, "batches", batches)
    report = scan()
    assert not report.complete
    assert len(report.findings) == 1
    assert len(report.troubles) == 1


def test_a_source_that_gives_nothing_at_all_is_an_error(
    scan: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    def batches(self: Worktree) -> Iterator[Any]:
        raise Unreadable("git died")

    monkeypatch.setattr(Worktree, "batches", batches)
    with pytest.raises(Unreadable, match="git died"):
        scan()


def test_the_key_of_the_estate_changes_fingerprints(scan: Callable[..., Report]) -> None:
    [public], [own] = scan().findings, scan(fingerprint_key=b"of the estate").findings
    assert public.subject != own.subject


def test_only_the_wanted_rules_judge(scan: Callable[..., Report]) -> None:
    assert scan(choice=Choice(skip=("NHI-02",))).findings == ()


def test_the_clock_is_given(scan: Callable[..., Report], tmp_path: Path) -> None:
    until = (NOW + timedelta(days=1)).date()
    comment = "key" + f"muster: allow[secret-in-tree] until={until} reason=made for a test"
    (tmp_path / "a.py").write_text((tmp_path / "a.py").read_text().rstrip() + f"  # {comment}\n")
    [finding] = scan().findings
    assert finding.suppression is not None


def test_progress_counts_the_bytes(scan: Callable[..., Report], tmp_path: Path) -> None:
    seen: list[int] = []
    scan(progress=seen.append)
    assert sum(seen) == (tmp_path / "a.py").stat().st_size


def test_an_interrupt_while_history_is_attributed_does_not_end_the_report(
    scan: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    def finish(self: Worktree, observed: Any) -> Iterator[Any]:
        yield from list(observed)[:1]
        raise KeyboardInterrupt

    monkeypatch.setattr(Worktree, "finish", finish)
    report = scan()
    assert not report.complete
    assert [trouble.part for trouble in report.troubles] == ["interrupt"]
    assert len(report.findings) == 1
