"""Google Cloud that does not answer as it should: what can be seen is told, and what cannot is said."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import gcp_cloud
import gcp_tenant
from gcp_cloud import Cloud, Fault
from keymuster import registry
from keymuster.collect.base import Context, Selection
from keymuster.collect.gcp.refusals import code_of, is_off, refused
from keymuster.errors import CollectError
from keymuster.model import Identity, Looked, Trouble
from keymuster.rules.schema import RuleSet

HMAC = "storage.projects.hmacKeys.list"
ACCOUNTS = "iam.projects.serviceAccounts.list"
POLICIES = "cloudresourcemanager.projects.getIamPolicy"


@pytest.fixture
def tenant(gcp: Cloud) -> Cloud:
    """One that is asked call by call."""
    gcp_tenant.fill(gcp)
    gcp.inventory = False
    return gcp


@pytest.fixture
def options(gcp: Cloud, tmp_path: Path) -> dict[str, Any]:
    file = gcp_cloud.key_file(tmp_path, gcp)
    return {"credentials_file": file, "endpoint": gcp.url, "organization_id": "1001"}


def collected(rules: RuleSet, options: dict[str, Any]) -> list[Any]:
    context = Context(selection=Selection(root="/"), rules=rules)
    return list(registry.part("service", "gcp")(context, options).collect())


def troubles(found: list[Any]) -> list[Trouble]:
    """But those of the inventory."""
    every = (one for one in found if isinstance(one, Trouble))
    return [one for one in every if not one.message.startswith("asset-inventory")]


def names(found: list[Any]) -> set[str]:
    """What service accounts are called, before the @."""
    ids = (one.id for one in found if isinstance(one, Identity))
    return {id.removeprefix("gcp:").partition("@")[0] for id in ids if "@" in id}


def test_pages_are_all_read(tenant: Cloud, options: dict[str, Any], rules: RuleSet) -> None:
    whole = {one.id for one in collected(rules, options) if hasattr(one, "id")}
    for inventory in (False, True):
        tenant.page, tenant.inventory = 1, inventory
        found = collected(rules, options)
        assert troubles(found) == []
        assert whole <= {one.id for one in found if hasattr(one, "id")}


def test_an_empty_organisation_has_nothing(
    gcp: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    gcp.organization("1001", "acme.example")
    gcp.project("acme-empty", 4799, "organizations/1001")
    for inventory, hidden in ((True, set()), (False, {"assets", "iam-policies", "secrets"})):
        gcp.inventory = inventory
        found = collected(rules, options)
        assert troubles(found) == []
        assert names(found) == set()
        looked = [one for one in found if isinstance(one, Looked) and one.account == "acme-empty"]
        assert {one.part for one in looked if one.problem} == hidden


def test_who_is_told_to_wait_waits(tenant: Cloud, options: dict[str, Any], rules: RuleSet) -> None:
    tenant.faults.append(Fault(ACCOUNTS, 429, "RATE_LIMIT_EXCEEDED", times=2, retry_after="0.2"))
    start = time.monotonic()
    found = collected(rules, options)
    assert time.monotonic() - start >= 0.2
    assert troubles(found) == []
    assert {"deploy", "old", "keyless"} <= names(found)


def test_who_is_told_to_wait_for_too_long_gives_up(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    tenant.faults.append(Fault(HMAC, 429, "RATE_LIMIT_EXCEEDED", retry_after="86400"))
    said = troubles(collected(rules, options))
    assert {one.scope for one in said} == {"acme-prod", "acme-sandbox"}
    assert all(
        "was throttled until it was given up (RATE_LIMIT_EXCEEDED)" in one.message for one in said
    )


def test_a_token_that_ends_is_renewed(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    tenant.expires_after = 12
    found = collected(rules, options)
    assert troubles(found) == []
    assert tenant.count(ACCOUNTS) >= 2
    assert 401 in {status for _, status in tenant.calls}


def test_a_token_that_ends_and_is_not_renewed_ends_the_session(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    tenant.expires_after, tenant.last_sign_in = 12, True
    found = collected(rules, options)
    said = troubles(found)
    assert said
    assert all("the session has expired" in one.message for one in said)
    problems = [one.problem for one in found if isinstance(one, Looked) and one.problem]
    assert any("nothing was asked any more" in one for one in problems)


def test_one_refused_call_costs_its_part_alone(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    whole = {one.id for one in collected(rules, options) if hasattr(one, "id")}
    tenant.faults.append(Fault(HMAC, 403, "IAM_PERMISSION_DENIED", path="acme-prod"))
    found = collected(rules, options)
    [said] = troubles(found)
    assert said.scope == "acme-prod"
    assert (
        "hmac-keys: storage.projects.hmacKeys.list was denied (IAM_PERMISSION_DENIED)"
        in said.message
    )
    assert "Allow storage.hmacKeys.list" in said.advice
    [part] = [
        one for one in found if isinstance(one, Looked) and one.part == "hmac-keys" and one.problem
    ]
    assert part.account == "acme-prod"
    lost = whole - {one.id for one in found if hasattr(one, "id")}
    assert {one.partition("#")[0].removeprefix("resource:") for one in lost} == {
        "gcp:hmac/GOOG-made-up"
    }


def test_a_policy_that_was_refused_is_not_an_empty_one(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    tenant.faults.append(Fault(POLICIES, 403, "IAM_PERMISSION_DENIED"))
    said = troubles(collected(rules, options))
    assert {one.scope for one in said} == {"acme-prod", "acme-sandbox"}


def test_a_dropped_connection_is_tried_again(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    tenant.faults.append(Fault(ACCOUNTS, 503, drop=True, times=2))
    found = collected(rules, options)
    assert troubles(found) == []
    assert {"deploy", "old", "keyless"} <= names(found)


def test_what_google_adds_is_no_trouble(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    tenant.checks = False
    account = "new@acme-sandbox.iam.gserviceaccount.com"
    tenant.add(
        ACCOUNTS,
        "projects/acme-sandbox",
        {"email": account, "mood": {"is": ["fine"]}, "uniqueId": "9"},
    )
    tenant.key(account, "k9", keyType="QUANTUM_MANAGED", keyOrigin="MOON", shape="round")
    tenant.project("acme-odd", 4714, gcp_tenant.ORGANIZATION, state="HIBERNATING")
    found = collected(rules, options)
    assert troubles(found) == []
    assert "new" in names(found)
    assert f"gcp:{account}/keys/k9" in {
        one.id.partition("#")[0] for one in found if hasattr(one, "id")
    }
    assert "acme-odd" in {one.scope for one in found if isinstance(one, Looked)}


def test_an_answer_of_another_form_costs_its_part_alone(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    tenant.faults.append(Fault(HMAC, answer={"items": ["text"]}, path="acme-prod"))
    [said] = troubles(collected(rules, options))
    assert "hmac-keys: an answer has another form than is known" in said.message


def test_regions_that_give_no_answer_are_named(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    call = "container.projects.locations.clusters.list"
    tenant.faults.append(Fault(call, answer={"missingZones": ["europe-west9-a"]}, path="acme-prod"))
    [said] = troubles(collected(rules, options))
    assert "had no answer from europe-west9-a" in said.message


def test_an_api_that_is_off_in_a_project_has_nothing_there(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    for project, consumer in (
        ("acme-prod", "projects/4711"),
        ("acme-sandbox", "projects/acme-sandbox"),
    ):
        tenant.faults.append(
            Fault(
                "compute.*", 403, "SERVICE_DISABLED", path=project,
                metadata={"service": "compute.googleapis.com", "consumer": consumer},
            )
        )  # fmt: skip
    assert troubles(collected(rules, options)) == []


def test_an_api_that_is_off_where_calls_are_counted_is_a_trouble(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    off = {"service": "policyanalyzer.googleapis.com", "consumer": "projects/99"}
    tenant.faults.append(Fault("policyanalyzer.*", 403, "SERVICE_DISABLED", metadata=off))
    said = troubles(collected(rules, options))
    assert {one.scope for one in said} == {"acme-prod", "acme-sandbox"}
    assert {one.advice for one in said} == {
        "gcloud services enable policyanalyzer.googleapis.com --project 99"
    }


def test_a_hierarchy_that_is_seen_in_part_is_said_to_be(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet
) -> None:
    tenant.faults.append(
        Fault(r"cloudresourcemanager\.folders\.search", 403, "IAM_PERMISSION_DENIED")
    )
    found = collected(rules, options)
    [said] = troubles(found)
    assert "hierarchy: cloudresourcemanager.folders.search was denied" in said.message
    assert "acme-sandbox" in {one.scope for one in found if isinstance(one, Looked)}


def test_an_api_that_fails_for_good_is_said_to(
    tenant: Cloud, options: dict[str, Any], rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keymuster.collect.asking.rest._FIRST_PAUSE_SECONDS", 0.01)
    tenant.faults.append(Fault(HMAC, 500, path="acme-prod"))
    [said] = troubles(collected(rules, options))
    assert "was not answered (INTERNAL)" in said.message


def test_a_wrong_file_ends_the_scan(
    gcp: Cloud, tmp_path: Path, options: dict[str, Any], rules: RuleSet
) -> None:
    path = tmp_path / "other.json"
    for text in ("{}", "no json", '{"type": "service_account", "private_key": "x"}'):
        path.write_text(text)
        with pytest.raises(CollectError, match=r"other\.json let nobody in"):
            collected(rules, {**options, "credentials_file": str(path)})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"status": "PERMISSION_DENIED", "code": 403}}, "PERMISSION_DENIED"),
        (
            {"error": {"status": "PERMISSION_DENIED", "details": [{"reason": "IAM_PERMISSION_DENIED"}]}},
            "IAM_PERMISSION_DENIED",
        ),
        (
            {
                "error": {
                    "status": "PERMISSION_DENIED", "details": [
                        "text",
                        {"@type": "type.googleapis.com/google.rpc.Help"},
                        {"reason": "SERVICE_DISABLED", "metadata": {"service": "iam.googleapis.com", "consumer": "projects/1"}},
                    ],
                }
            },
            "SERVICE_DISABLED iam.googleapis.com projects/1",
        ),
        ({"error": {"code": 403, "errors": [{"reason": "accessNotConfigured"}]}}, "SERVICE_DISABLED"),
        ({"error": {"code": 404}}, "404"),
        ({"error": "invalid_grant"}, "invalid_grant"),
        ({"error": {"details": "text", "errors": 7, "status": "NOT_FOUND"}}, "NOT_FOUND"),
        ({"items": []}, ""), (None, ""), ([], ""),
    ],
)  # fmt: skip
def test_refusals_are_told_by_their_reasons(body: Any, code: str) -> None:
    assert code_of(body) == code


def test_an_api_is_off_in_the_project_that_is_named() -> None:
    call, ours = "compute.projects.get", ("projects/acme-prod", "projects/4711")
    off = "SERVICE_DISABLED compute.googleapis.com projects/4711"
    assert is_off(call, off, ours)
    assert not is_off(call, off, ("projects/acme-sandbox", "projects/4712"))
    assert is_off(call, "SERVICE_DISABLED", ours)
    assert not is_off(call, "PERMISSION_DENIED", ours)


def test_an_api_that_is_off_where_whoever_scans_is_hides_what_there_is() -> None:
    ours = ("projects/acme-prod", "projects/4711")
    assert not is_off(ACCOUNTS, "SERVICE_DISABLED iam.googleapis.com projects/4711", ours)


def test_a_person_is_told_to_name_a_project_that_calls_are_counted_on() -> None:
    code = "SERVICE_DISABLED iam.googleapis.com projects/764086051850"
    assert "--quota-project" in refused(HMAC, 403, code).advice


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("SECURITY_POLICY_VIOLATED", "perimeter"), ("USER_PROJECT_DENIED", "--quota-project"),
        ("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "scope"), ("UNIMPLEMENTED", "Update"), ("SOMETHING", "Allow"),
    ],
)  # fmt: skip
def test_advice_says_what_would_help(code: str, words: str) -> None:
    said = refused(HMAC, 400, code).trouble("gcp", "acme-prod", "hmac-keys")
    assert words in f"{said.message} {said.advice}"


def test_an_inventory_that_is_not_enabled_is_not_asked_again_and_again(
    gcp: Cloud, tmp_path: Path, rules: RuleSet
) -> None:
    for number in range(40):
        gcp.project(f"lone-{number}", 6000 + number)
    gcp.inventory = False
    file = gcp_cloud.key_file(tmp_path, gcp)
    found = collected(rules, {"credentials_file": file, "endpoint": gcp.url})
    said = [one for one in found if isinstance(one, Trouble)]
    assert len({one.scope for one in said}) == 40
    assert gcp.count("cloudasset.assets.list") < 40  # as many as ask at the same time
