"""What a scan is said to have spent."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from keymuster import gathering, pipeline, profile, registry, work
from keymuster.collect.base import Context, Selection
from keymuster.collect.sources.worktree import Worktree
from keymuster.inventory import build
from keymuster.model import Report
from keymuster.profile import STAGES, Profile, measuring
from keymuster.rules.schema import RuleSet
from repositories import Repository


@pytest.fixture
def repository(
    make_repo: Callable[..., Repository], tmp_path: Path, token: Callable[..., str]
) -> Repository:
    """Three file versions, one with a token; 33 bytes, and those of the token."""
    made = make_repo(tmp_path / "repo")
    made.commit({"a.py": "x = 1\n" * 5, "b.py": f"{token('github-pat')}\n"})
    made.commit({"c.py": "2\n"})
    return made


def scan(rules: RuleSet, root: Path, source: str, jobs: int = 1) -> tuple[Report, Profile]:
    selection = Selection(root=str(root), paths=(str(root),) if source == "worktree" else ())
    with measuring() as spent:
        report = pipeline.scan(Context(selection=selection, rules=rules), source, jobs=jobs)
    return report, spent


def counted(spent: Profile) -> tuple[int, int, int, int]:
    names = ("blobs read", "objects inflated", "candidates confirmed", "bytes read")
    return tuple(spent.counts[name] for name in names)  # type: ignore[return-value]


def test_work_is_counted(repository: Repository, rules: RuleSet, token: Callable[..., str]) -> None:
    size = 33 + len(token("github-pat"))
    report, spent = scan(rules, repository.path, "worktree")
    assert counted(spent) == (3, 0, 1, size)
    assert spent.counts["bytes searched"] >= size
    assert len(report.findings) == 1
    assert counted(scan(rules, repository.path, "history")[1]) == (3, 3, 1, size)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="one process does all")
def test_what_workers_did_is_counted_too(
    repository: Repository, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, one = scan(rules, repository.path, "history")
    monkeypatch.setattr(work, "GUARDED", 1)
    forked, several = scan(rules, repository.path, "history", jobs=2)
    assert several.counts == one.counts
    assert forked.findings == alone.findings
    assert several.workers
    assert several.seconds["match"] > 0
    assert set(several.seconds) == set(STAGES)


def test_a_stage_is_not_charged_for_what_it_calls() -> None:
    spent = Profile()
    with spent._stage("decode"):
        with spent._stage("match"):
            _use(0.1)
        _use(0.02)
    spent.stop()
    assert spent.seconds["match"] >= 0.1
    assert 0.02 <= spent.seconds["decode"] < 0.1


def test_everything_is_as_before_afterwards() -> None:
    def now() -> tuple[object, ...]:
        return work.observe, build.build, gathering.build, Worktree.read

    before = now()
    with measuring():
        assert all(one is not other for one, other in zip(now(), before, strict=True))
        assert gathering.build is build.build
    assert now() == before


def test_every_stage_that_a_seam_names_is_shown() -> None:
    assert {seam.stage for seam in profile._every_seam()} - {""} <= set(STAGES)


@pytest.mark.parametrize("point", ["source", "reader"])
def test_every_part_is_watched(point: str) -> None:
    places = {seam.place for seam in profile._every_seam()}
    for part in registry.builtin(point).values():
        assert f"{part.__module__}:{part.__name__}.read" in places


def _use(seconds: float) -> None:
    from time import process_time

    end = process_time() + seconds
    while process_time() < end:
        pass
