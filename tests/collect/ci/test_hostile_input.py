"""Files of CI systems that hold anything anywhere: readers say something or `Broken`, policies judge."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ci_files import reading, reading_all
from keymuster import registry
from keymuster.collect.base import Fragment
from keymuster.collect.syntax.node import Broken
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import Trouble
from keymuster.rules.schema import RuleSet

READERS = {
    "github-actions": ".github/workflows/a.yml",
    "gitlab-ci": ".gitlab-ci.yml",
    "azure-pipelines": "azure-pipelines.yml",
    "circleci": ".circleci/config.yml",
    "bitbucket-pipelines": "bitbucket-pipelines.yml",
    "dependabot": ".github/dependabot.yml",
}

KEYS = [
    "on", "jobs", "steps", "run", "uses", "with", "env", "if", "permissions", "secrets", "container",
    "services", "image", "credentials", "password", "strategy", "matrix", "include", "exclude", "runs-on",
    "group", "labels", "defaults", "shell", "name", "id", "environment", "script", "variables", "stages",
    "job", "task", "inputs", "resources", "repositories", "containers", "ref", "bash", "checkout",
    "persistCredentials", "orbs", "docker", "context", "workflows", "filters", "branches", "only", "auth",
    "pipelines", "definitions", "step", "pipe", "aws", "secret-key", "registries", "updates", "token",
    "id_tokens", "aud", "trigger", "pool", "version", "push", "tags", "workflow_dispatch", "type",
    "pull_request_target", "default", "component", "project", "remote", "AWS_SECRET_ACCESS_KEY", "a",
    "workflow_call", "runs", "extends", "inherit", "spec", "local", "template", "parameters", "commands",
    "executors", "executor", "${{ if true }}", "workflow_run", "cases", "value",
]  # fmt: skip
WORDS = [
    "push", "self-hosted", "actions/checkout@v4", "actions/github-script@main", "docker://a", "./x",
    "${{ matrix.a }}", "${{ env.a || inputs.b }}", "${{ toJSON(secrets) }}", "${{ fromJSON(secrets.A).b }}",
    "${{ github.event.issue.title }}", "write-all", "write", "inherit", "twine upload x", "a@", "@", "",
    "echo $A >> $GITHUB_ENV", "$A", "<<a>>", "x/y@volatile", "https://x", "2.1", "github.actor == 'x[bot]'",
    "aws-actions/configure-aws-credentials@v1", "actions/create-github-app-token@v1",
    "./.github/workflows/b.yml", "./b", "b.yml", "/b.yml", "${{ parameters.a }}", "$[[ inputs.a ]]",
    "<< parameters.a >>", "${{ inputs.a }}", "environment:a", "composite",
]  # fmt: skip

scalars = (
    st.sampled_from(WORDS) | st.none() | st.booleans() | st.integers(-1, 3) | st.text(max_size=5)
)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=25,
)
files = st.fixed_dictionaries(
    {
        "on": trees, "jobs": trees, "stages": trees, "version": st.just("2.1"), "updates": trees,
        "pipelines": trees, "orbs": trees,
    },
    optional=dict.fromkeys(("env", "permissions", "include", "image", "steps", "registries"), trees),
)  # fmt: skip


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=files)
def test_no_value_in_any_place_stops_a_reader_or_a_policy(
    name: str, rules: RuleSet, tmp_path: Path, tree: dict[str, Any]
) -> None:
    read = reading(registry.part("reader", name), rules, tmp_path, READERS[name])
    text = "\n".join(f"{key}: {json.dumps(value)}" for key, value in tree.items())
    try:
        observed = read(text + "\n")
    except Broken:
        return
    records = [one for one in observed if not isinstance(one, Trouble | Fragment)]
    only = replace(rules, policies=[one for one in rules.policies if one.id.startswith("ci-")])
    evaluate(build(records), only, Choice(), datetime(2026, 1, 1, tzinfo=UTC))


OTHERS = {
    "github-actions": (".github/workflows/b.yml", "b/action.yml"),
    "gitlab-ci": ("b.yml", ".gitlab/b.yml"),
    "azure-pipelines": ("b.yml", "c/azure-pipelines.yml"),
}


@pytest.mark.parametrize("name", OTHERS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=files, second=files, third=files)
def test_no_value_in_files_that_take_each_other_in_stops_a_reader_or_a_policy(
    name: str, rules: RuleSet, tmp_path: Path, first: Any, second: Any, third: Any
) -> None:
    read = reading_all(registry.part("reader", name), rules, tmp_path)
    paths = (READERS[name], *OTHERS[name])
    texts = (
        "\n".join(f"{key}: {json.dumps(value)}" for key, value in tree.items())
        + "\nruns: {steps: []}\n"
        for tree in (first, second, third)
    )
    try:
        observed = read(dict(zip(paths, texts, strict=True)))
    except Broken:
        return
    records = [one for one in observed if not isinstance(one, Trouble | Fragment)]
    only = replace(rules, policies=[one for one in rules.policies if one.id.startswith("ci-")])
    evaluate(build(records), only, Choice(), datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("name", READERS)
def test_a_bomb_ends_at_once(name: str, rules: RuleSet, tmp_path: Path) -> None:
    read = reading(registry.part("reader", name), rules, tmp_path, READERS[name])
    head = "on: push\nsteps:\n  - script: x\nversion: 2.1\nstages: [x]\npipelines: {}\nupdates: []\njobs:\n  a0: &a0 {script: x, steps: [x]}\n"
    bomb = head + "".join(
        f"  a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(9)
    )
    start = process_time()
    with pytest.raises(Broken):
        read(bomb)
    with pytest.raises(Broken):
        read(head + "  b: " + "[" * 3000)
    assert process_time() - start < 5


@pytest.mark.parametrize(
    "run",
    [
        "${{ " * 20_000,
        "echo $A " * 20_000 + ">> $GITHUB_ENV",
        "a;" * 50_000,
        "x \\\n        " * 5_000,
        "' \" " * 20_000,
    ],
)
def test_long_scripts_take_time_in_proportion(rules: RuleSet, tmp_path: Path, run: str) -> None:
    read = reading(
        registry.part("reader", "github-actions"), rules, tmp_path, READERS["github-actions"]
    )
    start = process_time()
    read(f"on: pull_request_target\njobs:\n  a:\n    steps:\n    - run: |\n        {run}\n")
    assert process_time() - start < 3


def test_a_long_jenkinsfile_takes_time_in_proportion(rules: RuleSet, tmp_path: Path) -> None:
    read = reading(registry.part("reader", "jenkinsfile"), rules, tmp_path, "Jenkinsfile")
    start = process_time()
    for part in ("credentials(", "'", '"""', "/*", "withAWS(" * 3, "sh ", "A = ", "image  "):
        read("pipeline {\n" + part * 20_000)
    assert process_time() - start < 5
