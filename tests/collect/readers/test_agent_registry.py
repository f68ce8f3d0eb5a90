"""The registry of agents among the files of a scan."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_files import of, reading
from keymuster.collect.readers.agent_registry import AgentRegistry
from keymuster.model import Resource
from keymuster.rules.schema import RuleSet
from scans import context


def test_entries_are_resources(rules: RuleSet, tmp_path: Path) -> None:
    read = reading(AgentRegistry, rules, tmp_path, "a/.keymuster/agents.yaml")
    (one,) = of(Resource, read("agents: [{id: helper}]\n"))
    assert (one.type, one.name) == ("agent_registration", "helper")


@pytest.mark.parametrize(
    "path", ["agents.yaml", "x.keymuster/agents.yaml", ".keymuster/other.yaml"]
)
def test_other_files_are_left_alone(rules: RuleSet, tmp_path: Path, path: str) -> None:
    assert not AgentRegistry(context(rules, tmp_path)).reads(path)
