"""Pipelines of Azure DevOps."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_files import Read, of, reading
from keymuster.collect.readers.azure_pipelines import AzurePipelines
from keymuster.model import Credential, Identity, Resource, Use
from keymuster.rules.schema import RuleSet

PIPELINE = """\
trigger: [main]
resources:
  repositories:
    - repository: templates
      type: git
      name: Acme/templates
      ref: refs/tags/v1
variables:
  - name: OWN_TOKEN
    value: $(other)
stages:
  - stage: deploy
    jobs:
      - deployment: web
        container:
          image: acme/build
        steps:
          - checkout: self
            persistCredentials: true
          - task: AzureCLI@2
            inputs:
              azureSubscription: production
          - bash: |
              make
              echo "##vso[task.setvariable variable=k;isSecret=true]$K"
            env:
              A: $(DEPLOY_TOKEN)
              B: $(OWN_TOKEN)
              AWS_SECRET_ACCESS_KEY: $(key)
"""


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> Read:
    return reading(AzurePipelines, rules, tmp_path, "azure-pipelines.yml")


def places(type: str, observed: list[object]) -> list[int]:
    return [
        one.location.line
        for one in of(Resource, observed)
        if one.type == f"Azure::Pipelines::{type}"
    ]


def test_deployments_are_identities(read: Read) -> None:
    assert [one.name for one in of(Identity, read(PIPELINE))] == ["web"]


def test_a_pipeline_without_jobs_is_one(read: Read) -> None:
    assert [one.name for one in of(Identity, read("pool: x\nsteps:\n  - script: make\n"))] == [
        "pipeline"
    ]


def test_service_connections_are_used(read: Read) -> None:
    subjects = {one.subject for one in of(Use, read(PIPELINE))}
    assert "azure-devops:service-connection/production" in subjects


def test_variables_that_the_file_does_not_set_are_secrets_by_name(read: Read) -> None:
    assert [one.name for one in of(Credential, read(PIPELINE))] == ["DEPLOY_TOKEN"]


def test_objects_stand_where_they_are_written(read: Read) -> None:
    observed = read(PIPELINE)
    assert places("Repository", observed) == [7]
    assert places("Image", observed) == [16]
    assert places("Checkout", observed) == [19]
    assert places("SecretVariable", observed) == [25]
    assert places("CloudKey", observed) == [29]


@pytest.mark.parametrize("path", ["deploy/build.yml", "a.yaml"])
def test_pipelines_are_known_by_their_tasks(read: Read, path: str) -> None:
    assert of(Identity, read(PIPELINE, path))
    assert read("steps:\n  - script: make\n", path) == []
