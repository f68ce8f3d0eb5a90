"""`keymuster baseline` and `keymuster exceptions`, called as a person calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Said, end_the_source_with
from repositories import Repository

Run = Callable[..., Said]
POLICY = """resource "aws_iam_policy" "ci" {
  policy = jsonencode({Version = "2012-10-17", Statement = [{Effect = "Allow", Action = ["*"], Resource = "*"}]})
}
"""


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    (tmp_path / "main.tf").write_text(POLICY)
    return tmp_path


def found(keymuster: Run) -> list[dict[str, str]]:
    return json.loads(keymuster("scan", "--format", "json").out)["findings"]  # type: ignore[no-any-return]


def admin(keymuster: Run) -> dict[str, str]:
    return next(one for one in found(keymuster) if one["rule"] == "aws-admin-statement")


ADD = ("--reason", "until the split", "--owner", "platform", "--approver", "jane")


def test_what_is_in_the_baseline_is_not_told_again(keymuster: Run, estate: Path) -> None:
    assert keymuster("scan").code == 1
    said = keymuster("baseline", "write")
    assert (said.code, said.err) == (0, ".keymuster/baseline: 2 findings\n")
    said = keymuster("scan", "--baseline", ".keymuster/baseline")
    assert said.code == 0
    assert "2 in the baseline" in said.out
    (estate / "more.tf").write_text(POLICY.replace('"ci"', '"more"'))
    said = keymuster("scan", "--baseline", ".keymuster/baseline")
    assert said.code == 1
    assert "main.tf" not in said.out


def test_the_settings_may_name_the_baseline(keymuster: Run, estate: Path) -> None:
    keymuster("baseline", "write", "--file", "known")
    (estate / ".keymuster.yaml").write_text("baseline: known\n")
    assert keymuster("scan").code == 0


def test_the_baseline_of_a_report_is_the_same(keymuster: Run, estate: Path) -> None:
    keymuster("scan", "-o", "json=report.json")
    keymuster("baseline", "write", "--report", "report.json", "--file", "one")
    (estate / "report.json").unlink()
    keymuster("baseline", "write", "--file", "other")
    assert (estate / "one").read_text() == (estate / "other").read_text()


def test_show_tells_what_is_new_and_what_is_gone(keymuster: Run, estate: Path) -> None:
    keymuster("baseline", "write")
    said = keymuster("baseline", "show")
    assert (said.code, said.out) == (0, "0 new, 2 known, 0 gone\n")
    (estate / "main.tf").write_text(POLICY.replace('["*"]', '["sts:*"]'))
    said = keymuster("baseline", "show")
    assert said.code == 1
    *new, last = said.out.splitlines()
    assert last.endswith("gone")
    assert all("main.tf:2" in one for one in new)


def test_show_tells_what_could_not_be_looked_at(keymuster: Run, estate: Path) -> None:
    keymuster("baseline", "write")
    (estate / ".keymuster.yaml").write_text("max_file_size: 2KB\n")
    (estate / "large.txt").write_text("x" * 3000)
    said = keymuster("baseline", "show")
    assert (said.code, said.out) == (3, "0 new, 2 known, 0 gone\n")
    assert "not seen: large.txt" in said.err


def test_a_scan_that_was_cut_short_leaves_the_baseline_as_it_is(
    keymuster: Run, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keymuster("baseline", "write")
    before = (estate / ".keymuster" / "baseline").read_text()
    (estate / "more.tf").write_text(POLICY.replace('"ci"', '"more"'))
    end_the_source_with(KeyboardInterrupt(), monkeypatch)
    keymuster("scan", "-o", "json=report.json")
    for words in ((), ("--report", "report.json")):
        said = keymuster("baseline", "write", *words)
        assert (said.code, "not written" in said.err) == (3, True)
        assert (estate / ".keymuster" / "baseline").read_text() == before


def test_a_baseline_that_is_not_there_is_2(keymuster: Run, estate: Path) -> None:
    said = keymuster("scan", "--baseline", "nowhere")
    assert said.code == 2
    assert "keymuster baseline write" in said.err


def test_an_exception_is_written_for_a_finding(keymuster: Run, estate: Path) -> None:
    id = admin(keymuster)["id"]
    said = keymuster("exceptions", "add", id[:6], *ADD, "--days", "30")
    assert said.code == 0
    again = admin(keymuster)
    assert again["suppression"]["by"] == "jane"  # type: ignore[index]
    listed = keymuster("exceptions", "list")
    assert "owner platform, approved by jane" in listed.out
    assert keymuster("exceptions", "check").code == 0
    assert keymuster("exceptions", "add", id, *ADD).code == 2  # it is there already


def test_a_reason_is_listed_without_a_secret_in_it(
    keymuster: Run, estate: Path, token: Callable[..., str]
) -> None:
    secret = token("github-pat", "a reason")
    keymuster("exceptions", "add", admin(keymuster)["id"], *ADD)
    for file in (estate / ".keymuster" / "exceptions").iterdir():
        file.write_text(file.read_text().replace("until the split", f"until {secret} ends"))
    listed = keymuster("exceptions", "list")
    assert "until ghp_**** ends" in listed.out
    assert secret not in listed.out


def test_a_finding_is_explained_with_who_accepted_it(keymuster: Run, estate: Path) -> None:
    id = admin(keymuster)["id"]
    keymuster("exceptions", "add", id, *ADD, "--days", "30")
    keymuster("scan", "-o", "json=report.json")
    said = keymuster("explain", id, "--report", "report.json")
    assert "  accepted by jane until " in said.out


def test_sarif_tells_who_has_accepted_it(keymuster: Run, estate: Path) -> None:
    keymuster("exceptions", "add", admin(keymuster)["id"], *ADD)
    sarif = json.loads(keymuster("scan", "--format", "sarif").out)
    (said,) = [one["suppressions"] for one in sarif["runs"][0]["results"] if "suppressions" in one]
    assert [(one["kind"], one["status"]) for one in said] == [("external", "accepted")]
    assert "approved by jane" in said[0]["justification"]


def test_what_was_outgrown_is_told_and_ends_with_1(keymuster: Run, estate: Path) -> None:
    (estate / "main.tf").write_text(POLICY.replace('["*"]', '["s3:*"]'))
    (one,) = [one for one in found(keymuster) if one["rule"] == "aws-service-wildcard"]
    keymuster("exceptions", "add", one["id"], *ADD)
    assert keymuster("scan").code == 0
    (estate / "main.tf").write_text(POLICY.replace('["*"]', '["s3:*", "sqs:*"]'))
    said = keymuster("exceptions", "check")
    assert said.code == 1
    assert "exception-outgrown" in said.out
    assert "no longer accepted" in keymuster("scan").out


def test_check_tells_what_is_not_used_any_more(keymuster: Run, estate: Path) -> None:
    keymuster("exceptions", "add", admin(keymuster)["id"], *ADD)
    (estate / "main.tf").write_text("")
    said = keymuster("exceptions", "check")
    assert (said.code, "exception-unused" in said.out) == (1, True)


def test_one_from_a_folder_of_a_project_lies_where_scans_look_for_it(
    keymuster: Run, estate: Path
) -> None:
    Repository.create(estate)
    (estate / "infra").mkdir()
    (estate / "main.tf").rename(estate / "infra" / "main.tf")
    said = keymuster("exceptions", "add", admin(keymuster)["id"], *ADD, cwd=estate / "infra")
    assert said.err.startswith("../.keymuster/exceptions/aws-admin-statement-")
    assert admin(keymuster)["suppression"]["by"] == "jane"  # type: ignore[index]
    listed = keymuster("exceptions", "list", cwd=estate / "infra")
    assert "owner platform, approved by jane" in listed.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("ffff",), "no finding is called ffff"),
        (("--days", "999"), "more than 180 days away"),
        (("--expires", "2020-01-01"), "is over"),
        (("--expires", "2030-01-01", "--days", "3"), "exclude each other"),
        (("--report", "nowhere.json"), "cannot be read"),
        (("--report", "main.tf"), "is no JSON report"),
        (("--approver", "Platform"), "cannot approve an exception of their own"),
        (("--reason", "ok"), "it gives no reason"),
        (("--owner", " "), "it needs an owner and an approver"),
        (("--approver", "joe"), "joe may not approve exceptions"),
    ],
)
def test_what_cannot_be_accepted_is_2(
    keymuster: Run, estate: Path, words: tuple[str, ...], message: str
) -> None:
    (estate / ".keymuster.yaml").write_text("exceptions: {approvers: [jane, Platform]}\n")
    finding = () if words[0] == "ffff" else (admin(keymuster)["id"],)
    said = keymuster("exceptions", "add", *finding, *ADD, *words)
    assert said.code == 2
    assert message in said.err
    assert not (estate / ".keymuster").exists()
