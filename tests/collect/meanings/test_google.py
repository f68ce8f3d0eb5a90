"""What objects of Google Cloud mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.collect.meanings import google
from keymuster.collect.syntax.node import File, Node
from keymuster.model import Credential, FileLocation, Grant, Identity, Observation, Trust, Use

_SCOPE = "terraform:infra"
_ROOT = Node(
    value=None, file=File(path="infra/main.tf"), line=3, column=1, end_line=9, end_column=2
)


def _declared(type: str, written: Any, name: str = "x") -> Declared:
    return Declared(type=type, name=f"{type}.{name}", scope=_SCOPE, settings=_ROOT.made(written))


def _records(type: str, written: Any) -> list[Observation]:
    return list(meanings.records(_declared(type, written), ()))


def _one(type: str, written: Any) -> Any:
    [record] = _records(type, written)
    return record


def test_a_service_account_is_known_by_its_address_where_the_project_is() -> None:
    account = _one(
        "google_service_account",
        {"account_id": "ci", "project": "acme-prod", "description": "deploys"},
    )
    assert isinstance(account, Identity)
    assert account.aliases == ("gcp:ci@acme-prod.iam.gserviceaccount.com",)
    assert (account.account, account.name, account.purpose) == ("acme-prod", "ci", "deploys")


@pytest.mark.parametrize("project", [None, "${var.project}"])
def test_and_by_reference_only_where_it_is_not(project: str | None) -> None:
    written = {"account_id": "ci"} | ({"project": project} if project else {})
    assert _one("google_service_account", written).aliases == ()


@pytest.mark.parametrize(
    ("member", "identity"),
    [
        ("allUsers", "*"),
        ("allAuthenticatedUsers", "allAuthenticatedUsers"),
        ("serviceAccount:a@p.iam.gserviceaccount.com", "gcp:a@p.iam.gserviceaccount.com"),
        (
            "serviceAccount:${google_service_account.ci.email}",
            "terraform:infra:google_service_account.ci",
        ),
        ("${google_service_account.ci.member}", "terraform:infra:google_service_account.ci"),
        ("serviceAccount:${var.email}", "gcp:${var.email}"),
        ("${var.member}", "${var.member}"),
        ("user:jo@acme.example", "gcp:user:jo@acme.example"),
        (
            "12-compute@developer.gserviceaccount.com",
            "gcp:12-compute@developer.gserviceaccount.com",
        ),
        ("jo@acme.example", "gcp:unknown:jo@acme.example"),
        ("deleted:serviceAccount:a@p?uid=1", "gcp:deleted:serviceAccount:a@p?uid=1"),
        ("principalSet://iam.googleapis.com/x/*", "principalSet://iam.googleapis.com/x/*"),
    ],
)
def test_a_member_is_an_identity(member: str, identity: str) -> None:
    grant = _one(
        "google_project_iam_member", {"project": "p", "role": "roles/viewer", "member": member}
    )
    assert isinstance(grant, Grant)
    assert (grant.identity, grant.via, grant.resources) == (
        identity,
        "roles/viewer",
        ("projects/p",),
    )


@pytest.mark.parametrize(
    ("type", "written", "resource"),
    [
        ("google_folder_iam_binding", {"folder": "folders/1"}, "folders/1"),
        ("google_organization_iam_member", {"org_id": "2"}, "organizations/2"),
        ("google_project_iam_member", {}, "projects/${project}"),
        ("google_storage_bucket_iam_member", {"bucket": "b"}, "storage_bucket/b"),
        (
            "google_kms_key_ring_iam_member",
            {"key_ring_id": "${google_kms_key_ring.k.id}"},
            "terraform:infra:google_kms_key_ring.k",
        ),
        ("google_secret_manager_secret_iam_member", {"secret_id": "${var.s}"}, "secret_manager_secret/${var.s}"),
    ],
)  # fmt: skip
def test_a_binding_is_on_something(type: str, written: dict[str, Any], resource: str) -> None:
    grant = _one(type, {**written, "role": "roles/x", "members": ["user:a@b.example"]})
    assert grant.resources == (resource,)


def test_each_member_of_a_binding_has_a_grant_and_its_condition() -> None:
    grants = _records(
        "google_project_iam_binding",
        {
            "project": "p",
            "role": "projects/p/roles/own",
            "members": ["user:a@b.example", "group:c@b.example"],
            "condition": {"title": "soon", "expression": "true"},
        },
    )
    assert [one.identity for one in grants if isinstance(one, Grant)] == [
        "gcp:user:a@b.example",
        "gcp:group:c@b.example",
    ]
    first = grants[0]
    assert isinstance(first, Grant)
    assert first.via == "gcp:role/projects/p/roles/own"
    assert first.conditions == {"condition": {"title": "soon", "expression": "true"}}


def test_a_policy_is_seen_where_it_is_written_and_where_it_is_used() -> None:
    binding = Node(
        value={
            "role": _ROOT.holding("roles/owner"),
            "members": _ROOT.holding([_ROOT.holding("user:a@b.example")]),
        },
        file=File(path="infra/policy.tf"), line=20, column=3, end_line=24, end_column=4,
    )  # fmt: skip
    policy = _ROOT.holding({"bindings": _ROOT.holding([binding])})
    one = Declared(
        type="google_project_iam_policy", name="p", scope=_SCOPE,
        settings=_ROOT.holding({"project": _ROOT.holding("p"), "policy_data": policy}),
    )  # fmt: skip
    grants = list(meanings.records(one, ()))
    assert len({grant.id for grant in grants}) == 1
    assert [
        grant.location.path
        for grant in grants
        if isinstance(grant, Grant) and isinstance(grant.location, FileLocation)
    ] == ["infra/policy.tf", "infra/main.tf"]


def test_a_policy_in_json_is_read_and_an_unknown_one_is_unknown() -> None:
    text = '{"bindings": [{"role": "roles/owner", "members": ["user:a@b.example"]}]}'
    written = {"project": "p", "policy_data": text}
    assert {one.via for one in _records("google_project_iam_policy", written)} == {"roles/owner"}  # type: ignore[union-attr]
    written = {"project": "p", "policy_data": "${var.policy}"}
    [grant] = _records("google_project_iam_policy", written)
    assert isinstance(grant, Grant)
    assert (grant.identity, grant.via) == ("${var.policy}", "${var.policy}")


def test_a_role_on_a_service_account_is_a_trust() -> None:
    written = {
        "service_account_id": "projects/p/serviceAccounts/ci@p.iam.gserviceaccount.com",
        "role": "roles/iam.workloadIdentityUser",
        "member": "serviceAccount:p.svc.id.goog[ns/app]",
    }
    grant, trust = _records("google_service_account_iam_member", written)
    assert isinstance(trust, Trust)
    assert trust.identity == "gcp:ci@p.iam.gserviceaccount.com"
    assert trust.principal == "serviceAccount:p.svc.id.goog[ns/app]"
    assert (trust.kind, trust.actions) == ("impersonation", ("roles/iam.workloadIdentityUser",))
    assert isinstance(grant, Grant)


def test_a_role_that_only_shows_an_account_is_none() -> None:
    written = {"service_account_id": "a@p", "role": "roles/iam.serviceAccountViewer", "member": "allUsers"}  # fmt: skip
    assert not [
        one
        for one in _records("google_service_account_iam_member", written)
        if isinstance(one, Trust)
    ]


def test_a_custom_role_hands_on_its_permissions() -> None:
    written = {"project": "p", "role_id": "own", "permissions": ["storage.objects.get"]}
    resource, grant = _records("google_project_iam_custom_role", written)
    assert resource.aliases == ("gcp:role/projects/p/roles/own",)  # type: ignore[union-attr]
    assert isinstance(grant, Grant)
    assert (grant.identity, grant.actions) == (resource.id, ("storage.objects.get",))


def test_a_provider_of_a_pool_is_a_trust_in_its_issuer() -> None:
    trust = _one(
        "google_iam_workload_identity_pool_provider",
        {
            "workload_identity_pool_id": "${google_iam_workload_identity_pool.ci.name}",
            "attribute_mapping": {"google.subject": "assertion.sub"},
            "attribute_condition": "assertion.repository_id == '1'",
            "oidc": {"issuer_uri": "https://issuer.example", "allowed_audiences": ["a"]},
        },
    )
    assert isinstance(trust, Trust)
    assert trust.identity == "terraform:infra:google_iam_workload_identity_pool.ci"
    assert (trust.principal, trust.kind) == ("https://issuer.example", "federation")
    assert trust.conditions == {
        "attribute_mapping": {"google.subject": "assertion.sub"},
        "attribute_condition": "assertion.repository_id == '1'",
        "allowed_audiences": ["a"],
    }


def test_a_provider_that_is_off_lets_nobody_in() -> None:
    written = {"disabled": True, "oidc": {"issuer_uri": "https://issuer.example"}}
    assert _records("google_iam_workload_identity_pool_provider", written) == []


@pytest.mark.parametrize(
    ("type", "written", "subjects"),
    [
        ("google_compute_instance", {}, []),
        ("google_compute_instance", {"service_account": {"scopes": []}}, ["gcp:default-compute-account"]),
        ("google_compute_instance", {"service_account": {"email": "default"}}, ["gcp:default-compute-account"]),
        ("google_compute_instance", {"service_account": {"email": "a@p"}}, ["gcp:a@p"]),
        ("google_compute_instance", {"service_account": [{"email": "a@p"}]}, ["gcp:a@p"]),
        ("google_compute_instance", {"name": "gke-1", "service_account": {}}, []),
        ("google_container_cluster", {}, []),
        ("google_container_cluster", {"initial_node_count": 1}, ["gcp:default-compute-account"]),
        ("google_container_cluster", {"initial_node_count": 1, "remove_default_node_pool": True}, []),
        ("google_container_cluster", {"node_pool": [{"node_config": {"service_account": "a@p"}}]}, ["gcp:a@p"]),
        ("google_cloudfunctions_function", {}, ["gcp:default-app-engine-account"]),
        ("google_cloud_run_v2_service", {"template": {"service_account": "${google_service_account.a.email}"}},
         ["terraform:infra:google_service_account.a"]),
        ("google_cloudbuild_trigger", {}, []),
    ],
)  # fmt: skip
def test_what_a_workload_runs_as(type: str, written: Any, subjects: list[str]) -> None:
    assert [one.subject for one in _records(type, written) if isinstance(one, Use)] == subjects


def test_keys_prove_service_accounts() -> None:
    key = _one(
        "google_service_account_key", {"service_account_id": "${google_service_account.a.name}"}
    )
    assert isinstance(key, Credential)
    assert key.identity == "terraform:infra:google_service_account.a"
    hmac = _one("google_storage_hmac_key", {"service_account_email": "a@p", "state": "INACTIVE"})
    assert (hmac.identity, hmac.status) == ("gcp:a@p", "disabled")


_KEYS = st.sampled_from(
    ["member", "members", "role", "policy_data", "bindings", "condition", "permissions", "oidc", "aws", "project",
     "service_account", "email", "scopes", "node_config", "service_account_id", "account_id", "template", "spec"]
)  # fmt: skip
_TEXTS = st.sampled_from(
    ["", "${var.a}", "${", "{", "[]", '{"bindings": 1}', '{"bindings": [[]]}', "a@b", ":", "x"]
)
_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(google.TYPES)), st.dictionaries(_KEYS, _ODD, max_size=6))
def test_whatever_stands_there_is_read_or_left(type: str, written: dict[str, Any]) -> None:
    for record in _records(type, written):
        assert record.id.startswith(("terraform:infra:", "secret:"))
