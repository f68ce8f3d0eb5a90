"""JUnit XML, which CI services show as tests: a finding is a test that failed, or was skipped if it is accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, TextIO
from xml.etree import ElementTree

from keymuster.model import FileLocation, Finding, Report, Severity, Trouble
from keymuster.report._alike import cut_short
from keymuster.report._people import acceptance
from keymuster.report.base import Reporter, Style, readable


class JUnit(Reporter):
    """One suite. What could not be looked at is an error, so that a report without findings says that all
    was looked at; then there is one test, which passed."""

    name: ClassVar[str] = "junit"

    def __init__(self, style: Style) -> None:
        pass

    def write(self, report: Report, out: TextIO) -> None:
        cases = list(_cases(report))
        suites = ElementTree.Element("testsuites", name="keymuster")
        counts = {"tests": len(cases)} | {
            name: sum(case.find(outcome) is not None for case in cases)
            for outcome, name in _OUTCOMES.items()
        }
        suite = ElementTree.SubElement(suites, "testsuite", name="keymuster")
        suite.attrib.update((name, str(count)) for name, count in counts.items())
        suite.extend(cases)
        ElementTree.indent(suites)
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        out.write(ElementTree.tostring(suites, encoding="unicode") + "\n")


_OUTCOMES = {"failure": "failures", "error": "errors", "skipped": "skipped"}
"""What a case holds that did not pass -> the count of those in a suite."""


def _cases(report: Report) -> Iterator[ElementTree.Element]:
    for one in report.findings:
        yield _finding(one)
    for trouble in report.troubles:
        yield _trouble(trouble)
    if message := cut_short(report):
        yield _failed("scan", "keymuster", "error", message, "")
    if not report.findings and not report.troubles and report.complete:
        yield ElementTree.Element("testcase", name="no findings", classname="keymuster")


def _finding(one: Finding) -> ElementTree.Element:
    place = one.location
    case = ElementTree.Element(
        "testcase", name=f"{readable(one.message)} ({readable(str(place))})", classname=readable(one.rule)
    )  # fmt: skip
    if isinstance(place, FileLocation):
        case.set("file", readable(place.path))
        case.set("line", str(place.line))
    if one.is_accepted or one.severity is Severity.INFO:
        words = " ".join(acceptance(one)) or "for information"
        ElementTree.SubElement(case, "skipped", message=words)
        return case
    failure = ElementTree.SubElement(
        case, "failure", type=one.severity.value, message=readable(one.message)
    )
    nhi = "/".join(category.value for category in one.nhi)
    places = [readable(str(other)) for other in one.places]
    failure.text = "\n".join(
        [f"{one.rule} [{nhi}], {one.confidence.value} confidence", *places, readable(one.remediation)]
    )  # fmt: skip
    return case


def _trouble(one: Trouble) -> ElementTree.Element:
    return _failed(
        readable(one.scope), one.part, "error", readable(one.message), readable(one.advice)
    )


def _failed(name: str, part: str, outcome: str, message: str, text: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", name=name, classname=f"keymuster.{part}")
    ElementTree.SubElement(case, outcome, type="not-seen", message=message).text = text
    return case
