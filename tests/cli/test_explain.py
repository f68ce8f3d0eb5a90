"""`keymuster explain`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import PASSWORD, Said
from repositories import Repository

Run = Callable[..., Said]
WEIGHT = re.compile(r"^ +([+-]\d+\.\d\d)  ", re.MULTILINE)


@pytest.fixture
def deploy(token: Callable[..., str], tmp_path: Path) -> Path:
    """A token, a value that looks like a secret, a placeholder, a token with a wrong end."""
    made = token("github-pat")
    path = tmp_path / "deploy.env"
    path.write_text(
        f"# {made}\nname = x\ndb_password = '{PASSWORD}'\npassword = 'changeme'\n"
        f"# {made[:-1]}{'a' if made[-1] != 'a' else 'b'}\n"
    )
    return path


def _heads(said: Said) -> list[str]:
    """The lines that name a place."""
    return [line.partition("  ")[0] for line in said.out.splitlines() if line.startswith("deploy")]


def test_a_token_is_reported_by_its_format(keymuster: Run, deploy: Path) -> None:
    said = keymuster("explain", "deploy.env:1")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "deploy.env:1:3  ghp_****",
        "  reported as github-pat: confidence high, status unknown",
    ]


def test_a_value_without_a_format_is_weighed(keymuster: Run, deploy: Path) -> None:
    said = keymuster("explain", "deploy.env:3")
    assert said.out.startswith(
        "deploy.env:3:16  ****\n  reported as generic-assignment: confidence "
    )
    assert "any value in such a place" in said.out
    assert "everything else" in said.out


@pytest.mark.parametrize("words", [(), ("-v",)])
def test_the_weights_add_up_to_the_likelihood(
    words: tuple[str, ...], keymuster: Run, deploy: Path
) -> None:
    said = keymuster("explain", "deploy.env:3", *words)
    likelihood = re.search(r"likelihood (\d\.\d\d), by", said.out)
    assert likelihood
    total = sum(map(float, WEIGHT.findall(said.out)))
    assert 1 / (1 + math.exp(-total)) == pytest.approx(float(likelihood[1]), abs=0.02)


def test_what_is_obviously_none_is_left_to_verbose(keymuster: Run, deploy: Path) -> None:
    said = keymuster("explain", "deploy.env:4")
    assert (said.code, said.out) == (0, "")
    assert "nothing in deploy.env:4 looks like a credential" in said.err
    said = keymuster("explain", "deploy.env:4", "-v")
    assert "not reported as generic-assignment: obviously no secret" in said.out


def test_a_wrong_checksum_is_a_reason(keymuster: Run, deploy: Path) -> None:
    said = keymuster("explain", "deploy.env:5", "--verbose")
    assert "not reported as github-pat: its checksum is wrong" in said.out


@pytest.mark.parametrize(
    ("place", "lines"),
    [
        ("deploy.env", {1, 3}),
        ("deploy.env:3", {3}),
        ("deploy.env:3:16", {3}),
        ("deploy.env:2", set()),
        ("deploy.env:99", set()),
    ],
)
def test_a_line_may_be_named(place: str, lines: set[int], keymuster: Run, deploy: Path) -> None:
    said = keymuster("explain", place)
    assert said.code == 0
    assert {int(head.split(":")[1]) for head in _heads(said)} == lines
    assert bool(said.err) is not bool(lines)


def test_a_file_may_end_like_a_line(keymuster: Run, deploy: Path, tmp_path: Path) -> None:
    deploy.rename(tmp_path / "deploy:3")
    said = keymuster("explain", "deploy:3")
    assert [head.rsplit(":", 2)[1] for head in _heads(said)] == ["1", "3"]


def test_nothing_to_explain_is_said(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    said = keymuster("explain", "a.py")
    assert (said.code, said.out) == (0, "")
    assert said.err == "keymuster: nothing in a.py looks like a credential\n"


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("nowhere.env", "nowhere.env cannot be read: No such file or directory"),
        ("nowhere.env:3", "nowhere.env cannot be read: No such file or directory"),
        ("folder", "folder cannot be read: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_2(
    place: str, problem: str, keymuster: Run, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    said = keymuster("explain", place)
    assert (said.code, said.out, said.err) == (2, "", f"keymuster: {problem}\n")


def test_a_file_must_be_named(keymuster: Run) -> None:
    said = keymuster("explain")
    assert (said.code, said.out) == (2, "")
    assert "FILE[:LINE]" in said.err


def test_it_reports_what_a_scan_reports(keymuster: Run, deploy: Path) -> None:
    report = json.loads(
        keymuster("scan", "deploy.env", "--format", "json", "--confidence", "low").out
    )
    found = {
        (place["line"], place["column"], finding["rule"].rpartition("/")[2])
        for finding in report["findings"]
        for place in finding["places"]
        if not finding["rule"].startswith("wrong-checksum/")  # which explain calls by that name
    }
    said = keymuster("explain", "deploy.env", "-v").out
    explained = re.findall(
        r"^deploy\.env:(\d+):(\d+)  .*\n  reported as ([\w-]+):", said, re.MULTILINE
    )
    assert {(int(line), int(column), rule) for line, column, rule in explained} == found


def test_rules_of_ones_own_are_explained(keymuster: Run, tmp_path: Path) -> None:
    folder = tmp_path / "rules/tokens"
    folder.mkdir(parents=True)
    (folder / "acme.yaml").write_text(
        "vendor: acme\nname: Acme\nformats:\n"
        "  - {id: acme-key, name: Acme key, kind: api_key, shape: 'acme_{base62:20}',\n"
        "     revoke: Ask Bob., examples: ['{token}'], counter_examples: ['{short}']}\n"
    )
    (tmp_path / "a.txt").write_text("acme_" + "k7Q2x9Wb4Tz8Rn3Vc6Ym" + "\n")
    said = keymuster("explain", "a.txt", "--rules", "rules")
    assert "a.txt:1:1  acme_****\n  reported as acme-key: " in said.out


def test_text_in_utf_16_is_explained(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_bytes(f"db_password = '{PASSWORD}'\r\n".encode("utf-16"))
    assert "a.env:1:16  ****\n  reported as generic-assignment" in keymuster("explain", "a.env").out


@pytest.mark.parametrize("words", [(), ("-v",)])
def test_no_piece_of_a_value_is_shown(
    words: tuple[str, ...], keymuster: Run, deploy: Path, token: Callable[..., str]
) -> None:
    said = keymuster("explain", "deploy.env", *words)
    shown = said.out + said.err
    body = token("github-pat").removeprefix("ghp_")
    for value in (body, PASSWORD, "changeme"):
        assert [
            value[at : at + 4] for at in range(len(value) - 3) if value[at : at + 4] in shown
        ] == []


def test_formats_of_the_settings_are_explained_too(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / ".keymuster.yaml").write_text(
        "formats:\n  - id: acme-key\n    shape: 'acme_{hex:12}'\n"
    )
    (tmp_path / "a.env").write_text("X = acme_0a1b2c3d4e5f\n")
    said = keymuster("explain", "a.env")
    assert "reported as acme-key" in said.out


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A user who may assume a role that is an administrator."""
    path = tmp_path / "code/main.tf"
    path.parent.mkdir()
    path.write_text(
        """resource "aws_iam_user" "ci" { name = "ci" }
resource "aws_iam_role" "boss" {
  name               = "boss"
  assume_role_policy = jsonencode({ Statement = [{
    Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = aws_iam_user.ci.arn }
    Condition = { Bool = { "aws:SecureTransport" = "true" } }
  }] })
}
resource "aws_iam_role_policy" "boss" {
  role   = aws_iam_role.boss.name
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}
"""
    )
    return path.parent


def test_a_finding_is_explained_by_its_report(keymuster: Run, code: Path) -> None:
    keymuster("scan", code, "-o", "json=out.json")
    report = json.loads((code.parent / "out.json").read_text())
    policy = "aws-identity-becomes-administrator"
    [finding] = [one for one in report["findings"] if one["policy"] == policy]
    said = keymuster("explain", finding["id"][:10], "--report", "out.json")
    assert (said.code, said.err) == (0, "")
    head, words, *rest = said.out.splitlines()
    assert head == f"{finding['id']}  {policy} [NHI5]"
    assert words == f"high, high confidence: {finding['message']}"
    for line in (
        "  assume-role: Assume a role that trusts one (proved)",
        "      if    Bool aws:SecureTransport = true",
        "    by      sts:AssumeRole",
    ):
        assert line in rest
    assert any(re.fullmatch(r"      in    \S*main\.tf:\d+", line) for line in rest)


def test_a_report_may_come_from_standard_input(keymuster: Run, code: Path) -> None:
    keymuster("scan", code, "-o", "json=out.json")
    text = (code.parent / "out.json").read_text()
    id = json.loads(text)["findings"][0]["id"]
    said = keymuster("explain", id, "--report", "-", input=text)
    assert said.code == 0
    assert said.out.startswith(id)


def test_a_finding_that_the_report_does_not_have(keymuster: Run, code: Path) -> None:
    keymuster("scan", code, "-o", "json=out.json")
    said = keymuster("explain", "zzzz", "--report", "out.json")
    assert said.code == 2
    assert "no finding of out.json begins with zzzz" in said.err
    assert "findings of out.json begin with" in keymuster("explain", "", "--report", "out.json").err


def test_a_finding_needs_its_report(keymuster: Run, deploy: Path) -> None:
    assert "--report" in keymuster("explain", "4f2a19").err
    assert "is no JSON report" in keymuster("explain", "4f2a", "--report", "deploy.env").err
    assert "cannot be read" in keymuster("explain", "4f2a", "--report", "no.json").err


def test_of_a_finding_in_the_history_the_commit_is_told(
    keymuster: Run, tmp_path: Path, token: Callable[..., str]
) -> None:
    repository = Repository.create(tmp_path)
    commit = repository.commit({"a.env": f"A={token('github-pat')}\n"})
    repository.git("rm", "--quiet", "a.env")
    repository.commit()
    keymuster("scan", "--history", "-o", "json=out.json")
    [found] = json.loads((tmp_path / "out.json").read_text())["findings"]
    said = keymuster("explain", found["id"][:6], "--report", "out.json")
    assert f"  at a.env:1 in commit {commit[:12]}\n" in said.out
