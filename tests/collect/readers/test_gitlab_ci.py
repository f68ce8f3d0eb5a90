"""Pipelines of GitLab CI."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_files import Read, of, reading
from keymuster.collect.readers.gitlab_ci import GitlabCi
from keymuster.collect.syntax.node import Broken
from keymuster.model import Credential, Identity, Resource, Storage, Use
from keymuster.rules.schema import RuleSet

PIPELINE = """\
stages: [build]
include:
  - local: ci/x.yml
  - project: acme/ci
    file: x.yml
    ref: main
  - component: gitlab.com/acme/c@1.2.3
default:
  image: $IMAGE
variables:
  SHARED_TOKEN: $OTHER
.hidden:
  script: make
deploy:
  stage: build
  image: acme/deploy:1.0
  variables:
    AWS_ROLE_ARN: arn:aws:iam::123456789012:role/deploy
  script:
    - echo $DEPLOY_TOKEN $SHARED_TOKEN $CI_JOB_TOKEN
    - |
      make
      gcloud auth activate-service-account --key-file k.json
"""


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> Read:
    return reading(GitlabCi, rules, tmp_path, ".gitlab-ci.yml")


def resources(type: str, observed: list[object]) -> list[Resource]:
    return [one for one in of(Resource, observed) if one.type == f"GitLab::CI::{type}"]


def test_jobs_are_identities_and_templates_are_none(read: Read) -> None:
    assert [(one.name, one.location.line) for one in of(Identity, read(PIPELINE))] == [
        ("deploy", 14)
    ]


def test_variables_that_the_file_does_not_set_are_secrets_by_name(read: Read) -> None:
    assert [one.name for one in of(Credential, read(PIPELINE))] == ["DEPLOY_TOKEN"]


def test_a_role_is_used_by_its_alias(read: Read) -> None:
    assert "aws:role/deploy" in {one.subject for one in of(Use, read(PIPELINE))}


def test_a_key_in_a_script_has_its_line(read: Read) -> None:
    assert [one.location.line for one in resources("CloudKey", read(PIPELINE))] == [23]


def test_includes_have_their_pin(read: Read) -> None:
    pins = {one.name: one.settings["pin"] for one in resources("Include", read(PIPELINE))}
    assert pins == {"acme/ci": "branch", "gitlab.com/acme/c@1.2.3": "tag"}


def test_images_that_a_variable_names_are_undecided(read: Read) -> None:
    pins = {one.name: one.settings["pin"] for one in resources("Image", read(PIPELINE))}
    assert pins == {"$IMAGE": "undecided", "acme/deploy:1.0": "tag"}


def test_a_secret_in_a_variable_is_a_credential_without_its_text(read: Read) -> None:
    word = "s3cr3t-" + "blue-whale"
    observed = read(
        f"stages: [a]\nvariables:\n  DB_PASSWORD: {word}\n  A_TOKEN_URL: {word}\na:\n  script: x\n"
    )
    (one,) = of(Credential, observed)
    assert (one.name, one.storage, one.location.line) == ("DB_PASSWORD", Storage.TREE, 3)
    assert word not in repr(observed)


@pytest.mark.parametrize(
    "value", ["$OTHER", "password", "/run/secrets/x", "short1", "changeme-please", "true"]
)
def test_references_words_and_placeholders_are_none(read: Read, value: str) -> None:
    assert (
        of(Credential, read(f"stages: [a]\nvariables:\n  DB_PASSWORD: {value}\na:\n  script: x\n"))
        == []
    )


@pytest.mark.parametrize(
    "text",
    ["jobs:\n  a:\n    script: x\nstages: []\n", "a:\n  script: x\n", "stages: []\n", "x: 1\n"],
)
def test_other_files_are_left_alone(read: Read, text: str) -> None:
    assert read(text, "values.yml") == []


def test_a_broken_pipeline_is_named(read: Read) -> None:
    with pytest.raises(Broken):
        read("stages: [\na:\n  script: x\n")
