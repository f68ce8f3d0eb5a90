"""A tenant of Entra and its subscriptions, signed in to by azure-identity's own chain."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("msgraph")

import entra_server
import entra_sign_in
import entra_tenant
from entra_server import Fault, Tenant
from entra_sign_in import Authority
from keymuster import pipeline, registry
from keymuster.collect.base import Context, Selection
from keymuster.errors import CollectError
from keymuster.estate.base import Outcome, Target, Task
from keymuster.estate.kinds.service import Service
from keymuster.model import Identity, Looked, Resource, Trouble
from keymuster.rules.schema import RuleSet

CLAIMS = {
    "tid": entra_tenant.TENANT,
    "oid": entra_tenant.DEPLOYER_SP,
    "idtyp": "app",
    "appidacr": "1",
}


@pytest.fixture
def tenant(loopback: None) -> Iterator[Tenant]:
    with entra_server.serving(entra_tenant.seeded()) as found:
        yield found


@pytest.fixture
def authority(
    tmp_path: Path, loopback: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Authority]:
    with entra_sign_in.serving(tmp_path, CLAIMS) as found:
        for name, value in {
            "AZURE_AUTHORITY_HOST": found.url, "REQUESTS_CA_BUNDLE": found.certificate,
            "AZURE_TENANT_ID": entra_tenant.TENANT, "AZURE_CLIENT_ID": entra_tenant.DEPLOYER,
            "AZURE_CLIENT_SECRET": "of a test",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield found


def service(rules: RuleSet, tenant: Tenant | None = None, **options: Any) -> Any:
    context = Context(selection=Selection(root="/"), rules=rules)
    urls = {"graph_url": tenant.url, "azure_url": tenant.url} if tenant else {}
    return registry.part("service", "entra")(context, {**urls, **options})


def test_looks_of_an_estate_ask_for_what_has_changed(
    tenant: Tenant, authority: Authority, tmp_path: Path
) -> None:
    """As its target is run: who is signed in is known from the token."""
    authority.claims |= {"appid": entra_tenant.DEPLOYER, "roles": ["Directory.Read.All"]}

    def looked(hours: int) -> Outcome:
        tenant.asked.clear()
        options = {"graph-url": tenant.url, "azure-url": tenant.url}
        target = Target(
            id="service:entra/acme", kind="service", name="acme",
            options={"service": "entra", "options": options, "environment": {}},
        )  # fmt: skip
        now = datetime(2026, 1, 1, hours, tzinfo=UTC)
        return Service().perform(Task(target=target, now=now, cache=str(tmp_path / "cache")))

    first, second = looked(1), looked(2)
    for name in ("applications", "servicePrincipals", "oauth2PermissionGrants"):
        assert tenant.calls(f"^GET /v1.0/{name}/delta$") == 1
    assert first.report is not None
    assert second.report is not None
    assert msgspec.json.encode(second.report.findings) == msgspec.json.encode(first.report.findings)
    assert second.observations == first.observations
    assert (second.report.troubles, len(second.report.findings) > 30) == ((), True)
    assert {one.as_of for one in first.report.coverage} == {None}
    about = {one.policy: one.as_of for one in second.report.coverage}
    assert about["entra-application-redirect-insecure"] == datetime(2026, 1, 1, 1, tzinfo=UTC)


def test_a_look_that_is_interrupted_keeps_what_it_learned_wholly(
    tenant: Tenant, authority: Authority, rules: RuleSet, tmp_path: Path
) -> None:
    authority.claims |= {"appid": entra_tenant.DEPLOYER}
    context = Context(selection=Selection(root="/"), rules=rules, memory=str(tmp_path / "kept"))
    for hours in (1, 2):
        tenant.asked.clear()
        tenant.queries.clear()
        now = datetime(2026, 1, 1, hours, tzinfo=UTC)
        knowing = pipeline.knowing(context, "services", now)
        urls = {"graph_url": tenant.url, "azure_url": tenant.url}
        seen = registry.part("service", "entra")(knowing, urls).collect()
        parts = (one for one in seen if isinstance(one, Looked))
        assert next(one for one in parts if one.part == "applications").problem == ""
        seen.close()
    assert tenant.calls("^GET /v1.0/applications/delta$") == 1
    [asked] = [query for path, query in tenant.queries if path == "/v1.0/applications/delta"]
    assert asked["$deltatoken"] != "latest"


def collected(rules: RuleSet, tenant: Tenant, **options: Any) -> list[Any]:
    return list(service(rules, tenant, **options).collect())


def troubles(found: list[Any]) -> list[str]:
    return [one.message for one in found if isinstance(one, Trouble)]


def test_a_tenant_becomes_records(tenant: Tenant, authority: Authority, rules: RuleSet) -> None:
    found = collected(rules, tenant)
    assert troubles(found) == []
    names = {one.name for one in found if isinstance(one, Identity)}
    assert {"billing-sync", "partner", "deployer", "deploy", "wiki"} <= names
    looked = [one for one in found if isinstance(one, Looked)]
    assert {one.problem for one in looked} == {""}
    assert {one.part for one in looked} >= {"applications", "app-roles", "azure-role-assignments"}
    assert {one.account for one in looked} == {entra_tenant.TENANT}


def test_whoever_scans_is_told_of(tenant: Tenant, authority: Authority, rules: RuleSet) -> None:
    [scanner] = [
        one
        for one in collected(rules, tenant)
        if isinstance(one, Resource) and one.type == "keymuster:scanner"
    ]
    assert scanner.settings == {
        "provider": "entra", "static": True, "method": "EnvironmentCredential",
    }  # fmt: skip
    assert scanner.name == entra_tenant.DEPLOYER_SP


def test_one_token_is_asked_for_graph_and_one_for_azure(
    tenant: Tenant, authority: Authority, rules: RuleSet
) -> None:
    collected(rules, tenant)
    scopes = sorted(one["scope"] for one in authority.asked)
    assert scopes == [
        "https://graph.microsoft.com/.default",
        "https://management.azure.com/.default",
    ]
    assert set(tenant.tokens) == set(authority.given)


def test_what_a_scan_asks_is_counted(tenant: Tenant, authority: Authority, rules: RuleSet) -> None:
    """Lists are asked once for each surface; by itself is asked only what no list tells."""
    collected(rules, tenant)
    asked = Counter(one.partition("?")[0] for one in tenant.asked)
    lists = {name: asked[f"GET /v1.0/{name}"] for name in ("applications", "servicePrincipals", "oauth2PermissionGrants")}  # fmt: skip
    assert lists == {"applications": 3, "servicePrincipals": 4, "oauth2PermissionGrants": 1}
    assert asked["POST /providers/Microsoft.ResourceGraph/resources"] <= 8
    assert len(tenant.asked) < 90


def test_the_least_that_is_printed_is_enough(
    tenant: Tenant, authority: Authority, rules: RuleSet
) -> None:
    everything = collected(rules, tenant)
    least = json.loads(service(rules).permissions())
    tenant.allowed = {*least["graphPermissions"], *least["roleDefinition"]["Actions"]}
    assert troubles(found := collected(rules, tenant)) == []
    assert len(found) == len(everything)


def test_nothing_that_is_printed_is_superfluous(
    tenant: Tenant, authority: Authority, rules: RuleSet
) -> None:
    """Without any one of the permissions of Graph, something is not seen, and that is said."""
    least = json.loads(service(rules).permissions())
    names = set(least["graphPermissions"])
    for name in names:
        tenant.allowed = {*names - {name}, *least["roleDefinition"]["Actions"]}
        said = [one for one in collected(rules, tenant) if isinstance(one, Trouble)]
        assert said, f"{name} is not needed"
        assert any(name in str(one.advice) for one in said), name


def test_permissions_are_those_of_applications(rules: RuleSet) -> None:
    least = json.loads(service(rules).permissions())
    [access] = least["requiredResourceAccess"]
    assert access["resourceAppId"] == entra_tenant.GRAPH_APP
    ids = {one["id"] for one in access["resourceAccess"]}
    assert len(ids) == len(least["graphPermissions"])
    assert "7ab1d382-f21e-4acd-a863-ba3e13f7da61" in ids  # Directory.Read.All, of applications
    assert all(".Read" in one and "Write" not in one for one in least["graphPermissions"])
    actions = least["roleDefinition"]["Actions"]
    assert all(one.endswith("/read") for one in actions)
    assert "Microsoft.KeyVault/vaults/read" in actions


def test_a_session_that_is_ended_goes_on_with_a_new_token(
    tenant: Tenant, authority: Authority, rules: RuleSet
) -> None:
    """The service says with the refusal what the next token must hold (continuous access evaluation)."""
    tenant.ends_sessions_after = 10
    assert troubles(collected(rules, tenant)) == []
    assert len(tenant.ended) == 1


def test_a_session_that_is_over_is_said_once(
    tenant: Tenant, authority: Authority, rules: RuleSet
) -> None:
    tenant.faults.append(Fault("^/v1.0/oauth2PermissionGrants", 401, "InvalidAuthenticationToken", times=99))  # fmt: skip
    found = collected(rules, tenant)
    [said] = {one for one in troubles(found) if "sign-in is not valid" in one}
    assert "oauth2PermissionGrants" in said
    problems = [one.problem for one in found if isinstance(one, Looked)]
    assert sum(bool(one) for one in problems) >= 1


def test_who_is_not_let_in_is_told(authority: Authority, rules: RuleSet) -> None:
    authority.is_closed = True
    with pytest.raises(CollectError, match="nobody is signed in"):
        list(service(rules).collect())


def test_a_cloud_that_there_is_not_is_told(rules: RuleSet) -> None:
    with pytest.raises(CollectError, match="there is no cloud moon"):
        list(service(rules, cloud="moon").collect())


JUDGED = {
    "azure-contributor-of-subscription": {"deploy"},
    "azure-registry-admin-user": {"images"},
    "azure-role-of-nobody": set(),
    "azure-secret-without-end": {"token"},
    "azure-shared-access-key-manages": {"root"},
    "azure-storage-key-old": {"files"},
    "azure-vault-without-roles": {"keys"},
    "entra-administrator-with-secret": {"billing-sync"},
    "entra-agent-blueprint-with-secret": {"triage-blueprint"},
    "entra-agent-inherits-everything": {"triage-blueprint"},
    "entra-agent-user-like-person": {"triage@acme.example"},
    "entra-agent-without-sponsor": {"lost-agent", "triage-blueprint", "triage@acme.example"},
    "entra-agents-at-risk-let-in": set(),
    "entra-application-implicit-grant": {"billing-sync"},
    "entra-application-instances-unlocked": {"billing-sync"},
    "entra-application-nobody-answers-for": {"billing-sync"},
    "entra-application-owned-by-guest": {"deployer"},
    "entra-application-redirect-insecure": {"billing-sync"},
    "entra-certificate-long-lived": {"deployer", "wiki"},
    "entra-client-secret-long-lived": {"billing-sync", "triage-blueprint"},
    "entra-consent-for-everybody": {"partner"},
    "entra-credential-expired": {"billing-sync"},
    "entra-credential-unused": {"billing-sync", "deployer", "triage-blueprint"},
    "entra-disabled-principal-keeps-rights": {"deployer"},
    "entra-federation-pull-request": set(),
    "entra-federation-wide-expression": set(),
    "entra-hunted-agent-without-owner": {"helpdesk"},
    "entra-owner-without-second-factor": {"deployer", "partner"},
    "entra-permission-granted-unused": {"partner"},
    "entra-permission-leads-to-administrator": {"deployer"},
    "entra-permission-reads-everything": {"partner", "triage-agent"},
    "entra-policy-leaves-programs-out": {"people only"},
    "entra-principal-at-risk": {"billing-sync", "triage-agent"},
    "entra-role-may-change-credentials": set(),
    "entra-scanner-with-secret": {entra_tenant.DEPLOYER_SP},
    "entra-secret-on-service-principal": {"billing-sync"},
    "entra-secrets-without-limits": set(),
    "entra-users-may-consent": set(),
}
"""Policy -> whom it names of the made-up tenant, each of them, and nobody else."""

_NAMES = (
    "billing-sync", "deployer", "partner", "wiki", "triage-blueprint", "triage-agent", "lost-agent", "helpdesk",
    "triage@acme.example", "people only",
)  # fmt: skip


def test_policies_judge_what_is_seen_and_whom_it_is_about(
    tenant: Tenant, authority: Authority, rules: RuleSet
) -> None:
    urls = {"graph_url": tenant.url, "azure_url": tenant.url}
    selection = Selection(root="/", services={"entra": urls})
    report = pipeline.scan(Context(selection=selection, rules=rules), "services")
    said: dict[str, list[str]] = {}
    for one in report.findings:
        said.setdefault(one.policy, []).append(one.message)
    assert JUDGED.keys() - said.keys() == set()
    for policy, names in JUDGED.items():
        text = " | ".join(said[policy])
        assert all(name in text for name in names), (policy, text)
        if names & set(_NAMES):
            assert {name for name in _NAMES if name in text} == names, (policy, text)


def test_what_is_microsofts_own_is_no_finding(
    tenant: Tenant, authority: Authority, rules: RuleSet
) -> None:
    """It has permissions for everybody, no owner, and never signs in."""
    urls = {"graph_url": tenant.url, "azure_url": tenant.url}
    selection = Selection(root="/", services={"entra": urls})
    report = pipeline.scan(Context(selection=selection, rules=rules), "services")
    about = f"entra:{entra_tenant.TENANT}/{entra_tenant.GRAPH}"
    assert not [one for one in report.findings if about in one.subject]
