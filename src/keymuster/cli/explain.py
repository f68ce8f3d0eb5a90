"""`keymuster explain`: why a value is reported, or why not, and what a finding rests on."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from keymuster import pipeline, settings
from keymuster.detect.explain import Considered, explain
from keymuster.detect.positions import Positions
from keymuster.detect.text import as_text
from keymuster.errors import SettingsError
from keymuster.model import FileLocation
from keymuster.report.base import readable

_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<line>\d+))?(?::\d+)?")
_LEAST = 0.05
_MOST = 12
_ID = re.compile(r"[0-9a-f]{4,32}")
_SHOWN = 12


@click.command("explain")
@click.argument("place", metavar="FILE[:LINE]|FINDING")
@click.option(
    "--report",
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="A JSON report, by whose id, or the beginning of it, FINDING is one; `-` is read from stdin.",
)
@click.option(
    "--rules", "folders", metavar="DIR", multiple=True, type=click.Path(path_type=Path),
    help="A folder with more rules; repeatable.",
)  # fmt: skip
@click.option(
    "-v", "--verbose", is_flag=True, help="Values that are obviously none, and every signal."
)
def command(place: str, report: Path | None, folders: tuple[Path, ...], verbose: bool) -> int:
    """Say of each value in a file, or on one line, why it is reported or why not; of a finding in a
    report, what it rests on: statements, conditions, each step of a path, the calls that told of it.

    A value without a format is weighed. Each signal adds to the logarithm of the odds or takes from
    it; their sum gives the likelihood, and that the confidence.

    \b
    Examples:
      keymuster explain deploy.env:12          one line
      keymuster explain settings.py -v         all of a file, every signal
      keymuster explain 4f2a --report out.json   the evidence of a finding

    The value is never quoted; what was weighed describes it (its length, its kinds of characters).
    """
    if report is not None:
        return _finding(place, report)
    path, line = _parted(place)
    if _ID.fullmatch(place) and not path.exists():
        raise SettingsError(
            f"there is no file {place}",
            "If it is a finding, name the report that has it: --report.",
        )
    try:
        text = as_text(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    rules = pipeline.load_rules(
        settings.rule_folders(*settings.load(None, str(path.parent)), folders)
    )
    considered = explain(rules, text.content, str(path))
    positions = Positions(text.content)
    said = 0
    for one in considered:
        at = positions.at(one.start)
        if (line is None or at[0] == line) and (verbose or one.reported or one.weights):
            said += 1
            click.echo(f"{path}:{at[0]}:{at[1]}  {one.preview}")
            for word in _words(one, verbose):
                click.echo(f"  {word}")
    if not said:
        click.echo(f"keymuster: nothing in {place} looks like a credential", err=True)
    return 0


def _finding(id: str, report: Path) -> int:
    from keymuster.report._json_reading import findings
    from keymuster.report._people import acceptance, ownership
    from keymuster.report._steps import lines

    try:
        data = sys.stdin.buffer.read() if str(report) == "-" else report.read_bytes()
        found = [one for one in findings(data) if one.id.startswith(id)]
    except OSError as error:
        raise SettingsError(f"{report} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(
            f"{report} is no JSON report of keymuster: {error}", "Write one with -o json=FILE."
        ) from error
    if len({one.id for one in found}) != 1:
        several = ", ".join(one.id[:_SHOWN] for one in found[:_MOST])
        raise SettingsError(
            f"{len(found)} findings of {report} begin with {id}: {several}"
            if found
            else f"no finding of {report} begins with {id}"
        )
    [one, *_] = found
    nhi = "/".join(category.value for category in one.nhi)
    click.echo(f"{one.id}  {one.rule} [{nhi}]")
    click.echo(f"{one.severity.value}, {one.confidence.value} confidence: {readable(one.message)}")
    for at in one.places[:_MOST]:
        commit = at.commit if isinstance(at, FileLocation) else None
        click.echo(
            f"  at {readable(str(at))}{f' in commit {commit.id[:_SHOWN]}' if commit else ''}"
        )
    for line in (*acceptance(one), *ownership(one), *lines(one)):
        click.echo(f"  {line}")
    click.echo(f"  do: {one.remediation}")
    return 0


def _parted(place: str) -> tuple[Path, int | None]:
    if Path(place).exists():
        return Path(place), None
    found = _PLACE.fullmatch(place)
    assert found is not None  # the file takes everything
    return Path(found["file"]), int(found["line"]) if found["line"] else None


def _words(one: Considered, verbose: bool) -> list[str]:
    outcome = "reported" if one.reported else "not reported"
    words = [f"{outcome} as {one.format.id}: {one.verdict}"]
    if one.likelihood is None:
        return words
    words.append(f"likelihood {one.likelihood:.2f}, by what was weighed:")
    words.append(f"  {one.before:+6.2f}  any value in such a place")
    shown = [(signal, weight) for signal, weight in one.weights.items() if abs(weight) >= _LEAST]
    shown = list(one.weights.items()) if verbose else shown[:_MOST]
    words += [f"  {weight:+6.2f}  {signal}" for signal, weight in shown]
    rest = sum(one.weights.values()) - sum(weight for _, weight in shown)
    return words if verbose else [*words, f"  {rest:+6.2f}  everything else"]
