from __future__ import annotations

from asking_aws import ACCOUNT, answering, objects, records
from keymuster.model import Identity, IdentityKind, Use
from keymuster.rules.schema import RuleSet
from reading import only

ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
ARN = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:agent/AAAAAAAAAA"


def agent(**more: object) -> dict[str, object]:
    return {
        "agentId": "AAAAAAAAAA", "agentName": "support", "agentArn": ARN, "agentStatus": "PREPARED",
        "idleSessionTTLInSeconds": 600, "agentResourceRoleArn": f"{ROLE}draft", "createdAt": 1,
        "updatedAt": 1, "description": "Answers customers", **more,
    }  # fmt: skip


def test_an_agent_acts_as_the_roles_of_its_draft_and_of_what_is_routed_to(rules: RuleSet) -> None:
    summary = {
        "agentId": "AAAAAAAAAA", "agentName": "support", "agentStatus": "PREPARED", "updatedAt": 1,
    }  # fmt: skip
    group = {
        "agentId": "AAAAAAAAAA", "agentVersion": "DRAFT", "actionGroupId": "GGGGGGGGGG",
        "actionGroupName": "tickets", "actionGroupState": "ENABLED", "createdAt": 1, "updatedAt": 1,
        "actionGroupExecutor": {"lambda": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:tickets"},
    }  # fmt: skip
    alias = {
        "agentAliasId": "LLLLLLLLLL", "agentAliasName": "live", "agentAliasStatus": "PREPARED",
        "createdAt": 1, "updatedAt": 1,
        "routingConfiguration": [{"agentVersion": "1"}],
    }  # fmt: skip
    version = agent(version="1", agentResourceRoleArn=f"{ROLE}first")
    with answering(
        "bedrock-agents",
        ("list_agents", {"agentSummaries": [summary]}),
        ("get_agent", {"agent": agent(agentVersion="DRAFT")}),
        (
            "list_agent_action_groups",
            {
                "actionGroupSummaries": [
                    {
                        "actionGroupId": "GGGGGGGGGG", "actionGroupName": "tickets",
                        "actionGroupState": "ENABLED", "updatedAt": 1,
                    }
                ]
            },
        ),
        ("get_agent_action_group", {"agentActionGroup": group}),
        ("list_agent_knowledge_bases", {"agentKnowledgeBaseSummaries": []}),
        ("list_agent_aliases", {"agentAliasSummaries": [alias]}),
        ("get_agent_version", {"agentVersion": version}),
    ) as ask:  # fmt: skip
        told = [*ask.surface.look(ask)]
        assert [*ask.troubles()] == []
    found = records(told, rules)
    [identity] = only(Identity, found)
    assert (identity.kind, identity.name, identity.purpose) == (
        IdentityKind.AGENT, "support", "Answers customers",
    )  # fmt: skip
    assert [(one.by, one.subject) for one in only(Use, found)] == [
        (f"{ARN}#agent", f"aws:{ACCOUNT}:role/draft"),
        (f"{ARN}#agent", f"aws:{ACCOUNT}:role/first"),
    ]


def test_knowledge_bases_and_flows_have_roles(rules: RuleSet) -> None:
    base = {
        "knowledgeBaseId": "KKKKKKKKKK", "name": "manuals", "roleArn": f"{ROLE}reader",
        "knowledgeBaseArn": f"arn:aws:bedrock:us-east-1:{ACCOUNT}:knowledge-base/KKKKKKKKKK",
        "knowledgeBaseConfiguration": {"type": "VECTOR"}, "status": "ACTIVE", "createdAt": 1,
        "updatedAt": 1,
    }  # fmt: skip
    flow = {
        "name": "flow", "id": "FFFFFFFFFF", "executionRoleArn": f"{ROLE}flow", "status": "Prepared",
        "arn": f"arn:aws:bedrock:us-east-1:{ACCOUNT}:flow/FFFFFFFFFF", "createdAt": 1, "updatedAt": 1,
        "version": "DRAFT",
    }  # fmt: skip
    listed = {key: base[key] for key in ("knowledgeBaseId", "name", "status", "updatedAt")}
    with answering(
        "bedrock-knowledge-bases",
        ("list_knowledge_bases", {"knowledgeBaseSummaries": [listed]}),
        ("get_knowledge_base", {"knowledgeBase": base}),
        (
            "list_flows",
            {"flowSummaries": [{k: v for k, v in flow.items() if k != "executionRoleArn"}]},
        ),
        ("get_flow", flow),
    ) as ask:
        found = records([one for some in objects(ask).values() for one in some], rules)
    assert [one.subject for one in only(Use, found)] == [
        f"aws:{ACCOUNT}:role/reader", f"aws:{ACCOUNT}:role/flow",
    ]  # fmt: skip
