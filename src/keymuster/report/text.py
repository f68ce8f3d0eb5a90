"""For people: what, where, why it matters, what to do now."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import ClassVar, TextIO

from keymuster.model import (
    Confidence,
    Coverage,
    FileLocation,
    Finding,
    Location,
    Report,
    RuleText,
    Severity,
    Trouble,
    Undecided,
)
from keymuster.report._alike import at, short, wants_work
from keymuster.report._people import acceptance, ownership
from keymuster.report.base import Reporter, Style, readable

_COLORS = {
    Severity.CRITICAL: "1;31",
    Severity.HIGH: "31",
    Severity.MEDIUM: "33",
    Severity.LOW: "36",
    Severity.INFO: "2",
}
_BOLD, _DIM = "1", "2"
_WIDTH = 100
_PLACES_SHOWN = 5
_OBJECTS_SHOWN = 3
_POLICIES_SHOWN = 6


class Text(Reporter):
    """Findings by file, then what to do about each kind, then what could not be seen.

    What is accepted and what is for information only is counted, and shown when asked for.
    """

    name: ClassVar[str] = "text"

    def __init__(self, style: Style) -> None:
        self._style = style

    def write(self, report: Report, out: TextIO) -> None:
        for line in self._lines(report):
            out.write(line + "\n")

    def _lines(self, report: Report) -> Iterator[str]:
        shown = [one for one in report.findings if self._style.verbose or wants_work(one)]
        for path, findings in groupby(shown, key=_file):
            yield self._paint(readable(path), _BOLD)
            for finding in findings:
                yield from self._finding(finding)
            yield ""
        yield from self._advice(shown, report.rules)
        yield from self._troubles(report.troubles)
        if self._style.verbose:
            yield from self._undecided(report.undecided)
            yield from self._unseen(report.coverage)
            yield from self._told_before(report.coverage)
        yield self._summary(report)

    def _finding(self, finding: Finding) -> Iterator[str]:
        place = finding.location
        severity = self._paint(f"{finding.severity.value:<8}", _COLORS[finding.severity])
        nhi = "/".join(category.value for category in finding.nhi)
        sure = (
            ""
            if finding.confidence is Confidence.HIGH
            else f", {finding.confidence.value} confidence"
        )
        rule = self._paint(f"{finding.rule} [{nhi}]{sure}", _DIM)
        yield f"  {_position(place):<8} {severity} {readable(finding.message)}  {rule}"
        if isinstance(place, FileLocation):
            if place.context:
                yield f"           {self._paint(readable(place.context), _DIM)}"
            if place.commit is not None:
                yield f"           first in {_commit(place)}"
        for other in finding.places[1 : 1 + _PLACES_SHOWN]:
            yield f"           also in {_place(other)}"
        if len(finding.places) > 1 + _PLACES_SHOWN:
            yield f"           and in {len(finding.places) - 1 - _PLACES_SHOWN} more places"
        if also := finding.evidence.get("also"):
            yield from self._also(also.split(", "))
        for words in acceptance(finding):
            yield f"           {words}"
        if self._style.verbose:
            yield f"           id: {finding.id}"
            for words in ownership(finding):
                yield f"           {words}"
            for key, value in sorted(finding.evidence.items()):
                if key == "also":
                    continue
                yield f"           {key}: {readable(value)}"

    def _also(self, names: list[str]) -> Iterator[str]:
        """Objects that it holds for, too; all of them are in the other formats."""
        shown = names if self._style.verbose else names[:_OBJECTS_SHOWN]
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        yield from _wrapped(", ".join(shown) + more, "           also holds for ", "             ")

    def _advice(self, findings: Iterable[Finding], rules: Iterable[RuleText]) -> Iterator[str]:
        named = {finding.rule for finding in findings if wants_work(finding)}
        texts = [rule for rule in rules if rule.id in named]
        if not texts:
            return
        yield self._paint("What to do", _BOLD)
        for policy, group in groupby(texts, key=_policy):
            members = list(group)
            yield f"  {policy}"
            yield from _wrapped(members[0].why, "    why: ", "         ")
            for rule in members:
                format = rule.id.partition("/")[2]
                lead = f"    {format}: " if format and len(members) > 1 else "    do:  "
                yield from _wrapped(rule.remediation, lead, "         ")
        yield ""

    def _troubles(self, troubles: Iterable[Trouble]) -> Iterator[str]:
        listed = list(troubles)
        if not listed:
            return
        yield self._paint("Not seen", _BOLD)
        for advice, alike in groupby(listed, key=_what_would_help):
            for trouble in alike:
                yield f"  {readable(trouble.scope)}: {readable(trouble.message)}"
            if advice:
                yield f"    {readable(advice)}"
        yield ""

    def _undecided(self, undecided: Sequence[Undecided]) -> Iterator[str]:
        if not undecided:
            return
        yield self._paint("Not decided", _BOLD)
        for one in undecided:
            yield f"  {at(one.location)}: {one.policy}: {readable(one.unknown)} is not known here"
        yield ""

    def _unseen(self, coverage: Iterable[Coverage]) -> Iterator[str]:
        """Each reason once, with the policies that it kept from seeing."""
        kept: dict[str, dict[str, None]] = {}
        for one in coverage:
            for reason in one.unseen:
                kept.setdefault(reason, {})[one.policy] = None
        if not kept:
            return
        yield self._paint("Policies that could not see all", _BOLD)
        for reason, policies in kept.items():
            yield f"  {readable(reason)}"
            names = list(policies)
            more = (
                f" and {len(names) - _POLICIES_SHOWN} more" if len(names) > _POLICIES_SHOWN else ""
            )
            told = ", ".join(names[:_POLICIES_SHOWN]) + more
            yield from _wrapped(told, "    kept from seeing: ", "      ")
        yield ""

    def _told_before(self, coverage: Iterable[Coverage]) -> Iterator[str]:
        """Policies that rest on what an earlier scan was told, by account and day."""
        resting: dict[tuple[str, str, str], list[str]] = {}
        for one in coverage:
            if one.as_of is not None:
                key = (one.service, one.account, _day(one.as_of))
                resting.setdefault(key, []).append(one.policy)
        if not resting:
            return
        yield self._paint("Told before, and not changed since", _BOLD)
        for (service, account, day), names in sorted(resting.items()):
            yield f"  {service} {readable(account)}: some of it as of {day}"
            yield from _wrapped(", ".join(names), "    rests on it: ", "      ")
        yield ""

    def _summary(self, report: Report) -> str:
        accepted = sum(one.is_accepted for one in report.findings)
        open_ones = [one for one in report.findings if not one.is_accepted]
        counts = [
            f"{number} {severity.value}"
            for severity in reversed(Severity)
            if (number := sum(one.severity is severity for one in open_ones))
        ]
        findings = f"{len(open_ones)} finding{'' if len(open_ones) == 1 else 's'}"
        parts = [f"{findings} ({', '.join(counts)})" if counts else findings]
        if accepted:
            parts.append(f"{accepted} accepted")
        if not self._style.verbose and not all(map(wants_work, report.findings)):
            parts.append("-v shows those accepted or for information")
        if report.troubles:
            parts.append(f"{len(report.troubles)} not seen")
        if known := report.counts.get("in_baseline"):
            parts.append(f"{known} in the baseline")
        if report.undecided:
            parts.append(f"{len(report.undecided)} not decided")
        if excluded := _excluded(report.counts):
            parts.append(excluded)
        if report.signed_in_as:
            parts.append(f"signed in as {readable(', '.join(report.signed_in_as))}")
        if covered := _covered(report.coverage):
            parts.append(covered)
        if scanned := _scanned(report.counts):
            parts.append(scanned if report.complete else f"only a part of {scanned}")
        if not report.complete:
            parts.append("INCOMPLETE: the scan was cut short")
        return "; ".join(parts)

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._style.color else text


def _what_would_help(trouble: Trouble) -> str:
    return trouble.advice


def _policy(rule: RuleText) -> str:
    return rule.id.partition("/")[0]


def _file(finding: Finding) -> str:
    place = finding.location
    return place.name if isinstance(place, FileLocation) else at(place)


def _position(place: Location) -> str:
    return f"{place.line}:{place.column}" if isinstance(place, FileLocation) else ""


def _place(place: Location) -> str:
    where = at(place)
    if isinstance(place, FileLocation) and place.commit is not None:
        return f"{where}, first in {_commit(place)}"
    return where


def _commit(place: FileLocation) -> str:
    assert place.commit is not None
    date = f"{place.commit.date:%Y-%m-%d}" if place.commit.date else "unknown date"
    still = "still in HEAD" if place.in_head else "no longer in HEAD"
    return f"{short(place.commit.id)} by {readable(place.commit.author)}, {date}; {still}"


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    plain = " ".join(readable(text.replace("\n", " ")).split())
    return textwrap.wrap(
        plain, _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _excluded(counts: dict[str, int]) -> str:
    """What was recognised and left out, by what left it out."""
    by = {"names": "name", "values": "value", "rules": "rule"}
    told = [
        f"{n:,} by {key}" for key, word in by.items() if (n := counts.get(f"excluded_by_{word}"))
    ]
    return f"excluded: {', '.join(told)}" if told else ""


def _covered(coverage: Sequence[Coverage]) -> str:
    """How many policies found nothing because there is nothing, and how many could not see."""
    accounts = len({(one.service, one.account) for one in coverage})
    if not accounts:
        return ""
    unseen = {one.policy for one in coverage if one.unseen}
    found = {one.policy for one in coverage if one.status == "found"}
    clean = {one.policy for one in coverage} - unseen - found
    kept = f", {len(unseen)} could not see all" if unseen else ""
    dates = [one.as_of for one in coverage if one.as_of is not None]
    before = f", some of it as of {_day(min(dates))}" if dates else ""
    return f"{accounts:,} account{'' if accounts == 1 else 's'}: {len(found)} policies found something, {len(clean)} are clean{kept}{before}"


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def _scanned(counts: dict[str, int]) -> str:
    if "objects" in counts:
        by_git = f" ({n:,} read by git)" if (n := counts.get("read_by_git")) else ""
        known = f", {n:,} known from before" if (n := counts.get("known")) else ""
        return f"{counts.get('commits', 0):,} commits, {counts['objects']:,} file versions scanned{by_git}{known}"
    if "files" in counts:
        left_out = f", {counts['excluded']:,} excluded" if counts.get("excluded") else ""
        return f"{counts['files']:,} file{'' if counts['files'] == 1 else 's'} scanned{left_out}"
    return ""
