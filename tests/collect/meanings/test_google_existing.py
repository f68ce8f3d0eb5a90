"""What things of Google Cloud mean that exist, as its APIs tell of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.collect.meanings import google
from keymuster.collect.syntax.node import Told
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Effect,
    Grant,
    Identity,
    IdentityKind,
    Resource,
    ServiceLocation,
    Trust,
)

EMAIL = "ci@acme-prod.iam.gserviceaccount.com"
SINCE = {"startTime": "2024-06-01T00:00:00Z", "endTime": "2025-12-31T00:00:00Z"}


def _records(
    type: str, key: str, settings: dict[str, Any], account: str = "acme-prod"
) -> list[Any]:
    place = Told.about(ServiceLocation(service="gcp", account=account, resource=key))
    one = Declared(
        type=type, name=key.rpartition("/")[2], scope=f"gcp:{account}", settings=place.node(settings),
        key=key, account=account,
    )  # fmt: skip
    return list(meanings.records(one, ()))


def _only(kind: type, records: list[Any]) -> Any:
    [found] = [one for one in records if isinstance(one, kind)]
    return found


def _account(**facts: Any) -> Any:
    settings = {"account_id": "ci", "project": "acme-prod", "email": EMAIL, **facts}
    return _only(Identity, _records("google_service_account", f"gcp:{EMAIL}", settings))


def test_a_service_account_has_its_address_for_id_and_name() -> None:
    account = _account(oauth2ClientId="10", disabled=True)
    assert (account.id, account.name, account.aliases) == (f"gcp:{EMAIL}", EMAIL, ())
    assert (account.status, account.tags) == ("disabled", {"unique_id": "10"})


def test_an_account_that_signed_in_was_used_then() -> None:
    account = _account(observationPeriod=SINCE, lastAuthenticatedTime="2025-11-02T08:00:00Z")
    assert account.last_used_at == datetime(2025, 11, 2, 8, tzinfo=UTC)
    assert account.never_used is None


def test_one_made_while_it_was_watched_and_not_seen_was_never_used() -> None:
    account = _account(observationPeriod=SINCE, createTime="2025-01-01T00:00:00Z")
    assert (account.last_used_at, account.never_used) == (None, True)


def test_an_older_one_was_used_no_later_than_it_is_watched() -> None:
    account = _account(observationPeriod=SINCE, createTime="2020-01-01T00:00:00Z")
    assert account.last_used_at == datetime(2024, 6, 1, tzinfo=UTC)
    assert account.never_used is None


@pytest.mark.parametrize("facts", [{}, {"observationPeriod": SINCE}])
def test_of_one_that_nobody_watched_or_of_unknown_age_nothing_is_known(facts: Any) -> None:
    account = _account(**facts)
    assert (account.last_used_at, account.never_used) == (None, None)


def _key(**facts: Any) -> list[Any]:
    settings = {"service_account_id": EMAIL, "project": "acme-prod", "keyType": "USER_MANAGED"}
    return _records("google_service_account_key", f"gcp:{EMAIL}/keys/0a1b", settings | facts)


def test_a_key_that_google_made_has_no_end() -> None:
    key = _only(
        Credential,
        _key(validAfterTime="2023-04-05T06:07:08Z", validBeforeTime="9999-12-31T23:59:59Z"),
    )
    assert key.identity == f"gcp:{EMAIL}"
    assert key.kind is CredentialKind.PRIVATE_KEY
    assert key.name == f"service account key 0a1b of {EMAIL}"
    assert (key.created_at, key.expires_at) == (datetime(2023, 4, 5, 6, 7, 8, tzinfo=UTC), None)
    assert key.status is CredentialStatus.ACTIVE


def test_a_key_that_was_switched_off_says_why() -> None:
    key = _only(
        Credential,
        _key(
            disabled=True,
            disableReason="SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED",
            extendedStatus=[
                {"key": "SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_EXPOSED", "value": "x"}
            ],
        ),
    )
    assert key.status is CredentialStatus.DISABLED
    assert key.tags["disabled_as"] == "SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED"
    assert key.tags["marks"] == "SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_EXPOSED"


def test_keys_that_google_alone_has_are_none() -> None:
    assert _key(keyType="SYSTEM_MANAGED") == []


def test_a_deleted_key_is_none() -> None:
    settings = {"access_id": "GOOG1", "service_account_email": EMAIL, "state": "DELETED"}
    assert _records("google_storage_hmac_key", "gcp:hmac/GOOG1", settings) == []


def test_an_old_hmac_key_tells_when_it_was_made() -> None:
    settings = {
        "access_id": "GOOG1", "service_account_email": EMAIL, "state": "INACTIVE",
        "timeCreated": "2024-01-01T00:00:00Z",
    }  # fmt: skip
    key = _only(Credential, _records("google_storage_hmac_key", "gcp:hmac/GOOG1", settings))
    assert key.status is CredentialStatus.DISABLED
    assert key.created_at == datetime(2024, 1, 1, tzinfo=UTC)


def _policy(type: str, key: str, about: dict[str, Any]) -> list[Any]:
    policy = {"bindings": [{"role": "roles/viewer", "members": [f"serviceAccount:{EMAIL}"]}]}
    return _records(type, key, {**about, "policy_data": policy})


@pytest.mark.parametrize(
    ("type", "key", "about", "resource"),
    [
        (
            "google_project_iam_policy",
            "//cloudresourcemanager.googleapis.com/projects/acme-prod#policy",
            {"project": "acme-prod"},
            "projects/acme-prod",
        ),
        (
            "google_organization_iam_policy",
            "//cloudresourcemanager.googleapis.com/organizations/1#policy",
            {"org_id": "1"},
            "organizations/1",
        ),
        (
            "google_service_account_iam_policy",
            f"//iam.googleapis.com/projects/acme-prod/serviceAccounts/{EMAIL}#policy",
            {"service_account_id": EMAIL},
            f"gcp:{EMAIL}",
        ),
        (
            "google_storage_bucket_iam_policy",
            "//storage.googleapis.com/acme-logs#policy",
            {"bucket": "acme-logs"},
            "//storage.googleapis.com/acme-logs",
        ),
    ],
)
def test_a_policy_is_on_what_it_names(type: str, key: str, about: Any, resource: str) -> None:
    [grant] = _policy(type, key, about)
    assert (grant.identity, grant.via, grant.resources) == (
        f"gcp:{EMAIL}", "roles/viewer", (resource,),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("//cloudresourcemanager.googleapis.com/folders/45", "folders/45"),
        (f"//iam.googleapis.com/projects/acme-prod/serviceAccounts/{EMAIL}", f"gcp:{EMAIL}"),
        ("//bigquery.googleapis.com/projects/a/datasets/d", "//bigquery.googleapis.com/projects/a/datasets/d"),
    ],
)  # fmt: skip
def test_a_policy_of_an_asset_is_on_that(name: str, resource: str) -> None:
    policy = {"bindings": [{"role": "roles/viewer", "members": ["allUsers"]}]}
    type = "cloudasset.googleapis.com/IamPolicySearchResult"
    [grant] = _records(type, f"{name}#policy", {"resource": name, "policy": policy})
    assert (grant.identity, grant.resources) == ("*", (resource,))


def test_who_may_act_as_an_account_is_trusted_by_it() -> None:
    policy = {
        "bindings": [
            {
                "role": "roles/iam.serviceAccountTokenCreator",
                "members": ["user:jo@acme.example"],
                "condition": {"expression": "request.time < timestamp('2020-01-01T00:00:00Z')"},
            }
        ]
    }
    records = _records(
        "google_service_account_iam_policy", "//iam/x#policy",
        {"service_account_id": EMAIL, "policy_data": policy},
    )  # fmt: skip
    trust = _only(Trust, records)
    assert (trust.identity, trust.principal) == (f"gcp:{EMAIL}", "user:jo@acme.example")
    assert "request.time" in trust.conditions["condition"]["expression"]


def test_a_deny_policy_denies_each_principal() -> None:
    rule = {
        "denied_principals": ["principalSet://goog/public:all"],
        "exception_principals": ["principal://goog/subject/jo@acme.example"],
        "denied_permissions": ["iam.googleapis.com/serviceAccountKeys.create"],
    }
    settings = {
        "parent": "cloudresourcemanager.googleapis.com%2Fprojects%2Facme-prod",
        "rules": [{"deny_rule": rule}],
    }
    grant = _only(Grant, _records("google_iam_deny_policy", "//iam/policies/p", settings))
    assert grant.effect is Effect.DENY
    assert grant.identity == "principalSet://goog/public:all"
    assert grant.resources == ("projects/acme-prod",)
    assert grant.actions == ("iam.googleapis.com/serviceAccountKeys.create",)
    assert grant.conditions == {"except": ["principal://goog/subject/jo@acme.example"]}


def test_a_provider_is_of_the_pool_that_its_name_tells() -> None:
    pool = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci"
    settings = {
        "workload_identity_pool_id": "ci",
        "oidc": {"issuer_uri": "https://gitlab.com"},
        "attribute_mapping": {"google.subject": "assertion.sub"},
    }
    type = "google_iam_workload_identity_pool_provider"
    trust = _only(Trust, _records(type, f"{pool}/providers/gl", settings))
    assert (trust.identity, trust.principal) == (pool, "https://gitlab.com")
    assert _records(type, f"{pool}/providers/gl", {**settings, "state": "DELETED"}) == []


def test_a_client_of_people_has_a_secret() -> None:
    name = "projects/1/locations/global/oauthClients/web"
    client = _only(
        Identity,
        _records(
            "google_iam_oauth_client", f"//iam.googleapis.com/{name}", {"oauth_client_id": "web"}
        ),
    )
    secret = _only(
        Credential,
        _records(
            "google_iam_oauth_client_credential",
            f"//iam.googleapis.com/{name}/credentials/c",
            {"oauthclient": name, "disabled": False},
        ),
    )
    assert client.kind is IdentityKind.OAUTH_CLIENT
    assert (secret.identity, secret.kind) == (client.id, CredentialKind.CLIENT_SECRET)


def test_a_project_is_in_a_folder() -> None:
    project = _only(
        Resource,
        _records(
            "google_project",
            "gcp:projects/acme-prod",
            {
                "project_id": "acme-prod",
                "number": "4711",
                "parent": "folders/45",
                "labels": {"env": "prod"},
            },
        ),
    )
    assert project.settings["name"] == "projects/acme-prod"
    assert project.settings["number"] == "projects/4711"
    assert project.settings["parent"] == "folders/45"
    assert project.settings["labels"] == {"env": "prod"}


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (("google_project",), ()),
        (("google_service_account",), ("identity",)),
        (("google_project_iam_policy", "google_folder"), ("grant", "identity", "trust")),
        (("google_apikeys_key",), ("credential", "identity")),
        (("google_iam_workload_identity_pool_provider",), ("trust",)),
        (("google_secret_manager_secret",), ()),
    ],
)
def test_types_become_sorts_of_records(types: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert google.subjects(types) == expected
