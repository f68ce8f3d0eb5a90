"""SARIF 2.1.0 as the standard has it, and as code-scanning services take it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import keymuster
from analysis.aws import ADMINISTRATOR, Made
from evaluate.test_evidence import findings
from keymuster import pipeline
from keymuster.collect.base import Context, Selection
from keymuster.detect import examples
from keymuster.evaluate.engine import rule_text
from keymuster.model import (
    Confidence,
    FileLocation,
    Provenance,
    Reference,
    Report,
    RuleText,
    ServiceLocation,
    Severity,
    Trouble,
)
from keymuster.report import sarif
from keymuster.rules import frameworks
from keymuster.rules.schema import RuleSet
from report.reports import (
    FRAMEWORKS,
    FULL,
    OTHER_WORDS,
    WORDS,
    accepted,
    assert_is_snapshot,
    finding,
    place,
    report,
    written,
)
from repositories import Repository

STANDARDS = Path(keymuster.__file__).parents[3] / "shared/reference/standards"
SCHEMA = STANDARDS / "sarif-schema-2.1.0.json"
VALIDATOR = STANDARDS / "validate_sarif.py"
MULTITOOL = Path(os.environ.get("SARIF_MULTITOOL", "no/multitool/is/named"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _run(report: Report) -> Any:
    document = json.loads(written(report, "sarif"))
    [run] = document["runs"]
    return run


@pytest.fixture(scope="module")
def every_rule(rules: RuleSet) -> Report:
    """A report in which each policy has a finding, and one of them one for each token format."""
    texts = [rule_text(rules, policy, None) for policy in rules.policies]
    tree = next(policy for policy in rules.policies if policy.id == "secret-in-tree")
    texts += [rule_text(rules, tree, token) for token in rules.tokens]
    used = {reference for text in texts for reference in text.references}
    found = [
        finding(
            place(f"{text.id}.py"), id=str(number), rule=text.id, policy=text.id.split("/")[0],
            severity=text.severity, confidence=text.confidence, nhi=text.nhi,
        )
        for number, text in enumerate(texts)
    ]  # fmt: skip
    return report(*found, rules=tuple(texts), frameworks=frameworks.named(rules, used))


@pytest.fixture(scope="module")
def run_of_rules(every_rule: Report) -> Any:
    """The same as SARIF, which takes its time: several tests read it."""
    return _run(every_rule)


@pytest.fixture(scope="module")
def every_scan(rules: RuleSet, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """Real reports of one repository by each source, with odd file names and a damaged allow."""
    repository = Repository.create(tmp_path_factory.mktemp("scans") / "repo")
    formats = {token.id: token for token in rules.tokens}
    key = examples.make(formats["github-pat"])
    allow = "key" + "muster: allow[secret-in-tree] until=2099-01-31 reason=made for a test"
    files: dict[str, str | bytes] = {
        "a b.py": f"x = 1\r\ny = '\U0001f511' + '{key}'\r\n",
        "ümläut#50%.py": f"k = '{key}'  # {allow}\n",
        "line\nend.py": f"k = '{key}'  # {allow.partition('until')[0]}\n",
        os.fsdecode(b"\xff.py"): f"k = '{key}'\n",
    }
    repository.git("remote", "add", "origin", "https://git.example/a.git")
    repository.commit({"old.py": examples.make(formats["gitlab-pat"])})
    repository.commit({"old.py": "nothing"})
    repository.stage(files)
    reports = {}
    for source in ("worktree", "staged", "history"):
        if source == "history":
            repository.commit()
        root = str(repository.path)
        context = Context(selection=Selection(root=root, paths=(root,)), rules=rules)
        made = pipeline.scan(context, source, now=NOW)
        assert made.findings
        reports[source] = replace(
            made,
            provenance=Provenance(
                root=root, repository="https://git.example/a.git", revision="d" * 40, branch="main"
            ),
        )
    return reports


def _all(every_rule: Report, every_scan: dict[str, Report]) -> dict[str, Report]:
    return {"rules": every_rule, **_others(every_scan)}


def _others(every_scan: dict[str, Report]) -> dict[str, Report]:
    return {
        "full": FULL, "empty": Report(findings=()), **every_scan,
        "service": report(finding(ServiceLocation(service="aws", account="1", resource="user/ci"))),
        "incomplete": report(complete=False),
    }  # fmt: skip


@pytest.fixture(scope="module")
def runs(run_of_rules: Any, every_scan: dict[str, Report]) -> dict[str, Any]:
    """Each of them as SARIF."""
    others = {name: _run(one) for name, one in _others(every_scan).items()}
    return {"rules": run_of_rules, **others}


def _some(every_rule: Report) -> Report:
    """Every policy and some of the formats: validators are slow, and formats are all alike to them."""
    policies = sum("/" not in text.id for text in every_rule.rules)

    def some(all: Sequence[Any]) -> tuple[Any, ...]:
        return (*all[:policies], *all[policies::40])

    return replace(every_rule, findings=some(every_rule.findings), rules=some(every_rule.rules))


# --- the standard ----------------------------------------------------------------------------


def test_the_whole_output() -> None:
    assert_is_snapshot(written(FULL, "sarif"), "full.sarif.json")


@pytest.mark.skipif(not SCHEMA.exists(), reason="the OASIS schema is not beside this checkout")
def test_it_keeps_the_schema(every_rule: Report, every_scan: dict[str, Report]) -> None:
    validator = jsonschema.Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for name, one in _all(_some(every_rule), every_scan).items():
        problems = [
            error.message for error in validator.iter_errors(json.loads(written(one, "sarif")))
        ]
        assert problems == [], name


@pytest.mark.skipif(not MULTITOOL.exists(), reason="no SARIF multitool here; see SARIF_MULTITOOL")
@pytest.mark.skipif(not VALIDATOR.exists(), reason="validate_sarif.py is not beside this checkout")
@pytest.mark.parametrize("name", ["full", "rules", "worktree", "staged", "history", "incomplete"])
def test_the_multitool_finds_no_error(
    name: str, every_rule: Report, every_scan: dict[str, Report], tmp_path: Path
) -> None:
    path = tmp_path / "out.sarif"
    path.write_text(written(_all(_some(every_rule), every_scan)[name], "sarif"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(VALIDATOR), str(path)],
        env={**os.environ, "SARIF_MULTITOOL": str(MULTITOOL)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in done.stdout.splitlines() if line.startswith("error")] == []
    assert done.returncode == 0, done.stdout + done.stderr


# --- references and limits ---------------------------------------------------------------------


def test_every_index_names_what_it_says(runs: dict[str, Any]) -> None:
    for run in runs.values():
        driver, taxonomies = run["tool"]["driver"], run["taxonomies"]
        for result in run["results"]:
            assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        for reference in driver["supportedTaxonomies"]:
            named = taxonomies[reference["index"]]
            assert (named["name"], named["guid"]) == (reference["name"], reference["guid"])
        for rule in driver["rules"]:
            for relationship in rule.get("relationships", ()):
                target = relationship["target"]
                component = taxonomies[target["toolComponent"]["index"]]
                assert component["name"] == target["toolComponent"]["name"]
                assert component["guid"] == target["toolComponent"]["guid"]
                assert component["taxa"][target["index"]]["id"] == target["id"]
        for notification in run["invocations"][0]["toolExecutionNotifications"]:
            descriptor = notification["descriptor"]
            assert driver["notifications"][descriptor["index"]]["id"] == descriptor["id"]


def test_every_rule_is_related_to_an_nhi_category(run_of_rules: Any) -> None:
    for rule in run_of_rules["tool"]["driver"]["rules"]:
        kinds = {
            one["target"]["toolComponent"]["name"]: one["kinds"] for one in rule["relationships"]
        }
        assert ["superset"] in kinds.values(), rule["id"]


def test_rule_ids_and_framework_guids_are_unique(run_of_rules: Any) -> None:
    run = run_of_rules
    for ids in (
        [rule["id"] for rule in run["tool"]["driver"]["rules"]],
        [one["guid"] for one in run["taxonomies"]],
    ):
        assert len(ids) == len(set(ids))


def test_every_rule_fits_the_limits_of_code_scanning(run_of_rules: Any) -> None:
    for rule in run_of_rules["tool"]["driver"]["rules"]:
        assert 1 <= len(rule["properties"]["tags"]) <= 20
        assert rule["properties"]["tags"][0] == "security"
        assert rule["properties"]["tags"][1].startswith("owasp-nhi/nhi")
        assert len(set(rule["properties"]["tags"])) == len(rule["properties"]["tags"])
        assert len(rule["name"]) <= 255
        assert len(rule["shortDescription"]["text"]) <= 1024
        assert len(rule["fullDescription"]["text"]) <= 1024
        assert rule["properties"]["precision"] in ("low", "medium", "high", "very-high")
        assert rule["properties"]["problem.severity"] in ("error", "warning", "recommendation")


@pytest.mark.parametrize(
    ("severity", "level", "least", "most"),
    [
        (Severity.INFO, "note", 0.1, 3.9),
        (Severity.LOW, "note", 0.1, 3.9),
        (Severity.MEDIUM, "warning", 4.0, 6.9),
        (Severity.HIGH, "error", 7.0, 8.9),
        (Severity.CRITICAL, "error", 9.1, 10.0),
    ],
)
def test_the_security_severity_lies_in_its_band(
    severity: Severity, level: str, least: float, most: float
) -> None:
    run = _run(report(finding(severity=severity), rules=(replace(WORDS, severity=severity),)))
    [rule], [result] = run["tool"]["driver"]["rules"], run["results"]
    assert isinstance(rule["properties"]["security-severity"], str)
    assert least <= float(rule["properties"]["security-severity"]) <= most
    assert (rule["defaultConfiguration"]["level"], result["level"]) == (level, level)


def test_no_text_is_empty(runs: dict[str, Any]) -> None:
    bare = RuleText(
        id="own", title="Own", why="", remediation="", severity=Severity.LOW,
        confidence=Confidence.LOW, nhi=(),
    )  # fmt: skip
    own = report(finding(rule="own", policy="own"), rules=(bare,))
    for name, run in ({"own": _run(own)} | runs).items():
        assert list(_empty(run)) == [], name


def _empty(value: Any, path: str = "") -> Iterator[str]:
    match value:
        case dict():
            for key, inside in value.items():
                yield from _empty(inside, f"{path}.{key}")
        case list():
            for inside in value:
                yield from _empty(inside, f"{path}[]")
        case str() if not value.strip():
            yield path


def test_long_texts_are_cut() -> None:
    long = replace(WORDS, id="r" * 400, title="t" * 2000, why="w" * 2000)
    [rule] = _run(report(finding(rule=long.id), rules=(long,)))["tool"]["driver"]["rules"]
    assert len(rule["name"]) == 255
    assert len(rule["shortDescription"]["text"]) == 1024
    assert len(rule["fullDescription"]["text"]) == 1024
    assert "w" * 2000 in rule["help"]["text"]


def test_tags_are_cut_to_the_most_telling() -> None:
    many = tuple(Reference(framework="attack", id=f"T{n}") for n in range(40))
    crowded = replace(WORDS, references=(*many, *WORDS.references))
    [rule] = _run(report(finding(), rules=(crowded,)))["tool"]["driver"]["rules"]
    assert len(rule["properties"]["tags"]) == 20
    assert "external/cwe/cwe-798" in rule["properties"]["tags"]


def test_an_entry_no_framework_holds_makes_no_relationship() -> None:
    rule = _run(FULL)["tool"]["driver"]["rules"][0]
    assert [one["target"]["id"] for one in rule["relationships"]] == ["NHI2:2025", "CWE-798"]
    assert FRAMEWORKS[1].entries[0].id == "CWE-200"


# --- results -------------------------------------------------------------------------------------


def test_each_place_is_a_result() -> None:
    run = _run(FULL)
    assert len(run["results"]) == sum(len(one.places) for one in FULL.findings) == 6
    assert [len(one["locations"]) for one in run["results"]] == [1] * 6
    assert OTHER_WORDS.id in {one["ruleId"] for one in run["results"]}


def test_no_place_of_a_scan_is_told_twice(every_scan: dict[str, Report]) -> None:
    for one in every_scan.values():
        told = [
            (result["ruleId"], json.dumps(result["locations"]), result["properties"].get("commit"))
            for result in _run(one)["results"]
        ]
        assert len(told) == len(set(told))


def test_an_accepted_finding_is_suppressed_with_its_reason() -> None:
    [result] = _run(report(accepted()))["results"]
    assert result["suppressions"] == [
        {
            "kind": "inSource",
            "status": "accepted",
            "justification": "fixture of the parser (until 2027-01-31)",
        }
    ]
    [open_one] = _run(report(finding()))["results"]
    assert "suppressions" not in open_one


def test_troubles_are_notifications() -> None:
    [invocation] = _run(FULL)["invocations"]
    said = [one["message"]["text"] for one in invocation["toolExecutionNotifications"]]
    assert said[1] == (
        "history: is cut off: this is a shallow clone. git fetch --unshallow, then scan again."
    )
    assert said[0] == "locked.bin: could not be read: Permission denied."


@pytest.mark.parametrize("complete", [True, False])
def test_a_scan_that_was_cut_short_was_not_successful(complete: bool) -> None:
    [invocation] = _run(report(complete=complete))["invocations"]
    assert invocation["executionSuccessful"] is complete


def test_a_secret_of_the_history_names_its_commit() -> None:
    result = _run(FULL)["results"][2]
    assert result["message"]["text"].endswith("first in commit cccccccccccc of old.py.")
    assert result["properties"]["commit"] == "c" * 40
    assert result["properties"]["inHead"] is False


def test_a_thing_without_a_file_is_a_logical_location() -> None:
    cloud = finding(ServiceLocation(service="aws", account="1", resource="user/ci"))
    [result] = _run(report(cloud))["results"]
    [location] = result["locations"][0]["logicalLocations"]
    assert location["fullyQualifiedName"] == "aws://1/user/ci"


def test_too_many_results_are_cut_mildest_first_and_the_report_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sarif.MOST_RESULTS == 25_000  # what GitHub takes of one run
    monkeypatch.setattr(sarif, "MOST_RESULTS", 2_500)
    low = finding(*(place(line=n) for n in range(1, 2_401)), severity=Severity.LOW)
    high = finding(*(place("b", line=n) for n in range(1, 601)), id="2")
    run = _run(report(low, high))
    assert len(run["results"]) == 2_500
    levels = [one["level"] for one in run["results"]]
    assert levels.count("error") == 600
    assert levels[:1_900] == ["note"] * 1_900
    [told] = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"].startswith("results: 500 of 3,000 results are left out")


def test_a_file_too_large_to_upload_is_cut_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_BYTES", 20_000)
    many = [finding(place(f"{n * 7919}.py"), id=str(n * 104_729)) for n in range(2_000)]
    run = _run(report(*many))
    assert 0 < len(run["results"]) < 2_000
    assert "left out" in run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]


# --- places ----------------------------------------------------------------------------------------


def _scanned(rules: RuleSet, folder: Path) -> Report:
    selection = Selection(root=str(folder), paths=(str(folder),))
    return pipeline.scan(Context(selection=selection, rules=rules), "worktree", now=NOW)


@pytest.mark.parametrize(
    ("before", "line", "column"),
    [
        ("", 1, 1),
        ("x = '", 1, 6),
        ("é = '", 1, 6),
        ("\U0001f511\U0001f511 = '", 1, 7),
        ("a\r\nb\r\nk = '", 3, 6),
        ("a\n\n\tk = '", 3, 7),
        ("\ufeffk = '", 1, 6),
    ],
)
def test_columns_count_code_points(
    before: str, line: int, column: int, rules: RuleSet, token: Callable[..., str], tmp_path: Path
) -> None:
    key = token("github-pat")
    (tmp_path / "a.py").write_bytes(f"{before}{key}'\r\nnext\r\n".encode())
    run = _run(_scanned(rules, tmp_path))
    [result] = run["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert {name: region[name] for name in region if name != "snippet"} == {
        "startLine": line,
        "startColumn": column,
        "endLine": line,
        "endColumn": column + len(key),
    }


@given(name=st.binary(min_size=1, max_size=40).filter(lambda name: not {0, 0x2F} & set(name)))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_file_name_is_a_uri_that_decodes_back(name: bytes) -> None:
    path = "dir/" + name.decode("utf-8", "surrogateescape")
    [result] = _run(report(finding(place(path))))["results"]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    parts = urlsplit(artifact["uri"])
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert artifact["uri"].isascii()
    assert artifact["uriBaseId"] == "SRCROOT"
    assert unquote_to_bytes(artifact["uri"]) == b"dir/" + name


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b.py", "a%20b.py"),
        ("ü.py", "%C3%BC.py"),
        ("\udcff", "%FF"),
        ("a\nb", "a%0Ab"),
        ("a#b%c?d", "a%23b%25c%3Fd"),
        ("c:x", "c%3Ax"),
    ],
)
def test_a_file_name_is_escaped(path: str, uri: str) -> None:
    [result] = _run(report(finding(place(path))))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_path_outside_of_any_root_is_absolute() -> None:
    [result] = _run(report(finding(place("/etc/x y"))))["results"]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "file:///etc/x%20y"}


def test_a_remote_written_by_hand_becomes_a_uri() -> None:
    odd = Provenance(repository="https://git.example/a b\udcff%20c.git", branch="\udcff")
    [said] = _run(report(finding(), provenance=odd))["versionControlProvenance"]
    assert said["repositoryUri"] == "https://git.example/a%20b%FF%20c.git"
    assert said["branch"] == r"\xff"


def test_names_that_are_not_utf_8_break_no_property() -> None:
    odd = finding(subject="allow:\udcff", message="\udcff", evidence={"name": "\udcff"})
    [result] = _run(report(odd, troubles=(Trouble(part="p", scope="\udcff", message="m"),)))[
        "results"
    ]
    assert result["properties"]["subject"] == r"allow:\xff"


# --- stability ---------------------------------------------------------------------------------------


def test_two_runs_differ_in_their_times_only(
    rules: RuleSet, token: Callable[..., str], tmp_path: Path
) -> None:
    for n in range(20):
        (tmp_path / f"{n}.py").write_text(
            f"a = '{token('github-pat', n)}'\nb = '{token('gitlab-pat')}'\n"
        )
    one, other = (json.loads(written(_scanned(rules, tmp_path), "sarif")) for _ in range(2))
    for document in (one, other):
        [invocation] = document["runs"][0]["invocations"]
        del invocation["startTimeUtc"], invocation["endTimeUtc"]
    assert json.dumps(one) == json.dumps(other)


def test_fingerprints_hold_when_lines_move(
    rules: RuleSet, token: Callable[..., str], tmp_path: Path
) -> None:
    def fingerprints(text: str) -> list[dict[str, str]]:
        (tmp_path / "a.py").write_text(text)
        return [one["partialFingerprints"] for one in _run(_scanned(rules, tmp_path))["results"]]

    line = f"key = '{token('github-pat')}'\n" + "rest = 1\n" * 30
    [before] = fingerprints(line)
    [after] = fingerprints("one = 1\ntwo = 2\n" + line)
    assert before == after
    assert set(before) == {"keymuster/v1", "keymusterMoved/v1", "primaryLocationLineHash"}
    [other] = fingerprints(line.replace(token("github-pat"), token("github-pat", 2)))
    assert other["keymuster/v1"] != before["keymuster/v1"]


def _places(report: Report) -> Sequence[FileLocation]:
    return [
        one
        for finding in report.findings
        for one in finding.places
        if isinstance(one, FileLocation)
    ]


def test_the_scans_hold_what_they_should(every_scan: dict[str, Report]) -> None:
    names = {one.path for one in _places(every_scan["worktree"])}
    assert names == {"a b.py", "ümläut#50%.py", "line\nend.py", "\udcff.py"}
    assert any(one.suppression for one in every_scan["worktree"].findings)
    assert any(one.commit for one in _places(every_scan["history"]))


def test_a_path_is_a_code_flow_that_names_each_step(rules: RuleSet) -> None:
    made = Made()
    user, near, far = made.user("ann"), made.role("near"), made.role("far")
    made.trust(near, user)
    made.trust(far, near)
    made.has(far, ADMINISTRATOR)
    found = findings(made, rules, "aws-identity-becomes-administrator")
    [first] = [one for one in found if one.subject == user]
    [flow] = _run(report(replace(first, rule=WORDS.id)))["results"][0]["codeFlows"]
    said = [one["location"] for one in flow["threadFlows"][0]["locations"]]
    assert [one["message"]["text"] for one in said] == [
        "assume-role: Assume a role that trusts one, to the rights of near.",
        "assume-role: Assume a role that trusts one, to the rights of far.",
    ]
    assert all("logicalLocations" in one for one in said)


def test_a_statement_alone_is_no_flow(rules: RuleSet) -> None:
    made = Made()
    made.allow(made.user("ann"), "*")
    [one] = findings(made, rules, "aws-admin-statement")
    assert "codeFlows" not in _run(report(replace(one, rule=WORDS.id)))["results"][0]
