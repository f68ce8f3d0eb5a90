"""Jenkinsfiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_files import Read, of, reading
from keymuster.collect.readers.jenkinsfile import Jenkinsfile
from keymuster.model import Credential, Identity, Resource, Storage, Use
from keymuster.rules.schema import RuleSet

PIPELINE = """\
@Library('shared@main') _
pipeline {
  agent { docker { image 'acme/build:1' } }
  environment {
    TOKEN = credentials('deploy-token')
    // OLD = credentials('old-token')
  }
  stages {
    stage('x') {
      steps {
        withCredentials([usernamePassword(credentialsId: 'registry', passwordVariable: 'PASS')]) {
          sh "docker login -p ${PASS}"
          sh 'docker login -p $PASS'
          sh \"\"\"
            make
            curl -H $TOKEN
          \"\"\"
        }
        withAWS(role: 'deploy', roleAccount: '123456789012') { sh 'make' }
        withAWS(credentials: 'aws-key') { sh 'make' }
      }
    }
  }
}
"""


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> Read:
    return reading(Jenkinsfile, rules, tmp_path, "ci/Jenkinsfile")


def places(type: str, observed: list[object]) -> list[int]:
    return [one.location.line for one in of(Resource, observed) if one.type == f"Jenkins::{type}"]


def test_a_pipeline_is_an_identity_with_credentials_by_their_ids(read: Read) -> None:
    observed = read(PIPELINE)
    (one,) = of(Identity, observed)
    assert one.provider == "jenkins"
    assert [one.name for one in of(Credential, observed)] == ["deploy-token", "registry"]
    assert {one.storage for one in of(Credential, observed)} == {Storage.CI_VARIABLE}
    assert "aws:role/deploy" in {one.subject for one in of(Use, observed)}


def test_secrets_in_double_quotation_marks_are_put_in_by_groovy(read: Read) -> None:
    assert places("Interpolation", read(PIPELINE)) == [12, 16]


def test_objects_stand_where_they_are_written(read: Read) -> None:
    observed = read(PIPELINE)
    assert places("Library", observed) == [1]
    assert places("Image", observed) == [3]
    assert places("CloudKey", observed) == [20]


def test_scripted_pipelines_are_read(read: Read) -> None:
    text = "node('linux') {\n  withCredentials([string(credentialsId: 'a', variable: 'A')]) { sh 'x' }\n}\n"
    assert [one.name for one in of(Credential, read(text))] == ["a"]


def test_a_secret_in_a_variable_is_a_credential_without_its_text(read: Read) -> None:
    word = "s3cr3t-" + "blue-whale"
    observed = read(f"pipeline {{\n  environment {{\n    DB_PASSWORD = '{word}'\n  }}\n}}\n")
    (one,) = of(Credential, observed)
    assert (one.name, one.location.line, one.storage) == ("DB_PASSWORD", 3, Storage.TREE)
    assert word not in repr(observed)


def test_other_files_are_left_alone(read: Read) -> None:
    assert read("just some words\n") == []
