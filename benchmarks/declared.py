"""keymuster against scanners of declarations: infrastructure code with checkov's identity checks,
workflows with zizmor; and what the readers of declarations cost where there is nothing to read."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import figures
import peers
import processes
import rounds
import samples
from figures import Measured, Ratio
from jobs import Job
from peers import OURS, Command
from rounds import Amount

from keymuster import pipeline, registry
from keymuster.collect.base import Context, Selection
from keymuster.detect import examples

FILES = 10_000
TIME = 0.1
"""Of checkov's, CPU and wall, at most."""
PEAK = 300
"""MiB, at most."""
SLOWER = 1.05
"""Times the CPU seconds without the readers of declarations, at most."""

WITHOUT = f"{OURS}, without these readers"
OTHERS = ("inline-allows", "secrets")
"""The readers of all files; the rest read declarations."""


@dataclass
class Row:
    """A line of a table: keymuster against one other command at the same files."""

    files: str
    number: int
    scanned: int
    other: str
    ours: Measured
    theirs: Measured
    marks: dict[str, str]

    def ratio(self, figure: str) -> Ratio | None:
        ours, theirs = self.ours.figures(figure), self.theirs.figures(figure)
        if self.theirs.problem or not ours or len(ours) != len(theirs):
            return None
        return figures.ratio(ours, theirs)


def main() -> None:
    options = _options()
    peers.install_for_declarations()
    with tempfile.TemporaryDirectory(prefix="declared-") as folder:
        rows = list(_rows(Path(folder), options))
    print("\n".join(table(rows)))
    if options.json:
        document = [
            asdict(row) | {"cpu": row.ratio("cpu"), "wall": row.ratio("wall")} for row in rows
        ]
        options.json.write_text(json.dumps(document, indent=2, default=asdict) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folders", nargs="*", type=Path, help="of declarations; without any, cases of policies"
    )
    parser.add_argument("--files", type=int, default=FILES, help="of declarations")
    parser.add_argument("--ordinary", type=int, default=samples.FILES, help="files of source code")
    parser.add_argument("--runs", type=int, default=3, help="of each tool, interleaved")
    parser.add_argument("--memory-runs", type=int, default=1, help="further ones, not timed")
    parser.add_argument("--seconds", type=float, default=7200, help="that a run may take")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every run, for a program")
    return parser.parse_args()


# --- what is scanned ----------------------------------------------------------------------------


def given(folders: Sequence[Path]) -> dict[str, bytes]:
    """Path -> content of every file of the folders."""
    return {
        f"{folder.name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def of_policies() -> dict[str, bytes]:
    """The declarations in the cases of the shipped policies, each case in a folder of its own."""
    rules = pipeline.load_rules()
    formats = {token.id: token for token in rules.tokens}
    context = Context(rules=rules, selection=Selection(root=""))
    readers = [registry.part("reader", name)(context) for name in _declaring()]
    found = {}
    for policy in rules.policies:
        for number, case in enumerate(policy.cases):
            files = {case.path: case.text, **case.beside}
            if not any(reader.reads(path) for reader in readers for path in files):
                continue
            for path, text in files.items():
                name = f"{policy.id}/{number}/{path}"
                found[name] = examples.expand(text, None, formats).encode()
    return found


def _declaring() -> list[str]:
    return [name for name in registry.names("reader") if name not in OTHERS]


def made(folder: Path, contents: Mapping[str, bytes], files: int) -> int:
    """So many files: the given ones again and again, each time in a folder of its own and with other
    account numbers; how many bytes they are."""
    size = 0
    names = ((turn, name) for turn in count() for name in contents)
    for _, (turn, name) in zip(range(files), names, strict=False):
        path = folder / f"{turn:04}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        size += path.write_bytes(_renumbered(contents[name], turn))
    return size


def _renumbered(content: bytes, turn: int) -> bytes:
    return _ACCOUNT.sub(lambda found: b"%012d" % ((int(found[0]) + turn) % 10**12), content)


_ACCOUNT = re.compile(rb"(?<![0-9A-Za-z])[0-9]{12}(?![0-9A-Za-z])")


# --- jobs ---------------------------------------------------------------------------------------


def _rows(place: Path, options: argparse.Namespace) -> Iterator[Row]:
    amount = Amount(options.runs, options.memory_runs, options.seconds)
    environment = rounds.surroundings(place)
    report = place / "reports" / "report.sarif"
    report.parent.mkdir()
    contents = given(options.folders) if options.folders else of_policies()
    workflows = {name: text for name, text in contents.items() if ".github/workflows/" in name}
    readable = _that_zizmor_reads(workflows, place / "each", report)
    left_out = len(workflows) - len(readable)
    workflows_title = f"workflows alone ({left_out} left out that end zizmor)"
    for title, peer, some in (
        ("infrastructure code and workflows", "checkov", contents),
        (workflows_title if left_out else "workflows alone", "zizmor", readable),
    ):
        if not some:
            continue
        folder = place / peer
        number = options.files * len(some) // len(contents)
        size = made(folder, some, number)
        commands = {tool: peers.declarations(tool, folder, report) for tool in (OURS, peer)}
        results = rounds.measured(Job("made", size, folder, commands, []), amount, environment)
        row = Row(title, number, size, peer, results[OURS], results[peer], {})
        row.marks = _marks(row) if peer == "checkov" else {}
        yield row
    yield _ordinary(place / "ordinary", options.ordinary, report, amount, environment)


def _that_zizmor_reads(
    workflows: Mapping[str, bytes], place: Path, report: Path
) -> dict[str, bytes]:
    """One workflow that zizmor cannot load ends it, whatever else there is."""
    found = {}
    for number, (name, content) in enumerate(workflows.items()):
        folder = place / str(number)
        made(folder, {name: content}, 1)
        command = peers.declarations("zizmor", folder, report)
        if processes.timed(command.words, place).code in command.fine:
            found[name] = content
    return found


def _marks(row: Row) -> dict[str, str]:
    ratios = {name: found for name in ("cpu", "wall") if (found := row.ratio(name)) is not None}
    marks = {name: _mark(found.median, TIME) for name, found in ratios.items()}
    return marks | ({"peak": _mark(row.ours.middle("peak"), PEAK)} if row.ours.peaks else {})


def _ordinary(
    folder: Path, files: int, report: Path, amount: Amount, environment: Mapping[str, str]
) -> Row:
    """Source code, settings and lock files, with the readers of declarations and without them. They
    differ by little, so they run more often."""
    size = 0
    for name, content in samples.first_files(files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        size += path.write_bytes(content)
    commands = {
        OURS: _scan_with(registry.names("reader"), folder, report),
        WITHOUT: _scan_with(OTHERS, folder, report),
    }
    often = Amount(3 * amount.runs, amount.memory_runs, amount.seconds)
    results = rounds.measured(Job("made", size, folder, commands, []), often, environment)
    row = Row("other files", files, size, WITHOUT, results[OURS], results[WITHOUT], {})
    if (found := row.ratio("cpu")) is not None:
        row.marks["cpu"] = _mark(found.median, SLOWER)
    return row


def _scan_with(readers: Sequence[str], folder: Path, report: Path) -> Command:
    """keymuster with some of its readers."""
    words = ["scan", str(folder), "-q", "--no-cache", "--fail-on", "never", "-o", f"sarif={report}"]
    return Command([sys.executable, "-c", _SOME, ",".join(readers), *words], (0,), report)


_SOME = """
import sys
from keymuster import registry
some, names = sys.argv.pop(1).split(","), registry.names
registry.names = lambda point: some if point == "reader" else names(point)
from keymuster.cli import main
main()
"""


def _mark(value: float, most: float) -> str:
    return "must" if value <= most else "MISSED"


# --- what is shown ------------------------------------------------------------------------------


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown lines: one table, and what its reader must know."""
    head = [
        "files",
        "scanned",
        "keymuster: wall / CPU / peak, found",
        "against",
        "its wall / CPU / peak, found",
    ]
    head += ["ratio: CPU · wall", "reached"]
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    for row in rows:
        ratios = [_shown(found) for name in ("cpu", "wall") if (found := row.ratio(name))]
        cells = [
            row.files,
            f"{row.number:,}, {row.scanned / 1e6:,.3g} MB",
            _figures(row.ours),
            row.other,
            row.theirs.problem or _figures(row.theirs),
            " · ".join(ratios) or "-",
            " · ".join(f"{_NAMES.get(name, name)} {mark}" for name, mark in row.marks.items())
            or "-",
        ]
        yield "| " + " | ".join(cells) + " |"
    tools = ", ".join(f"{tool} {peers.version(tool)}" for tool in (OURS, *peers.DECLARED))
    memory = "PSS of all processes" if processes.is_exact() else "the largest process"
    yield ""
    yield f"- {tools}; {peers.accelerator()}"
    yield (
        f"- {platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python"
        f" {platform.python_version()}; peak: {memory}"
    )
    for row in rows:
        for tool, one in ((OURS, row.ours), (row.other, row.theirs)):
            if one.problem or one.found == 0:
                yield f"- ODD: {row.files}: {tool}: {one.problem or 'found nothing at all'}"


_NAMES = {"cpu": "CPU"}


def _shown(ratio: Ratio) -> str:
    """Three digits: five in a hundred must be seen."""
    spread = f" ({ratio.least:.3g}-{ratio.most:.3g})" if ratio.least != ratio.most else ""
    return f"{ratio.median:.3g}{spread}"


def _figures(measured: Measured) -> str:
    if not measured.runs:
        return "-"
    seconds = [f"{measured.middle(name):.3g} s" for name in ("wall", "cpu")]
    peak = [f"{measured.middle('peak'):.0f} MiB"] if measured.peaks else []
    return f"{' / '.join(seconds + peak)}, {measured.found}"


if __name__ == "__main__":
    main()
