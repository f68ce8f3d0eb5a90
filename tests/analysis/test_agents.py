"""Credentials that several MCP servers share."""

from __future__ import annotations

from keymuster.analysis import agents, trust_facts
from keymuster.analysis.known import Known
from keymuster.inventory.build import build
from keymuster.model import (
    Credential,
    CredentialKind,
    FileLocation,
    Identity,
    IdentityKind,
    Observation,
    Trust,
    TrustKind,
    Use,
    UseKind,
)
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings


def server(path: str, name: str, line: int, *aliases: str) -> list[Observation]:
    place = FileLocation(path=path, line=line)
    id = f"mcp:{path}:{name}"
    return [
        Identity(
            id=id, kind=IdentityKind.MCP_SERVER, provider="cursor", name=name, location=place,
            aliases=(f"mcp:{name}", *aliases),
        ),
        Use(id=f"{id}#uses", subject="environment:.:TOKEN", by=id, kind=UseKind.AGENT, location=place),
    ]  # fmt: skip


TOKEN = Credential(
    id="environment:.:TOKEN", kind=CredentialKind.GENERIC, name="TOKEN",
    location=FileLocation(path="a.json"),
)  # fmt: skip


def shared(rules: RuleSet, *observed: Observation) -> dict[str, list[str]]:
    known: Known = rules
    found = agents.facts(build([TOKEN, *observed]), Settings(), known)
    return {id: facts["other_servers"] for id, facts in found.items()}


def test_the_later_of_two_servers_shares(rules: RuleSet) -> None:
    found = shared(rules, *server("a.json", "b", 9), *server("a.json", "a", 3))
    assert found == {"mcp:a.json:b#uses": ["a"]}


def test_one_server_of_two_clients_does_not(rules: RuleSet) -> None:
    assert shared(rules, *server("a.json", "a", 3), *server("b.json", "a", 3)) == {}
    package = "mcp-package:npm/a"
    same = (*server("a.json", "a", 3, package), *server("b.json", "b", 3, package))
    assert shared(rules, *same) == {}


def test_two_entries_of_one_file_do_even_if_they_start_the_same(rules: RuleSet) -> None:
    package = "mcp-package:npm/a"
    found = shared(rules, *server("a.json", "a", 3, package), *server("a.json", "b", 9, package))
    assert found == {"mcp:a.json:b#uses": ["a"]}


def test_one_server_alone_shares_with_nobody(rules: RuleSet) -> None:
    assert shared(rules, *server("a.json", "a", 3)) == {}


def test_who_runs_a_server_is_a_vendor_and_not_anyone(rules: RuleSet) -> None:
    trust = Trust(
        id="t", identity="agent:cursor:.", principal="mcp.example.com", kind=TrustKind.OTHER, provider="mcp",
        location=FileLocation(path="a.json"),
    )  # fmt: skip
    found = trust_facts.facts(build([trust]), Settings(), rules)
    assert found == {"t": {"audience": "vendor", "anyone": "no"}}
