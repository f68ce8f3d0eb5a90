"""A report in the formats that somebody asks for: into files, and to standard output."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from keymuster import pipeline, registry
from keymuster.cli.options import FORMATS, OUTPUT, format_option, options
from keymuster.cli.output import replacing, stdout
from keymuster.errors import KeymusterError, ReportError, SettingsError
from keymuster.model import Report
from keymuster.report.base import Style

F = TypeVar("F", bound=Callable[..., Any])


def format_options(besides: str = "") -> Callable[[F], F]:
    """`--format` and `-o`; `besides` are formats that are not built in."""
    return options(format_option(besides), OUTPUT)


def output(word: str) -> tuple[str, str]:
    """Format and file of `FORMAT=FILE`."""
    format, equals, file = word.partition("=")
    if not equals or not file:
        raise SettingsError(
            f"-o {word}: not FORMAT=FILE",
            f"Formats: {', '.join(FORMATS)}. Example: -o sarif=out.sarif",
        )
    if not os.path.isdir(os.path.dirname(os.path.abspath(file))):
        raise ReportError(
            f"{file} could not be written: its folder does not exist", "Make it first."
        )
    return format, file


def check_formats(wanted: Iterable[str], extensions: Iterable[str] = ()) -> None:
    """SettingsError for a format that is neither built in nor an extension's."""
    known = [*FORMATS, *registry.installed("reporter", tuple(extensions))]
    for format in sorted({*wanted} - {*known}):
        from keymuster.nearest import nearest

        close = nearest(format, known)
        raise SettingsError(
            f"no format is called `{format}`",
            f"Did you mean `{close}`?" if close else f"Formats: {', '.join(known)}.",
        )


def write_all(
    report: Report, outputs: Sequence[tuple[str, str]], format_: str, extensions: Iterable[str] = (), *,
    verbose: bool = False, quiet: bool = False,
) -> None:  # fmt: skip
    """Files first, then standard output, so that a closed pipe costs no report."""
    failed: KeymusterError | None = None
    for format, file in outputs:
        try:
            with replacing(file, newline="") as out:  # each format ends its lines as it must
                pipeline.write(report, format, out, Style(verbose=verbose), extensions)
        except ReportError as error:
            failed = error
    silent = quiet and not report.findings and not report.troubles
    if not (format_ == "text" and (silent or (outputs and quiet))):
        with stdout() as out:
            color = out.isatty() and "NO_COLOR" not in os.environ
            pipeline.write(report, format_, out, Style(color=color, verbose=verbose), extensions)
    if failed is not None:
        raise failed
