"""Google Cloud as a server on this machine plays it: one seeded organisation, through the real clients."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import gcp_cloud
import gcp_tenant
from gcp_cloud import Cloud, Fault
from keymuster import pipeline, registry
from keymuster.collect.base import Context, Selection
from keymuster.collect.gcp.methods import METHODS
from keymuster.collect.gcp.places import CALLS, PERMISSIONS
from keymuster.errors import CollectError, SettingsError
from keymuster.model import (
    Credential,
    FileLocation,
    Grant,
    Identity,
    Looked,
    Report,
    Resource,
    Trouble,
    Trust,
)
from keymuster.report.base import Style
from keymuster.rules.schema import RuleSet

DEPLOY = "deploy@acme-prod.iam.gserviceaccount.com"
KEYS = "iam.projects.serviceAccounts.keys.list"
ACCOUNTS = "iam.projects.serviceAccounts.list"
INVENTORY = "cloudasset.assets.list"


@pytest.fixture
def tenant(gcp: Cloud) -> Cloud:
    gcp_tenant.fill(gcp)
    return gcp


@pytest.fixture
def signed(gcp: Cloud, tmp_path: Path) -> dict[str, Any]:
    """The options that sign in."""
    return {"credentials_file": gcp_cloud.key_file(tmp_path, gcp), "endpoint": gcp.url}


@pytest.fixture
def options(signed: dict[str, Any]) -> dict[str, Any]:
    return {**signed, "organization_id": "1001"}


def collected(rules: RuleSet, options: dict[str, Any]) -> list[Any]:
    context = Context(selection=Selection(root="/"), rules=rules)
    return list(registry.part("service", "gcp")(context, options).collect())


def scanned(rules: RuleSet, options: dict[str, Any]) -> Report:
    selection = Selection(root="/", services={"gcp": options})
    return pipeline.scan(Context(selection=selection, rules=rules), "services")


def of(found: list[Any], kind: type[Any]) -> Iterator[Any]:
    return (one for one in found if isinstance(one, kind))


def troubles(found: list[Any]) -> list[str]:
    return [one.message for one in of(found, Trouble)]


def test_an_organisation_becomes_records(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    found = collected(rules, options)
    assert troubles(found) == []
    assert [one.problem for one in of(found, Looked) if one.problem] == []
    deploy = next(one for one in of(found, Identity) if one.id == f"gcp:{DEPLOY}")
    assert deploy.account == "acme-prod"
    keys = {
        one.id.partition("#")[0]: one
        for one in of(found, Credential)
        if one.identity == deploy.id and one.id.startswith(f"{deploy.id}/keys/")
    }
    assert set(keys) == {f"{deploy.id}/keys/k-old", f"{deploy.id}/keys/k-leaked"}
    trusts = {(one.identity, one.principal.rpartition("/")[2]) for one in of(found, Trust)}
    assert (deploy.id, "*") in trusts
    grants = {(one.identity, one.via, *one.resources) for one in of(found, Grant) if one.via}
    assert (deploy.id, "roles/owner", "projects/acme-prod") in grants
    assert ("gcp:group:auditors@acme.example", "roles/viewer", "organizations/1001") in grants


def test_the_inventory_and_direct_calls_tell_the_same(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    by_inventory = {one.id for one in collected(rules, options) if hasattr(one, "id")}
    tenant.inventory = False
    direct = {one.id for one in collected(rules, options) if hasattr(one, "id")}
    assert direct <= by_inventory
    only = {
        one.removeprefix("resource:").partition("/projects")[0].partition("#")[0]
        for one in by_inventory - direct
    }
    assert only == {
        "//cloudkms.googleapis.com",
        "//bigquery.googleapis.com",
        "//pubsub.googleapis.com",
        "//lifesciences.googleapis.com",
    }


def test_what_only_the_inventory_tells_is_said_to_be_unseen(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    tenant.inventory = False
    found = collected(rules, options)
    said = list(of(found, Trouble))
    assert [one.scope for one in said] == ["organizations/1001", "organizations/1001"]
    assert all("projects/99" in one.message and "by it alone" in one.message for one in said)
    assert all("gcloud services enable cloudasset.googleapis.com" in one.advice for one in said)
    hidden = {type for one in of(found, Looked) if one.problem for type in one.types}
    assert {"google_kms_crypto_key", "google_bigquery_dataset"} <= hidden


def test_an_inventory_that_fails_half_way_is_replaced_by_calls(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    tenant.page = 3
    tenant.faults.append(Fault(INVENTORY, 403, "IAM_PERMISSION_DENIED", after=2))
    found = collected(rules, options)
    assert len(troubles(found)) == 2
    assert tenant.count(KEYS) == 5
    ids = Counter(one.id for one in found if hasattr(one, "id"))
    assert [id for id, times in ids.items() if times > 1 and "#policy#" not in id] == []


def test_a_type_that_the_inventory_does_not_know_is_asked_for_directly(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(gcp_cloud.ASSETS, ACCOUNTS)
    found = collected(rules, options)
    assert troubles(found) == [
        "asset-inventory: the inventory does not know iam.googleapis.com/ServiceAccount"
    ]
    assert tenant.count(ACCOUNTS) == 3  # in each project, and to know whom policies mean
    assert f"gcp:{DEPLOY}" in {one.id for one in of(found, Identity)}


def test_projects_that_are_to_be_deleted_are_told_of_and_not_asked(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    found = collected(rules, options)
    assert "acme-gone" not in {one.scope for one in of(found, Looked)}
    assert {one.scope for one in of(found, Looked)} >= {"acme-prod", "acme-sandbox", "folders/22"}


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({"projects": ("acme-sandbox",)}, {"acme-sandbox"}),
        ({"folders": ("21",)}, {"folders/21", "folders/22", "acme-prod"}),
        ({}, {"organizations/1001", "folders/21", "folders/22", "acme-prod", "acme-sandbox"}),
        (
            {"organization_id": "1001", "projects": ("4711",)},
            {"organizations/1001", "folders/21", "folders/22", "acme-prod"},
        ),
    ],
    ids=["projects", "folder", "all that can be seen", "a project of the organisation"],
)
def test_only_what_was_named_is_looked_at(
    given: dict[str, Any], seen: set[str], tenant: Cloud, signed: dict[str, Any], rules: RuleSet
) -> None:
    found = collected(rules, {**signed, **given})
    assert troubles(found) == []
    parts = [one for one in of(found, Looked) if one.part == "iam-policies"]
    assert {one.scope for one in parts} == seen


def test_calls_are_made_by_page_and_not_by_account(
    gcp: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    gcp.organization("1001", "acme.example")
    for number in range(4):
        gcp.project(f"project-{number}", 5000 + number, "organizations/1001")
        for each in range(60):
            email = gcp.account(f"project-{number}", f"robot-{each}", number * 1000 + each)
            gcp.key(email, f"{number}-{each}")
    gcp.page = 100
    found = collected(rules, options)
    assert troubles(found) == []
    assert sum(1 for one in of(found, Identity) if one.id.startswith("gcp:robot")) == 240
    assert sum(1 for one in of(found, Credential)) >= 240
    assert gcp.count(KEYS) == gcp.count(ACCOUNTS) == 0
    assert gcp.count(INVENTORY) == 5 + 1


def needed() -> dict[str, tuple[str, ...]]:
    """Call -> the permissions that it needs."""
    kinds = {
        one.split(".")[1]: permission
        for one, permission in zip(CALLS[::2], PERMISSIONS, strict=True)
    }
    found = {call: (kinds[call.split(".")[1]],) for call in CALLS}
    return found | {call: one.permissions for call, one in METHODS.items()}


@pytest.mark.parametrize("inventory", [True, False], ids=["inventory", "direct"])
def test_the_printed_role_is_enough_and_no_more(
    inventory: bool, tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    context = Context(selection=Selection(root="/"), rules=rules)
    printed = yaml.safe_load(registry.part("service", "gcp")(context, {}).permissions())
    tenant.needed, tenant.allowed = needed(), set(printed["includedPermissions"])
    tenant.inventory = inventory
    found = collected(rules, options)
    refused = [one for one in troubles(found) if "asset-inventory" not in one]
    assert refused == []
    called = {call for call, _ in tenant.calls}
    tenant.inventory = not inventory
    collected(rules, options)
    called |= {call for call, _ in tenant.calls}
    used = {one for call in called for one in needed()[call]}
    assert tenant.allowed - used == {"serviceusage.services.use"}


def test_one_permission_less_is_one_trouble(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    tenant.needed = needed()
    tenant.allowed = {one for several in needed().values() for one in several} - {
        "storage.hmacKeys.list"
    }
    [said] = list(of(collected(rules, {**options, "projects": ("acme-prod",)}), Trouble))
    assert "hmac-keys: storage.projects.hmacKeys.list was denied" in said.message
    assert "Allow storage.hmacKeys.list" in said.advice


def test_whoever_scans_is_told_of(tenant: Cloud, options: dict[str, Any], rules: RuleSet) -> None:
    found = collected(rules, options)
    [scanner] = [one for one in of(found, Resource) if one.type == "keymuster:scanner"]
    assert scanner.name == "scanner@acme-security.iam.gserviceaccount.com"
    assert scanner.settings == {"provider": "gcp", "static": True, "method": "service-account-key"}


def test_another_account_can_be_impersonated(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    audit = "audit@acme-security.iam.gserviceaccount.com"
    found = collected(rules, {**options, "impersonate_service_account": audit})
    [scanner] = [one for one in of(found, Resource) if one.type == "keymuster:scanner"]
    assert scanner.name == audit
    assert scanner.settings == {"provider": "gcp", "static": True, "method": "impersonation"}
    assert troubles(found) == []


def test_nobody_let_in_ends_the_scan(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    tenant.signs_in = False
    with pytest.raises(CollectError, match=r"sign-in: .* let nobody in") as caught:
        collected(rules, options)
    assert "no such account" not in str(caught.value)


def test_nothing_to_be_seen_ends_the_scan(
    gcp: Cloud, signed: dict[str, Any], rules: RuleSet
) -> None:
    with pytest.raises(CollectError, match="no organisation, folder or project could be seen"):
        collected(rules, signed)
    with pytest.raises(CollectError, match=r"organizations\.get was denied"):
        collected(rules, {**signed, "organization_id": "77"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"organization_id": "acme.example"}, {"folders": ("x",)}, {"projects": ("A B",)}, {"endpoint": "ftp://x"},
        {"impersonate_service_account": "someone@acme.example"}, {"quota_project": "1-"},
    ],
    ids=lambda one: next(iter(one)),
)  # fmt: skip
def test_what_can_be_nothing_is_refused(wrong: dict[str, Any], rules: RuleSet) -> None:
    context = Context(selection=Selection(root="/"), rules=rules)
    with pytest.raises(SettingsError, match="there can be none such"):
        registry.part("service", "gcp")(context, wrong)


FOUND = {
    "federation-open-to-anyone",
    "gcp-account-crosses-environments",
    "gcp-account-is-administrator",
    "gcp-account-open-to-whole-pool",
    "gcp-admin-role-on-service-account",
    "gcp-agent-with-shared-account",
    "gcp-api-key-bound-to-account",
    "gcp-api-key-for-every-api",
    "gcp-api-key-for-gemini",
    "gcp-api-key-from-anywhere",
    "gcp-api-key-over-90-days",
    "gcp-basic-role-granted",
    "gcp-bucket-takes-public-policies",
    "gcp-cluster-legacy-abac",
    "gcp-cluster-with-client-certificate",
    "gcp-cluster-without-workload-identity",
    "gcp-custom-role-deploys-as-any-account",
    "gcp-database-user-with-password",
    "gcp-dataset-open",
    "gcp-default-account-used",
    "gcp-disabled-account-keeps-rights",
    "gcp-full-scope-on-default-account",
    "gcp-guard-against-keys-off",
    "gcp-hmac-key-exists",
    "gcp-hmac-key-over-90-days",
    "gcp-impersonation-of-all-accounts",
    "gcp-key-leaked",
    "gcp-key-or-secret-open",
    "gcp-key-rotation-too-slow",
    "gcp-machine-takes-project-keys",
    "gcp-member-becomes-administrator",
    "gcp-node-shows-its-token",
    "gcp-oauth-client-for-everything",
    "gcp-oauth-client-secret",
    "gcp-open-to-any-google-account",
    "gcp-open-to-anyone",
    "gcp-organization-leaves-open",
    "gcp-os-login-off",
    "gcp-pool-condition-by-name",
    "gcp-pool-issues-long-certificates",
    "gcp-pool-owner-has-role",
    "gcp-pool-takes-certificates-of-anybody",
    "gcp-pool-takes-every-role-of-account",
    "gcp-pool-takes-tokens-for-others",
    "gcp-pool-trusts-other-domains",
    "gcp-pool-without-condition",
    "gcp-recommender-found-excess",
    "gcp-role-granted-to-deleted-member",
    "gcp-role-granted-to-private-account",
    "gcp-role-granted-to-stranger",
    "gcp-role-leads-to-more",
    "gcp-scanner-with-static-key",
    "gcp-scim-token-without-end",
    "gcp-secret-without-rotation",
    "gcp-service-account-key-exists",
    "gcp-service-account-key-over-90-days",
    "gcp-service-account-key-unused",
    "gcp-service-account-key-uploaded",
    "gcp-service-account-unused",
    "gcp-shared-service-account",
    "gcp-viewer-role-granted",
}


def test_what_an_organisation_holds_is_judged(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    report = scanned(rules, options)
    assert report.signed_in_as == ("scanner@acme-security.iam.gserviceaccount.com",)
    found = {one.policy for one in report.findings}
    assert FOUND - found == set()
    assert not {one for one in found if one.endswith("-declared")}
    rotated = [one for one in report.findings if one.subject.endswith("/secrets/rotated")]
    assert rotated == []
    assert {"clean", "found"} <= {one.status for one in report.coverage}


def test_who_acted_as_an_account_is_judged_if_logs_are_asked_for(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    person = [{"firstPartyPrincipal": {"principalEmail": "ann@acme.example"}}]
    account = "deploy@acme-prod.iam.gserviceaccount.com"
    info = {"principalEmail": account, "serviceAccountDelegationInfo": person}
    tenant.add(
        "logging.entries.list", "projects/acme-prod",
        {"timestamp": "2026-11-20T00:00:00Z", "protoPayload": {"authenticationInfo": info}},
    )  # fmt: skip
    policies = {one.policy for one in scanned(rules, {**options, "audit_logs": True}).findings}
    assert "gcp-person-acted-as-account" in policies
    assert tenant.count("logging.entries.list") == 2


def test_a_finding_names_the_calls_that_told_of_it(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    report = scanned(rules, options)
    [finding] = [one for one in report.findings if one.policy == "gcp-api-key-for-gemini"]
    assert "apikeys.projects.locations.keys.list" in finding.told_by


PASSWORD = "hiccup-" + "wagon-83-rusk"


def test_no_report_tells_a_secret_of_a_setting(
    tenant: Cloud,
    options: dict[str, Any],
    rules: RuleSet,
    token: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    text = token("github-pat")
    tenant.add(
        "run.namespaces.services.list", "namespaces/acme-sandbox",
        {
            "metadata": {"name": "leaky"},
            "spec": {
                "template": {
                    "spec": {
                        "containers": [
                            {"env": [{"name": "UPSTREAM", "value": text}, {"name": "DB_PASSWORD", "value": PASSWORD}]}
                        ]
                    }
                }
            },
        },
    )  # fmt: skip
    tenant.add(
        "container.projects.locations.clusters.list", "projects/acme-sandbox/locations/-",
        {"name": "old", "location": "us-east1-b", "masterAuth": {"username": "admin", "password": PASSWORD}},
    )  # fmt: skip
    with caplog.at_level(logging.DEBUG):
        report = scanned(rules, options)
    assert "gcp-cluster-with-password" in {one.policy for one in report.findings}
    told = [one for one in report.findings if one.policy == "secret-in-cloud-setting"]
    assert {one.message.partition(" ")[0] for one in told} == {
        "UPSTREAM", "DB_PASSWORD",
    }  # fmt: skip
    for name in registry.names("reporter"):
        assert text not in rendered(report, name)
        assert PASSWORD not in rendered(report, name)
    assert text not in caplog.text


def rendered(report: Report, name: str) -> str:
    from io import StringIO

    out = StringIO()
    pipeline.write(report, name, out, Style())
    return out.getvalue()


def test_no_sdk_is_imported_before_the_service_is_named() -> None:
    code = (
        "import sys; from keymuster import registry; part = registry.part('service', 'gcp'); "
        "print(sorted(one for one in sys.modules if one.startswith(('google.auth', 'google.cloud', 'grpc', 'requests'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == []


def unseen(report: Report) -> set[tuple[str, str]]:
    return {(one.policy, one.account) for one in report.coverage if one.unseen}


def test_policies_say_where_they_could_not_see_without_the_inventory(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    assert unseen(scanned(rules, options)) == set()
    tenant.inventory = False
    report = scanned(rules, options)
    found = unseen(report)
    for policy in (
        "gcp-key-rotation-too-slow",
        "gcp-open-to-anyone",
        "gcp-secret-without-rotation",
    ):
        assert (policy, "acme-sandbox") in found
    assert ("gcp-api-key-for-every-api", "acme-sandbox") not in found
    assert not any(account.startswith("folders/") for _, account in found)
    assert len(report.troubles) == 2


CODE = """
resource "google_service_account" "deploy" {
  account_id = "deploy"
  project    = "acme-prod"
}
"""


def test_what_code_declares_is_found_at_its_line(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet, tmp_path: Path
) -> None:
    folder = tmp_path / "infra"
    folder.mkdir()
    (folder / "main.tf").write_text(CODE)
    selection = Selection(root=str(folder), paths=(str(folder),), services={"gcp": options})
    report = pipeline.scan(Context(selection=selection, rules=rules), "worktree")
    [finding] = [one for one in report.findings if one.policy == "gcp-account-is-administrator"]
    assert finding.subject == f"gcp:{DEPLOY}"
    assert isinstance(finding.location, FileLocation)
    assert (finding.location.path, finding.location.line) == ("main.tf", 2)
