"""What people read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keymuster.model import Commit, Coverage, ServiceLocation, Severity, Trouble
from report.reports import FULL, accepted, assert_is_snapshot, finding, place, report, written


@pytest.mark.parametrize("verbose", [False, True])
def test_the_whole_output(verbose: bool) -> None:
    assert_is_snapshot(
        written(FULL, "text", verbose=verbose), f"full{'-verbose' if verbose else ''}.txt"
    )


def test_findings_stand_below_their_file() -> None:
    text = written(report(finding(place("a.py", 1)), finding(place("a.py", 2), id="2"),
                          finding(place("b.py", 1), id="3")), "text")  # fmt: skip
    headings = [line for line in text.splitlines() if line in ("a.py", "b.py")]
    assert headings == ["a.py", "b.py"]


def test_what_names_its_account_stands_alone() -> None:
    user, bucket = "arn:aws:iam::123456789012:user/ci", "arn:aws:s3:::site"
    text = written(report(*(
        finding(ServiceLocation(service="aws", account="123456789012", resource=one), id=one)
        for one in (user, bucket)
    )), "text")  # fmt: skip
    assert {user, f"aws://123456789012/{bucket}"} <= {*text.splitlines()}


def test_there_is_no_colour_unless_asked_for() -> None:
    assert "\x1b" not in written(FULL, "text", verbose=True)
    colored = written(FULL, "text", verbose=True, color=True)
    assert "\x1b[1;31mcritical" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == written(FULL, "text", verbose=True)


@pytest.mark.parametrize(
    "evil", ["\x1b[2J", "\x1b]0;title\x07", "\r", "\n", "\u202e", "\x9b31m", "\udcff", "\x00", "\u2028"]
)  # fmt: skip
def test_nothing_a_repository_says_reaches_the_terminal_raw(evil: str) -> None:
    commit = Commit(id="c" * 40, author=f"Eve{evil}")
    text = written(
        report(
            finding(
                place(f"a{evil}.py", commit=commit), place(f"b{evil}.py"),
                message=f"m{evil}", evidence={"name": f"v{evil}"},
            ),
            accepted(ServiceLocation(service="aws", account="1", resource=f"r{evil}"), id="2"),
            troubles=(Trouble(part="p", scope=f"s{evil}", message=f"t{evil}", advice=f"u{evil}"),),
        ),
        "text", verbose=True,
    )  # fmt: skip
    clean = written(
        report(
            finding(
                place("a.py", commit=Commit(id="c" * 40, author="Eve")), place("b.py"),
                message="m", evidence={"name": "v"},
            ),
            accepted(ServiceLocation(service="aws", account="1", resource="r"), id="2"),
            troubles=(Trouble(part="p", scope="s", message="t", advice="u"),),
        ),
        "text", verbose=True,
    )  # fmt: skip
    assert all(line.isprintable() for line in text.split("\n"))
    assert text.count("\n") == clean.count("\n")


def test_the_accepted_and_the_informative_are_counted_and_shown_on_demand() -> None:
    quiet, loud = written(FULL, "text"), written(FULL, "text", verbose=True)
    assert "tests/fixture.py" not in quiet
    assert "a test or sample value" not in quiet
    assert "-v shows those accepted or for information" in quiet
    assert "accepted until 2027-01-31: fixture of the parser" in loud
    assert "a test or sample value" in loud
    assert "account: 123456789012" in loud
    assert f"id: {FULL.findings[0].id}" in loud  # by which it is explained or accepted
    assert "-v shows" not in loud


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ([], "0 findings; 3 files scanned"),
        ([finding()], "1 finding (1 high); 3 files scanned"),
        (
            [finding(), finding(id="2", severity=Severity.CRITICAL), finding(id="3"),
             finding(id="4", severity=Severity.LOW)],
            "4 findings (1 critical, 2 high, 1 low); 3 files scanned",
        ),
        (
            [accepted()],
            "0 findings; 1 accepted; -v shows those accepted or for information; 3 files scanned",
        ),
    ],
)  # fmt: skip
def test_the_last_line_sums_up(findings: list[object], said: str) -> None:
    assert written(report(*findings), "text").splitlines()[-1] == said  # type: ignore[arg-type]


def test_the_last_line_counts_commits_of_a_history() -> None:
    text = written(report(counts={"objects": 1234, "commits": 56, "bytes": 1}), "text")
    assert text == "0 findings; 56 commits, 1,234 file versions scanned\n"


def test_a_single_file_is_not_files() -> None:
    assert written(report(counts={"files": 1}), "text") == "0 findings; 1 file scanned\n"


def test_what_was_not_seen_has_a_part_of_its_own() -> None:
    text = written(report(troubles=FULL.troubles), "text")
    assert "Not seen\n  locked.bin: could not be read: Permission denied\n" in text
    assert "  history: is cut off: this is a shallow clone\n    git fetch --unshallow" in text
    assert "0 findings; 2 not seen; 3 files scanned" in text


def test_what_would_help_is_said_once_for_those_that_it_helps() -> None:
    troubles = [
        Trouble(part="terraform", scope=scope, message="was not looked at", advice=advice)
        for scope, advice in (("a", "Fetch it."), ("b", "Fetch it."), ("c", "Scan it."))
    ]
    text = written(report(troubles=tuple(troubles)), "text")
    assert "  a: was not looked at\n  b: was not looked at\n    Fetch it.\n  c: " in text


def test_a_scan_that_was_cut_short_says_so_last() -> None:
    last = written(report(complete=False), "text").splitlines()[-1]
    assert last.endswith("only a part of 3 files scanned; INCOMPLETE: the scan was cut short")


def test_many_places_are_counted() -> None:
    text = written(report(finding(*(place(f"{n}.py") for n in range(9)))), "text")
    assert text.count("also in") == 5
    assert "and in 3 more places" in text


def test_a_commit_names_author_day_and_whether_the_secret_is_still_there() -> None:
    text = written(FULL, "text")
    assert (
        "also in old.py:7, first in cccccccccccc by Ada <ada@example.org>, 2025-03-04; no longer in HEAD"
        in text
    )


def test_each_remedy_is_told_once() -> None:
    many = [finding(place(f"{n}.py"), id=str(n)) for n in range(5)]
    assert written(report(*many), "text").count("Revoke it at") == 1


def test_what_was_excluded_is_counted() -> None:
    text = written(report(counts={"files": 2, "excluded": 1}), "text")
    assert text == "0 findings; 2 files scanned, 1 excluded\n"


def test_policies_say_why_they_could_not_see_each_reason_once() -> None:
    def covered(policy: str, *unseen: str) -> Coverage:
        status: Any = "unseen" if unseen else "clean"
        return Coverage(policy=policy, service="aws", account="1", status=status, unseen=unseen)

    denied, off = "1/eu-west-1: s3 was denied", "1/ap-south-2: the region is off"
    several = [covered(f"policy-{number}", denied, off) for number in range(9)]
    text = written(report(coverage=(*several, covered("clean-policy"))), "text", verbose=True)
    assert text.count(denied) == text.count(off) == 1
    assert "policy-5 and 3 more" in text
    assert "clean-policy" not in text
    assert "1 account: 0 policies found something, 1 are clean, 9 could not see all" in text


def test_what_was_told_before_has_its_date() -> None:
    day = datetime(2025, 12, 24, 23, 30, tzinfo=UTC)
    several = tuple(
        Coverage(policy=name, service="github", account="acme", status="clean", as_of=as_of)
        for name, as_of in (("old", day), ("older", day - timedelta(days=3)), ("new", None))
    )
    assert "3 are clean, some of it as of 2025-12-21" in written(report(coverage=several), "text")
    text = written(report(coverage=several), "text", verbose=True)
    assert "github acme: some of it as of 2025-12-24\n    rests on it: old\n" in text
    assert "github acme: some of it as of 2025-12-21\n    rests on it: older\n" in text
    assert "as of" not in written(report(coverage=several[2:]), "text", verbose=True)
