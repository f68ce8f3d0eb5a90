"""`keymuster scan`: from options to a report and an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from keymuster import pipeline, registry, settings, work
from keymuster.cli.baseline_file import known
from keymuster.cli.common_options import config_option
from keymuster.cli.selection import folder_of, selection
from keymuster.cli.service_options import chosen, service_options
from keymuster.cli.writing import check_formats, format_options, output, write_all
from keymuster.collect.base import Context
from keymuster.collect.host import home
from keymuster.errors import SettingsError
from keymuster.evaluate.choice import Choice
from keymuster.model import Confidence, Report, Severity

if TYPE_CHECKING:
    from keymuster.settings import Settings

_SERVICES = registry.names("service")


@click.command("scan")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--staged", is_flag=True, help="Scan the staged change: the index against HEAD.")
@click.option(
    "--history",
    is_flag=True,
    help="Scan every file version of every commit of all refs, stashes and notes.",
)
@click.option("--stdin", "from_stdin", is_flag=True, help="Scan standard input.")
@click.option(
    "--machine",
    is_flag=True,
    help="Scan what programs that run AI agents keep in your home and in the folders of the system: settings, tokens, transcripts.",
)
@click.option(
    "--service",
    "services",
    type=click.Choice(_SERVICES),
    multiple=True,
    help="Ask a service through its API, with the credentials that its SDK finds; repeatable. Without PATHS, no files are scanned.",
)
@service_options
@click.option(
    "--since",
    metavar="REV|DATE",
    help="With --history: only what later commits bring in.",
)
@click.option(
    "--range",
    "range_",
    metavar="A..B",
    help="With --history: only what these commits bring in.",
)
@click.option(
    "--pushed",
    is_flag=True,
    help="With --history: the commits being pushed, as pre-commit names them.",
)
@click.option("--unreachable", is_flag=True, help="With --history: dangling objects too.")
@click.option("--include-ignored", is_flag=True, help="Files that git ignores, too.")
@format_options("or an extension's")
@click.option(
    "--fail-on",
    type=click.Choice(settings.FAIL_ON),
    help="The mildest severity that ends with exit code 1.  [default: medium]",
)
@click.option(
    "--confidence",
    type=click.Choice([one.value for one in Confidence]),
    help="The least sure findings to report.  [default: medium]",
)
@click.option(
    "--fail-confidence",
    type=click.Choice([one.value for one in Confidence]),
    help="The least sure findings that end with exit code 1.  [default: high]",
)
@click.option(
    "--rule",
    "only",
    metavar="GLOB",
    multiple=True,
    help="Only these rules, formats or NHI categories; repeatable.",
)
@click.option(
    "--skip-rule", "skip", metavar="GLOB", multiple=True, help="All but these; repeatable."
)
@click.option(
    "--rules",
    "rule_folders",
    metavar="DIR",
    multiple=True,
    type=click.Path(),
    help="A folder with more rules; repeatable.",
)
@click.option(
    "--exclude",
    metavar="GLOB",
    multiple=True,
    help="Leave these paths out, as in a .gitignore; repeatable.",
)
@click.option(
    "--max-file-size",
    metavar="SIZE",
    help="Do not read larger files; they are reported as not seen.  [default: 256MB]",
)
@click.option(
    "--container-depth",
    metavar="N",
    type=click.IntRange(0, 20),
    help="How many archives inside each other are opened; images, documents and databases count as such.  [default: 3]",
)
@click.option("--no-containers", is_flag=True, help="Open none.")
@click.option(
    "--import",
    "imports",
    metavar="FILE",
    multiple=True,
    type=click.Path(),
    help="A report of another scanner, as `keymuster import` reads them: what it tells joins what is found; repeatable.",
)
@click.option(
    "--baseline",
    metavar="FILE",
    type=click.Path(),
    help="Report only what this file does not have; `keymuster baseline write` makes it.",
)
@click.option(
    "--jobs",
    type=click.IntRange(0),
    metavar="N",
    help="Processes to use; 0 means one per processor.",
)
@config_option
@click.option(
    "--no-cache",
    is_flag=True,
    help="Search everything, also files and file versions in which a former scan with the same rules saw nothing.",
)
@click.option("--strict", is_flag=True, help="Exit code 3 if anything could not be looked at.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when there is nothing to say.")
@click.option(
    "--timings",
    is_flag=True,
    help="Say on standard error what took how long, and how much work it was; --profile without a name does so, too.",
)
@click.option(
    "-v",
    "--verbose",
    count=True,
    help="Accepted findings, ids and evidence too; -vv for what was done.",
)
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Find secrets in PATHS (default: the folder you are in).

    In a git repository these are the tracked files and those not ignored; elsewhere, all files.

    \b
    Examples:
      keymuster scan src deploy.env               some folders and files
      keymuster scan --staged                     before a commit
      keymuster scan --history --since v1.2       what came after a release
      keymuster scan --history --range main..HEAD what a branch brings in
      git show HEAD | keymuster scan --stdin      anything else
      keymuster scan --machine                    your own agents: settings, tokens, transcripts
      keymuster scan --service aws --profile audit   an account, as it is
      keymuster scan infra --service aws          the same, beside its code
      keymuster scan . -o sarif=out.sarif -o json=out.json --fail-on high
      keymuster scan . --import gitleaks.json     with what another scanner found
      keymuster scan --rule NHI2 --skip-rule generic-secret

    Exit codes: 0 clean; 1 findings at or above --fail-on and --fail-confidence; 2 could not run; 3 incomplete: the
    scan was cut short, whatever it had found, or --strict is given, there is no such finding, and something could
    not be looked at.
    """
    if options["profile"] and not options["services"]:  # `scan --profile PATH`
        paths = (options["profile"], *paths)
    if options["profile"] is None and not options["timings"]:
        return _scan(paths, options)
    if options["profile"] and options["services"] and not options["timings"]:
        return _scan(paths, options)
    from keymuster import profile

    with profile.measuring() as spent:
        code = _scan(paths, options)
    click.echo(spent.table(), err=True)
    return code


def _scan(paths: tuple[str, ...], options: dict[str, Any]) -> int:
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
        selection=selection(paths, source, configured, options, chosen(options)),
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
    click.echo(f"keymuster: {text}", err=True)
