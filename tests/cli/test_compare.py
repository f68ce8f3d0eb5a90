"""`keymuster compare`, of reports that scans have written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Said

Run = Callable[..., Said]


def policy(name: str, *actions: str) -> str:
    listed = ", ".join(f'"{one}"' for one in actions)
    statement = f'{{Effect = "Allow", Action = [{listed}], Resource = "*"}}'
    document = f'{{Version = "2012-10-17", Statement = [{statement}]}}'
    return f'resource "aws_iam_policy" "{name}" {{\n  policy = jsonencode({document})\n}}\n'


@pytest.fixture
def scan(keymuster: Run, tmp_path: Path) -> Callable[..., str]:
    """Writes a report outside of what is scanned, and gives its name."""
    (tmp_path / "code").mkdir()

    def run(name: str, *words: str) -> str:
        report = tmp_path / name
        format = "sarif" if name.endswith("sarif") else "json"
        keymuster("scan", *words, "-o", f"{format}={report}", cwd=tmp_path / "code")
        return str(report)

    return run


def changes(keymuster: Run, old: str, new: str) -> list[tuple[str, str, str]]:
    said = keymuster("compare", old, new, "--format", "json")
    return [(one["state"], one["rule"], one["why"]) for one in json.loads(said.out)]


def test_what_is_the_same_is_no_news(keymuster: Run, scan: Any, tmp_path: Path) -> None:
    (tmp_path / "code" / "main.tf").write_text(policy("ci", "s3:*"))
    first, second = scan("first.json"), scan("second.json")
    assert changes(keymuster, first, second) == []
    assert keymuster("compare", first, second).code == 0
    assert "1 same" in keymuster("compare", first, second, "--all").out


def test_new_and_resolved(keymuster: Run, scan: Any, tmp_path: Path) -> None:
    code = tmp_path / "code"
    (code / "main.tf").write_text(policy("ci", "s3:*"))
    first = scan("first.json")
    (code / "main.tf").write_text(policy("other", "sqs:*"))
    second = scan("second.json")
    assert {one[0] for one in changes(keymuster, first, second)} == {"new", "resolved"}
    assert keymuster("compare", first, second).code == 1


def test_a_file_that_moves_takes_its_findings_with_it(
    keymuster: Run, scan: Any, tmp_path: Path
) -> None:
    code = tmp_path / "code"
    (code / "main.tf").write_text(policy("ci", "s3:*"))
    first = scan("first.json")
    (code / "infra").mkdir()
    (code / "main.tf").rename(code / "infra" / "roles.tf")
    found = changes(keymuster, first, scan("second.json"))
    assert [(state, why) for state, _, why in found] == [("changed", "1 place more, 1 less")]


def test_more_rights_are_a_change(keymuster: Run, scan: Any, tmp_path: Path) -> None:
    file = tmp_path / "code" / "main.tf"
    file.write_text(policy("ci", "s3:*"))
    first = scan("first.json")
    file.write_text(policy("ci", "s3:*", "sqs:*"))
    [(state, _, why)] = changes(keymuster, first, scan("second.json"))
    assert (state, why) == ("changed", "actions: it may do more, or is limited by less")
    [(state, _, why)] = changes(keymuster, scan("third.json"), first)
    assert (state, why) == ("changed", "actions: it may do less, or is limited by more")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("other",), "the later scan did not read main.tf"),
        (("--exclude", "*.tf"), "the later scan did not read main.tf"),
        (("--skip-rule", "aws-service-wildcard"), "the later scan left the rule out"),
        (("--rule", "NHI2"), "the later scan left the rule out"),
    ],
)
def test_what_was_not_looked_at_is_not_resolved(
    keymuster: Run, scan: Any, tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    code = tmp_path / "code"
    (code / "main.tf").write_text(policy("ci", "s3:*"))
    (code / "other").mkdir()
    (code / "second").mkdir()
    first = scan("first.json")
    second = scan("second.json", *(("other", "second") if words == ("other",) else words))
    [(state, _, said)] = changes(keymuster, first, second)
    assert (state, said) == ("not observed", why)
    assert keymuster("compare", first, second).code == 0


def test_what_nobody_looked_at_before_is_new_and_says_so(
    keymuster: Run, scan: Any, tmp_path: Path
) -> None:
    (tmp_path / "code" / "main.tf").write_text(policy("ci", "s3:*"))
    first, second = scan("first.json", "--exclude", "*.tf"), scan("second.json")
    [(state, _, why)] = changes(keymuster, first, second)
    assert (state, why) == ("new", "the earlier scan did not read main.tf")


def test_what_was_accepted_and_is_not_any_more_is_reopened(
    keymuster: Run, scan: Any, tmp_path: Path
) -> None:
    code = tmp_path / "code"
    (code / "main.tf").write_text(policy("ci", "s3:*"))
    [finding] = json.loads(Path(scan("bare.json")).read_text())["findings"]
    keymuster(
        "exceptions", "add", finding["id"], "--reason", "for a while", "--owner", "a",
        "--approver", "b", cwd=code,
    )  # fmt: skip
    first = scan("first.json")
    [exception] = (code / ".keymuster" / "exceptions").iterdir()
    exception.unlink()
    second = scan("second.json")
    assert [one[0] for one in changes(keymuster, first, second)] == ["reopened"]
    assert changes(keymuster, second, first)[0][2] == "it is accepted"


def test_sarif_tells_the_same(keymuster: Run, scan: Any, tmp_path: Path) -> None:
    file = tmp_path / "code" / "main.tf"
    file.write_text(policy("ci", "s3:*"))
    first, sarif = scan("first.json"), scan("first.sarif")
    file.write_text(policy("ci", "s3:*") + policy("more", "iam:PassRole"))
    second = scan("second.sarif")
    assert [one[:2] for one in changes(keymuster, sarif, second)] == [("new", "aws-pass-any-role")]
    assert "new" in [one[0] for one in changes(keymuster, first, second)]


def test_the_two_forms_of_one_scan_are_the_same(keymuster: Run, scan: Any, tmp_path: Path) -> None:
    (tmp_path / "code" / "main.tf").write_text(policy("ci", "*"))
    plain, sarif = scan("one.json"), scan("one.sarif")
    assert changes(keymuster, plain, sarif) == []
    assert changes(keymuster, sarif, plain) == []


def test_a_secret_in_the_words_of_another_tool_is_not_printed(
    keymuster: Run, tmp_path: Path, token: Callable[..., str]
) -> None:
    def log(*results: object) -> str:
        return json.dumps({"version": "2.1.0", "runs": [{"results": results}]})

    secret = token("github-pat")
    (tmp_path / "a.sarif").write_text(log())
    (tmp_path / "b.sarif").write_text(
        log({"ruleId": "leak", "message": {"text": f"found {secret}"}})
    )
    for form in ("text", "json"):
        said = keymuster("compare", "a.sarif", "b.sarif", "--format", form)
        assert (said.code, secret in said.out, "found ghp_****" in said.out) == (1, False, True)


def test_sarif_of_another_tool(keymuster: Run, tmp_path: Path) -> None:
    def log(*lines: int) -> str:
        results = [
            {
                "ruleId": "robot", "level": "error", "message": {"text": f"on {line}"},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": line}}}],
            }
            for line in lines
        ]  # fmt: skip
        return json.dumps(
            {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "r"}}, "results": results}]}
        )

    (tmp_path / "a.sarif").write_text(log(1, 2))
    (tmp_path / "b.sarif").write_text(log(2, 3))
    assert {one[0] for one in changes(keymuster, "a.sarif", "b.sarif")} == {"new", "resolved"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"runs": 3}',
        '{"version": 1}',
        '{"runs": [{"results": [{"locations": 3}]}, 4]}',
    ],
)
def test_what_is_no_report_is_2_or_nothing(keymuster: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "a").write_text(content)
    said = keymuster("compare", "a", "a")
    assert said.code == (0 if '"results"' in content else 2)
    assert keymuster("compare", "a", "nowhere").code == 2
