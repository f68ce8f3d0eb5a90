"""What the benchmark of declarations scans, and its arithmetic; the benchmark itself takes minutes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

if not BENCHMARKS.is_dir() or not hasattr(os, "wait4"):
    pytest.skip("the benchmarks are not here", allow_module_level=True)

sys.path.insert(0, str(BENCHMARKS))
import declared  # noqa: E402
import rounds  # noqa: E402
from figures import Measured  # noqa: E402
from processes import Run  # noqa: E402


def row(ours: float, theirs: float, peak: float = 100, problem: str = "") -> declared.Row:
    first, second = (Measured([Run(one, one, 0)], [peak]) for one in (ours, theirs))
    second.problem = problem
    return declared.Row("some", 1, 1, "checkov", first, second, {})


def test_files_are_made_of_the_given_ones_with_other_accounts_each_time(tmp_path: Path) -> None:
    contents = {"a/x.tf": b"role = 'arn:aws:iam::111122223333:role/x'", "a/y.tf": b"1234567890123"}
    size = declared.made(tmp_path, contents, 3)
    found = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.tf")
    }
    assert set(found) == {"0000/a/x.tf", "0000/a/y.tf", "0001/a/x.tf"}
    assert found["0000/a/x.tf"] == contents["a/x.tf"]
    assert b"111122223334" in found["0001/a/x.tf"]
    assert size == sum(map(len, found.values()))


def test_without_a_folder_the_cases_of_policies_are_scanned() -> None:
    contents = declared.of_policies()
    assert len(contents) > 300
    assert any(name.endswith(".tf") for name in contents)
    assert any(".github/workflows/" in name for name in contents)


def test_a_tenth_of_the_time_and_a_bound_of_memory_are_demanded() -> None:
    assert declared._marks(row(1, 11)) == {"cpu": "must", "wall": "must", "peak": "must"}
    assert declared._marks(row(2, 11, peak=301)) == dict.fromkeys(("cpu", "wall", "peak"), "MISSED")


def test_a_peer_that_failed_is_not_compared_with() -> None:
    assert declared._marks(row(1, 11, problem="exit code 1")) == {"peak": "must"}
    lines = list(declared.table([row(1, 11, problem="exit code 1")]))
    assert "| exit code 1 | - |" in lines[2]
    assert any("ODD" in line for line in lines)


def test_findings_of_sarif_are_counted() -> None:
    assert rounds._count(b'{"runs": [{"results": [{}, {}]}, {}]}') == 2
