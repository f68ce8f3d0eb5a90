"""Pipelines of CircleCI."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_files import Read, of, reading
from keymuster.collect.readers.circleci import CircleCi
from keymuster.model import Credential, Identity, Resource, Use
from keymuster.rules.schema import RuleSet

PIPELINE = """\
version: 2.1
orbs:
  a: acme/a@1.2.3
  b: acme/b@2
  c: acme/c@dev:first
jobs:
  deploy:
    docker:
      - image: cimg/base:2024.01
    environment:
      MODE: fast
    steps:
      - run:
          command: |
            make
            gcloud auth activate-service-account --key-file k.json
      - run: echo $DEPLOY_TOKEN
      - a/setup:
          role_arn: arn:aws:iam::123456789012:role/deploy
workflows:
  all:
    jobs:
      - deploy:
          context: [production, shared]
          filters:
            branches:
              ignore: dev
"""


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> Read:
    return reading(CircleCi, rules, tmp_path, ".circleci/config.yml")


def resources(type: str, observed: list[object]) -> list[Resource]:
    return [one for one in of(Resource, observed) if one.type == f"CircleCI::{type}"]


def test_jobs_are_identities_that_use_contexts_and_roles(read: Read) -> None:
    observed = read(PIPELINE)
    (job,) = of(Identity, observed)
    uses = {one.subject for one in of(Use, observed) if one.by == job.id}
    assert uses >= {"circleci:context/production", "circleci:context/shared", "aws:role/deploy"}
    assert [one.name for one in of(Credential, observed)] == ["DEPLOY_TOKEN"]


def test_orbs_have_their_pin(read: Read) -> None:
    pins = [one.settings["pin"] for one in resources("Orb", read(PIPELINE))]
    assert pins == ["exact", "major", "dev"]


def test_a_context_that_ignores_a_branch_is_on_every_other(read: Read) -> None:
    uses = resources("ContextUse", read(PIPELINE))
    assert [one.settings["limited_to_branches"] for one in uses] == [False, False]
    limited = read(PIPELINE.replace("ignore: dev", "only: main"))
    assert [one.settings["limited_to_branches"] for one in resources("ContextUse", limited)] == [
        True
    ] * 2


def test_a_key_in_a_script_has_its_line(read: Read) -> None:
    assert [one.location.line for one in resources("CloudKey", read(PIPELINE))] == [16]


def test_other_files_in_the_folder_are_left_alone(read: Read) -> None:
    assert read("a: 1\n") == []


PARTS = """\
version: 2.1
setup: true
executors:
  big:
    docker:
      - image: acme/x:1
        auth: {username: u, password: $REGISTRY_PASSWORD}
orbs:
  own:
    commands:
      push:
        steps:
          - run: push $PUSH_TOKEN
    jobs:
      ship:
        steps: [push]
commands:
  login:
    parameters:
      role: {type: string, default: arn:aws:iam::123456789012:role/default}
    steps:
      - aws-cli/setup:
          role_arn: << parameters.role >>
      - when:
          condition: true
          steps: [own/push]
jobs:
  deploy:
    executor: big
    parameters:
      role: {type: string}
    steps:
      - login: {role: << parameters.role >>}
  test:
    steps: [login]
workflows:
  all:
    jobs:
      - deploy: {role: "arn:aws:iam::123456789012:role/live"}
      - deploy: {role: "arn:aws:iam::123456789012:role/dev"}
      - test
      - own/ship: {context: publishing}
"""


def _becomes(job: str, observed: list[object]) -> set[str]:
    return {one.subject for one in of(Use, observed) if one.by.endswith(f":{job}")}


@pytest.mark.parametrize(
    ("job", "used"),
    [
        (
            "deploy",
            {
                "aws:role/live", "aws:role/dev", "circleci:secret/PUSH_TOKEN",
                "circleci:secret/REGISTRY_PASSWORD",
            },
        ),
        ("test", {"aws:role/default", "circleci:secret/PUSH_TOKEN"}),
        ("own/ship", {"circleci:secret/PUSH_TOKEN", "circleci:context/publishing"}),
    ],
)  # fmt: skip
def test_a_job_has_what_its_commands_and_its_executor_have(
    read: Read, job: str, used: set[str]
) -> None:
    assert _becomes(job, read(PARTS)) == used


def test_commands_that_call_each_other_end(read: Read) -> None:
    text = "version: 2.1\ncommands:\n  a: {steps: [b, b]}\n  b: {steps: [a, a]}\njobs:\n  x: {steps: [a]}\n"
    assert [one.name for one in of(Identity, read(text))] == ["x"]


def test_a_configuration_to_continue_with_may_lie_anywhere(read: Read) -> None:
    assert _becomes("test", read(PARTS, "ci/continued.yml"))
    assert not read(PARTS.replace("workflows:", "flows:"), "ci/continued.yml")
