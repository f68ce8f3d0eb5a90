"""Findings for commands that act on them and do not report: of a scan of the working tree, or of a report
that a scan has written."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

import click
from msgspec import Struct

from keymuster import pipeline, settings
from keymuster.cli.gathering import gathered
from keymuster.cli.selection import folder_of
from keymuster.errors import SettingsError
from keymuster.evaluate.choice import Choice
from keymuster.model import Confidence, Finding, Report, Scope, Trouble
from keymuster.settings import Settings

report_option = click.option(
    "--report",
    metavar="FILE",
    type=click.Path(allow_dash=True),
    help="The JSON report of a scan, instead of a new scan of the working tree; `-` is read from stdin.",
)


class Judged(Struct, frozen=True, kw_only=True):
    """What was found, by which settings. It is not `complete` where the scan was cut short."""

    findings: tuple[Finding, ...]
    configured: Settings
    troubles: tuple[Trouble, ...] = ()
    complete: bool = True
    scope: Scope = Scope()


def judged(paths: tuple[str, ...], report: str | None, config: str | None) -> Judged:
    """SettingsError for a report that is none."""
    if report is not None:
        if paths:
            raise SettingsError("--report takes no paths", "The report says what was scanned.")
        configured, _ = settings.load(config, os.curdir)
        return _judged(_read(report), configured)
    start = folder_of(paths[0]) if paths else os.curdir
    configured, _ = settings.load(config, start)
    looked = gathered(paths, config)
    choice = Choice(
        only=configured.rules.only, skip=configured.rules.skip,
        confidence=Confidence(configured.confidence),
    )  # fmt: skip
    found = pipeline.judged(
        looked.seen, looked.context, "worktree", choice=choice, configured=configured,
        now=datetime.now(UTC),
    )  # fmt: skip
    return _judged(found, configured)


def _judged(report: Report, configured: Settings) -> Judged:
    return Judged(
        findings=report.findings, configured=configured, troubles=report.troubles,
        complete=report.complete, scope=report.scope,
    )  # fmt: skip


def _read(report: str) -> Report:
    from keymuster.report._json_reading import written

    try:
        if report == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(report, "rb") as file:
                data = file.read()
        return written(data)
    except OSError as error:
        raise SettingsError(f"{report} cannot be read: {error.strerror}") from None
    except ValueError:
        raise SettingsError(
            f"{report} is no JSON report of keymuster", "Write one: keymuster scan -o json=FILE"
        ) from None
