"""Secrets as GitLab's secret detection reports them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from keymuster.model import Commit, Nhi, Owner, Provenance, ServiceLocation, Severity, Trouble
from keymuster.report import _gitlab
from report.gitlab_reports import document, messages, refused
from report.reports import FULL, accepted, assert_is_snapshot, finding, place, report, written


def said(*words: Any, **more: Any) -> Any:
    return document(report(*words, **more), "gitlab")


def test_the_whole_output() -> None:
    document(FULL, "gitlab")
    assert_is_snapshot(written(FULL, "gitlab"), "full.gitlab.json")


def test_the_validators_refuse_what_is_wrong() -> None:
    refused(said(finding()), "gitlab")


def test_each_place_is_a_vulnerability_at_its_line() -> None:
    found = said(finding(place("a.py", 7), place("b.py", 2)))["vulnerabilities"]
    assert [(one["location"]["file"], one["location"]["start_line"]) for one in found] == [
        ("a.py", 7), ("b.py", 2),
    ]  # fmt: skip
    assert [one["identifiers"][0]["value"] for one in found] == ["secret-in-tree/acme-key"] * 2


def test_the_commit_is_the_one_that_brought_it_in_or_the_one_that_was_looked_at() -> None:
    commit = Commit(id="c" * 40, author="Ada", date=datetime(2025, 3, 4, tzinfo=UTC))
    one = finding(place("a.py"), place("a.py", commit=commit, object="b" * 40))
    now, before = said(one, provenance=Provenance(revision="d" * 40))["vulnerabilities"]
    assert now["location"]["commit"] == {"sha": "d" * 40}
    assert before["location"]["commit"] == {
        "sha": "c" * 40, "author": "Ada", "date": "2025-03-04T00:00:00+00:00",
    }  # fmt: skip
    [nowhere] = said(finding())["vulnerabilities"]
    assert nowhere["location"]["commit"] == {"sha": "0000000"}


def test_what_is_in_no_file_has_a_place_of_its_own() -> None:
    """GitLab takes two of one rule at one place for one."""
    one, other = (ServiceLocation(service="aws", account="1", resource=name) for name in "ab")
    packed = [place("a.zip", member=name) for name in ("x.env", "y.env")]
    found = said(finding(one), finding(other, id="f2"), finding(*packed, id="f3"))
    assert [each["location"]["file"] for each in found["vulnerabilities"]] == [
        "aws://1/a", "aws://1/b", "a.zip!/x.env", "a.zip!/y.env",
    ]  # fmt: skip


def test_two_places_on_one_line_stay_two() -> None:
    one = finding(place("a.py", 7, 1), place("a.py", 7, 40), place("a.py", 7, 40, object="a" * 40))
    assert len(said(one)["vulnerabilities"]) == 3


def test_an_id_stays_the_same_from_scan_to_scan() -> None:
    [one], [other] = (said(finding(), mode=mode)["vulnerabilities"] for mode in ("a", "b"))
    assert one["id"] == other["id"]


def test_what_is_no_secret_is_counted_and_where_it_is_told() -> None:
    grant, reuse = finding(id="f2", subject="role:ci"), finding(id="f3", nhi=(Nhi.NHI_REUSE,))
    one = said(finding(), grant, reuse)
    assert len(one["vulnerabilities"]) == 1
    [(level, text)] = messages(one)
    assert (level, text) == (
        "info", "2 findings that are no secrets are not in this report; -o gitlab-sast=FILE writes them.",
    )  # fmt: skip


def test_what_is_accepted_is_counted() -> None:
    one = said(accepted(), finding(id="f2"))
    assert len(one["vulnerabilities"]) == 1
    [(level, text)] = messages(one)
    assert (level, text[:21]) == ("info", "1 accepted finding is")


def test_a_scan_that_was_cut_short_failed() -> None:
    one = said(finding(), complete=False)
    assert (one["scan"]["status"], messages(one)) == (
        "failure", [("fatal", "The scan was cut short: there may be more.")],
    )  # fmt: skip


def test_what_could_not_be_seen_is_a_warning() -> None:
    trouble = Trouble(part="git", scope="a.pack", message="is damaged", advice="Mend it.")
    one = said(troubles=(trouble,))
    assert one["scan"]["status"] == "success"
    assert messages(one) == [("warn", "git: a.pack: is damaged. Mend it.")]


def test_a_sample_is_flagged() -> None:
    sample = finding(policy="test-or-sample-secret", severity=Severity.INFO)
    mine, real = said(sample, finding(id="f2"))["vulnerabilities"]
    assert mine["flags"][0]["type"] == "flagged-as-likely-false-positive"
    assert "flags" not in real


def test_a_secret_at_many_places_names_some_of_the_others() -> None:
    found = said(finding(*(place(f"{number}.py") for number in range(60))))["vulnerabilities"]
    assert len(found) == 60
    listed = found[0]["details"]["places"]["items"]
    assert (len(listed), listed[-1]["value"]) == (21, "and 39 more")


def test_more_than_gitlab_takes_are_the_gravest_and_the_rest_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_gitlab, "MOST_VULNERABILITIES", 2)
    mild = finding(place("a.py"), place("b.py"), severity=Severity.LOW)
    one = said(mild, finding(place("c.py"), id="f2"))
    assert [each["location"]["file"] for each in one["vulnerabilities"]] == ["c.py", "a.py"]
    [(level, text)] = messages(one)
    assert (level, text[:19]) == ("warn", "1 place is left out")


@pytest.mark.parametrize(
    "evil", ["<img src=x>", "![x](https://e.example)", "@everyone /close", "`<b>", "\udcff\x1b[2J", "a\n\n# b"]
)  # fmt: skip
def test_what_a_repository_says_is_no_markup(evil: str) -> None:
    """GitLab shows a description as Markdown."""
    trouble = Trouble(part="p", scope=evil, message=evil, advice=evil)
    one = finding(
        place(f"{evil}.py"),
        message=evil,
        evidence={"k": evil},
        owner=Owner(name=evil, source="tag"),
    )
    [found] = said(one, troubles=(trouble,))["vulnerabilities"]
    html = cmarkgfm.github_flavored_markdown_to_html(found["description"], Options.CMARK_OPT_UNSAFE)
    assert html.count("<") == html.count("<p>") * 2 + 2  # paragraphs and one span of code
    assert html.startswith("<p><code>")


def test_a_report_without_times_has_the_oldest() -> None:
    one = said(started_at=None, ended_at=None)
    assert one["scan"]["start_time"] == one["scan"]["end_time"] == "1970-01-01T00:00:00"
