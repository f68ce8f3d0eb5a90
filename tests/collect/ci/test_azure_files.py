"""Pipelines of Azure DevOps that take in templates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ci_files import of, reading_all
from keymuster.collect.base import Observed
from keymuster.collect.readers.azure_pipelines import AzurePipelines
from keymuster.model import FileLocation, Identity, Resource, Trouble, Use
from keymuster.rules.schema import RuleSet

ReadAll = Callable[[dict[str, str]], list[Observed]]

MAIN = "azure-pipelines.yml"
LOGIN = """\
parameters:
  - name: connection
    default: nobody
  - name: before
    type: stepList
    default: []
steps:
  - ${{ each step in parameters.before }}:
      - ${{ step }}
  - task: AzureCLI@2
    inputs:
      azureSubscription: ${{ parameters.connection }}
      inlineScript: az group list
  - script: deploy $(DEPLOY_TOKEN)
"""
JOBS = """\
parameters: {where: dev}
jobs:
  - job: ${{ parameters.where }}
    steps:
      - template: login.yml
        parameters:
          connection: to-${{ parameters.where }}
"""


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> ReadAll:
    return reading_all(AzurePipelines, rules, tmp_path)


def uses(job: str, observed: list[Observed]) -> set[str]:
    found = (one.subject for one in of(Use, observed) if one.by == f"azure-pipelines:{job}")
    return {one.removeprefix("azure-devops:") for one in found}


def jobs(observed: list[Observed]) -> dict[str, str]:
    return {
        one.name: f"{one.location.path}:{one.location.line}"
        for one in of(Identity, observed)
        if isinstance(one.location, FileLocation)
    }


def test_steps_of_a_template_are_those_of_the_job(read: ReadAll) -> None:
    main = "pool: x\njobs:\n  - job: one\n    steps:\n      - template: ci/login.yml\n        parameters: {connection: live}\n"
    observed = read({MAIN: main, "ci/login.yml": LOGIN})
    assert jobs(observed) == {"one": f"{MAIN}:3"}
    assert uses(f"{MAIN}:one", observed) == {"service-connection/live", "secret/DEPLOY_TOKEN"}


def test_a_parameter_that_is_not_given_is_what_it_is_by_itself(read: ReadAll) -> None:
    main = "pool: x\nsteps:\n  - template: /ci/login.yml\n"
    observed = read({MAIN: main, "ci/login.yml": LOGIN})
    assert "service-connection/nobody" in uses(f"{MAIN}:pipeline", observed)


def test_templates_of_templates_start_at_their_own_folder(read: ReadAll) -> None:
    main = "trigger: x\njobs:\n  - template: ci/jobs.yml\n    parameters: {where: live}\n"
    observed = read({MAIN: main, "ci/jobs.yml": JOBS, "ci/login.yml": LOGIN})
    assert jobs(observed) == {"live": "ci/jobs.yml:3"}
    assert "service-connection/to-live" in uses("ci/jobs.yml:live", observed)


def test_a_pipeline_extends_a_template(read: ReadAll) -> None:
    main = "trigger: x\nextends:\n  template: ci/jobs.yml@self\n  parameters: {where: live}\n"
    observed = read({MAIN: main, "ci/jobs.yml": JOBS, "ci/login.yml": LOGIN})
    assert list(jobs(observed)) == ["live"]


def test_what_is_inserted_on_a_condition_counts(read: ReadAll) -> None:
    main = (
        "trigger: x\njobs:\n  - ${{ if eq(variables.x, 'y') }}:\n      - template: ci/jobs.yml\n"
        "  - job: two\n    steps: []\n"
    )
    observed = read({MAIN: main, "ci/jobs.yml": JOBS, "ci/login.yml": LOGIN})
    assert set(jobs(observed)) == {"dev", "two"}


def test_variables_of_a_template_are_set(read: ReadAll) -> None:
    main = "pool: x\nvariables:\n  - template: vars.yml\nsteps:\n  - script: x $(DEPLOY_TOKEN)\n"
    observed = read({MAIN: main, "vars.yml": "variables:\n  DEPLOY_TOKEN: $(Build.BuildId)\n"})
    assert "secret/DEPLOY_TOKEN" not in uses(f"{MAIN}:pipeline", observed)


def test_a_template_of_another_repository_is_named_as_not_looked_at(read: ReadAll) -> None:
    main = (
        "resources:\n  repositories:\n    - repository: shared\n      name: acme/ci\nsteps:\n"
        "  - template: x.yml@shared\n  - script: a\n"
    )
    (one,) = [each for each in of(Resource, read({MAIN: main})) if each.type.endswith("Repository")]
    assert one.settings["looked_at"] == "no"


def test_templates_that_take_each_other_in_end(read: ReadAll) -> None:
    files = {
        MAIN: "pool: x\nsteps:\n  - template: a.yml\n",
        "a.yml": "steps:\n  - script: a\n  - template: b.yml\n  - template: b.yml\n",
        "b.yml": "steps:\n  - script: b\n  - template: a.yml\n  - template: a.yml\n",
    }
    observed = read(files)
    assert jobs(observed) or [one.scope for one in of(Trouble, observed)] == [MAIN]
