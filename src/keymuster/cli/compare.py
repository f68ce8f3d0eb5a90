"""`keymuster compare`: what has become of the findings of an earlier report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import click
import msgspec

from keymuster import pipeline
from keymuster.cli.common_options import format_option
from keymuster.cli.output import stdout
from keymuster.errors import SettingsError
from keymuster.evaluate.comparison import Change, compared
from keymuster.evaluate.states import State
from keymuster.model import Report
from keymuster.redaction import Redactor
from keymuster.report import _json_reading as own
from keymuster.report import _sarif_reading
from keymuster.report.base import readable

_BAD = (State.NEW, State.CHANGED, State.REOPENED)


@click.command("compare")
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@format_option
@click.option("--all", "all_", is_flag=True, help="Those that are the same, too.")
def command(old: str, new: str, format_: str, all_: bool) -> int:
    """Hold the report NEW against OLD: what is new, changed, reopened or resolved, and what NEW cannot tell
    of, because that scan did not look there.

    Both are JSON reports of keymuster, or SARIF of any tool; SARIF does not say what was looked at. What a
    finding may do and what limits it counts, not the line it stands on: a file that was moved takes its findings with it.

    Exit codes: 0 nothing is new, changed or reopened; 1 something is; 2 could not run.

    \b
    Examples:
      keymuster compare monday.json friday.json
      keymuster compare before.sarif after.sarif --format json
    """
    changes = compared(_read(old), _read(new))
    redactor = Redactor(pipeline.load_rules())  # other tools may have put a secret into their words
    shown = [redactor.struct(one) for one in changes if all_ or one.state is not State.SAME]
    with stdout() as out:
        if format_ == "json":
            out.write(msgspec.json.format(_json(shown), indent=2).decode() + "\n")
        else:
            for line in _lines(shown, changes):
                out.write(line + "\n")
    return 1 if any(one.state in _BAD for one in changes) else 0


def _read(file: str) -> Report:
    try:
        with open(file, "rb") as content:
            data = content.read()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from None
    for reader in (own.written, _sarif_reading.written):
        try:
            return reader(data)
        except ValueError:
            continue
    raise SettingsError(
        f"{file} is neither a JSON report of keymuster nor SARIF",
        "Write one: keymuster scan -o json=FILE",
    )


def _json(changes: Iterable[Change]) -> bytes:
    return msgspec.json.encode([_plain(one) for one in changes])


def _plain(change: Change) -> dict[str, Any]:
    one = change.finding
    return {
        "state": change.state.value, "why": readable(change.why), "id": one.id, "rule": one.rule,
        "severity": one.severity.value, "subject": readable(one.subject), "message": readable(one.message),
        "places": [readable(str(place)) for place in one.places],
    }  # fmt: skip


def _lines(shown: Iterable[Change], changes: Iterable[Change]) -> Iterator[str]:
    for state in State:
        for change in shown:
            if change.state is state:
                one = change.finding
                yield f"{state.value:<13}{one.severity.value:<9}{readable(str(one.location))}  {readable(one.message)}  {one.rule}"
                if change.why:
                    yield f"{'':<13}{readable(change.why)}"
    counts = Counter(one.state for one in changes)
    yield ", ".join(f"{counts[state]} {state.value}" for state in State)
