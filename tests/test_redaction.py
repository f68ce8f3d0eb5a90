"""The second net: what others wrote is looked at once more before anybody reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import fields, replace

from keymuster.inventory.build import Inventory, build
from keymuster.inventory.linking import Links
from keymuster.model import (
    Confidence,
    Coverage,
    Credential,
    CredentialKind,
    FileLocation,
    Finding,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Nhi,
    Owner,
    OwnerHint,
    Report,
    Resource,
    Severity,
    Step,
    Suppression,
    Trouble,
    Trust,
    TrustKind,
    Undecided,
    Use,
    UseKind,
)
from keymuster.redaction import Redactor, redacted
from keymuster.rules.schema import RuleSet

PLACE = FileLocation(path="a.tf")
FINDING = Finding(
    id="0", rule="a-rule", policy="a-rule", nhi=(Nhi.SECRET_LEAKAGE,), severity=Severity.HIGH,
    confidence=Confidence.HIGH, subject="s", message="m", places=(PLACE,),
)  # fmt: skip
UNDECIDED = Undecided(policy="p", subject="s", location=PLACE, unknown="u")
COVERAGE = Coverage(policy="p", service="aws", account="1", status="unseen")
IDENTITY = Identity(
    id="i", kind=IdentityKind.AGENT, provider="agents", name="n", location=PLACE, aliases=("a",)
)
CREDENTIAL = Credential(id="c", kind=CredentialKind.API_KEY, name="n", location=PLACE)
GRANT = Grant(id="g", identity="i", kind=GrantKind.POLICY, provider="aws", location=PLACE)
TRUST = Trust(
    id="t", identity="i", principal="p", kind=TrustKind.FEDERATION, provider="aws", location=PLACE
)
USE = Use(id="u", subject="i", by="b", kind=UseKind.AGENT, location=PLACE)
RESOURCE = Resource(id="r", type="T", name="n", location=PLACE)


def bare(struct: Any) -> list[tuple[Any, str]]:
    """The fields of a struct that are text."""
    return [(struct, field.name) for field in fields(struct) if field.type in ("str", "str | None")]


def told(value: Any) -> str:
    return msgspec.json.encode(value).decode()


@pytest.fixture(scope="module")
def secret(token: Callable[..., str]) -> str:
    return token("github-pat", "a net")


IN_FINDINGS: list[Callable[[str], dict[str, Any]]] = [
    lambda text: {"subject": text},
    lambda text: {"message": f"{text} is old"},
    lambda text: {"evidence": {"owner": f"by {text}"}},
    lambda text: {"evidence": {text: "a"}},
    lambda text: {"told_by": (text,)},
    lambda text: {"owner": Owner(name=text, source="tag")},
    lambda text: {"paths": ((Step(start=text, does=text, to=text, to_name=text),),)},
    lambda text: {"suppression": Suppression(justification=text, location=FileLocation(path=text))},
]


@pytest.mark.parametrize("planted", IN_FINDINGS)
def test_no_field_of_a_finding_tells_a_secret(
    rules: RuleSet, secret: str, planted: Callable[[str], dict[str, Any]]
) -> None:
    report = redacted(Report(findings=(replace(FINDING, **planted(secret)),)), rules)
    assert secret not in told(report)
    assert "ghp_****" in told(report)


@pytest.mark.parametrize(
    "planted",
    [
        lambda text: Report(findings=(), signed_in_as=(f"arn:aws:iam::1:user/{text}",)),
        lambda text: Report(findings=(), coverage=(replace(COVERAGE, unseen=(f"1: {text}",)),)),
        lambda text: Report(findings=(), troubles=(Trouble(part="p", scope=text, message=text),)),
        lambda text: Report(findings=(), troubles=(Trouble(part="", scope="", message="", advice=text),)),
        lambda text: Report(findings=(), undecided=(replace(UNDECIDED, subject=text, unknown=text),)),
    ],
)  # fmt: skip
def test_nothing_beside_the_findings_tells_a_secret(
    rules: RuleSet, secret: str, planted: Callable[[str], Report]
) -> None:
    report = redacted(planted(secret), rules)
    assert secret not in told(report)
    assert "ghp_****" in told(report)


TEXTS = [
    *(pair for one in (IDENTITY, CREDENTIAL, GRANT, TRUST, USE, RESOURCE) for pair in bare(one)),
    (IDENTITY, {"aliases": ("mcp-url:https://a.example/{}",)}),
    (IDENTITY, {"owner_hints": (OwnerHint(name="{}", source="tag"),)}),
    (IDENTITY, {"tags": {"note": "{}"}}),
    (IDENTITY, {"location": FileLocation(path="{}.tf")}),
    (CREDENTIAL, {"tags": {"issuer": "{}", "context": "{}", "rules": "{}"}}),
    (GRANT, {"actions": ("{}",), "resources": ("{}",), "not_actions": ("{}",)}),
    (GRANT, {"conditions": {"StringEquals": {"a": ["{}"]}}}),
    (TRUST, {"conditions": {"StringEquals": {"a": "{}"}}}),
    (RESOURCE, {"settings": {"{}": {"a": ["{}"]}}}),
]


@pytest.mark.parametrize(("record", "where"), TEXTS, ids=lambda one: str(one)[:60])
def test_no_field_of_a_record_tells_a_secret(
    rules: RuleSet, secret: str, record: Any, where: str | dict[str, Any]
) -> None:
    values = {where: "{}"} if isinstance(where, str) else where
    planted = _filled(values, secret)
    inventory = Redactor(rules).inventory(build([replace(record, **planted)]))
    [one] = inventory.records.values()
    sightings = inventory.sightings(one)
    assert secret not in told([*inventory.records, one, sightings])
    assert "ghp_****" in told(one)


def _filled(value: Any, text: str) -> Any:
    """The value with the text at each `{}`."""
    if isinstance(value, str):
        return value.replace("{}", text)
    if isinstance(value, dict):
        return {_filled(key, text): _filled(one, text) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_filled(one, text) for one in value)
    if isinstance(value, msgspec.Struct):
        return replace(value, **_filled(msgspec.structs.asdict(value), text))
    return value


def test_no_fact_tells_a_secret(rules: RuleSet, secret: str) -> None:
    inventory = Inventory(
        records={"i": IDENTITY},
        seen={"i": [IDENTITY]},
        facts={"i": {"owner": secret, "agents": [secret], "steps": {"a": (Step(start=secret),)}}},
    )
    shown = Redactor(rules).inventory(inventory)
    assert secret not in told(shown.facts)
    assert shown.facts["i"]["agents"] == ["ghp_****"]


def test_free_text_is_looked_at_more_closely_than_names(rules: RuleSet) -> None:
    """What has the form of a key, and a word before it that says so, is not sure."""
    guessed = "the vault token is s." + "Hk3Lm9Qw2Zx7Vb4Nt8Rp1YcD"
    identity = replace(IDENTITY, purpose=guessed, tags={"note": guessed}, name=guessed)
    [one] = Redactor(rules).inventory(build([identity])).of(Identity)
    assert one.name == guessed
    assert guessed not in (one.purpose, one.tags["note"])


def test_what_leads_to_a_record_still_does(rules: RuleSet, secret: str) -> None:
    identity = replace(IDENTITY, id=f"agent:{secret}")
    use = replace(USE, subject=identity.id)
    shown = Redactor(rules).inventory(build([identity, use]))
    [agent] = shown.of(Identity)
    assert [one.by for one in shown.uses(agent.id)] == ["b"]
    assert shown.records[agent.id] is agent


def test_records_whose_ids_have_become_one_stay_two(
    rules: RuleSet, token: Callable[..., str]
) -> None:
    both = [replace(IDENTITY, id=f"agent:{token('github-pat', seed)}") for seed in (1, 2)]
    shown = Redactor(rules).inventory(build(both))
    assert [one.id for one in shown.of(Identity)] == ["agent:ghp_****"] * 2


def test_the_name_that_a_vendor_gave_a_key_stays(rules: RuleSet, token: Callable[..., str]) -> None:
    key = token("aws-access-key-id", 3)
    credential = replace(CREDENTIAL, tags={"key_id": key, "note": key})
    [one] = Redactor(rules).inventory(build([credential])).of(Credential)
    assert one.tags == {"key_id": key, "note": "AKIA****"}


def test_no_link_tells_a_secret(rules: RuleSet, token: Callable[..., str]) -> None:
    id = f"agent:{token('github-pat', 4)}"
    shown = Redactor(rules).inventory(
        Inventory(records={}, seen={}, links=Links(nodes={id: (id,)}))
    )
    assert shown.links.nodes == {"agent:ghp_****": ("agent:ghp_****",)}
