"""What is no secret, as GitLab's static application security testing reports it."""

from __future__ import annotations

from report.gitlab_reports import document, messages, refused
from report.reports import FULL, accepted, finding, place, report

ROLE = finding(place("main.tf", 4), id="f9", subject="role:ci", rule="aws-role-trusts-anyone")


def test_what_is_no_secret_is_in_it_and_secrets_are_not() -> None:
    said = document(report(finding(), ROLE), "gitlab-sast")
    [one] = said["vulnerabilities"]
    assert one["identifiers"][0]["value"] == "aws-role-trusts-anyone"
    assert one["location"] == {"file": "main.tf", "start_line": 4, "end_line": 4}
    assert messages(said) == [
        ("info", "1 secret is not in this report; -o gitlab=FILE writes them.")
    ]


def test_the_validators_refuse_what_is_wrong() -> None:
    refused(document(report(ROLE), "gitlab-sast"), "gitlab-sast")


def test_both_together_have_every_open_finding_once() -> None:
    whole = report(*FULL.findings, ROLE, accepted(id="f8", subject="role:x"))
    told = [
        one["details"]["finding"]["value"]
        for format in ("gitlab", "gitlab-sast")
        for one in document(whole, format)["vulnerabilities"]
    ]
    assert set(told) == {one.id for one in whole.findings if not one.is_accepted}
    assert len(told) == sum(len(one.places) for one in whole.findings if not one.is_accepted)


def test_a_scan_that_was_cut_short_failed() -> None:
    assert document(report(complete=False), "gitlab-sast")["scan"]["status"] == "failure"
