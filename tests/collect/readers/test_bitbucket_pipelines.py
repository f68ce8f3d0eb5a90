"""Pipelines of Bitbucket."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_files import Read, of, reading
from keymuster.collect.readers.bitbucket_pipelines import BitbucketPipelines
from keymuster.model import Credential, Identity, Resource, Use
from keymuster.rules.schema import RuleSet

PIPELINE = """\
image:
  name: acme/build:1
  aws:
    access-key: $ID
    secret-key: $KEY
definitions:
  steps:
    - step: &test
        name: test
        script: [make test]
pipelines:
  default:
    - step: *test
    - step:
        name: deploy
        oidc: true
        script:
          - export AWS_ROLE=x
          - pipe: atlassian/aws-s3-deploy:1.1.0
            variables:
              AWS_OIDC_ROLE_ARN: arn:aws:iam::123456789012:role/deploy
              TOKEN: $DEPLOY_TOKEN
          - pipe: docker://acme/send
"""


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> Read:
    return reading(BitbucketPipelines, rules, tmp_path, "bitbucket-pipelines.yml")


def test_steps_are_identities(read: Read) -> None:
    assert [one.name for one in of(Identity, read(PIPELINE))] == ["test", "test", "deploy"]


def test_a_step_uses_its_role_and_its_secrets(read: Read) -> None:
    observed = read(PIPELINE)
    assert "aws:role/deploy" in {one.subject for one in of(Use, observed)}
    assert "DEPLOY_TOKEN" in {one.name for one in of(Credential, observed)}


def test_pipes_images_and_keys_are_told(read: Read) -> None:
    found = {(one.type, one.name): one for one in of(Resource, read(PIPELINE))}
    pipe = found["Bitbucket::Pipelines::Pipe", "docker://acme/send"]
    assert pipe.settings["pin"] == "none"
    assert found["Bitbucket::Pipelines::Image", "acme/build:1"].location.line == 2
    assert found["Bitbucket::Pipelines::CloudKey", "secret-key"].location.line == 3


def test_other_files_are_left_alone(read: Read) -> None:
    assert read("a: 1\n") == []
