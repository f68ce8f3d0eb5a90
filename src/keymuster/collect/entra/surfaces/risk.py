"""Programs and agents that Microsoft holds for compromised, or for likely to be."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra.objects import of_tenant, part
from keymuster.collect.entra.scope import Scope

_PRINCIPALS = "GET /v1.0/identityProtection/riskyServicePrincipals"
_AGENTS = "GET /beta/identityProtection/riskyAgents"

_OF_PRINCIPAL = (
    "id", "appId", "displayName", "isEnabled", "riskLevel", "riskState", "riskDetail", "riskLastUpdatedDateTime",
    "servicePrincipalType",
)  # fmt: skip
_OF_AGENT = (
    "id", "agentDisplayName", "blueprintId", "identityType", "isEnabled", "isDeleted", "riskLevel", "riskState",
    "riskDetail", "riskLastModifiedDateTime",
)  # fmt: skip


def principals(ask: Scope) -> Iterator[Told]:
    for row in ask.rows(_PRINCIPALS, top=0):
        yield of_tenant(
            ask.account, "microsoft.graph.riskyServicePrincipal", f"riskyServicePrincipals/{row['id']}",
            row.get("displayName"), part(row, _OF_PRINCIPAL),
        )  # fmt: skip


def agents(ask: Scope) -> Iterator[Told]:
    for row in ask.rows(_AGENTS, top=0):
        yield of_tenant(
            ask.account, "microsoft.graph.riskyAgent", f"riskyAgents/{row['id']}",
            row.get("agentDisplayName"), part(row, _OF_AGENT),
        )  # fmt: skip


SURFACES = (
    Surface(
        name="risky-service-principals",
        calls=(_PRINCIPALS,),
        types=("microsoft.graph.riskyServicePrincipal",),
        look=principals,
    ),
    Surface(
        name="risky-agents",
        calls=(_AGENTS,),
        types=("microsoft.graph.riskyAgent",),
        look=agents,
    ),
)
