"""The arithmetic of the speed benchmark, its samples, and the watching of processes; the benchmark
itself takes minutes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

if not BENCHMARKS.is_dir() or not hasattr(os, "wait4"):
    pytest.skip("the benchmarks are not here", allow_module_level=True)

sys.path.insert(0, str(BENCHMARKS))
import figures  # noqa: E402
import processes  # noqa: E402
import rounds  # noqa: E402
import samples  # noqa: E402
from figures import Measured, Ratio  # noqa: E402
from processes import Run  # noqa: E402

from keymuster import pipeline  # noqa: E402
from keymuster.detect.engine import Engine  # noqa: E402


def measured(*seconds: float, peak: float = 0.0, problem: str = "") -> Measured:
    return Measured([Run(one, one, 0) for one in seconds], [peak], problem=problem)


def test_ratios_are_of_runs_that_lay_beside_each_other() -> None:
    assert figures.ratio([1, 2, 9], [2, 2, 3]) == Ratio(1, 0.5, 3)


def test_the_fastest_peer_may_be_another_one_in_each_run() -> None:
    peers = {"a": measured(2, 8), "b": measured(4, 4)}
    found = figures.to_fastest(measured(1, 1), peers, "cpu")
    assert found == Ratio(0.375, 0.25, 0.5)


def test_a_peer_that_did_not_do_the_job_is_no_peer() -> None:
    peers = {"a": measured(4), "silent": measured(0.1, problem="found 0 of 3 planted")}
    assert figures.to_fastest(measured(1), peers, "wall") == Ratio(0.25, 0.25, 0.25)
    assert figures.to_fastest(measured(1), {"silent": peers["silent"]}, "wall") is None


@pytest.mark.parametrize(("value", "mark"), [(0.25, "aim"), (0.26, "must"), (0.51, "MISSED")])
def test_marks(value: float, mark: str) -> None:
    assert figures.TARGETS["tree"]["cpu"].mark(value) == mark


@pytest.mark.parametrize(("peak", "mark"), [(119, "aim"), (150, "must"), (201, "MISSED")])
def test_memory_is_held_against_each_peer_and_the_largest_blob(peak: float, mark: str) -> None:
    peers = {"a": measured(1, peak=200), "b": measured(1, peak=400)}
    assert figures.peak_mark(measured(1, peak=peak), peers, 10 * 1024 * 1024) == mark


@pytest.mark.parametrize(("second", "mark"), [(0.31, "MISSED"), (0.29, "must"), (0.11, "aim")])
def test_a_second_scan_pays_for_what_is_new(second: float, mark: str) -> None:
    assert figures.again_mark(second / 10, 10, second, least=0.1, new=0.001) == mark


def test_planted_tokens_are_found() -> None:
    text, tokens = samples.planted("a test")
    found = [
        match.secret.reveal().decode()
        for match in Engine(pipeline.load_rules()).scan(text.encode())
    ]
    assert found == tokens


def test_a_made_repository_has_all_that_a_history_has(tmp_path: Path) -> None:
    folder = samples.repository(tmp_path / "made", files=60, commits=150)

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, check=True)
        return done.stdout.decode()

    assert len(samples.listed(folder)) > 40
    assert git("rev-list", "--merges", "--all").count("\n") > 2
    assert git("log", "--all", "-M", "--diff-filter=R", "--format=%h").strip()
    assert len(set(git("log", "--all", "--format=%an").split("\n"))) > 5
    assert git("fsck", "--strict") == ""
    before = int(git("rev-list", "--all", "--count"))
    samples.more_commits(folder, 7)
    assert int(git("rev-list", "--all", "--count")) == before + 7


def test_large_inputs_have_their_size_and_their_secrets(tmp_path: Path) -> None:
    samples.large_line(tmp_path, 100_000)
    content = (tmp_path / "large.js").read_bytes()
    assert len(content) == 100_000
    assert b"\n" not in content
    assert all(token.encode() in content for token in samples.planted("large")[1])


CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
BUSY = "x = bytearray(60_000_000)\nimport time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass"


def test_children_count(tmp_path: Path) -> None:
    words = [sys.executable, "-c", CHILD, BUSY]
    assert processes.timed(words, tmp_path).cpu > 0.2
    assert processes.weighed(words, tmp_path) > 60


def test_a_run_that_does_not_end_is_ended(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert processes.timed(words, tmp_path, seconds=0.2).code < 0


def test_findings_are_counted_in_any_report() -> None:
    assert rounds._count(b'{"findings": [1, 2]}') == 2
    assert rounds._count(b"[1]") == 1
    assert rounds._count(b"null") == 0
    assert rounds._count(b"no JSON") is None
