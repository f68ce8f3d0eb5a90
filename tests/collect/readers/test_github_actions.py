"""Workflows and actions of GitHub Actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_files import Read, of, reading
from keymuster.collect.readers.github_actions import GithubActions
from keymuster.collect.syntax.node import Broken
from keymuster.model import Credential, FileLocation, Grant, Identity, Resource, Storage, Use
from keymuster.rules.schema import RuleSet

DEPLOY = """\
name: Deploy
on: push
permissions:
  contents: read
jobs:
  deploy:
    name: to production
    runs-on: ubuntu-latest
    permissions:
      id-token: write
      contents: read
      issues: none
    env:
      ROLE: arn:aws:iam::123456789012:role/ci/deploy
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: ${{ env.ROLE }}
      - uses: google-github-actions/auth@v2
        with:
          service_account: ci@acme.iam.gserviceaccount.com
      - uses: azure/login@v2
        with:
          client-id: ${{ vars.CLIENT }}
      - run: ./deploy
        env:
          TOKEN: ${{ secrets.DEPLOY_TOKEN }}
          PASSWORD: ${{ secrets.DB_PASSWORD }}
          GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}
"""


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> Read:
    return reading(GithubActions, rules, tmp_path, ".github/workflows/ci.yml")


def steps(*lines: str) -> str:
    head = "on: push\npermissions: {}\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
    return head + "".join(f"      {line}\n" for line in lines)


def settings(type: str, observed: list[object]) -> list[dict[str, object]]:
    return [
        one.settings for one in of(Resource, observed) if one.type == f"GitHub::Actions::{type}"
    ]


def lines(type: str, observed: list[object]) -> list[int]:
    found = [
        one.location for one in of(Resource, observed) if one.type == f"GitHub::Actions::{type}"
    ]
    return [place.line for place in found if isinstance(place, FileLocation)]


def test_a_job_is_an_identity(read: Read) -> None:
    (job,) = of(Identity, read(DEPLOY))
    assert (job.kind, job.provider, job.name, job.purpose) == (
        "workflow_job", "github", "deploy", "to production",
    )  # fmt: skip
    assert job.location.line == 6


def test_the_rights_of_its_token_are_grants(read: Read) -> None:
    grants = of(Grant, read(DEPLOY))
    assert {one.actions[0]: one.location.line for one in grants} == {
        "id-token:write": 10,
        "contents:read": 11,
    }
    assert {one.kind for one in grants} == {"token_scope"}


def test_rights_that_are_not_declared_are_unknown(read: Read) -> None:
    (grant,) = of(Grant, read("on: push\njobs:\n  a:\n    steps:\n      - run: make\n"))
    assert grant.actions == ("${the default of the repository}",)


def test_secrets_are_credentials_by_name(read: Read) -> None:
    secrets = {one.name: one for one in of(Credential, read(DEPLOY))}
    assert set(secrets) == {"DEPLOY_TOKEN", "DB_PASSWORD"}
    assert secrets["DB_PASSWORD"].kind == "password"
    assert {one.storage for one in secrets.values()} == {Storage.CI_VARIABLE}
    assert {one.fingerprint for one in secrets.values()} == {""}
    assert secrets["DEPLOY_TOKEN"].location.line == 27


def test_sign_ins_are_uses_by_the_alias_of_what_is_declared(read: Read) -> None:
    observed = read(DEPLOY)
    (job,) = of(Identity, observed)
    uses = {one.subject: one for one in of(Use, observed)}
    assert uses["aws:role/deploy"].by == job.id
    assert "gcp:ci@acme.iam.gserviceaccount.com" in uses
    assert "azure:${vars.CLIENT}" in uses
    assert "github:secret/DEPLOY_TOKEN" in uses


def test_a_partly_known_role_keeps_its_name(read: Read) -> None:
    role = "arn:aws:iam::${{ vars.ACCOUNT }}:role/ci"
    text = steps(
        "- uses: aws-actions/configure-aws-credentials@v4", "  with:", f"    role-to-assume: {role}"
    )
    assert [one.subject for one in of(Use, read(text))] == ["aws:role/ci"]


@pytest.mark.parametrize("path", ["templates/ci.yaml", "a/.github/workflows/x.yml", "ci.yml"])
def test_workflows_are_known_by_what_they_hold(read: Read, path: str) -> None:
    assert of(Identity, read(DEPLOY, path))


@pytest.mark.parametrize(
    "text",
    [
        "jobs:\n  build:\n    script: make\n",
        "on: push\n",
        "on: x\njobs: [1, 2]\n",
        "a: 1\n---\non: push\njobs:\n  a:\n    steps: []\n",
        "- on: push\n- jobs: x\n",
        "",
    ],
)
def test_other_files_are_left_alone(read: Read, text: str) -> None:
    assert read(text, "values.yaml") == []


def test_a_broken_workflow_is_named_by_its_line(read: Read) -> None:
    with pytest.raises(Broken) as caught:
        read("on: push\njobs:\n  a: [\n")
    assert caught.value.line >= 3
    assert read("on: push\njobs:\n  a: [\n", "templates/x.yml") == []


def test_steps_of_an_action_are_read(read: Read) -> None:
    text = "name: x\nruns:\n  using: composite\n  steps:\n    - run: echo ${{ inputs.a }}\n"
    assert lines("Expansion", read(text, "action.yml")) == [5]
    assert read(text, "other.yml") == []


@pytest.mark.parametrize("style", ["|", ">", "|-", ">-"])
def test_an_expression_has_its_own_line_in_a_block(read: Read, style: str) -> None:
    title = "${{ github.event.issue.title }}"
    text = steps(
        f"- run: {style}", "    echo one", f"    echo {title} \\", "      two", f"    echo {title}"
    )
    assert lines("Expansion", read(text)) == [9, 11]


def test_the_nearest_variable_decides(read: Read) -> None:
    head = steps("- run: echo ${{ env.A }}", "  env:", "    A: fixed", "- run: echo ${{ env.A }}")
    text = head.replace("jobs:", "env:\n  A: ${{ github.head_ref }}\njobs:")
    assert settings("Expansion", read(text)) == [
        {"controlled_by": "anyone", "certainly_code": True}
    ]


def test_variables_that_name_each_other_end(read: Read) -> None:
    text = steps("- run: echo ${{ env.A }}", "  env:", "    A: ${{ env.B }}", "    B: ${{ env.A }}")
    assert [one["controlled_by"] for one in settings("Expansion", read(text))] == ["earlier_step"]


def test_excluded_combinations_of_a_matrix_do_not_run(read: Read) -> None:
    matrix = (
        "on: push\njobs:\n  a:\n    runs-on: ${{ matrix.os }}\n    strategy:\n      matrix:\n"
        "        os: [self-hosted, linux]\n        go: [1, 2]\n        exclude:\n"
        "          - {os: self-hosted, go: 1}\n"
    )
    hosts = [one["hosted_by"] for one in settings("Runner", read(matrix))]
    assert hosts == ["self"]
    both = matrix + "          - {os: self-hosted, go: 2}\n"
    assert [one["hosted_by"] for one in settings("Runner", read(both))] == ["github"]


def test_the_loosest_image_of_a_matrix_counts(read: Read) -> None:
    text = (
        "on: push\njobs:\n  a:\n    container: ${{ matrix.image || '' }}\n    strategy:\n      matrix:\n"
        "        include:\n          - image: a:1\n          - image: a\n"
    )
    assert [one["pin"] for one in settings("Image", read(text))] == ["none"]
    assert [
        one["pin"] for one in settings("Image", read(text.replace("image: a\n", "image: a:2\n")))
    ] == ["tag"]


@pytest.mark.parametrize(
    ("ref", "pin"),
    [
        ("@" + "0" * 40, "hash"),
        ("@v1", "tag"),
        ("@1.2.3-rc.1", "tag"),
        ("@main", "branch"),
        ("@release/v1", "branch"),
        ("", "none"),
    ],
)
def test_a_ref_is_a_commit_a_tag_or_a_branch(read: Read, ref: str, pin: str) -> None:
    assert [one["pin"] for one in settings("Uses", read(steps(f"- uses: acme/build{ref}")))] == [
        pin
    ]


@pytest.mark.parametrize("local", ["./.github/actions/x", "$/.github/actions/x", "../x"])
def test_what_lies_in_the_repository_needs_no_pin(read: Read, local: str) -> None:
    assert settings("Uses", read(steps(f"- uses: {local}"))) == []


@pytest.mark.parametrize(
    "setting",
    [
        [
            "- uses: actions/setup-node@v4",
            "  with:",
            "    registry-url: https://npm.pkg.github.com",
            "- run: npm publish",
        ],
        ["- run: npm publish", "  env:", "    NPM_CONFIG_REGISTRY: https://npm.example.com"],
    ],
)
def test_a_package_that_goes_to_a_registry_of_ours_is_not_published(
    read: Read, setting: list[str]
) -> None:
    assert settings("Publishing", read(steps(*setting))) == []
    assert settings("Publishing", read(steps("- run: npm publish"))) == [{"trusted": False}]


def test_passwords_of_registries_are_credentials_without_their_text(read: Read) -> None:
    word = "open" + "sesame"
    text = (
        "on: push\njobs:\n  a:\n    container:\n      image: x:1\n      credentials:\n"
        f"        username: ci\n        password: {word}\n"
    )
    observed = read(text)
    (one,) = of(Credential, observed)
    assert (one.kind, one.storage, one.location.line) == ("password", Storage.TREE, 8)
    assert one.fingerprint
    assert word not in repr(observed)


def test_a_staged_change_is_only_judged_where_it_is(read: Read) -> None:
    text = steps("- run: echo ${{ github.head_ref }}", "- run: echo ${{ github.head_ref }}")
    assert lines("Expansion", read(text, changed=[(8, 8)])) == [8]


def test_the_name_of_a_finding_does_not_move_with_its_line(read: Read) -> None:
    before = steps("- id: b", "  run: echo ${{ github.head_ref }}")
    after = steps("- run: make", "- id: b", "  run: echo ${{ github.head_ref }}")
    ids = [
        [one.id for one in of(Resource, read(text)) if one.type.endswith("Expansion")]
        for text in (before, after)
    ]
    assert ids[0] == ids[1]


PUBLIC = ".".join(("registry", "npmjs", "org"))


@pytest.mark.parametrize(
    ("given", "published"),
    [
        (f"registry-url: https://{PUBLIC}, always-auth: true", True),
        (f"registry-url: https://{PUBLIC}", False),
        ("registry-url: https://npm.example.com, always-auth: true", False),
        ("always-auth: true", False),
    ],
)
def test_a_set_up_registry_may_demand_a_stored_token(
    read: Read, given: str, published: bool
) -> None:
    text = steps(f"- uses: actions/setup-node@v4\n        with: {{{given}}}")
    assert bool(settings("Publishing", read(text))) == published


@pytest.mark.parametrize(("ref", "restores"), [("v4", False), ("v5", True), ("v6.1.0", True)])
def test_a_later_setup_of_node_keeps_a_cache_by_itself(
    read: Read, ref: str, restores: bool
) -> None:
    text = steps(f"- uses: actions/setup-node@{ref}", "- uses: pypa/gh-action-pypi-publish@v1")
    assert settings("Cache", read(text))[0]["restores"] == restores


def test_the_image_of_an_action_is_read(read: Read) -> None:
    text = "name: x\nruns:\n  using: docker\n  image: docker://alpine:3\n"
    observed = read(text, "action.yml")
    assert (settings("Image", observed)[0]["pin"], lines("Image", observed)) == ("tag", [4])


@pytest.mark.parametrize(
    ("job", "unasked"),
    [
        ("permissions: {contents: write}", True),
        ("permissions: {contents: read}", False),
        ("if: github.event.comment.author_association == 'OWNER'", False),
        ("env: {A: '${{ secrets.A }}'}\n    permissions: {}", True),
    ],
)
def test_a_comment_starts_what_asks_for_nobody(read: Read, job: str, unasked: bool) -> None:
    text = f"on: issue_comment\njobs:\n  a:\n    {job}\n    steps:\n      - run: x\n"
    assert settings("Trigger", read(text))[0]["reaches_secrets_unasked"] == unasked
