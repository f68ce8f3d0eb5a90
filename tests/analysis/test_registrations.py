"""The registry of agents against the agents that there are."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from keymuster.analysis.registrations import facts, usage
from keymuster.evaluate import lapses
from keymuster.inventory.build import Inventory, build
from keymuster.model import (
    Credential,
    CredentialKind,
    Effect,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Resource,
    Use,
    UseKind,
)
from keymuster.model.registration import TYPE, Registration, registration
from keymuster.settings import Settings
from reading import NO_RULES

HERE = FileLocation(path=".mcp.json", line=1)
CLAUDE = Identity(
    id="agent:claude-code:.", kind=IdentityKind.AGENT, provider="claude-code", name="claude-code",
    location=HERE, aliases=("agent:claude-code",),
)  # fmt: skip
TICKETS = Identity(
    id="mcp:.mcp.json:tickets", kind=IdentityKind.MCP_SERVER, provider="claude-code", name="tickets",
    location=HERE, aliases=("mcp:tickets", "mcp-package:npm/@acme/tickets"),
)  # fmt: skip
USES_TICKETS = Use(
    id="uses tickets", subject=TICKETS.id, by=CLAUDE.id, kind=UseKind.AGENT, location=HERE
)


def _entry(id: str = "claude-code", **said: Any) -> Resource:
    agent = msgspec.convert({"id": id, **said}, type=Registration, strict=False)
    return Resource(
        id=f"entry {id}", type=TYPE, name=id, location=HERE,
        settings={**msgspec.to_builtins(agent), "storage": "tree", "owner_left": False},
    )  # fmt: skip


def _rule(action: str, *resources: str, effect: Effect = Effect.ALLOW) -> Grant:
    return Grant(
        id=action, identity=CLAUDE.id, kind=GrantKind.TOOL_PERMISSION, provider="claude-code",
        location=HERE, actions=(action,), resources=resources, effect=effect,
    )  # fmt: skip


def _key(name: str, fingerprint: str = "f" * 8) -> Credential:
    return Credential(
        id=name, kind=CredentialKind.GENERIC, name=name, location=HERE, fingerprint=fingerprint
    )


def _consumes(by: str, credential: str) -> Use:
    return Use(
        id=f"{by} {credential}", subject=credential, by=by, kind=UseKind.AGENT, location=HERE
    )


def _known(*records: Observation) -> dict[str, dict[str, Any]]:
    return facts(build(records), Settings(), NO_RULES)


def test_without_a_registry_nobody_is_missing_in_it() -> None:
    assert _known(CLAUDE, TICKETS) == {CLAUDE.id: {"registration": "none"}}


@pytest.mark.parametrize(
    ("matches", "registration"),
    [
        ([], "registered"),
        (["agent:claude-code:*"], "registered"),
        (["agent:claude-code"], "registered"),
        (["agent:cursor:*"], "missing"),
    ],
)
def test_an_agent_is_registered_by_its_name_or_a_glob(
    matches: list[str], registration: str
) -> None:
    known = _known(CLAUDE, _entry(matches=matches))
    assert known[CLAUDE.id]["registration"] == registration
    assert known["entry claude-code"]["found"] == [CLAUDE.id] * (registration == "registered")


@pytest.mark.parametrize(
    ("servers", "registration"),
    [
        (None, "named"),
        ([], "unnamed"),
        ([{"name": "tickets"}], "named"),
        ([{"name": "tickets", "package": "npm/@acme/*"}], "named"),
        ([{"name": "tickets", "package": "npm/tickets"}], "changed"),
        ([{"name": "tickets", "url": "https://tickets.example/mcp"}], "changed"),
    ],
)
def test_a_server_is_the_one_that_is_named(
    servers: list[dict[str, str]] | None, registration: str
) -> None:
    known = _known(CLAUDE, TICKETS, USES_TICKETS, _entry(servers=servers))
    assert known[USES_TICKETS.id]["registration"] == registration
    assert known[USES_TICKETS.id]["registered_as"] == "claude-code"


def test_a_server_that_is_no_longer_there() -> None:
    entry = _entry(servers=[{"name": "tickets"}, {"name": "mail"}])
    known = _known(CLAUDE, TICKETS, USES_TICKETS, entry)
    assert known[entry.id]["gone_servers"] == "mail"


@pytest.mark.parametrize(
    ("tools", "registration", "new"),
    [
        (None, "covered", ""),
        ([], "wider", "Bash(git push *)"),
        (["Bash(git push *)"], "covered", ""),
        (["Bash(git log *)", "Bash(git *)"], "covered", ""),
        (["Bash(git log *)"], "wider", "Bash(git push *)"),
    ],
)
def test_a_rule_is_covered_by_itself_or_a_wider_one(
    tools: list[str] | None, registration: str, new: str
) -> None:
    known = _known(CLAUDE, _rule("Bash(git push *)"), _entry(tools=tools))
    one = known["Bash(git push *)"]
    assert (one["registration"], one["unregistered"]) == (registration, new)


def test_tools_of_a_server_are_those_of_its_entry() -> None:
    entry = _entry(tools=["*"], servers=[{"name": "tickets", "tools": ["list_tickets"]}])
    rules = [_rule("list_tickets", TICKETS.id), _rule("close_ticket", TICKETS.id)]
    known = _known(CLAUDE, TICKETS, USES_TICKETS, *rules, entry)
    assert known["list_tickets"]["registration"] == "covered"
    assert known["close_ticket"]["registration"] == "wider"


def test_what_is_forbidden_needs_no_entry() -> None:
    known = _known(CLAUDE, _rule("Bash", effect=Effect.DENY), _entry(tools=[]))
    assert "Bash" not in known


def test_an_exception_says_until_when() -> None:
    entry = _entry(
        tools=[], servers=[], exceptions=[
            {"allow": "tickets", "until": "2027-01-31", "reason": "trial"},
            {"allow": "Bash(git *)", "until": "2027-02-28", "reason": "trial"},
        ],
    )  # fmt: skip
    known = _known(CLAUDE, TICKETS, USES_TICKETS, _rule("Bash(git log *)"), _rule("Read"), entry)
    assert known[USES_TICKETS.id]["excepted_until"] == "2027-01-31"
    assert known["Bash(git log *)"]["excepted_until"] == "2027-02-28"
    assert known["Read"]["excepted_until"] == ""


@pytest.mark.parametrize(
    ("credentials", "fingerprint", "registration"),
    [
        (None, "f", "named"),
        ({"kind": "static"}, "f", "named"),
        ({"kind": "short_lived"}, "f", "static"),
        ({"kind": "oauth"}, "", "named"),
    ],
)
def test_a_key_that_does_not_end_is_one_that_the_entry_allows(
    credentials: dict[str, str] | None, fingerprint: str, registration: str
) -> None:
    use = _consumes(TICKETS.id, "KEY")
    known = _known(
        CLAUDE, TICKETS, USES_TICKETS, _key("KEY", fingerprint), use,
        _entry(credentials=credentials),
    )  # fmt: skip
    assert known[use.id]["registration"] == registration
    assert known[use.id]["subject_name"] == "KEY"


def test_one_credential_of_two_agents_is_shared() -> None:
    cursor = msgspec.structs.replace(CLAUDE, id="agent:cursor:.", name="cursor", aliases=())
    uses = [_consumes(CLAUDE.id, "KEY"), _consumes(cursor.id, "KEY"), _consumes(cursor.id, "OWN")]
    known = _known(CLAUDE, cursor, _key("KEY"), _key("OWN"), *uses, _entry(), _entry("cursor"))
    assert [known[one.id]["shared_with"] for one in uses] == ["cursor", "claude-code", ""]


def test_the_tools_of_a_server_and_those_of_the_agent_itself() -> None:
    rules = [_rule("list_tickets", TICKETS.id), _rule("Read")]
    inventory: Inventory = build([CLAUDE, TICKETS, USES_TICKETS, *rules])
    used = usage(inventory, [CLAUDE])
    assert used.tools(TICKETS) == ["list_tickets"]
    assert used.tools(None) == ["Read"]


@pytest.mark.parametrize(
    ("said", "lapsed"),
    [
        ({"review": "2026-03-01", "expires": "2026-03-01"}, []),
        ({"review": "2026-02-28"}, ["review"]),
        ({"expires": "2026-02-28"}, ["expiry"]),
        ({"kill_switch": {"how": "revoke", "last_drill": "2026-02-01"}}, []),
        ({"kill_switch": {"how": "revoke"}}, ["drill"]),
        (
            {
                "kill_switch": {
                    "how": "revoke", "last_drill": "2026-02-01", "longest_drill_age_days": 20
                }
            },
            ["drill"],
        ),
        ({"exceptions": [{"allow": "x", "until": "2026-02-28", "reason": "y"}]}, ["exception"]),
    ],
)  # fmt: skip
def test_what_is_past_its_date(said: dict[str, Any], lapsed: list[str]) -> None:
    assert lapses.of(registration(_entry(**said)), date(2026, 3, 1)) == lapsed


def test_an_agent_is_for_what_its_entry_says() -> None:
    entry = _entry(purpose="writes", environment="production")
    assert _known(CLAUDE, entry)[CLAUDE.id] == {
        "registration": "registered", "registered_as": "claude-code",
        "purpose": "writes", "environment": "production",
    }  # fmt: skip
