"""A summary in Markdown, for the page of a CI job or a comment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import ClassVar, TextIO

from keymuster.model import Finding, Nhi, Report, Severity, Trouble
from keymuster.report._alike import cut_short, short, wants_work, where
from keymuster.report._markdown import cell, code, prose
from keymuster.report._people import acceptance
from keymuster.report.base import Reporter, Style

MOST_BYTES = 65_000
"""GitHub takes a comment of 65,536 characters, and a page of a job of 1 MiB."""
MOST_TEXT = 300
"""So many characters of a name or a message are shown."""
SOON = timedelta(days=30)
"""An exception that ends before that is told of."""

_SHARES = {"troubles": 12_000, "exceptions": 6_000, "advice": 14_000}
"""How many bytes a part may have; the table of findings gets what is left."""


class Markdown(Reporter):
    """How many findings there are, the gravest of them, what to do, what could not be seen and which exceptions end
    soon. What is accepted and what is for information is counted, and listed when asked for. A report that is
    too long for a comment ends its lists before their end, and says so."""

    name: ClassVar[str] = "markdown"

    def __init__(self, style: Style) -> None:
        self._style = style

    def write(self, report: Report, out: TextIO) -> None:
        shown = sorted(
            (one for one in report.findings if self._style.verbose or wants_work(one)),
            key=lambda one: -one.severity.rank,
        )
        before = [*_head(report), *_counts(report)]
        after = [*_troubles(report.troubles), *_ending(report), *_foot(report)]
        room = MOST_BYTES - _bytes([*before, *_advice(shown), *after])
        kept, rows = _table(shown, room)
        advice = _advice(shown[:kept])  # what is not listed needs none
        out.write("\n".join([*before, *rows, *advice, *after]).rstrip() + "\n")


def _bytes(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _head(report: Report) -> Iterator[str]:
    number = sum(map(wants_work, report.findings))
    so_far = "" if report.complete else " so far"
    yield f"## keymuster: {f'{number:,}' if number else 'no'} finding{'' if number == 1 else 's'}{so_far}"
    yield ""
    if message := cut_short(report):
        yield f"**INCOMPLETE.** {message}"
        yield ""
    if report.troubles:
        yield f"**Not all was seen**: {_counted(len(report.troubles), 'part')} could not be looked at, see below."
        yield ""


def _counts(report: Report) -> Iterator[str]:
    """By severity and by category; nothing where nothing was found."""
    if not report.findings:
        return
    opened = Counter(one.severity for one in report.findings if not one.is_accepted)
    accepted = Counter(one.severity for one in report.findings if one.is_accepted)
    yield "| Severity | Open | Accepted |"
    yield "| --- | ---: | ---: |"
    for severity in reversed(Severity):
        if opened[severity] or accepted[severity]:
            yield f"| {severity.value} | {opened[severity]:,} | {accepted[severity]:,} |"
    yield ""
    counted = Counter(
        nhi for one in report.findings if wants_work(one) for nhi in dict.fromkeys(one.nhi)
    )
    if counted:
        yield "| OWASP NHI Top 10 | Open |"
        yield "| --- | ---: |"
        for nhi in Nhi:
            if counted[nhi]:
                yield f"| {nhi.value} {prose(nhi.called)} | {counted[nhi]:,} |"
        yield ""


def _table(findings: Sequence[Finding], most: int) -> tuple[int, list[str]]:
    """How many fit, and their rows."""
    if not findings:
        return 0, []
    head = [
        "### Findings", "", "| Severity | Finding | Place | Rule | Owner |", "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    rows, left = _fitting(map(_row, findings), most - _bytes(head) - 200, len(findings))
    lines = [*head, *rows, ""]
    if left:
        lines += [
            f"{_counted(left, 'more finding')} {'is' if left == 1 else 'are'} not listed here, the mildest; the other formats have all.",
            "",
        ]
    return len(rows), lines


def _fitting(lines: Iterable[str], most: int, of: int) -> tuple[list[str], int]:
    """The first lines that fit into so many bytes, and how many are left."""
    kept: list[str] = []
    for line in lines:
        most -= len(line.encode()) + 1
        if most < 0:
            break
        kept.append(line)
    return kept, of - len(kept)


def _row(one: Finding) -> str:
    sure = "" if one.confidence.value == "high" else f" ({one.confidence.value} confidence)"
    message = cell(one.message, MOST_TEXT)
    for said in acceptance(one):
        message += f"; {cell(said, MOST_TEXT)}"
    place = cell(where(one.location), MOST_TEXT)
    if more := len(one.places) - 1:
        place += f" and {_counted(more, 'more place')}"
    rule = cell(one.rule)
    if others := one.evidence.get("also_found"):
        rule += f", also {cell(others, MOST_TEXT)}"
    owner = ""
    if one.owner is not None:
        left = ", who has left" if one.owner.status == "left" else ""
        owner = f"{cell(one.owner.name, MOST_TEXT)}{left}"
    return f"| {one.severity.value}{sure} | {message} | {place} | {rule} | {owner} |"


def _advice(findings: Iterable[Finding]) -> Iterator[str]:
    """What to do about each kind that is listed, once."""
    steps = {one.rule: one.remediation for one in findings if wants_work(one) and one.remediation}
    lines = [f"- {code(rule)}: {prose(text)}" for rule, text in steps.items()]
    return _part("### What to do", lines, _SHARES["advice"], "more rule")


def _troubles(troubles: Sequence[Trouble]) -> Iterator[str]:
    lines = []
    for one in troubles:
        said = f"- {code(one.scope, MOST_TEXT)}: {code(one.message, MOST_TEXT)}"
        lines.append(f"{said}. What helps: {code(one.advice, MOST_TEXT)}" if one.advice else said)
    return _part("### Not seen", lines, _SHARES["troubles"], "more part")


def _ending(report: Report) -> Iterator[str]:
    """The exceptions that end soon: what they accept is reported again then."""
    at = report.ended_at or report.started_at
    if at is None:
        return iter(())
    ends: list[tuple[date, str]] = []
    for one in report.findings:
        until = one.suppression.until if one.suppression is not None and one.is_accepted else None
        if until is not None and until <= at.date() + SOON:
            message, place = code(one.message, MOST_TEXT), code(where(one.location), MOST_TEXT)
            accepted = "; ".join(code(said, MOST_TEXT) for said in acceptance(one))
            ends.append((until, f"- {until}: {message} at {place}; {accepted}"))
    lines = [line for _, line in sorted(ends)]
    return _part("### Exceptions that end soon", lines, _SHARES["exceptions"], "more exception")


def _part(title: str, lines: Sequence[str], most: int, rest: str) -> Iterator[str]:
    if not lines:
        return
    kept, left = _fitting(lines, most - 200, len(lines))
    yield title
    yield ""
    yield from kept
    if left:
        yield f"- and {_counted(left, rest)}, which the other formats have"
    yield ""


def _foot(report: Report) -> Iterator[str]:
    parts = []
    if hidden := [one for one in report.findings if not wants_work(one)]:
        accepted = sum(one.is_accepted for one in hidden)
        parts += [f"{accepted:,} accepted"] if accepted else []
        parts += [f"{len(hidden) - accepted:,} for information"] if len(hidden) > accepted else []
    if known := report.counts.get("in_baseline"):
        parts.append(f"{known:,} in the baseline")
    if report.undecided:
        parts.append(f"{len(report.undecided):,} not decided")
    if files := report.counts.get("files"):
        parts.append(f"{_counted(files, 'file')} scanned")
    if "objects" in report.counts:
        parts.append(f"{report.counts['objects']:,} file versions scanned")
    if report.provenance.revision:
        parts.append(f"revision {code(short(report.provenance.revision))}")
    if parts:
        yield "; ".join(parts)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
