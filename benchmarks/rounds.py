"""Interleaved runs of a job, and whether every tool did it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jobs
import peers
import samples
from figures import Measured
from jobs import Job
from peers import OURS, Command
from processes import Run, timed, weighed

from keymuster.model.secret import Secret

MORE = 100
"""Commits between two scans of a history."""


@dataclass
class Amount:
    """How often a job is done, and how many seconds one run may take."""

    runs: int
    memory_runs: int
    seconds: float


def surroundings(place: Path) -> dict[str, str]:
    """The environment of every tool: caches of their own, and Python may keep what it compiles, as
    it does wherever it is installed."""
    mine = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith(("GIT_", "KEYMUSTER_"))
    }
    if path := mine.get("PYTHONPATH"):  # the tools run in other folders
        mine["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, path.split(os.pathsep)))
    return mine | {
        "PYTHONPYCACHEPREFIX": str(place / "bytecode"),
        "KEYMUSTER_CACHE": str(place / "cache"),
        "KF_RULE_CACHE_DIR": str(place / "rules"),
        "TMPDIR": str(place),
    }


def measured(job: Job, amount: Amount, environment: Mapping[str, str]) -> dict[str, Measured]:
    """Each tool in turn, and the next time another one first; before that once, to fill the caches
    and to see that it works. What does not work is not measured."""
    results = {tool: _tried(job, tool, amount, environment) for tool in job.commands}
    able = [tool for tool in results if tool.startswith(OURS) or not results[tool].problem]
    for number in range(amount.runs):
        turn = number % len(able)
        for tool in (*able[turn:], *able[:turn]):
            command = job.commands[tool]
            run = _run(command, job.folder, amount, environment)
            results[tool].runs.append(run)
            if run.code not in command.fine:
                results[tool].problem = results[tool].problem or _ending(run)
    for _ in range(amount.memory_runs):
        for tool in able:
            command = job.commands[tool]
            if command.report:
                command.report.unlink(missing_ok=True)
            peak = weighed(command.words, job.folder, {**environment, **command.environment})
            results[tool].peaks.append(peak)
    return results


def _tried(job: Job, tool: str, amount: Amount, environment: Mapping[str, str]) -> Measured:
    command = job.commands[tool]
    run = _run(command, job.folder, amount, environment)
    if run.code not in command.fine:
        return Measured(problem=_ending(run))
    if command.report is None:
        return Measured()
    if not command.report.exists():
        return Measured(problem="wrote no report")
    said = command.report.read_bytes()
    seen = sum(_shown(tool, token) in said for token in job.planted)
    missed = f"found {seen} of {len(job.planted)} planted" if seen < len(job.planted) else ""
    return Measured(found=_count(said), problem=missed)


def _run(command: Command, folder: Path, amount: Amount, environment: Mapping[str, str]) -> Run:
    if command.report:
        command.report.unlink(missing_ok=True)
    own = {**environment, **command.environment}
    return timed(command.words, folder, own, seconds=amount.seconds)


def _ending(run: Run) -> str:
    return f"signal {-run.code}" if run.code < 0 else f"exit code {run.code}"


def _shown(tool: str, token: str) -> bytes:
    """What stands in a report for a token: keymuster never shows one."""
    if tool.startswith(OURS):
        return Secret(token.encode()).fingerprint().encode()
    return token.encode()


def _count(report: bytes) -> int | None:
    """How many findings a report has."""
    try:
        found: Any = json.loads(report)
    except ValueError:
        return None
    if isinstance(found, dict) and "runs" in found:  # SARIF
        return sum(len(run.get("results", ())) for run in found["runs"])
    found = found.get("findings", ()) if isinstance(found, dict) else found
    return len(found or ())


# --- a history that is scanned a second time ----------------------------------------------------


@dataclass
class Again:
    """Scans of a whole history, of the same after more commits, and of one with nothing in it, from
    the same start; and which part of all bytes the commits brought."""

    first: Measured
    second: Measured
    nothing: Measured
    new: float
    scanned: int


def again(base: Path, report: Path, amount: Amount, environment: Mapping[str, str]) -> Again:
    """keymuster alone, against itself: what it remembers of the first scan is all that helps."""
    folder = base.with_name("again")
    folder.mkdir()
    empty, copy, cache = folder / "empty", folder / "copy", folder / "cache"
    jobs.git(folder, "init", "-q", str(empty))
    cache.mkdir()  # an installed wheel leaves nothing in it where there is nothing to remember
    own = {**environment, "KEYMUSTER_CACHE": str(cache)}
    nothing = peers.history(OURS, empty, report)
    whole = peers.history(OURS, copy, report)
    result = Again(Measured(), Measured(), Measured(), 0.0, 0)
    _run(nothing, empty, amount, own)  # a checkout leaves the database behind
    shutil.copytree(cache, folder / "fresh")
    for _ in range(amount.runs):
        shutil.rmtree(cache)
        shutil.copytree(folder / "fresh", cache)
        jobs.git(folder, "clone", "-q", "--local", str(base), str(copy))
        before = sum(jobs.blob_sizes(copy))
        result.first.runs.append(_run(whole, copy, amount, own))
        samples.more_commits(copy, MORE)
        result.scanned = sum(jobs.blob_sizes(copy))
        result.new = (result.scanned - before) / result.scanned
        result.second.runs.append(_run(whole, copy, amount, own))
        result.nothing.runs.append(_run(nothing, empty, amount, own))
        shutil.rmtree(copy)
    for one in (result.first, result.second, result.nothing):
        one.problem = next((_ending(run) for run in one.runs if run.code), "")
    return result
