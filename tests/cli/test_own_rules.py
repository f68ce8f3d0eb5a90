"""A team's own formats and exclusions, from the settings file to the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import timing
from cli.conftest import Said
from keymuster.detect.engine import Engine
from keymuster.rules import loader

Run = Callable[..., Said]
ACME = "acme_" + "k7Q2x9Wb4Tz8Rn3Vc6Ym"
FORMAT = "formats:\n  - id: acme-key\n    shape: acme_{base62:20}\n"


@pytest.fixture
def scan(keymuster: Run, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """The JSON report on files, given by path and text, under settings."""

    def run(settings: str, files: dict[str, str], *words: str) -> dict[str, Any]:
        (tmp_path / "settings.yaml").write_text(settings)
        for path, text in files.items():
            (tmp_path / "code" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "code" / path).write_text(text)
        said = keymuster("scan", "code", "--config", "settings.yaml", "--format", "json", *words)
        assert said.code in (0, 1), said.err
        report: dict[str, Any] = json.loads(said.out)
        return report

    return run


def test_a_format_of_three_lines_finds(scan: Callable[..., dict[str, Any]]) -> None:
    [finding] = scan(FORMAT, {"a.env": f"KEY={ACME}\n"})["findings"]
    assert finding["rule"].endswith("/acme-key")


@pytest.mark.parametrize(
    ("exclude", "why"),
    [
        ("names: [csrf]", "name"),
        ("values: ['acme_k7*']", "value"),
        (f"values: ['sha256:{sha256(ACME.encode()).hexdigest()}']", "value"),
    ],
)
def test_what_is_excluded_is_counted_and_not_reported(
    exclude: str, why: str, scan: Callable[..., dict[str, Any]]
) -> None:
    report = scan(FORMAT + f"exclude: {{{exclude}}}\n", {"a.env": f"CSRF_KEY={ACME}\n"})
    assert report["findings"] == []
    assert report["counts"][f"excluded_by_{why}"] == 1


def test_the_text_report_says_how_many_were_excluded(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / ".keymuster.yaml").write_text(FORMAT + "exclude: {names: [csrf]}\n")
    (tmp_path / "a.env").write_text(f"CSRF_KEY={ACME}\n")
    assert "excluded: 1 by names" in keymuster("scan", "a.env").out


def test_an_excluded_name_excludes_the_value_only_there(
    scan: Callable[..., dict[str, Any]],
) -> None:
    report = scan(FORMAT + "exclude: {names: [csrf]}\n", {"a": f"CSRF_KEY={ACME}\nKEY={ACME}\n"})
    [finding] = report["findings"]
    assert [place["line"] for place in finding["places"]] == [2]
    assert report["counts"]["excluded_by_name"] == 1


def test_a_format_counts_only_in_its_files(scan: Callable[..., dict[str, Any]]) -> None:
    settings = FORMAT + "    paths: ['[.]tf$']\n    unless: [{paths: ['^code/old/']}]\n"
    report = scan(settings, {"a.tf": ACME, "a.env": ACME, "old/a.tf": ACME})
    [finding] = report["findings"]
    assert [place["path"] for place in finding["places"]] == ["code/a.tf"]
    assert report["counts"]["excluded_by_rule"] == 2


def test_a_secret_in_the_settings_is_refused(
    keymuster: Run, token: Callable[..., str], tmp_path: Path
) -> None:
    made = token("github-pat")
    (tmp_path / ".keymuster.yaml").write_text(f"exclude: {{values: [{made}]}}\n")
    said = keymuster("scan", ".")
    assert said.code == 2
    assert made not in said.err
    assert f"sha256:{sha256(made.encode()).hexdigest()}" in said.err


def test_a_pattern_with_a_flag_in_the_middle_or_a_long_repeat_is_searched(
    scan: Callable[..., dict[str, Any]],
) -> None:
    long = "".join(sha256(str(number).encode()).hexdigest() for number in range(8))
    settings = "formats:\n  - id: acme-key\n    pattern: 'acme-(?i)[a-f]{2}[0-9a-f]{300,}'\n"
    assert len(scan(settings, {"a.env": f"KEY=acme-AB{long}\n"})["findings"]) == 1


def test_a_pattern_is_quick_on_text_made_against_it(tmp_path: Path) -> None:
    path = tmp_path / ".keymuster.yaml"
    path.write_text("formats:\n  - id: acme-key\n    pattern: 'acme-[0-9a-z-]{20,}'\n")
    engine = Engine(loader.one_folder(path))
    engine.open()
    assert timing.takes(lambda: engine.scan(b"acme-" * 15_000), 10)
