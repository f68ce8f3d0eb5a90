from __future__ import annotations

from keymuster.analysis.aws_registry import facts
from keymuster.inventory.build import build
from keymuster.model import Identity, IdentityKind, ServiceLocation
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings


def agent(id: str, name: str, account: str = "1", **tags: str) -> Identity:
    return Identity(
        id=id, kind=IdentityKind.AGENT, provider="bedrock", name=name, tags=tags,
        location=ServiceLocation(service="aws", account=account, resource=id),
    )  # fmt: skip


def test_agents_are_what_the_registry_of_their_account_says(rules: RuleSet) -> None:
    found = facts(
        build(
            [
                agent("record", "support", registry="approved"), agent("a", "support"),
                agent("b", "sales"), agent("c", "support", account="2"),
            ]
        ),
        Settings(), rules,
    )  # fmt: skip
    assert found == {"a": {"cloud_registry": "approved"}, "b": {"cloud_registry": "missing"}}
