"""Who can become whom in Google Cloud, along the hierarchy and as far as nothing forbids it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from analysis.gcp import (
    NOW,
    account,
    denied,
    email,
    estate,
    folder,
    organization,
    policy,
    project,
    told,
)
from keymuster.collect.declared import Declared
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import STEPS
from keymuster.model import Grant, Trust
from keymuster.rules.schema import RuleSet

CI, DEPLOY, WEB = email("ci"), email("deploy"), email("web")
LEVELS = (organization(), folder(), project(number="471147"))
TOKENS = "roles/iam.serviceAccountTokenCreator"
OWNER = policy("projects/acme-prod", ("roles/owner", f"serviceAccount:{DEPLOY}"))


def _of(inventory: Inventory, name: str) -> dict[str, Any]:
    return inventory.facts.get(f"gcp:{name}", {})


def _grant(inventory: Inventory, role: str, member: str = "") -> dict[str, Any]:
    [one] = [
        one for one in inventory.of(Grant) if one.via == role and one.identity.endswith(member)
    ]
    return inventory.facts.get(one.id, {})


def _ci(rules: RuleSet, *more: Declared) -> Inventory:
    """`ci` beside `deploy`, which owns the project."""
    return estate(rules, *LEVELS, account("ci"), account("deploy"), *more)


@pytest.mark.parametrize("on", [DEPLOY, "projects/acme-prod", "folders/45", "organizations/1"])
def test_tokens_of_an_administrator_lead_to_all_rights_from_every_level(
    on: str, rules: RuleSet
) -> None:
    tokens = (TOKENS, f"serviceAccount:{CI}")
    things = [policy(on, tokens), OWNER]
    if on == "projects/acme-prod":
        things = [policy(on, tokens, ("roles/owner", f"serviceAccount:{DEPLOY}"))]
    known = _ci(rules, *things)
    if on == DEPLOY:  # on a level the role is one of administrators by itself
        assert _of(known, CI)["administrator_by"] == f"{TOKENS} to {DEPLOY}"
        assert _of(known, CI)["takes_over"] == [DEPLOY]
    assert CI in _of(known, DEPLOY)["impersonators"]


def test_the_way_may_lead_over_others(rules: RuleSet) -> None:
    known = _ci(
        rules, account("web"), OWNER, policy(WEB, (TOKENS, f"serviceAccount:{CI}")),
        policy(DEPLOY, (TOKENS, f"serviceAccount:{WEB}")),
        policy("folders/45", ("roles/viewer", f"serviceAccount:{CI}")),
    )  # fmt: skip
    assert _of(known, CI)["administrator_by"] == f"{TOKENS} to {WEB}, then {TOKENS} to {DEPLOY}"
    assert _grant(known, TOKENS, CI)["escalates"] == "yes"
    [path] = _of(known, CI)[STEPS]["administrator_by"]
    assert [(one.start, one.to, one.proved) for one in path] == [
        (f"gcp:{CI}", f"gcp:{WEB}", True), (f"gcp:{WEB}", f"gcp:{DEPLOY}", True),
    ]  # fmt: skip
    assert [known.records[id].via for one in path for id in one.records] == [TOKENS, TOKENS]  # type: ignore[union-attr]


def test_a_person_is_told_at_the_binding(rules: RuleSet) -> None:
    known = _ci(rules, OWNER, policy("folders/45", (TOKENS, "user:jo@acme.example")))
    said = _grant(known, TOKENS)
    assert said["takes_over"] == "every service account of folders/45 (2)"
    assert said["escalates"] == "yes"
    assert _of(known, CI)["impersonators"] == [DEPLOY, "user:jo@acme.example"]


def test_who_may_act_as_an_account_needs_something_to_start(rules: RuleSet) -> None:
    acts = policy(DEPLOY, ("roles/iam.serviceAccountUser", f"serviceAccount:{CI}"))
    assert "administrator_by" not in _of(_ci(rules, OWNER, acts), CI)
    starts = policy("folders/45", ("roles/run.admin", f"serviceAccount:{CI}"))
    assert _of(_ci(rules, OWNER, acts, starts), CI)["administrator_by"].endswith(f"to {DEPLOY}")


def test_and_may_start_it_there(rules: RuleSet) -> None:
    acts = policy(DEPLOY, ("roles/iam.serviceAccountUser", f"serviceAccount:{CI}"))
    elsewhere = policy("projects/acme-dev", ("roles/run.admin", f"serviceAccount:{CI}"))
    known = _ci(rules, project("acme-dev"), OWNER, acts, elsewhere)
    assert "administrator_by" not in _of(known, CI)


def test_acting_as_all_and_starting_in_one_project_is_enough(rules: RuleSet) -> None:
    known = _ci(
        rules,
        policy("organizations/1", ("roles/iam.serviceAccountUser", f"serviceAccount:{CI}")),
        policy(
            "projects/acme-prod",
            ("roles/cloudfunctions.developer", f"serviceAccount:{CI}"),
            ("roles/owner", f"serviceAccount:{DEPLOY}"),
        ),
    )
    assert _of(known, CI)["administrator_by"].endswith(f"to {DEPLOY}")


def test_a_condition_that_holds_no_more_gives_nothing(rules: RuleSet) -> None:
    past = "request.time < timestamp('2025-01-01T00:00:00Z')"
    known = _ci(rules, OWNER, policy(DEPLOY, (TOKENS, f"serviceAccount:{CI}", past)))
    assert "administrator_by" not in _of(known, CI)
    said = _grant(known, TOKENS)
    assert (said["in_force"], said["lapsed"]) == ("no", True)
    assert "takes_over" not in said


def test_a_condition_that_nobody_can_tell_leaves_it_open(rules: RuleSet) -> None:
    tagged = "resource.matchTag('1/env', 'prod')"
    known = _ci(rules, OWNER, policy(DEPLOY, (TOKENS, f"serviceAccount:{CI}", tagged)))
    assert "administrator_by" not in _of(known, CI)
    assert _of(known, CI)["may_take_over"] == [DEPLOY]


def test_rights_on_buckets_are_none_on_accounts(rules: RuleSet) -> None:
    buckets = "resource.name.startsWith('projects/_/buckets/acme')"
    known = _ci(
        rules, OWNER, policy("folders/45", ("roles/owner", f"serviceAccount:{CI}", buckets))
    )
    assert "may_take_over" not in _of(known, CI)
    assert _of(known, CI)["privilege"] != "admin"


@pytest.mark.parametrize(
    ("principal", "spared", "holds"),
    [
        ("principalSet://goog/public:all", (), False),
        ("principalSet://goog/public:all", (f"principal://iam.googleapis.com/projects/-/serviceAccounts/{CI}",), True),
        (f"principal://iam.googleapis.com/projects/-/serviceAccounts/{CI}", (), False),
        (f"principal://iam.googleapis.com/projects/-/serviceAccounts/{WEB}", (), True),
        ("principal://goog/subject/jo@acme.example", (), True),
        ("principalSet://cloudresourcemanager.googleapis.com/folders/45/type/ServiceAccount", (), False),
        ("principalSet://cloudresourcemanager.googleapis.com/projects/9/type/ServiceAccount", (), True),
    ],
)  # fmt: skip
def test_what_is_denied_is_taken_off(
    principal: str, spared: tuple[str, ...], holds: bool, rules: RuleSet
) -> None:
    known = _ci(
        rules, OWNER, policy(DEPLOY, (TOKENS, f"serviceAccount:{CI}")),
        denied("folders/45", "iam.googleapis.com/serviceAccounts.*", principal, *spared),
    )  # fmt: skip
    assert ("administrator_by" in _of(known, CI)) is holds
    assert (_grant(known, TOKENS).get("in_force", "yes") == "yes") is holds


def test_a_group_that_is_denied_may_hold_anybody(rules: RuleSet) -> None:
    known = _ci(
        rules, OWNER, policy(DEPLOY, (TOKENS, f"serviceAccount:{CI}")),
        denied("organizations/1", "iam.googleapis.com/serviceAccounts.*", "principalSet://goog/group/x@acme.example"),
    )  # fmt: skip
    assert _of(known, CI)["may_take_over"] == [DEPLOY]
    assert _grant(known, TOKENS)["in_force"] == "unknown"


def test_an_owner_who_may_not_change_policies_is_none(rules: RuleSet) -> None:
    everything = denied(
        "organizations/1", "*", "principalSet://goog/public:all",
    )  # fmt: skip
    assert _of(_ci(rules, OWNER), DEPLOY)["privilege"] == "admin"
    assert _of(_ci(rules, OWNER, everything), DEPLOY)["privilege"] == "write"


def test_keys_that_nobody_may_make_are_no_way(rules: RuleSet) -> None:
    keys = policy(DEPLOY, ("roles/iam.serviceAccountKeyAdmin", f"serviceAccount:{CI}"))
    listed = told(
        "orgpolicy.googleapis.com/ListPoliciesResponse", "//orgpolicy.googleapis.com/organizations/1",
        {
            "parent": "organizations/1",
            "policies": [
                {
                    "name": "organizations/1/policies/iam.disableServiceAccountKeyCreation",
                    "spec": {"rules": [{"enforce": True}]},
                }
            ],
        },
    )  # fmt: skip
    assert "administrator_by" in _of(_ci(rules, OWNER, keys), CI)
    assert "administrator_by" not in _of(_ci(rules, OWNER, keys, listed), CI)


def test_an_account_that_is_switched_off_is_no_end(rules: RuleSet) -> None:
    tokens = policy(DEPLOY, (TOKENS, f"serviceAccount:{CI}"))
    known = estate(rules, *LEVELS, account("ci"), account("deploy", disabled=True), OWNER, tokens)
    assert "administrator_by" not in _of(known, CI)


def test_a_service_account_of_development_in_production_is_told(rules: RuleSet) -> None:
    known = estate(
        rules, *LEVELS, project("acme-dev"), account("ci", "acme-dev"),
        policy("projects/acme-prod", ("roles/editor", f"serviceAccount:{email('ci', 'acme-dev')}")),
    )  # fmt: skip
    assert _grant(known, "roles/editor")["across"] == "development to production"


@pytest.mark.parametrize(
    ("member", "whose"),
    [
        (f"serviceAccount:{CI}", "same-account"),
        (f"serviceAccount:{email('x', 'acme-dev')}", "estate"),
        (f"serviceAccount:{email('x', 'stranger')}", "stranger"),
        ("serviceAccount:service-471147@gcp-sa-pubsub.iam.gserviceaccount.com", "estate"),
        ("serviceAccount:service-99999@gcp-sa-pubsub.iam.gserviceaccount.com", "stranger"),
        ("serviceAccount:471147-compute@developer.gserviceaccount.com", "estate"),
        ("serviceAccount:stranger.svc.id.goog[ns/app]", "stranger"),
        ("user:jo@acme.example", "estate"),
        ("group:all@other.example", "stranger"),
        ("domain:other.example", "stranger"),
        ("principalSet://iam.googleapis.com/projects/99/locations/global/workloadIdentityPools/p/*", "stranger"),
        ("serviceAccount:cloud-logs@system.gserviceaccount.com", ""),
    ],
)  # fmt: skip
def test_members_are_ours_or_strangers(member: str, whose: str, rules: RuleSet) -> None:
    known = estate(
        rules, *LEVELS, project("acme-dev"), policy("projects/acme-prod", ("roles/viewer", member))
    )
    assert _grant(known, "roles/viewer").get("whose", "") == whose


def test_without_an_organisation_nobody_is_a_stranger(rules: RuleSet) -> None:
    things = (
        project(parent=""),
        policy("projects/acme-prod", ("roles/viewer", "user:jo@x.example")),
    )
    assert _grant(estate(rules, *things), "roles/viewer")["whose"] == "untold"
    assert _grant(estate(rules, *things, ours=["x.example"]), "roles/viewer")["whose"] == "estate"


def test_who_has_nothing_in_a_project_that_told_its_bindings_has_no_rights(rules: RuleSet) -> None:
    known = _ci(rules, policy("projects/acme-prod", ("roles/viewer", "user:jo@acme.example")))
    assert _of(known, CI)["privilege"] == "none"
    assert "privilege" not in _of(_ci(rules), CI)


def test_a_pool_is_that_of_its_project(rules: RuleSet) -> None:
    """Others may call theirs alike."""
    pool = "projects/471147/locations/global/workloadIdentityPools/ci"
    provider = told(
        "google_iam_workload_identity_pool_provider", f"//iam.googleapis.com/{pool}/providers/gh",
        {
            "workload_identity_pool_id": "ci", "attribute_mapping": {"google.subject": "assertion.sub"},
            "oidc": {"issuer_uri": "https://token.actions.githubusercontent.com"},
        },
    )  # fmt: skip
    for of, anyone in ((pool, "yes"), (pool.replace("471147", "999999"), "unknown")):
        role = "roles/iam.workloadIdentityUser"
        known = _ci(
            rules, provider, policy(CI, (role, f"principalSet://iam.googleapis.com/{of}/*"))
        )
        [trust] = [one for one in known.of(Trust) if one.identity == f"gcp:{CI}"]
        assert known.facts[trust.id]["anyone"] == anyone


@pytest.mark.parametrize(
    ("member", "audience"),
    [
        ("user:jo@acme.example", "estate"),
        ("user:jo@other.example", "vendor"),
        (f"serviceAccount:{email('x', 'stranger')}", "vendor"),
        ("serviceAccount:service-471147@gcp-sa-pubsub.iam.gserviceaccount.com", "estate"),
    ],
)
def test_who_may_become_an_account_is_ours_or_a_stranger(
    member: str, audience: str, rules: RuleSet
) -> None:
    known = _ci(rules, policy(CI, (TOKENS, member)))
    [trust] = [one for one in known.of(Trust) if one.identity == f"gcp:{CI}"]
    assert known.facts[trust.id]["audience"] == audience


def test_a_role_further_up_counts_where_the_nearest_is_open(rules: RuleSet) -> None:
    tagged = "resource.matchTag('1/env', 'prod')"
    known = _ci(
        rules, policy(DEPLOY, ("roles/iam.serviceAccountUser", f"serviceAccount:{CI}")),
        policy("folders/45", ("roles/run.admin", f"serviceAccount:{CI}")),
        policy(
            "projects/acme-prod", ("roles/run.admin", f"serviceAccount:{CI}", tagged),
            ("roles/owner", f"serviceAccount:{DEPLOY}"),
        ),
    )  # fmt: skip
    assert _of(known, CI)["administrator_by"].endswith(f"to {DEPLOY}")


def test_a_role_that_was_deleted_gives_nothing(rules: RuleSet) -> None:
    name = "projects/acme-prod/roles/taker"
    for deleted, taken in ((False, True), (True, False)):
        role = told(
            "google_project_iam_custom_role", f"gcp:role/{name}",
            {
                "role_id": "taker", "project": "acme-prod", "deleted": deleted,
                "permissions": ["iam.serviceAccounts.getAccessToken"],
            },
        )  # fmt: skip
        known = _ci(rules, OWNER, role, policy(DEPLOY, (name, f"serviceAccount:{CI}")))
        assert ("administrator_by" in _of(known, CI)) is taken


def test_an_account_is_for_what_its_project_is_for(rules: RuleSet) -> None:
    labelled = told(
        "google_project", "gcp:projects/acme-one",
        {"project_id": "acme-one", "parent": "folders/45", "labels": {"env": "staging"}}, "acme-one",
    )  # fmt: skip
    known = estate(rules, *LEVELS, labelled, account("test", "acme-one"))
    assert _of(known, email("test", "acme-one"))["environment"] == "staging"


def test_a_finding_quotes_the_bindings_of_each_step(rules: RuleSet) -> None:
    known = _ci(
        rules, OWNER, policy("folders/45", ("roles/viewer", f"serviceAccount:{CI}")),
        policy(DEPLOY, (TOKENS, f"serviceAccount:{CI}", "request.time < timestamp('2030-01-01T00:00:00Z')")),
    )  # fmt: skip
    wanted = [one for one in rules.policies if one.id == "gcp-account-becomes-administrator"]
    [finding] = evaluate(known, replace(rules, policies=wanted), Choice(), NOW).findings
    assert finding.message == f"{CI} can become an administrator: {TOKENS} to {DEPLOY}"
    [[step]] = finding.paths
    [said] = step.statements
    assert (said.via, said.resources) == (TOKENS, (f"gcp:{DEPLOY}",))
    assert any("2030-01-01" in one for one in said.conditions)
