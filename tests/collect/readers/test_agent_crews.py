"""Agents of CrewAI in YAML."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from keymuster.collect.readers.agent_crews import AgentCrews
from keymuster.model import Credential, Identity, IdentityKind, Resource, Use
from keymuster.rules.schema import RuleSet
from reading import only, read, structures, survives

CREW = """\
researcher:
  role: >
    Researcher
  goal: >
    Find out
    everything
  backstory: You read.
  llm:
    model: gpt-4o
    api_key: ${RESEARCH_API_KEY}
  tools: [search]
writer:
  role: Writer
  goal: Write it down
"""
PATH = "crew/config/agents.yaml"


def test_each_is_an_agent_with_its_goal_and_its_key(rules: RuleSet) -> None:
    observed = read(AgentCrews, PATH, CREW, rules)
    found = only(Identity, observed)
    assert [(one.id, one.kind, one.purpose, one.location.line) for one in found] == [  # type: ignore[union-attr]
        (f"agent:crewai:{PATH}:researcher", IdentityKind.AGENT, "Find out everything", 1),
        (f"agent:crewai:{PATH}:writer", IdentityKind.AGENT, "Write it down", 12),
    ]
    assert [one.name for one in only(Credential, observed)] == ["RESEARCH_API_KEY"]
    assert [one.by for one in only(Use, observed)] == [found[0].id]


def test_code_outside_of_a_container_is_told(rules: RuleSet) -> None:
    text = "a:\n  role: A\n  goal: G\n  allow_code_execution: true\n  code_execution_mode: unsafe\n"
    found = [one for one in only(Resource, read(AgentCrews, PATH, text, rules)) if one.type == "agent_tool"]  # fmt: skip
    assert [one.location.line for one in found] == [4]  # type: ignore[union-attr]


def test_other_files_of_this_name_are_left_alone() -> None:
    assert read(AgentCrews, "agents.yaml", "agents:\n  - role: admin\n    goal: x\n") == []
    assert read(AgentCrews, "agents.yaml", "role: [goal\n") == []
    assert read(AgentCrews, "crew.yaml", CREW) == []


@settings(max_examples=60)
@given(structures("role", "goal", "backstory", "llm", "api_key", "tools", "mcps", "allow_code_execution"))  # fmt: skip
def test_anything_may_stand_there(rules: RuleSet, value: Any) -> None:
    survives(AgentCrews, PATH, value, rules)
    survives(AgentCrews, PATH, {"a": {"role": value, "goal": value, "llm": value, "tools": value, "mcps": value}}, rules)  # fmt: skip
