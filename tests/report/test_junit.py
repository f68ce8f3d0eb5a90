"""What CI services show as tests, read by somebody else's reader of JUnit XML."""

from __future__ import annotations

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase

from keymuster.model import Report as Reported
from keymuster.model import Severity, Trouble
from report.reports import FULL, accepted, assert_is_snapshot, finding, place, report, written


def suite(one: Reported) -> tuple[JUnitXml, list[TestCase]]:
    """The suites, whose counts are those of the cases, and the cases."""
    said = JUnitXml.fromstring(written(one, "junit").encode())
    [only] = said
    cases = list(only)
    counted = (only.tests, only.failures, only.errors, only.skipped)
    only.update_statistics()
    assert counted == (only.tests, only.failures, only.errors, only.skipped)
    return said, cases


def outcomes(case: TestCase) -> list[type[object]]:
    return [type(one) for one in case.result]


def test_the_whole_output() -> None:
    assert_is_snapshot(written(FULL, "junit"), "full.junit.xml")


def test_a_finding_failed_and_what_is_accepted_was_skipped() -> None:
    mild = finding(place("c.py"), id="3", severity=Severity.INFO)
    _, cases = suite(report(finding(place("a.py", 7)), accepted(place("b.py"), id="2"), mild))
    assert [outcomes(one) for one in cases] == [[Failure], [Skipped], [Skipped]]
    assert (cases[0]._elem.get("file"), cases[0]._elem.get("line")) == ("a.py", "7")


def test_nothing_found_is_a_test_that_passed() -> None:
    _, cases = suite(report())
    assert [(one.name, outcomes(one)) for one in cases] == [("no findings", [])]


def test_what_could_not_be_seen_is_an_error_and_no_pass() -> None:
    trouble = Trouble(part="git", scope="a.pack", message="cannot be read", advice="Mend it.")
    for one in (report(troubles=(trouble,)), report(complete=False)):
        _, cases = suite(one)
        assert [outcomes(case) for case in cases] == [[Error]]
    _, cases = suite(report(troubles=(trouble,), complete=False))
    assert [one.name for one in cases] == ["a.pack", "scan"]


@pytest.mark.parametrize("evil", ["<b>&\"'", "]]>", "\x00", "\x1b[2J", "\udcff", "a\nb", "\ufffe"])
def test_what_a_repository_says_is_data(evil: str) -> None:
    trouble = Trouble(part="p", scope=evil, message=evil, advice=evil)
    _, cases = suite(report(finding(place(f"{evil}.py"), message=evil), troubles=(trouble,)))
    assert len(cases) == 2
