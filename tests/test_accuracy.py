"""The arithmetic of the accuracy benchmark; the benchmark itself takes minutes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SHARED = Path(__file__).parents[2] / "shared/bench"

if not (SHARED / "creddata/score.py").is_file():
    pytest.skip("the labelled data of ../shared is not here", allow_module_level=True)

sys.path.insert(0, str(BENCHMARKS))
import accuracy  # noqa: E402

NAMES = (accuracy.ANY, accuracy.SPECIFIC, accuracy.GENERIC, accuracy.CONTEXT)


def split(labelled: float, everything: float) -> dict[str, Any]:
    return {"selections": {name: {"F1_labelled": labelled, "F1_all": everything} for name in NAMES}}


def test_the_lower_of_two_splits_counts_and_the_gap_is_their_difference() -> None:
    figures = accuracy.of_creddata(split(0.9, 0.7), split(0.8, 0.75))
    assert figures["f1_labelled"] == 0.8
    assert figures["f1_all"] == 0.7
    assert figures["gap"] == pytest.approx(0.1)


def test_recall_leaves_out_wrong_checksums() -> None:
    tally = {"detected": 9, "positives": 10}
    report = {
        "total": {
            "macro_recall": 0.5, "exact": 3, "with_secret": 4, "fp_global": 1, "neg_global": 200,
            "fp_rule": 0, "neg_rule": 5, "fp_checksum": 0, "neg_checksum": 0,
        },
        "groups": {"checksum": {"-": tally, "valid": tally, "invalid": {"detected": 0, "positives": 80}}},
    }  # fmt: skip
    figures = accuracy.of_corpus(report)
    assert figures["recall"] == 90
    assert figures["macro"] == 50
    assert figures["exact"] == 75
    assert figures["false_global"] == 0.5
    assert figures["false_checksum"] == 0


def test_declarations_are_judged_by_class_and_by_place() -> None:
    rates = {"recall_loose": 0.97, "recall_strict": 0.91, "violation_strict": 0.04}
    figures = accuracy.of_declarations({"total": {"all": rates}})
    marks = {
        row.key: accuracy.mark(row, figures[row.key]) for row in accuracy.ROWS if row.key in figures
    }
    assert marks == {
        "declared_loose": "must", "declared_strict": "must", "declared_violated": "MISSED"
    }  # fmt: skip


def test_where_no_declarations_are_labelled_none_are_measured(tmp_path: Path) -> None:
    assert accuracy.declarations(tmp_path, tmp_path) == {}


@pytest.mark.parametrize(
    ("key", "value", "mark"),
    [
        ("f1_labelled", 0.88, "aim"),
        ("f1_labelled", 0.80, "must"),
        ("f1_labelled", 0.79, "MISSED"),
        ("gap", -0.1, "aim"),
        ("gap", 0.02, "must"),
        ("gap", 0.021, "MISSED"),
        ("cpu", None, "not measured"),
    ],
)
def test_a_figure_is_marked_by_what_it_reaches(key: str, value: float | None, mark: str) -> None:
    [row] = [row for row in accuracy.ROWS if row.key == key]
    assert accuracy.mark(row, value) == mark


def test_no_aim_is_below_what_must_be_reached() -> None:
    assert all(accuracy.mark(row, row.aim) == "aim" for row in accuracy.ROWS)
    assert all(accuracy.mark(row, row.must) != "MISSED" for row in accuracy.ROWS)


def test_the_table_has_a_line_per_figure_and_says_how_many_are_missed() -> None:
    lines = list(accuracy.table({"keymuster": {"f1_labelled": 0.5, "recall": 98.5}}))
    assert len(lines) == 2 + len(accuracy.ROWS) + 2
    assert "| 0.500 | MISSED | 0.570 |" in lines[2]
    assert any("| 98.5 % | must | 90.0 % |" in line for line in lines)
    assert lines[-1].startswith("1 of ")


def test_measured_peers_take_the_place_of_published_figures() -> None:
    lines = list(accuracy.table({"keymuster": {}, "other": {"f1_labelled": 0.61}}))
    assert lines[0].endswith("|  | other |")
    assert lines[2].endswith("| - | not measured | 0.610 |")


def test_the_words_of_betterleaks_reach_the_scorers(tmp_path: Path) -> None:
    place = {"path": "data/0a1b2c3d/11111111.py", "start_line": 2, "end_line": 2}
    findings = [
        {"rule_id": "x", "location": place | {"start_column": 3, "end_column": 9}},
        {"rule_id": "y", "location": {**place, "start_line": 5, "end_line": 5}},
    ]
    report = tmp_path / "report.sarif"
    report.write_text(json.dumps(accuracy.sarif_of(findings)))
    meta = tmp_path / "truth/meta"
    meta.mkdir(parents=True)
    (meta / "a.csv").write_text(
        "Id,FileID,Domain,RepoName,FilePath,LineStart,LineEnd,GroundTruth,ValueStart,ValueEnd,Category\n"
        "1,a,x,0a1b2c3d,data/0a1b2c3d/11111111.py,2,2,T,3,9,Password\n"
    )
    scores = tmp_path / "scores.json"
    words = [str(SHARED / "creddata/score.py"), str(report), "--truth", str(tmp_path / "truth")]
    subprocess.run([sys.executable, *words, "--json", str(scores)], check=True, capture_output=True)
    found = json.loads(scores.read_text())["selections"][accuracy.ANY]
    assert (found["TP"], found["FP_unlabelled"]) == (1, 1)


def test_the_document_holds_every_figure_with_its_mark() -> None:
    rows = accuracy.document({"keymuster": {"gap": 0.5}})["rows"]
    assert {row["key"]: row["mark"] for row in rows}["gap"] == "MISSED"
    assert len(rows) == len(accuracy.ROWS)
