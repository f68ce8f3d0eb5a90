"""`keymuster import` and `keymuster scan --import`, called as a person calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import other_scanners as made
from cli.conftest import Said
from keymuster.report._imports import ImportsV1
from repositories import Repository

Run = Callable[..., Said]
Token = Callable[..., str]


@pytest.fixture
def shop(tmp_path: Path, token: Token) -> Path:
    """Two secrets in files, and reports beside them."""
    (tmp_path / "a.env").write_text(f"A={token('github-pat')}\nB={token('slack-bot-token')}\n")
    reports = tmp_path / "reports"
    reports.mkdir()
    rows = [
        {"rule": "github-pat", "secret": token("github-pat")},
        {"rule": "gitlab-pat", "secret": token("gitlab-pat"), "file": "gone.env", "line": 9},
    ]
    (reports / "gitleaks.json").write_text(made.gitleaks(*rows))
    line = made.trufflehog_line("Slack", token("slack-bot-token"), line=2, verified=True)
    (reports / "trufflehog.json").write_text(f"{line}\n")
    marked = {"type": "Slack Token", "secret": token("slack-bot-token"), "line": 2, "is_secret": False}  # fmt: skip
    (reports / "audited.json").write_text(made.detect_secrets(marked))
    return tmp_path


def findings(said: Said) -> list[dict[str, Any]]:
    return json.loads(said.out)["findings"]  # type: ignore[no-any-return]


def test_it_says_what_is_found_here_and_what_is_not(
    keymuster: Run, shop: Path, token: Token
) -> None:
    said = keymuster("import", "reports/gitleaks.json", "reports/trufflehog.json")
    assert (said.code, said.err) == (0, "")
    assert "reports/gitleaks.json: gitleaks, 2 findings" in said.out
    assert "found here, too  1" in said.out
    assert "Only there\n  gone.env:9" in said.out
    assert "Verified live\n  a.env:2 in 0123456789" in said.out
    for format in ("github-pat", "gitlab-pat", "slack-bot-token"):
        assert token(format)[6:18] not in said.out


def test_json_has_the_published_shape(keymuster: Run, shop: Path) -> None:
    said = keymuster("import", "reports/gitleaks.json", "reports/audited.json", "--json")
    document = json.loads(said.out)
    jsonschema.validate(document, msgspec.json.schema(ImportsV1))
    by = {one["rule"]: (one["found_by"], len(one["findings"])) for one in document["findings"]}
    assert by == {"github-pat": ("fingerprint", 1), "gitlab-pat": (None, 0), "Slack Token": ("hash", 1)}  # fmt: skip


def test_the_same_reports_say_the_same_in_the_same_order(keymuster: Run, shop: Path) -> None:
    words = ("import", "reports/gitleaks.json", "reports/audited.json", "--json")
    assert keymuster(*words).out == keymuster(*words).out


def test_a_scan_takes_reports_in(keymuster: Run, shop: Path) -> None:
    words = [f"--import=reports/{name}.json" for name in ("gitleaks", "trufflehog")]
    found = findings(keymuster("scan", "a.env", "--format", "json", *words))
    rules = {one["rule"]: one for one in found}
    assert {*rules} == {
        "secret-in-tree/github-pat", "secret-verified-live/slack-bot-token",
        "secret-reported-elsewhere/gitlab-pat",
    }  # fmt: skip
    live = rules["secret-verified-live/slack-bot-token"]
    assert live["evidence"]["confirmed_by"] == "trufflehog: verified live"
    assert live["severity"] == "critical"
    assert rules["secret-reported-elsewhere/gitlab-pat"]["places"][0]["path"] == "gone.env"


def test_a_scan_without_reports_is_as_before(keymuster: Run, shop: Path) -> None:
    found = findings(keymuster("scan", "a.env", "--format", "json"))
    assert {one["rule"].partition("/")[0] for one in found} == {"secret-in-tree"}


def test_what_is_not_imported_again_is_not_called_resolved(keymuster: Run, shop: Path) -> None:
    words = ("--import=reports/gitleaks.json", "--import=reports/trufflehog.json")
    keymuster("scan", "a.env", *words, "-o", "json=old.json")
    keymuster("scan", "a.env", "-o", "json=new.json")
    said = json.loads(keymuster("compare", "old.json", "new.json", "--format", "json").out)
    states = {one["rule"].partition("/")[0]: one["state"] for one in said}
    assert states["secret-reported-elsewhere"] == "not observed"
    assert states["secret-verified-live"] == "not observed"
    assert "secret-in-tree" not in states  # it was there behind that
    (shop / "reports/gitleaks.json").write_text("[]")
    keymuster("scan", "a.env", "--import=reports/gitleaks.json", "-o", "json=new.json")
    said = json.loads(keymuster("compare", "old.json", "new.json", "--format", "json").out)
    states = {one["rule"].partition("/")[0]: one["state"] for one in said}
    assert states["secret-reported-elsewhere"] == "resolved"


def test_drafts_accept_nothing_until_somebody_has_decided(keymuster: Run, shop: Path) -> None:
    said = keymuster("import", "reports/audited.json", "--write-exceptions", "--in", ".")
    [file] = (shop / ".keymuster/exceptions").iterdir()
    assert f".keymuster/exceptions/{file.name}" in said.out
    text = file.read_text()
    assert "status: review" in text
    assert "owner: ''" in text
    found = findings(keymuster("scan", "a.env", ".keymuster", "--format", "json"))
    assert {one["policy"] for one in found} == {"secret-in-tree", "exception-invalid"}
    assert not any("suppression" in one for one in found)
    file.write_text(
        text.replace("status: review\n", "")
        .replace("owner: ''", "owner: platform")
        .replace("approver: ''", "approver: jane")
    )
    found = findings(keymuster("scan", "a.env", "--format", "json"))
    accepted = [one["rule"] for one in found if "suppression" in one]
    assert accepted == ["secret-in-tree/slack-bot-token"]


def test_drafts_are_written_once(keymuster: Run, shop: Path) -> None:
    keymuster("import", "reports/audited.json", "--write-exceptions")
    [file] = (shop / ".keymuster/exceptions").iterdir()
    file.write_text(file.read_text() + "# mine\n")
    said = keymuster("import", "reports/audited.json", "--write-exceptions")
    assert "Drafts" not in said.out
    assert "no draft written" in said.err
    assert "detect-secrets, 1 finding\n" in said.out
    assert "# mine" in file.read_text()


def test_what_works_is_no_draft(keymuster: Run, shop: Path) -> None:
    reports = ("reports/audited.json", "reports/trufflehog.json")
    keymuster("import", *reports, "--write-exceptions")
    assert not (shop / ".keymuster").exists()


def test_a_baseline_is_accepted_as_a_whole(keymuster: Run, shop: Path) -> None:
    words = ("import", "reports/gitleaks.json", "--accepted", "--write-exceptions")
    assert "accepted there   2" in keymuster(*words).out
    [file] = (shop / ".keymuster/exceptions").iterdir()
    assert "it is in gitleaks.json" in file.read_text()


def test_the_ignore_file_of_gitleaks_becomes_drafts(keymuster: Run, shop: Path) -> None:
    (shop / ".gitleaksignore").write_text("# the sandbox\na.env:github-pat:1\nold.env:jwt:2\n")
    said = keymuster("import", ".gitleaksignore", "--write-exceptions", "--days", "7")
    assert "only there       1" in said.out
    [file] = (shop / ".keymuster/exceptions").iterdir()
    assert "the sandbox" in file.read_text()


def test_drafts_hold_no_longer_than_settings_allow(keymuster: Run, shop: Path) -> None:
    said = keymuster("import", "reports/audited.json", "--write-exceptions", "--days", "9999")
    assert said.code == 2
    assert "9999 days are more than" in said.err


def test_the_history_is_looked_at_where_it_is_asked_for(
    keymuster: Run, tmp_path: Path, token: Token, make_repo: Callable[..., Repository]
) -> None:
    repository = make_repo(tmp_path / "r")
    commit = repository.commit({"a.env": f"A={token('github-pat')}\n"})
    repository.commit({"a.env": "A=\n"})
    report = tmp_path / "g.json"
    row = {"rule": "github-pat", "secret": token("github-pat"), "commit": str(commit)}
    report.write_text(made.gitleaks(row))
    assert "only there       1" in keymuster("import", report, cwd=repository.path).out
    said = keymuster("import", report, "--history", cwd=repository.path)
    assert "found here, too  1" in said.out


def test_a_report_among_the_files_is_not_found_in_itself(keymuster: Run, shop: Path) -> None:
    (shop / "a.env").unlink()
    assert "found here, too  0" in keymuster("import", "reports/gitleaks.json", "--in", ".").out


@pytest.mark.parametrize("words", [("import",), ("scan", "a.env", "--import"), ("inventory", "list", "--import")])  # fmt: skip
@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "cannot be read"), ("hello", "no report that keymuster knows"), ("[{", "no report")],
)
def test_what_is_no_report_ends_with_a_sentence(
    keymuster: Run, shop: Path, words: tuple[str, ...], text: str | None, said: str
) -> None:
    if text is not None:
        (shop / "r.json").write_text(text)
    run = keymuster(*words, "r.json")
    assert run.code == 2
    assert said in run.err


def test_a_row_that_cannot_be_read_is_told(keymuster: Run, shop: Path) -> None:
    rows = json.loads((shop / "reports/gitleaks.json").read_text())
    (shop / "r.json").write_text(json.dumps([*rows, {"RuleID": 1}]))
    said = keymuster("import", "r.json")
    assert said.code == 3
    assert "not readable     1" in said.out
    assert "not seen: r.json: row 3" in said.err
    assert keymuster("scan", "reports", "--import", "r.json", "--strict", "--fail-on", "never").code == 3  # fmt: skip


def test_reasons_that_others_wrote_are_told_without_secrets(
    keymuster: Run, shop: Path, token: Token
) -> None:
    secret = token("gitlab-pat", "a reason")
    reason = [{"kind": "external", "justification": f"same as {secret}"}]
    (shop / "r.sarif").write_text(
        made.sarif("x", made.sarif_result("github-pat", suppressions=reason))
    )
    for words in ((), ("--json",), ("--write-exceptions",)):
        said = keymuster("import", "r.sarif", *words)
        assert "same as glpat-****" in said.out
        assert secret not in said.out
    [file] = (shop / ".keymuster/exceptions").iterdir()
    assert secret not in file.read_text()


def test_a_secret_that_works_is_what_was_known_of_it_and_more(keymuster: Run, shop: Path) -> None:
    """Of each secret the gravest finding is told: what it takes the place of is not gone."""
    (shop / ".keymuster.yaml").write_text("exclude: {paths: [reports/, '*.json', '*.sarif']}\n")
    found = findings(keymuster("scan", "--format", "json", "-o", "json=old.json"))
    [slack] = [one for one in found if one["rule"] == "secret-in-tree/slack-bot-token"]
    for form in ("json", "sarif"):
        words = ("--import", "reports/trufflehog.json", "-o", f"{form}=new.{form}")
        keymuster("scan", *words)
        told = json.loads(keymuster("compare", "old.json", f"new.{form}", "--format", "json").out)
        [change] = told
        assert change["state"] == "changed"
        assert "secret-in-tree/slack-bot-token is now secret-verified-live" in change["why"]
    said = ("--reason", "for a while", "--owner", "a", "--approver", "b")
    keymuster("exceptions", "add", slack["id"], *said)
    found = findings(keymuster("scan", "--format", "json", *words[:2]))
    rules = {one["rule"] for one in found if not one.get("suppression")}
    assert "secret-verified-live/slack-bot-token" in rules
    assert "exception-unused" not in rules
    (shop / "a.env").unlink()
    found = findings(keymuster("scan", "--format", "json", *words[:2]))
    assert "exception-unused" in {one["rule"] for one in found}


def test_what_a_report_told_is_not_unused_where_none_is_imported(
    keymuster: Run, shop: Path
) -> None:
    (shop / ".keymuster.yaml").write_text("exclude: {paths: [reports/, '*.json']}\n")
    report = ("--import", "reports/trufflehog.json")
    found = findings(keymuster("scan", "--format", "json", *report, "-o", "json=one.json"))
    [live] = [one for one in found if one["rule"] == "secret-verified-live/slack-bot-token"]
    said = ("--reason", "for a while", "--owner", "a", "--approver", "b")
    keymuster("exceptions", "add", live["id"], *said, "--report", "one.json")
    [file] = (shop / ".keymuster/exceptions").iterdir()
    assert "seen_in: code, imports" in file.read_text()
    told = {one["rule"] for one in findings(keymuster("scan", "--format", "json"))}
    assert "exception-unused" not in told
    (shop / "a.env").unlink()
    (shop / "empty.json").write_text("[]")  # what gitleaks writes that found nothing
    other = ("--import", "empty.json")
    told = {one["rule"] for one in findings(keymuster("scan", "--format", "json", *other))}
    assert "exception-unused" in told
