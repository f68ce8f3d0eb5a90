"""`keymuster scan`, its options understood: to a report and an exit code. What this needs does without click."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from keymuster import pipeline, registry, settings, work
from keymuster.cli import interrupts
from keymuster.cli.baseline_file import known
from keymuster.cli.selection import folder_of, selection
from keymuster.cli.writing import check_formats, output, write_all
from keymuster.collect.base import Context
from keymuster.collect.host import home
from keymuster.errors import SettingsError
from keymuster.evaluate.choice import Choice
from keymuster.model import Confidence, Report, Severity

if TYPE_CHECKING:
    from keymuster.settings import Settings


def scan(
    paths: tuple[str, ...], options: dict[str, Any], services: Mapping[str, Mapping[str, Any]]
) -> int:
    """Scan as the options say, and ask the services, each with its own; the exit code."""
    source = _source(paths, options)
    outputs = [output(word) for word in options["outputs"]]
    starting = home() if source == "machine" else folder_of(paths[0] if paths else os.curdir)
    configured, file = settings.load(options["config"], starting)
    registry.check_extensions(configured.extensions)
    formats = {options["format_"], *(format for format, _ in outputs)}
    check_formats(formats, configured.extensions)
    rules = pipeline.load_rules(settings.rule_folders(configured, file, options["rule_folders"]))
    choice = Choice(
        only=options["only"] or configured.rules.only,
        skip=(*options["skip"], *configured.rules.skip),
        confidence=Confidence(options["confidence"] or configured.confidence),
    )
    choice.check(rules)
    if configured.exclude.values:
        from keymuster.collect import unreported

        unreported.check(configured.exclude, rules)
    if source == "staged" and file:
        settings.remember_if_plain(configured, file, rules.key)
    context = Context(
        selection=selection(paths, source, configured, options, services),
        rules=rules,
        fingerprint_key=configured.fingerprint_key(),
        exclude=configured.exclude,
    )
    if options["imports"]:
        from keymuster.collect.imported import imported

        context = replace(context, imports=imported(options["imports"], context))
    baseline = known(options["baseline"] or configured.baseline, context.fingerprint_key)
    jobs = options["jobs"] if options["jobs"] is not None else configured.jobs
    if options["verbose"] > 1:
        _tell(
            f"{source}: {context.selection.root}; settings: {file or 'defaults'}; {len(rules.tokens)} formats"
        )
    interrupts.are_raised()
    with _progress(options["quiet"]) as progress:
        report = pipeline.scan(
            context, source, choice=choice, configured=configured,
            jobs=jobs or work.default_jobs(), progress=progress, cached=not options["no_cache"],
            baseline=baseline,
            with_roll=pipeline.wants_roll(formats - {"text"}, configured.extensions),
        )  # fmt: skip
    report = _with_provenance(report, formats)
    write_all(
        report, outputs, options["format_"], configured.extensions, verbose=options["verbose"] > 0,
        quiet=options["quiet"],
    )  # fmt: skip
    return _exit_code(report, options, configured)


def _source(paths: tuple[str, ...], options: dict[str, Any]) -> str:
    """Which source the flags name; SettingsError for flags that do not go together."""
    named = [name for name in ("staged", "history", "from_stdin", "machine") if options[name]]
    if len(named) > 1:
        raise SettingsError(
            "--staged, --history, --stdin and --machine exclude each other", "Choose one."
        )
    if options["since"] == "":
        raise SettingsError("--since is empty", "Write a revision or a date.")
    given = [
        name
        for name in ("since", "range_", "pushed", "unreachable")
        if options[name] not in (None, False)
    ]
    if given and not options["history"]:
        raise SettingsError(f"--{given[0].rstrip('_')} needs --history")
    if len({*given} - {"unreachable"}) > 1:
        raise SettingsError("--since, --range and --pushed exclude each other", "Choose one.")
    if options["from_stdin"] and paths:
        raise SettingsError("--stdin takes no paths", "Choose one, or scan twice.")
    if options["machine"] and paths:
        raise SettingsError(
            "--machine takes no paths", "It knows where agents keep their files. Scan twice."
        )
    if not named:
        return "services" if options["services"] and not paths else "worktree"
    return "input" if named[0] == "from_stdin" else named[0]


def _with_provenance(report: Report, formats: set[str]) -> Report:
    if formats <= {"text"}:
        return report
    from keymuster.collect.provenance import provenance

    return replace(report, provenance=provenance(report.provenance.root))


def _exit_code(report: Report, options: dict[str, Any], configured: Settings) -> int:
    if not report.complete:
        return 3
    fail_on = options["fail_on"] or configured.fail_on
    if fail_on != "never":
        grave = Severity(fail_on).rank
        sure = Confidence(options["fail_confidence"] or configured.fail_confidence).rank
        if any(
            one.severity.rank >= grave and one.confidence.rank >= sure and not one.is_accepted
            for one in report.findings
        ):
            return 1
    strict = options["strict"] or configured.strict
    return 3 if strict and report.troubles else 0


@contextlib.contextmanager
def _progress(quiet: bool) -> Iterator[work.Progress]:
    """A bar for a person who waits longer than a second; nothing in a pipe."""
    if quiet or not sys.stderr.isatty():
        yield lambda size: None
        return
    from keymuster.cli.progress import bar

    with bar() as advance:
        yield advance


def _tell(text: str) -> None:
    import click  # most scans say nothing but their report

    click.echo(f"keymuster: {text}", err=True)
