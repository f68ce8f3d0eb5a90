"""Agent cards of every version of A2A."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from keymuster.collect.readers.agent_cards import AgentCards
from keymuster.collect.syntax.node import Broken
from keymuster.model import Credential, CredentialKind, Identity, IdentityKind, Resource, Trust
from keymuster.rules.schema import RuleSet
from reading import only, read, structures, survives

PATH = "public/.well-known/agent-card.json"


def card(**more: Any) -> dict[str, Any]:
    return {
        "name": "Billing", "description": "Writes bills", "protocolVersion": "0.3.0", "url": "https://billing.example.com/a2a",
        "provider": {"organization": "Acme", "url": "https://acme.example"}, "skills": [{"id": "bill"}], **more,
    }  # fmt: skip


def settings_of(rules: RuleSet, found: dict[str, Any]) -> dict[str, Any]:
    observed = only(Resource, read(AgentCards, PATH, json.dumps(found), rules))
    return next(one.settings for one in observed if one.type == "agent_card")


def test_a_card_is_an_agent_of_its_provider() -> None:
    observed = read(AgentCards, PATH, json.dumps(card(), indent=1))
    (agent,) = only(Identity, observed)
    assert (agent.id, agent.kind, agent.account, agent.purpose) == (
        f"agent:a2a:{PATH}:Billing",
        IdentityKind.AGENT,
        "Acme",
        "Writes bills",
    )
    assert agent.aliases == ("agent:Billing", "a2a-url:https://billing.example.com")
    assert [(one.provider, one.principal) for one in only(Trust, observed)] == [("a2a", "Acme")]


@pytest.mark.parametrize(
    ("schemes", "kinds"),
    [
        ({"a": {"type": "apiKey", "in": "header", "name": "k"}}, [CredentialKind.API_KEY]),
        ({"a": {"type": "http", "scheme": "Basic"}}, [CredentialKind.PASSWORD]),
        ({"a": {"httpAuthSecurityScheme": {"scheme": "bearer"}}, "b": {"mtlsSecurityScheme": {}}}, [CredentialKind.ACCESS_TOKEN, CredentialKind.CERTIFICATE]),
        ({"a": {"type": "strange"}, "b": 3}, []),
    ],
)  # fmt: skip
def test_schemes_are_the_credentials_of_its_callers(
    schemes: dict[str, Any], kinds: list[CredentialKind]
) -> None:
    observed = read(AgentCards, PATH, json.dumps(card(securitySchemes=schemes)))
    assert [one.kind for one in only(Credential, observed)] == kinds
    assert {one.identity for one in only(Credential, observed)} <= {f"agent:a2a:{PATH}:Billing"}


MTLS = {"mtls": {"type": "mutualTLS"}}


@pytest.mark.parametrize(
    ("more", "asks"),
    [
        ({}, "nothing"),
        ({"securitySchemes": {}, "security": [{"mtls": []}]}, "nothing"),
        ({"securitySchemes": MTLS}, "if-given"),
        ({"securitySchemes": MTLS, "security": []}, "if-given"),
        ({"securitySchemes": MTLS, "security": [{"mtls": []}, {}]}, "if-given"),
        ({"securitySchemes": MTLS, "security": [{"mtls": []}]}, "proof"),
        ({"securitySchemes": MTLS, "skills": [{"id": "a", "security": [{"mtls": []}]}]}, "proof"),
        (
            {"securitySchemes": MTLS, "skills": [{"security": [{"mtls": []}]}, {"id": "b"}]},
            "if-given",
        ),
        ({"authentication": {"schemes": ["Bearer"]}, "capabilities": {}}, "proof"),
        ({"authentication": {"schemes": ["public"]}, "capabilities": {}}, "nothing"),
    ],
)
def test_what_callers_are_asked_for(rules: RuleSet, more: dict[str, Any], asks: str) -> None:
    assert settings_of(rules, card(**more))["asks"] == asks


@pytest.mark.parametrize(
    ("more", "can"),
    [({}, True), ({"protocolVersion": "0.2.6"}, False), ({"protocolVersion": "new"}, False),
     ({"protocolVersion": "x", "supportedInterfaces": [{"url": "https://a.example.com"}]}, True)],
)  # fmt: skip
def test_signatures_came_with_0_3(rules: RuleSet, more: dict[str, Any], can: bool) -> None:
    assert settings_of(rules, card(**more))["can_be_signed"] is can


def test_a_token_in_a_card_is_a_secret(token: Any) -> None:
    text = json.dumps(
        card(authentication={"schemes": ["Bearer"], "credentials": "q7Zp0" * 5 + "X"})
    )
    found = [one for one in only(Credential, read(AgentCards, PATH, text)) if one.fingerprint]
    assert [one.tags["declared_as"] for one in found] == ["agent-configuration"]


@pytest.mark.parametrize(
    "other",
    [
        {"name": "reviewer", "tools": ["*"], "skills": ["a"]},
        {"name": "x", "url": "https://a.example.com", "skills": "many"},
        {"skills": [], "url": "https://a.example.com", "protocolVersion": "0.3.0"},
        {"cards": [{"name": "a", "skills": [], "url": ""}]},
        ["skills", "url"],
    ],
)
def test_what_is_no_card_is_left_alone(other: Any) -> None:
    assert read(AgentCards, "agent.json", json.dumps(other)) == []


def test_a_broken_card_is_said_where_only_a_card_can_be() -> None:
    text = '{"name": "x", "skills": [], "url": \n'
    with pytest.raises(Broken):
        read(AgentCards, PATH, text)
    assert read(AgentCards, "agent.json", text) == []


@settings(max_examples=60)
@given(
    structures(
        "skills", "url", "name", "protocolVersion", "supportedInterfaces", "securitySchemes", "security", "provider",
        "authentication", "schemes", "capabilities", "flows", "type", "apiKey", "in", "query", "signatures",
    )
)  # fmt: skip
def test_anything_may_stand_in_a_card(rules: RuleSet, value: Any) -> None:
    survives(AgentCards, PATH, value, rules)
    whole = {**card(), **value} if isinstance(value, dict) else card(securitySchemes=value)
    survives(AgentCards, PATH, whole, rules)
