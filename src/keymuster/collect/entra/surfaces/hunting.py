"""What Microsoft Defender has seen of agents that people make, and of the permissions that programs use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra.objects import of_tenant, part
from keymuster.collect.entra.scope import Scope

_HUNT = "POST /v1.0/security/runHuntingQuery"
_MOST_ROWS = 10_000
"""A query has no more rows than these."""

_OF_AGENT = (
    "AgentId", "AgentName", "Platform", "AgentDescription", "EntraAgentId", "EntraBlueprintId", "PublishedStatus",
    "LifecycleStatus", "Availability", "CreatedDateTime", "LastPublishedDateTime", "LastUpdatedDateTime", "Owners",
    "SharedWith", "McpServers", "DeclaredTools", "Instructions",
)  # fmt: skip
_OF_PROGRAM = (
    "OAuthAppId", "ServicePrincipalId", "AppName", "PrivilegeLevel", "VerifiedPublisher", "Permissions",
    "LastUsedTime", "ConsentedUsersCount", "IsAdminConsented", "AppOrigin",
)  # fmt: skip


def agents(ask: Scope) -> Iterator[Told]:
    yield from _hunted(
        ask, "AgentsInfo", "AgentId", "AgentName", _OF_AGENT, "LifecycleStatus != 'Deleted'"
    )


def programs(ask: Scope) -> Iterator[Told]:
    yield from _hunted(
        ask, "OAuthAppInfo", "OAuthAppId", "AppName", _OF_PROGRAM, "AppStatus != 'Deleted'"
    )


def _hunted(
    ask: Scope, table: str, key: str, name: str, fields: tuple[str, ...], where: str
) -> Iterator[Told]:
    """The newest row about each."""
    query = (
        f"{table} | summarize arg_max(Timestamp, *) by {key} | where {where} | project {', '.join(fields)} "
        f"| take {_MOST_ROWS}"
    )
    answer = ask.answer(_HUNT, body={"Query": query})
    rows = (answer or {}).get("results") or []
    if len(rows) >= _MOST_ROWS:
        ask.unseen(f"{table} has more than {_MOST_ROWS} rows", "What is beyond them is not judged.")
    for row in rows:
        settings = {field: _value(value) for field, value in part(row, fields).items()}
        yield of_tenant(ask.account, table, f"{table}/{row[key]}", row.get(name), settings)


def _value(value: Any) -> Any:
    """Columns of any form are told as text at times."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


SURFACES = (
    Surface(name="hunted-agents", calls=(_HUNT,), types=("AgentsInfo",), look=agents),
    Surface(name="hunted-programs", calls=(_HUNT,), types=("OAuthAppInfo",), look=programs),
)
