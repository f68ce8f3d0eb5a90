"""keymuster against labelled data: credentials in real files, a corpus of tokens, declared
identities, processor time.

Prints one Markdown table: what must be reached, what is aimed for, what was measured, and the best
published figure of the other scanners; with --peers those are measured too.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))
import peers as rivals
import processes

SHARED = Path(__file__).parents[1].parent / "shared/bench"
ANY, SPECIFIC, GENERIC, CONTEXT = (
    "any but identifiers", "specific token categories", "generic", "context",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One figure. `least` says whether `must` and `aim` are the least or the most it may be."""

    key: str
    title: str
    must: float
    aim: float
    peers: float | None = None
    least: bool = True
    percent: bool = False


ROWS = (
    Row("f1_labelled", "CredData, any but identifiers: F1 labelled (lower of dev, dev-natural)", 0.80, 0.88, 0.57),
    Row("f1_all", "the same over all lines (lower of dev, dev-natural)", 0.76, 0.84, 0.55),
    Row("f1_specific", "specific categories: F1", 0.92, 0.96, 0.84),
    Row("f1_generic", "generic categories: F1", 0.74, 0.84, 0.57),
    Row("f1_context", "context categories: F1", 0.90, 0.95, 0.36),
    Row("high_precision", "confidence high only: precision", 0.92, 0.96, 0.88),
    Row("high_recall", "confidence high only: recall", 0.45, 0.55, 0.27),
    Row("gap", "gap dev - dev-natural, F1 labelled", 0.02, 0.01, least=False),
    Row("recall", "Token corpus: recall, checksum right or absent", 97, 99, 90, percent=True),
    Row("macro", "recall, mean over rules", 92, 97, 66, percent=True),
    Row("exact", "exact region", 96, 98, 89, percent=True),
    Row("false_global", "false alarms, negatives for everybody", 1, 0, 0, least=False, percent=True),
    Row("false_rule", "false alarms, negatives of one rule", 10, 3, least=False, percent=True),
    Row("false_checksum", "false alarms, wrong checksums", 10, 3, least=False, percent=True),
    Row("declared_loose", "Declarations: recall, any finding at the place", 95, 98, 64, percent=True),
    Row("declared_strict", "recall with the right NHI class", 90, 95, 55, percent=True),
    Row("declared_violated", "clean places with a finding of their class", 3, 1, 2.2, least=False, percent=True),
    Row("cpu", "Processor time on CredData dev, against betterleaks", 1.0, 0.5, least=False),
)  # fmt: skip
"""`peers` is the best figure any of gitleaks, betterleaks, Kingfisher and TruffleHog has there; of
declarations, any of checkov and zizmor, which is asked about workflows alone."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", type=Path, help="labelled data that is unpacked already")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    parser.add_argument("--peers", action="store_true", help="install and measure the peers too")
    parser.add_argument("--runs", type=int, default=3, help="timed runs of each tool")
    parser.add_argument(
        "--sarif-of", nargs=2, type=Path, metavar=("JSON", "SARIF"), help="only convert"
    )
    options = parser.parse_args()
    if options.sarif_of:
        source, target = options.sarif_of
        findings = json.loads(source.read_text())["findings"]
        target.write_text(json.dumps(sarif_of(findings)))
        return
    if options.bench is None and not (SHARED / "unpack.sh").is_file():
        sys.exit(f"{SHARED}/unpack.sh is not there; give --bench a folder of unpacked data")
    if options.peers:
        rivals.install()
    tools = {"keymuster": ours(), **(peers() if options.peers else {})}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        bench = options.bench and options.bench.resolve()
        if bench is None:
            bench = work / "bench"
            subprocess.run(["sh", str(SHARED / "unpack.sh"), str(bench)], check=True)
        measured = {name: measure(command, bench, work) for name, command in tools.items()}
        measured["keymuster"] |= high_only(bench, work) | declarations(bench / "iac", work)
        if (rival := rivals.program("betterleaks")).exists():
            measured["keymuster"]["cpu"] = processor_time(bench, work, rival, options.runs)
    print("\n".join(table(measured)))
    if "declared_loose" not in measured["keymuster"]:
        print("\nDeclarations are not measured: there is no iac/score.py among the labelled data.")
    if LEARNED.exists():
        print(f"\n{IN_SAMPLE}")
    if options.json:
        options.json.write_text(json.dumps(document(measured), indent=2) + "\n")


LEARNED = Path(__file__).parents[1] / "src/keymuster/detect/values/weights.json"
IN_SAMPLE = (
    "The weights of values without a format learned from both CredData splits, so keymuster's CredData "
    "figures above are in-sample and flatter it against the peers. `python benchmarks/train_values.py "
    "CREDDATA --check` prints cross-validated ones."
)


# --- tools: a command line with {dir} and {out} -------------------------------------------------


def ours() -> str:
    script = Path(sysconfig.get_path("scripts"), "keymuster")
    words = [str(script)] if script.exists() else [sys.executable, "-m", "keymuster"]
    return f"{shlex.join(words)} scan {{dir}} -q --no-cache -o sarif={{out}} --fail-on never"


def peers() -> dict[str, str]:
    """The installed peers. Their report goes to a file of its own: two of them replace what stands
    at the path they are given, be it a device."""
    binary = {peer: shlex.quote(str(rivals.program(peer))) for peer in rivals.PACKAGES}
    this = shlex.join([sys.executable, str(Path(__file__).resolve())])
    return {
        "betterleaks": f"{binary['betterleaks']} {BETTERLEAKS} {{out}}.json"
        f" ; {this} --sarif-of {{out}}.json {{out}}",
        "gitleaks": f"{binary['gitleaks']} dir {{dir}} --no-banner --exit-code 0 -f sarif -r {{out}}",
        "kingfisher": f"{binary['kingfisher']} scan {{dir}} --git-history none --no-validate"
        " --no-update-check -f sarif -o {out}",
    }


BETTERLEAKS = "filesystem {dir} --no-banner --exit-code 0 --output"


def sarif_of(findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What betterleaks says, in the format that the scorers read: places only, no values."""
    results = [
        {
            "ruleId": one["rule_id"],
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(place["path"])},
                        "region": region(place),
                    }
                }
            ],
        }
        for one in findings
        for place in [one["location"]]
    ]
    return {"version": "2.1.0", "runs": [{"results": results}]}


def region(place: Mapping[str, int]) -> dict[str, int]:
    """A span; betterleaks counts its last column in, and leaves out what it does not know."""
    names = {"start_line": "startLine", "end_line": "endLine", "start_column": "startColumn"}
    span = {ours: place[theirs] for theirs, ours in names.items() if theirs in place}
    return span | ({"endColumn": place["end_column"] + 1} if "end_column" in place else {})


def run(command: str, root: Path, report: Path) -> processes.Run:
    """One scan; the report must come to be."""
    report.unlink(missing_ok=True)
    line = command.replace("{dir}", "data").replace("{out}", shlex.quote(str(report)))
    done = processes.timed(["sh", "-c", line], root)
    if not report.exists():
        sys.exit(f"no report: {command}")
    return done


# --- figures ------------------------------------------------------------------------------------


def measure(command: str, bench: Path, work: Path) -> dict[str, float]:
    """Every figure that a default report gives."""
    splits = {
        split: scored(command, bench / "creddata" / split, bench, work)
        for split in ("dev", "dev-natural")
    }
    corpus = work / "corpus.json"
    subprocess.run(
        [
            sys.executable, str(bench / "tokens/run_corpus.py"), "--json", str(corpus),
            "--corpus", str(bench / "tokens/dev.jsonl"), "--cmd", command, "--nice", "0",
        ],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return of_creddata(splits["dev"], splits["dev-natural"]) | of_corpus(
        json.loads(corpus.read_text())
    )


def high_only(bench: Path, work: Path) -> dict[str, float]:
    """What is left when only the surest findings are reported; nothing for a version that cannot."""
    told = subprocess.run(
        ["sh", "-c", f"{ours().partition(' scan ')[0]} scan --help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    if "--confidence" not in told.stdout:
        return {}
    tier = scored(f"{ours()} --confidence high", bench / "creddata/dev", bench, work)
    found = tier["selections"][ANY]
    return {"high_precision": found["precision_labelled"], "high_recall": found["recall"]}


def scored(command: str, split: Path, bench: Path, work: Path) -> dict[str, Any]:
    report, scores = work / "report.sarif", work / "scores.json"
    run(command, split, report)
    subprocess.run(
        [
            sys.executable, str(bench / "creddata/score.py"), str(report),
            "--truth", str(split), "--json", str(scores),
        ],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(scores.read_text())
    return answer


def declarations(labelled: Path, work: Path) -> dict[str, float]:
    """What is found of declared identities; nothing where they are not among the data."""
    if not (labelled / "score.py").is_file():
        return {}
    report, scores = work / "report.sarif", work / "scores.json"
    run(ours().replace("{dir}", "cases"), labelled, report)
    subprocess.run(
        [
            sys.executable, str(labelled / "score.py"), "--sarif", str(report), "--no-derived",
            "--json", str(scores),
        ],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return of_declarations(json.loads(scores.read_text()))


def processor_time(bench: Path, work: Path, rival: Path, runs: int) -> float:
    """Ours to theirs, user and system time of all processes, the median of alternate runs after one
    that is not counted."""
    theirs = f"{shlex.quote(str(rival))} {BETTERLEAKS} {{out}}"
    ratios = []
    for number in range(runs + 1):
        both = [
            run(command, bench / "creddata/dev", work / report).cpu
            for command, report in ((ours(), "timed.sarif"), (theirs, "timed.json"))
        ]
        if number:
            ratios.append(both[0] / both[1])
    return statistics.median(ratios)


def of_creddata(dev: Mapping[str, Any], natural: Mapping[str, Any]) -> dict[str, float]:
    """The figures of the two splits, from the reports of their scorer."""
    first, second = dev["selections"], natural["selections"]

    def lower(selection: str, figure: str) -> float:
        return min(first[selection][figure], second[selection][figure])

    return {
        "f1_labelled": lower(ANY, "F1_labelled"),
        "f1_all": lower(ANY, "F1_all"),
        "f1_specific": lower(SPECIFIC, "F1_labelled"),
        "f1_generic": lower(GENERIC, "F1_labelled"),
        "f1_context": lower(CONTEXT, "F1_labelled"),
        "gap": first[ANY]["F1_labelled"] - second[ANY]["F1_labelled"],
    }


def of_corpus(report: Mapping[str, Any]) -> dict[str, float]:
    """The figures of the token corpus, in percent, from the report of its scorer."""
    total = report["total"]
    sound = [tally for name, tally in report["groups"]["checksum"].items() if name != "invalid"]
    return {
        "recall": percent(
            sum(one["detected"] for one in sound), sum(one["positives"] for one in sound)
        ),
        "macro": 100 * (total["macro_recall"] or 0.0),
        "exact": percent(total["exact"], total["with_secret"]),
        "false_global": percent(total["fp_global"], total["neg_global"]),
        "false_rule": percent(total["fp_rule"], total["neg_rule"]),
        "false_checksum": percent(total["fp_checksum"], total["neg_checksum"]),
    }


def of_declarations(scores: Mapping[str, Any]) -> dict[str, float]:
    """The figures of declared identities, in percent, from the report of their scorer."""
    total = scores["total"]["all"]
    return {
        "declared_loose": 100 * total["recall_loose"],
        "declared_strict": 100 * total["recall_strict"],
        "declared_violated": 100 * total["violation_strict"],
    }


def percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0


# --- the table ----------------------------------------------------------------------------------


def table(measured: Mapping[str, Mapping[str, float]]) -> Iterable[str]:
    """Markdown lines; a column for each peer that was measured, or one of published figures."""
    others = [name for name in measured if name != "keymuster"]
    head = ["figure", "must", "aim", "keymuster", "", *(others or ["best peer (published)"])]
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    for row in ROWS:
        value = measured["keymuster"].get(row.key)
        theirs = [measured[name].get(row.key) for name in others] if others else [row.peers]
        sign = "≥" if row.least else "≤"
        cells = [
            row.title, f"{sign} {shown(row, row.must)}", f"{sign} {shown(row, row.aim)}",
            shown(row, value), mark(row, value), *(shown(row, one) for one in theirs),
        ]  # fmt: skip
        yield "| " + " | ".join(cells) + " |"
    missed = [row for row in ROWS if mark(row, measured["keymuster"].get(row.key)) == "MISSED"]
    yield ""
    yield f"{len(missed)} of {len(ROWS)} figures miss what they must reach."


def mark(row: Row, value: float | None) -> str:
    """`aim`, `must` or `MISSED`: the better of the marks that a figure reaches."""
    if value is None:
        return "not measured"
    for name, bound in (("aim", row.aim), ("must", row.must)):
        if value >= bound if row.least else value <= bound:
            return name
    return "MISSED"


def shown(row: Row, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f} %" if row.percent else f"{value:.3f}"


def document(measured: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """The figures with their bounds, for a program."""
    rows: Sequence[dict[str, Any]] = [
        asdict(row) | {"mark": mark(row, measured["keymuster"].get(row.key))} for row in ROWS
    ]
    return {
        "rows": rows,
        "measured": measured,
        "processors": os.cpu_count(),
        "note": IN_SAMPLE if LEARNED.exists() else "",
    }


if __name__ == "__main__":
    main()
