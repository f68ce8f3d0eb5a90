"""Reusable workflows and composite actions, followed from file to file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ci_files import of, reading_all
from keymuster.collect.base import Observed
from keymuster.collect.readers.github_actions import GithubActions
from keymuster.model import FileLocation, Grant, Identity, Resource, Use
from keymuster.rules.schema import RuleSet

ReadAll = Callable[[dict[str, str]], list[Observed]]

CI = ".github/workflows/ci.yml"
DEPLOY = ".github/workflows/deploy.yml"
ACTION = ".github/actions/login/action.yml"

CALLED = """\
on:
  workflow_call:
    inputs:
      role: {type: string, default: arn:aws:iam::123456789012:role/default}
      ref: {type: string}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ inputs.ref }}
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: ${{ inputs.role }}
      - run: ./deploy
        env:
          TOKEN: ${{ secrets.token }}
"""

COMPOSITE = """\
inputs:
  account: {default: '123456789012'}
  title: {}
runs:
  using: composite
  steps:
    - uses: aws-actions/configure-aws-credentials@v4
      with:
        role-to-assume: arn:aws:iam::${{ inputs.account }}:role/ci
    - run: echo ${{ inputs.title }}
      shell: bash
"""


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> ReadAll:
    return reading_all(GithubActions, rules, tmp_path)


def caller(
    *lines: str, on: str = "push", permissions: str = "contents: read, id-token: write"
) -> str:
    """A workflow with one job that calls another one."""
    head = f"on: {on}\njobs:\n  call:\n    permissions: {{{permissions}}}\n    uses: ./{DEPLOY}\n"
    return head + "".join(f"    {line}\n" for line in lines)


def stepping(*lines: str, on: str = "push", permissions: str = "id-token: write") -> str:
    """A workflow with one job that runs the action."""
    head = f"on: {on}\njobs:\n  build:\n    permissions: {{{permissions}}}\n    runs-on: x\n    steps:\n"
    step = [f"- uses: ./{ACTION.removesuffix('/action.yml')}", *(f"  {line}" for line in lines)]
    return head + "".join(f"      {line}\n" for line in step)


def becomes(job: str, observed: list[Observed]) -> dict[str, str]:
    """What a job uses, with the file and line that names it."""
    return {
        one.subject: f"{one.location.path}:{one.location.line}"
        for one in of(Use, observed)
        if one.by == f"github-actions:{job}" and isinstance(one.location, FileLocation)
    }


def things(type: str, observed: list[Observed]) -> list[Resource]:
    return [one for one in of(Resource, observed) if one.type == f"GitHub::Actions::{type}"]


def test_a_caller_signs_in_as_what_it_passes(read: ReadAll) -> None:
    text = caller("with:", "  role: arn:aws:iam::123456789012:role/live")
    found = becomes(f"{CI}:call", read({CI: text, DEPLOY: CALLED}))
    assert found["aws:role/live"] == f"{CI}:7"


def test_a_default_counts_where_nothing_is_passed(read: ReadAll) -> None:
    found = becomes(f"{CI}:call", read({CI: caller(), DEPLOY: CALLED}))
    assert found["aws:role/default"] == f"{DEPLOY}:4"


def test_a_called_job_is_each_of_what_its_callers_pass(read: ReadAll) -> None:
    files = {
        f".github/workflows/{name}.yml": caller(
            "with:", f"  role: arn:aws:iam::123456789012:role/{name}"
        )
        for name in ("one", "two")
    }
    found = becomes(f"{DEPLOY}:deploy", read({**files, DEPLOY: CALLED}))
    assert {"aws:role/one", "aws:role/two"} <= set(found)


def test_a_called_job_that_nobody_calls_becomes_it_knows_not_what(read: ReadAll) -> None:
    assert "${inputs.role}" in becomes(f"{DEPLOY}:deploy", read({DEPLOY: CALLED}))


def test_inherited_secrets_are_those_that_are_read(read: ReadAll) -> None:
    observed = read({CI: caller("secrets: inherit"), DEPLOY: CALLED})
    assert becomes(f"{CI}:call", observed)["github:secret/TOKEN"] == f"{CI}:6"
    (inherit,) = things("SecretsInherit", observed)
    assert inherit.settings["reads"] == ["TOKEN"]


def test_a_secret_has_the_name_that_its_caller_knows(read: ReadAll) -> None:
    text = caller("secrets:", "  token: ${{ secrets.LIVE }}")
    observed = read({CI: text, DEPLOY: CALLED})
    assert "github:secret/LIVE" in becomes(f"{DEPLOY}:deploy", observed)
    assert "github:secret/TOKEN" not in becomes(f"{DEPLOY}:deploy", observed)


def rights(job: str, observed: list[Observed]) -> set[str]:
    return {
        one.actions[0] for one in of(Grant, observed) if one.identity == f"github-actions:{job}"
    }


def test_a_called_job_that_declares_no_rights_has_those_of_its_caller(read: ReadAll) -> None:
    observed = read({CI: caller(), DEPLOY: CALLED})
    assert rights(f"{DEPLOY}:deploy", observed) == {"contents:read", "id-token:write"}
    (token,) = [one for one in things("Job", observed) if one.name == "deploy"]
    assert token.settings["token"] == "declared"


def test_no_called_job_has_more_than_its_caller(read: ReadAll) -> None:
    called = CALLED.replace(
        "    runs-on", "    permissions: {contents: write, issues: read}\n    runs-on"
    )
    observed = read({CI: caller(permissions="contents: read, issues: write"), DEPLOY: called})
    assert rights(f"{CI}:call", observed) == {"issues:read"}


def test_the_event_of_a_caller_makes_a_checkout_untrusted(read: ReadAll) -> None:
    text = caller(
        "with:", "  ref: ${{ github.event.pull_request.head.sha }}", on="pull_request_target"
    )
    (checkout,) = things("Checkout", read({CI: text, DEPLOY: CALLED}))
    assert checkout.settings["untrusted"]
    assert checkout.settings["privileged"]
    assert checkout.location.path == DEPLOY
    assert f"{CI}:5" in checkout.name


def test_a_trusted_caller_leaves_it_trusted(read: ReadAll) -> None:
    text = caller("with:", "  ref: ${{ github.sha }}", on="pull_request_target")
    (checkout,) = things("Checkout", read({CI: text, DEPLOY: CALLED}))
    assert not checkout.settings["untrusted"]


def test_an_action_signs_in_for_the_job_that_runs_it(read: ReadAll) -> None:
    found = becomes(f"{CI}:build", read({CI: stepping(), ACTION: COMPOSITE}))
    assert found["aws:role/ci"] == f"{ACTION}:9"


@pytest.mark.parametrize(
    ("title", "who"),
    [("${{ github.event.issue.title }}", "anyone"), ("${{ github.sha }}", "caller")],
)
def test_what_a_caller_gives_an_action_is_expanded_there(
    read: ReadAll, title: str, who: str
) -> None:
    text = stepping("with:", f"  title: {title}", on="issues")
    found = things("Expansion", read({CI: text, ACTION: COMPOSITE}))
    (one,) = [each for each in found if each.location.path == ACTION]
    assert one.settings["controlled_by"] == who
    assert (f"{CI}:7" in one.name) == (who == "anyone")


def test_an_action_that_does_not_sign_in_needs_no_proof(read: ReadAll) -> None:
    plain = "runs:\n  using: composite\n  steps:\n    - run: ls\n      shell: bash\n"
    used = {
        name: things("Permission", read({CI: stepping(), ACTION: text}))[0].settings["used"]
        for name, text in {"plain": plain, "login": COMPOSITE}.items()
    }
    assert used == {"plain": False, "login": True}


def test_an_action_that_is_not_there_may_sign_in(read: ReadAll) -> None:
    assert things("Permission", read({CI: stepping()}))[0].settings["used"]


def test_actions_of_an_action_see_what_the_job_sees(read: ReadAll) -> None:
    seen = {
        given: things("Uses", read({CI: stepping(permissions=given), ACTION: COMPOSITE}))[0]
        for given in ("id-token: write", "contents: read")
    }
    assert [one.settings["sees_secrets"] for one in seen.values()] == [True, False]


def test_the_root_is_where_the_called_file_lies(read: ReadAll) -> None:
    text = caller("with:", "  role: arn:aws:iam::123456789012:role/live")
    found = becomes(f"app/{CI}:call", read({f"app/{CI}": text, f"app/{DEPLOY}": CALLED}))
    assert "aws:role/live" in found


def test_files_that_call_each_other_in_a_circle_are_read_alone(read: ReadAll) -> None:
    other = caller(on="workflow_call").replace(DEPLOY, CI)
    observed = read({CI: caller(on="workflow_call"), DEPLOY: other})
    assert len(of(Identity, observed)) == 2


def test_calls_that_branch_at_every_level_end(read: ReadAll) -> None:
    files = {}
    for level in range(12):
        jobs = "".join(
            f"  j{n}:\n    uses: ./.github/workflows/w{level + 1}.yml\n    secrets: inherit\n"
            f"    with: {{a: '${{{{ inputs.a }}}}'}}\n"
            for n in range(8)
        )
        files[f".github/workflows/w{level}.yml"] = f"on: workflow_call\njobs:\n{jobs}"
    files[".github/workflows/w12.yml"] = (
        "on: workflow_call\njobs:\n  x:\n    steps:\n      - run: echo ${{ inputs.a }} ${{ secrets.B }}\n"
        "      - uses: actions/checkout@v4\n        with: {ref: '${{ inputs.a }}'}\n"
    )
    assert len(of(Identity, read(files))) == 12 * 8 + 1


def test_a_workflow_that_does_not_lie_here_is_named_as_not_looked_at(read: ReadAll) -> None:
    elsewhere = caller().replace(f"./{DEPLOY}", "acme/ci/.github/workflows/x.yml@v1")
    for files, unread in (({CI: elsewhere}, ["no"]), ({CI: caller()}, ["no"]), ({CI: caller(), DEPLOY: CALLED}, [])):  # fmt: skip
        found = things("Uses", read(files))
        assert [one.settings["looked_at"] for one in found if "looked_at" in one.settings] == unread


def test_who_hands_on_all_secrets_is_told_which_are_read(read: ReadAll) -> None:
    (inherit,) = things("SecretsInherit", read({CI: caller("secrets: inherit"), DEPLOY: CALLED}))
    assert inherit.name == f"call (to {DEPLOY}, which reads TOKEN)"
