"""Agents of Bedrock, and what they have: aliases, tools, knowledge bases, flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.agents.clouds import agent_id
from keymuster.collect.aws.objects import capitalized, told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told
from keymuster.collect.declared import Declared
from keymuster.collect.meanings.aws.names import who
from keymuster.model import Use, UseKind

_DRAFT = "DRAFT"
_GONE = "ResourceNotFoundException"


def agents(ask: Scope) -> Iterator[Told]:
    for listed in ask.pages("bedrock-agent:ListAgents", "agentSummaries"):
        answer = ask.answer("bedrock-agent:GetAgent", _GONE, agentId=listed["agentId"])
        if answer is None:
            continue
        one = answer["agent"]
        agent = told(
            "AWS::Bedrock::Agent", one["agentArn"],
            {
                **capitalized(one), "ActionGroups": [*_tools(ask, one["agentId"])],
                "KnowledgeBases": [*_knowledge(ask, one["agentId"])],
            },
            name=one["agentName"],
        )  # fmt: skip
        yield agent
        yield from _versions(ask, agent, one)


def _tools(ask: Scope, agent: str) -> Iterator[dict[str, Any]]:
    """The action groups of the draft: functions that it calls, with what it may ask of them."""
    for listed in ask.pages(
        "bedrock-agent:ListAgentActionGroups", "actionGroupSummaries",
        agentId=agent, agentVersion=_DRAFT,
    ):  # fmt: skip
        answer = ask.answer(
            "bedrock-agent:GetAgentActionGroup", _GONE,
            agentId=agent, agentVersion=_DRAFT, actionGroupId=listed["actionGroupId"],
        )  # fmt: skip
        if answer is not None:
            yield capitalized(answer["agentActionGroup"], "parentActionGroupSignatureParams")


def _knowledge(ask: Scope, agent: str) -> Iterator[dict[str, Any]]:
    for one in ask.pages(
        "bedrock-agent:ListAgentKnowledgeBases", "agentKnowledgeBaseSummaries",
        agentId=agent, agentVersion=_DRAFT,
    ):  # fmt: skip
        yield capitalized(one)


def _versions(ask: Scope, agent: Declared, draft: dict[str, Any]) -> Iterator[Told]:
    """The roles of the versions that aliases route to: what is called is one of them, not the draft."""
    routed: dict[str, None] = {}
    for alias in ask.pages(
        "bedrock-agent:ListAgentAliases", "agentAliasSummaries", agentId=draft["agentId"]
    ):
        for route in alias.get("routingConfiguration", ()):
            routed[route.get("agentVersion", _DRAFT)] = None
    for version in routed:
        if version == _DRAFT:
            continue
        answer = ask.answer(
            "bedrock-agent:GetAgentVersion", _GONE, agentId=draft["agentId"], agentVersion=version
        )
        role = answer["agentVersion"].get("agentResourceRoleArn", "") if answer else ""
        if role and role != draft.get("agentResourceRoleArn"):
            subject = who(agent, role, "role")
            yield Use(
                id=f"{agent.id}/{version}#AgentResourceRoleArn/{subject}", subject=subject,
                by=agent_id(agent), kind=UseKind.AGENT, location=agent.location,
            )  # fmt: skip


def knowledge_bases(ask: Scope) -> Iterator[Told]:
    for listed in ask.pages("bedrock-agent:ListKnowledgeBases", "knowledgeBaseSummaries"):
        answer = ask.answer(
            "bedrock-agent:GetKnowledgeBase", _GONE, knowledgeBaseId=listed["knowledgeBaseId"]
        )
        if answer is not None:
            one = answer["knowledgeBase"]
            yield told(
                "AWS::Bedrock::KnowledgeBase", one["knowledgeBaseArn"], capitalized(one), one["name"]
            )  # fmt: skip
    for listed in ask.pages("bedrock-agent:ListFlows", "flowSummaries"):
        one = ask.answer("bedrock-agent:GetFlow", _GONE, flowIdentifier=listed["id"])
        if one is not None:
            yield told("AWS::Bedrock::Flow", one["arn"], capitalized(one), one["name"])


SURFACES = (
    Surface(
        name="bedrock-agents",
        calls=(
            "bedrock-agent:ListAgents", "bedrock-agent:GetAgent", "bedrock-agent:ListAgentActionGroups",
            "bedrock-agent:GetAgentActionGroup", "bedrock-agent:ListAgentKnowledgeBases",
            "bedrock-agent:ListAgentAliases", "bedrock-agent:GetAgentVersion",
        ),
        types=("AWS::Bedrock::Agent",),
        look=agents,
    ),
    Surface(
        name="bedrock-knowledge-bases",
        calls=(
            "bedrock-agent:ListKnowledgeBases", "bedrock-agent:GetKnowledgeBase",
            "bedrock-agent:ListFlows", "bedrock-agent:GetFlow",
        ),
        types=("AWS::Bedrock::KnowledgeBase", "AWS::Bedrock::Flow"),
        look=knowledge_bases,
    ),
)  # fmt: skip
