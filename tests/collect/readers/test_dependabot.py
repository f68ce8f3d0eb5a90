"""Settings of Dependabot."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_files import Read, of, reading
from keymuster.collect.readers.dependabot import Dependabot
from keymuster.model import Credential, Resource, Storage
from keymuster.rules.schema import RuleSet

SETTINGS = """\
version: 2
registries:
  npm:
    type: npm-registry
    token: ${{ secrets.NPM_TOKEN }}
updates:
  - package-ecosystem: bundler
    insecure-external-code-execution: allow
"""


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> Read:
    return reading(Dependabot, rules, tmp_path, ".github/dependabot.yml")


def test_secrets_of_registries_are_credentials_by_name(read: Read) -> None:
    (one,) = of(Credential, read(SETTINGS))
    assert (one.name, one.storage, one.location.line) == ("NPM_TOKEN", Storage.CI_VARIABLE, 5)


def test_a_password_of_a_registry_is_a_credential_without_its_text(read: Read) -> None:
    word = "r3gistry-" + "open-sesame"
    observed = read(SETTINGS.replace("${{ secrets.NPM_TOKEN }}", word))
    (one,) = of(Credential, observed)
    assert one.storage is Storage.TREE
    assert word not in repr(observed)


def test_an_update_that_runs_code_stands_at_its_line(read: Read) -> None:
    assert [one.location.line for one in of(Resource, read(SETTINGS))] == [8]


def test_other_files_are_left_alone(read: Read) -> None:
    assert read("a: 1\n") == []
