"""keymuster against other scanners: staged change, files, history, large inputs. One table with ratios
of interleaved runs, and which of them reach what they must."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import figures
import jobs
import peers
import processes
import rounds
import samples
from figures import Measured, Ratio
from jobs import HALF, JOBS, Job
from peers import OURS
from rounds import Amount

FIGURES = ("wall", "cpu", "peak")


@dataclass
class Row:
    """A line of the table. `theirs` are other tools at the same job, or the same tool at another one."""

    repository: str
    job: str
    scanned: int
    ours: Measured
    theirs: dict[str, Measured] = field(default_factory=dict)
    fastest: dict[str, Ratio] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    said: str = ""


def main() -> None:
    options = _options()
    wanted = [job for job in JOBS if any(fnmatch(job, glob) for glob in options.job or ["*"])]
    if not wanted:
        sys.exit(f"there is no such job; jobs are {', '.join(JOBS)}")
    peers.install()
    print("\n".join(_header()), flush=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        for row in _rows(Path(folder), wanted, options):
            print(_line(row), flush=True)
            rows.append(row)
    notes = _notes(rows)
    print("\n" + "\n".join(f"- {note}" for note in notes))
    if options.json:
        options.json.write_text(json.dumps(_document(rows, notes), indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repositories", nargs="*", type=Path, help="without any, one is made")
    parser.add_argument("--runs", type=int, default=5, help="of each tool, interleaved")
    parser.add_argument("--memory-runs", type=int, default=1, help="further ones, not timed")
    parser.add_argument(
        "--job", action="append", metavar="GLOB", help=f"of {', '.join(JOBS)}; repeatable"
    )
    parser.add_argument("--seconds", type=float, default=1800, help="that a run may take")
    parser.add_argument("--files", type=int, default=samples.FILES, help="of what is made")
    parser.add_argument("--commits", type=int, default=samples.COMMITS, help="of what is made")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all figures, for a program")
    parser.add_argument("--quick", action="store_true", help="two runs, small inputs")
    options = parser.parse_args()
    options.scale = 1.0
    if options.quick:
        options.runs, options.scale = 2, 0.02
        options.files, options.commits = min(options.files, 500), min(options.commits, 300)
    return options


def _rows(place: Path, wanted: list[str], options: argparse.Namespace) -> Iterator[Row]:
    amount = Amount(options.runs, options.memory_runs, options.seconds)
    environment = rounds.surroundings(place)
    report = place / "report.json"
    inside = [job for job in wanted if job in jobs.IN_REPOSITORY]
    repositories = options.repositories
    if inside and not repositories:
        made = place / "generated"
        repositories = [samples.repository(made, files=options.files, commits=options.commits)]
    for repository in repositories if inside else ():
        copies = place / "copies"
        copies.mkdir()
        base = jobs.copied(repository.resolve(), copies)
        for name in inside:
            if name == "history-again":
                done = rounds.again(base, report, amount, environment)
                yield _row_of_again(repository.name, done)
            else:
                job = jobs.of_repository(name, repository.name, base, report)
                yield from _rows_of(job, rounds.measured(job, amount, environment))
        shutil.rmtree(copies)
    for name in wanted:
        if name in jobs.LARGE:
            job = jobs.of_large(name, place / "large", report, options.scale)
            yield from _rows_of(job, rounds.measured(job, amount, environment))
            shutil.rmtree(place / "large")


def _rows_of(job: Job, results: dict[str, Measured]) -> Iterator[Row]:
    others = {peer: results[peer] for peer in peers.PACKAGES}
    for title, label, target in job.rows:
        ours = results[label]
        row = Row(job.repository, title, job.scanned, ours, others)
        for figure in ("cpu", "wall"):
            if (found := figures.to_fastest(ours, others, figure)) is not None:
                row.fastest[figure] = found
                row.marks[figure] = figures.TARGETS[target][figure].mark(found.median)
        if job.largest and ours.peaks:
            row.marks["peak"] = figures.peak_mark(ours, others, job.largest)
        if HALF in results:
            twice = figures.ratio(ours.figures("cpu"), results[HALF].figures("cpu"))
            row.marks["linear"] = "must" if twice.median <= figures.LINEAR else "MISSED"
            row.said = f"CPU {twice} times that of half the size"
        if ours.problem:
            row.marks = dict.fromkeys(row.marks, "MISSED")
        yield row


def _row_of_again(repository: str, done: rounds.Again) -> Row:
    row = Row(
        repository,
        f"history, after {rounds.MORE} commits",
        done.scanned,
        done.second,
        {"first scan": done.first, "scan of nothing": done.nothing},
    )
    for figure in ("cpu", "wall"):
        share = figures.ratio(done.second.figures(figure), done.first.figures(figure))
        row.fastest[figure] = share
        seconds = (one.middle(figure) for one in (done.first, done.second, done.nothing))
        row.marks[figure] = figures.again_mark(share.median, *seconds, done.new)
    if done.first.problem or done.second.problem:
        row.marks = dict.fromkeys(row.marks, "MISSED")
    row.said = f"to its own first scan; the commits brought {done.new:.2%} of the bytes"
    return row


# --- what is shown ------------------------------------------------------------------------------


def _header() -> list[str]:
    cells = [
        "repository",
        "job",
        "scanned",
        "keymuster: wall / CPU / peak",
        *(f"to {peer}: wall · CPU · peak" for peer in peers.PACKAGES),
        "to the fastest: CPU · wall",
        "reached",
    ]
    return ["| " + " | ".join(cells) + " |", "|---" * len(cells) + "|"]


def _line(row: Row) -> str:
    ours = row.ours
    seconds = [f"{ours.middle(figure):.3g} s" for figure in ("wall", "cpu")]
    peak = [f"{ours.middle('peak'):.0f} MiB"] if ours.peaks else []
    cells = [
        row.repository,
        row.job,
        f"{row.scanned / 1e6:,.3g} MB",
        " / ".join(seconds + peak),
        *(_compared(ours, row.theirs.get(peer)) for peer in peers.PACKAGES),
        " · ".join(str(row.fastest[figure]) for figure in ("cpu", "wall") if figure in row.fastest),
        " · ".join(f"{_NAMES.get(name, name)} {mark}" for name, mark in row.marks.items()),
    ]
    return "| " + " | ".join(cell or "-" for cell in cells) + " |"


_NAMES = {"cpu": "CPU"}


def _compared(ours: Measured, theirs: Measured | None) -> str:
    if theirs is None:
        return ""
    if theirs.problem:
        return theirs.problem
    return " · ".join(str(one) for one in _ratios(ours, theirs).values())


def _ratios(ours: Measured, theirs: Measured) -> dict[str, Ratio]:
    return {
        figure: figures.ratio(ours.figures(figure), theirs.figures(figure))
        for figure in FIGURES
        if ours.figures(figure) and len(ours.figures(figure)) == len(theirs.figures(figure))
    }


def _notes(rows: list[Row]) -> list[str]:
    """What the reader of the table must know, and whatever was odd."""
    tools = [f"{tool} {peers.version(tool)}" for tool in (OURS, *peers.PACKAGES)]
    memory = "PSS of all processes" if processes.is_exact() else "the largest process"
    said = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    notes = [
        f"{', '.join(tools)}; {peers.accelerator()}",
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python"
        f" {platform.python_version()}, {said.strip()}; peak: {memory}",
    ]
    if not peers.knows_no_cache():
        notes.append("this keymuster has no --no-cache: it is measured as it is")
    for row in rows:
        where = f"{row.repository}, {row.job}"
        if row.said:
            notes.append(f"{where}: {row.said}")
        for tool, one in ({OURS: row.ours} | row.theirs).items():
            if one.problem:
                notes.append(f"ODD: {where}: {tool}: {one.problem}")
            elif one.found == 0:
                notes.append(f"ODD: {where}: {tool} found nothing at all")
    return list(dict.fromkeys(notes))


def _document(rows: list[Row], notes: list[str]) -> dict[str, Any]:
    return {
        "notes": notes,
        "rows": [
            asdict(row)
            | {
                "ratios": {
                    name: {figure: asdict(one) for figure, one in _ratios(row.ours, them).items()}
                    for name, them in row.theirs.items()
                    if not them.problem
                }
            }
            for row in rows
        ],
    }


if __name__ == "__main__":
    if shutil.which("git") is None:
        sys.exit("git is needed")
    main()
