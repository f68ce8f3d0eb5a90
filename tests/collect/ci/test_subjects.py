"""What a job of GitHub Actions can say of itself to a cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_files import of, reading_all
from keymuster.collect.readers.github_actions import GithubActions
from keymuster.model import Identity
from keymuster.rules.schema import RuleSet

LOGIN = "- uses: aws-actions/configure-aws-credentials@v4\n        with: {role-to-assume: 'arn:aws:iam::1:role/r'%s}\n"


def workflow(on: str, *job: str, more: str = "", step: str = "") -> str:
    lines = "".join(f"    {line}\n" for line in job)
    gate = f"        if: {step}\n" if step else ""
    return f"on: {on}\njobs:\n  deploy:\n{lines}    steps:\n      {LOGIN % more}{gate}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (workflow("push"), "branch:** tag:**"),
        (workflow("{push: {branches: [main, 'release/*', '!x']}}"), "branch:main branch:release/*"),
        (workflow("{push: {tags: ['v*', 'x?']}}"), "tag:v* tag:x?"),
        (workflow("{push: {branches-ignore: [x]}}"), "branch:**"),
        (workflow("[pull_request, release]"), "pull_request tag:**"),
        (workflow("pull_request_target"), "perhaps-pull_request branch:**"),
        (workflow("schedule"), "branch:**"),
        (workflow("push", "environment: live"), "environment:live"),
        (workflow("push", "environment: {name: live}"), "environment:live"),
        (workflow("push", "environment: ${{ inputs.where }}"), "?"),
        (workflow("workflow_call"), "?"),
        (workflow("[push, pull_request]", "if: github.ref == 'refs/heads/main' && true"), "branch:main"),
        (workflow("pull_request", "if: github.event_name == 'push'"), "perhaps-pull_request"),
        (workflow("pull_request", step="github.event_name != 'pull_request'"), "perhaps-pull_request"),
        (workflow("push", more=", aws-access-key-id: x"), "?"),
        (workflow("push", more=", role-chaining: true"), "?"),
    ],
)  # fmt: skip
def test_by_its_environment_and_what_starts_it(
    rules: RuleSet, tmp_path: Path, text: str, said: str
) -> None:
    read = reading_all(GithubActions, rules, tmp_path)
    (job,) = of(Identity, read({".github/workflows/a.yml": text}))
    assert job.tags["subjects"].replace(" ", "-").split("\n") == said.split()


def test_a_called_job_says_what_its_callers_give(rules: RuleSet, tmp_path: Path) -> None:
    called = workflow("{workflow_call: {inputs: {where: {}}}}", "environment: ${{ inputs.where }}")
    callers = {
        f".github/workflows/{name}.yml": f"on: push\njobs:\n  x:\n    uses: ./.github/workflows/c.yml\n"
        f"    with: {{where: {name}}}\n"
        for name in ("dev", "live")
    }
    read = reading_all(GithubActions, rules, tmp_path)
    observed = read({**callers, ".github/workflows/c.yml": called})
    said = {one.id.split(":", 1)[1]: one.tags["subjects"] for one in of(Identity, observed)}
    assert said == {
        ".github/workflows/dev.yml:x": "environment:dev",
        ".github/workflows/live.yml:x": "environment:live",
        ".github/workflows/c.yml:deploy": "environment:dev\nenvironment:live",
    }


def test_a_job_that_signs_in_nowhere_says_nothing(rules: RuleSet, tmp_path: Path) -> None:
    read = reading_all(GithubActions, rules, tmp_path)
    (job,) = of(
        Identity, read({".github/workflows/a.yml": "on: push\njobs:\n  a:\n    steps: []\n"})
    )
    assert job.tags == {}
