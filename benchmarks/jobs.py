"""What is to be done: for each job a folder, the commands, and the secrets they must find."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import peers
import samples
from peers import OURS, Command

IN_REPOSITORY = ("hook", "hook-found", "tree", "history", "history-again")
LARGE = ("large-file", "large-line", "tiny-files")
JOBS = (*IN_REPOSITORY, *LARGE)

CACHED, PYTHON, HALF = "keymuster, cached", "keymuster, pure Python", "keymuster, half"
"""Further commands of keymuster at the same job."""

TOOLS = (OURS, *peers.PACKAGES)
_GIGABYTE, _HUNDRED_MEGABYTES, _MANY = 1_000_000_000, 100_000_000, 100_000


@dataclass
class Job:
    """`rows` says which lines of the table come of it: what a line is called, which command of
    keymuster it is about, and the target it is held against. `largest` is the largest blob, where
    memory counts."""

    repository: str
    scanned: int
    folder: Path
    commands: dict[str, Command]
    rows: Sequence[tuple[str, str, str]]
    planted: list[str] = field(default_factory=list)
    largest: int = 0


def copied(repository: Path, folder: Path) -> Path:
    """A normal clone, with a commit more that brings secrets of which we know."""
    base = folder / "base"
    git(folder, "clone", "-q", "--no-local", str(repository), str(base))
    base.joinpath(samples.PLANTED).write_text(samples.planted("repository")[0])
    git(base, "add", "-f", samples.PLANTED)
    identity = ("-c", "user.name=Planter", "-c", "user.email=planter@example.org")
    git(base, *identity, "commit", "-q", "--no-verify", "-m", "Planted")
    return base


def of_repository(name: str, repository: str, base: Path, report: Path) -> Job:
    """A job in a clone made by `copied`."""
    tokens = samples.planted("repository")[1]
    if name in ("hook", "hook-found"):
        found = name == "hook-found"
        copy = base.with_name(name)
        git(base, "clone", "-q", "--local", str(base), str(copy))
        size = samples.stage(copy, tokens[0] if found else "")
        commands = {tool: peers.hook(tool, copy, found=found) for tool in TOOLS}
        title = f"{name}, {len(samples.listed(copy)):,} files"
        return Job(repository, size, copy, commands, [(title, OURS, "hook")])
    if name == "tree":
        commands, known = _uncached({tool: peers.tree(tool, base, report) for tool in TOOLS})
        rows = [("tree", OURS, "tree")]
        if known:
            rows.append(("tree, cached", CACHED, "tree"))
        return Job(repository, _files_bytes(base), base, commands, rows, tokens)
    commands, known = _uncached({tool: peers.history(tool, base, report) for tool in TOOLS})
    commands.pop(CACHED, None)
    commands[PYTHON] = replace(commands[OURS], environment=peers.SWITCH)
    rows = [("history", OURS, "history"), ("history, pure Python", PYTHON, "history-python")]
    blobs = blob_sizes(base)
    return Job(repository, sum(blobs), base, commands, rows, tokens, largest=max(blobs))


def of_large(name: str, folder: Path, report: Path, scale: float) -> Job:
    """A job with input of an unusual size, and with half of it."""
    make, size = {
        "large-file": (samples.large_file, _GIGABYTE),
        "large-line": (samples.large_line, _HUNDRED_MEGABYTES),
        "tiny-files": (samples.tiny_files, _MANY),
    }[name]
    whole, half = folder / "whole", folder / "half"
    make(whole, int(size * scale))
    make(half, int(size * scale / 2))
    commands, _ = _uncached({tool: peers.tree(tool, whole, report, large=True) for tool in TOOLS})
    commands.pop(CACHED, None)
    halved, _ = _uncached({OURS: peers.tree(OURS, half, report, large=True)})
    commands[HALF] = halved[OURS]
    scanned = sum(path.stat().st_size for path in whole.rglob("*") if path.is_file())
    tokens = samples.planted("large")[1]
    title = f"{name}, {int(size * scale):,}{'' if name == 'tiny-files' else ' bytes'}"
    return Job("made", scanned, whole, commands, [(title, OURS, "large")], tokens)


def _uncached(commands: dict[str, Command]) -> tuple[dict[str, Command], bool]:
    """With a keymuster that knows nothing of earlier scans, and, if it can be told so, another one
    that may."""
    if not peers.knows_no_cache():
        return commands, False
    cached = commands[OURS]
    fresh = replace(cached, words=[*cached.words, "--no-cache"])
    return {OURS: fresh, CACHED: cached} | {
        tool: command for tool, command in commands.items() if tool != OURS
    }, True


def git(folder: Path, *words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=folder, stdout=subprocess.PIPE, check=True).stdout


def blob_sizes(repository: Path) -> list[int]:
    """Bytes of every file version."""
    form = "--batch-check=%(objecttype) %(objectsize)"
    said = git(repository, "cat-file", form, "--batch-all-objects", "--unordered", "--buffer")
    return [int(line[5:]) for line in said.splitlines() if line.startswith(b"blob ")]


def _files_bytes(repository: Path) -> int:
    names = samples.listed(repository)
    return sum(os.lstat(repository / name).st_size for name in names)
