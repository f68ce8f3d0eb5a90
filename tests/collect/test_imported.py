"""Reports of other scanners in our words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import other_scanners as made
from keymuster import registry
from keymuster.collect.base import Context, Selection
from keymuster.collect.imported import FORMS, imported
from keymuster.collect.imports.base import Finding, Import
from keymuster.errors import SettingsError
from keymuster.model import Confidence, CredentialStatus, FileLocation
from keymuster.rules.schema import RuleSet

Token = Callable[..., str]
Read = Callable[..., Import]


@pytest.fixture
def read(tmp_path: Path, rules: RuleSet) -> Read:
    """`read(text)` is what a report tells of the folder."""

    def of(
        text: str | bytes, name: str = "report.json", limit: int = 1 << 28, **said: Any
    ) -> Import:
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        selection = Selection(root=str(tmp_path), max_file_bytes=limit)
        [found] = imported([str(file)], Context(selection=selection, rules=rules), **said)
        return found

    return of


@pytest.fixture
def reports(token: Token) -> dict[str, str]:
    """One of each form."""
    secret = token("github-pat")
    row = {"rule": "github-pat", "secret": secret}
    return {
        "gitleaks": made.gitleaks(row),
        "betterleaks": made.betterleaks(row),
        "kingfisher": made.kingfisher(row),
        "trufflehog": made.trufflehog_line("Github", secret),
        "detect-secrets": made.detect_secrets({"type": "GitHub Token", "secret": secret}),
        "gitleaksignore": "a.env:github-pat:1\n",
        "sarif": made.sarif("gitleaks", made.sarif_result("github-pat", snippet=secret)),
    }


@pytest.mark.parametrize("form", FORMS)
def test_a_report_is_recognised_by_one_reader_and_by_no_other(
    form: str, reports: dict[str, str], read: Read
) -> None:
    data = reports[form].encode()
    found = [name for name in FORMS if registry.part("import", name)().recognizes(data, "x")]
    assert found == [form]
    assert read(reports[form]).form == form


@pytest.mark.parametrize("form", FORMS)
def test_every_reader_says_the_format_and_keeps_no_text(
    form: str, reports: dict[str, str], read: Read, token: Token
) -> None:
    [one] = read(reports[form]).findings
    assert one.format == "github-pat"
    assert isinstance(one.location, FileLocation)
    assert (one.location.path, one.location.line) == ("a.env", 1)
    assert token("github-pat")[4:] not in repr(one)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "bad", ["{", "[[[[", "null", "\xff\xfea", '{"a": 1}', "[1, 2]", "x: [", "\0"]
)
def test_no_reader_takes_what_is_none(form: str, bad: str, read: Read) -> None:
    with pytest.raises(SettingsError):
        read(bad.encode("latin-1"), form=form)


@pytest.mark.parametrize("form", sorted({*FORMS} - {"gitleaksignore", "trufflehog"}))
def test_a_report_that_ends_too_early_is_refused(
    form: str, reports: dict[str, str], read: Read, token: Token
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(reports[form][:-12], form=form)
    assert "report.json" in caught.value.message
    assert token("github-pat")[4:16] not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("hello\n", "is no report that keymuster knows"),
        ('{"version": 1, "findings": []}', "is no report that keymuster knows"),
    ],
)
def test_what_is_no_report_is_refused(read: Read, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(text)
    assert message in caught.value.message


def test_a_report_that_is_too_large_is_refused(read: Read) -> None:
    with pytest.raises(SettingsError) as caught:
        read("[" + " " * 2_000_000 + "]", limit=1_000_000)
    assert "larger than 0 MB" in caught.value.message


def test_a_report_of_nothing_tells_nothing(read: Read) -> None:
    assert read("[]").findings == ()
    assert read('{"schema_version":"1","findings":[]}').findings == ()


def test_rows_that_cannot_be_read_are_told(read: Read, token: Token) -> None:
    row = made.gitleaks_row("github-pat", token("github-pat"))
    found = read(json.dumps([row, {"File": 1}]))
    assert len(found.findings) == 1
    [trouble] = found.troubles
    assert trouble.scope.endswith("report.json: row 2")


def test_a_report_may_be_written_by_a_shell_of_windows(read: Read, token: Token) -> None:
    text = made.gitleaks({"rule": "github-pat", "secret": token("github-pat")})
    assert len(read(text.encode("utf-16")).findings) == 1
    assert len(read(b"\xef\xbb\xbf" + text.encode()).findings) == 1


def _one(read: Read, **row: Any) -> Finding:
    [one] = read(made.gitleaks(row)).findings
    return one


def test_the_text_says_more_than_the_rule(read: Read, token: Token) -> None:
    one = _one(read, rule="generic-api-key", secret=token("slack-bot-token"))
    assert (one.format, one.confidence) == ("slack-bot-token", Confidence.HIGH)


def test_a_value_is_known_by_its_name(read: Read) -> None:
    value = "fa6kArwD6" + "zdPP0"
    one = _one(read, rule="x", secret=value, match=f'smtp_password = "{value}"')
    assert one.format == "generic-assignment"


def test_a_sample_stays_one(read: Read) -> None:
    assert (
        _one(read, rule="x", secret="AKIA" + "IOSFODNN7EXAMPLE").status is CredentialStatus.SAMPLE
    )


def test_what_nobody_knows_is_generic_and_unsure(read: Read) -> None:
    one = _one(read, rule="our-own-rule", secret="some words of theirs")
    assert (one.format, one.title, one.confidence) == ("", "our-own-rule", Confidence.LOW)
    assert one.fingerprints


def test_what_has_no_place_is_one_of_the_scanner(read: Read, token: Token) -> None:
    one = _one(read, rule="github-pat", secret=token("github-pat"), file="")
    assert str(one.location) == "gitleaks:///github-pat"


def test_excluded_paths_are_not_imported(tmp_path: Path, rules: RuleSet, token: Token) -> None:
    file = tmp_path / "r.json"
    row = {"rule": "github-pat", "secret": token("github-pat")}
    file.write_text(made.gitleaks({**row, "file": "vendor/a.env"}, {**row, "file": "a.env"}))
    selection = Selection(root=str(tmp_path), exclude=("vendor/",))
    [found] = imported([str(file)], Context(selection=selection, rules=rules))
    assert [str(one.location) for one in found.findings] == ["a.env:1"]


def test_all_of_a_report_may_be_accepted(read: Read, token: Token) -> None:
    text = made.gitleaks({"rule": "github-pat", "secret": token("github-pat")})
    assert read(text, accepted=True).findings[0].accepted == "it is in report.json"


def test_the_names_of_other_scanners_are_names_of_formats(rules: RuleSet) -> None:
    formats = {token.id for token in rules.tokens}
    named = {one for names in rules.scanners.values() for one in names.values()}
    assert named - formats == set()
    assert {*rules.scanners} == {"gitleaks", "betterleaks", "kingfisher", "trufflehog", "detect-secrets"}  # fmt: skip
