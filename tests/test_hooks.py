"""The hooks, the action and the component, as pre-commit and the CI services read them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from repositories import Repository

ROOT = Path(__file__).parents[1]
ALLOW = "# key" + "muster: allow[github-pat] until=2099-01-31 reason=token of a sandbox\n"


def checked(schema: str, path: Path) -> subprocess.CompletedProcess[str]:
    """check-jsonschema, with the schemas it brings along."""
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.github-workflows", "src/keymuster/cli/templates/github.yml"),
    ],
)
def test_the_ci_files_are_what_the_services_accept(schema: str, path: str) -> None:
    done = checked(schema, ROOT / path)
    assert done.returncode == 0, done.stdout


def test_the_gitlab_component_is_a_job_once_its_inputs_are_filled_in(tmp_path: Path) -> None:
    spec, _, job = (ROOT / "templates/keymuster.yml").read_text().partition("\n---\n")
    assert "spec:" in spec
    for name in ("stage", "image", "path", "history", "fail-on"):
        job = job.replace(f"$[[ inputs.{name} ]]", f"some-{name}")
    assert "$[[" not in job
    (tmp_path / "job.yml").write_text(job)
    done = checked("vendor.gitlab-ci", tmp_path / "job.yml")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("said", "code"), [("k = '{token}'", 1), ("k = 1", 0)])
def test_the_action_adds_a_summary_to_the_page_of_the_job_and_ends_as_the_scan_did(
    said: str, code: int, token: Callable[..., str], tmp_path: Path
) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    [script] = [step["run"] for step in action["runs"]["steps"] if step.get("id") == "scan"]
    program = tmp_path / "keymuster/bin/keymuster"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m keymuster "$@"\n')
    program.chmod(0o755)
    (tmp_path / "code").mkdir()
    (tmp_path / "code/a.py").write_text(said.format(token=token("github-pat")))
    (tmp_path / "page").write_text("from before\n")
    names = {"RUNNER_TEMP": "", "GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "page"}
    variables = {name: str(tmp_path / path) for name, path in names.items()} | {
        "KEYMUSTER_SARIF": str(tmp_path / "k.sarif"), "KEYMUSTER_PATH": str(tmp_path / "code"),
        "KEYMUSTER_HISTORY": "false", "KEYMUSTER_FAIL_ON": "medium", "PYTHONPATH": str(ROOT / "src"),
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        env={**os.environ, **variables}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == code
    before, title, *_ = (tmp_path / "page").read_text().splitlines()
    number = "1 finding" if code else "no findings"
    assert (before, title) == ("from before", f"## keymuster: {number}")


@pytest.fixture(scope="module")
def pre_commit(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`pre_commit(folder, *words)`; one environment for all calls."""
    home = tmp_path_factory.mktemp("pre-commit")

    def run(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        surroundings = (
            os.environ | {"PRE_COMMIT_HOME": str(home), "PRE_COMMIT_COLOR": "never"} | more
        )
        surroundings["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{surroundings['PATH']}"
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", *words],
            cwd=folder, env=surroundings, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


@pytest.fixture(scope="module")
def hook_repository(
    pre_commit: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, str]:
    """This checkout as pre-commit would clone it, with its environment installed."""
    clone = tmp_path_factory.mktemp("hooks") / "keymuster"
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False,
    ).stdout  # fmt: skip
    if not listing:
        pytest.skip("not a git checkout: there is nothing that pre-commit could clone")
    repository = Repository.create(clone)
    for name in filter(None, os.fsdecode(listing).split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            target = clone / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    repository.git("add", "--all", "--force")
    repository.git("commit", "--quiet", "--message", "all")
    revision = repository.git("rev-parse", "HEAD").strip()
    configured(clone, clone, revision)
    done = pre_commit(clone, "install-hooks")
    if done.returncode and "pip" in done.stdout + done.stderr:
        pytest.skip("pip cannot install here, so pre-commit cannot either")
    assert done.returncode == 0, done.stdout
    return clone, revision


def configured(folder: Path, source: Path, revision: str) -> None:
    (folder / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {source}\n    rev: {revision}\n"
        "    hooks:\n      - id: keymuster\n      - id: keymuster-push\n"
    )


def test_the_hook_blocks_a_fresh_token_until_the_line_is_allowed_with_a_date(
    pre_commit: Callable[..., subprocess.CompletedProcess[str]],
    hook_repository: tuple[Path, str],
    make_repo: Callable[..., Repository],
    token: Callable[..., str],
    tmp_path: Path,
) -> None:
    repository = make_repo(tmp_path / "project")
    configured(repository.path, *hook_repository)
    (repository.path / "a.env").write_text(f"TOKEN={token('github-pat')}\n")
    repository.git("add", "--all")
    blocked = pre_commit(repository.path, "run")
    assert blocked.returncode == 1
    assert "secret-in-staged-change/github-pat" in blocked.stdout
    assert token("github-pat") not in blocked.stdout + blocked.stderr
    (repository.path / "a.env").write_text(f"{ALLOW}TOKEN={token('github-pat')}\n")
    repository.git("add", "--all")
    offline = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    passed = pre_commit(repository.path, "run", **offline)
    assert passed.returncode == 0, passed.stdout


def test_the_push_hook_blocks_a_secret_that_a_later_commit_removed(
    pre_commit: Callable[..., subprocess.CompletedProcess[str]],
    hook_repository: tuple[Path, str],
    make_repo: Callable[..., Repository],
    token: Callable[..., str],
    tmp_path: Path,
) -> None:
    repository = make_repo(tmp_path / "project")
    configured(repository.path, *hook_repository)
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "hooks")
    first = repository.git("rev-parse", "HEAD").strip()
    (repository.path / "a.env").write_text(f"TOKEN={token('github-pat')}\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "leak")
    repository.git("rm", "--quiet", "a.env")
    repository.git("commit", "--quiet", "--message", "gone")
    words = ("run", "--hook-stage", "pre-push", "--from-ref", first, "--to-ref", "HEAD")
    blocked = pre_commit(repository.path, *words)
    assert blocked.returncode == 1
    assert "secret-in-history/github-pat" in blocked.stdout
    clean = pre_commit(repository.path, *words[:-4], "--from-ref", "HEAD~0", "--to-ref", "HEAD")
    assert clean.returncode == 0, clean.stdout
