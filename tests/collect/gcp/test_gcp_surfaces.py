"""What is told of the things of a seeded organisation: in Terraform's words, with facts in the API's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import pytest

import gcp_cloud
import gcp_tenant
from gcp_cloud import Cloud
from keymuster.collect.asking.work import Answered
from keymuster.collect.declared import Declared
from keymuster.collect.gcp.access import signed_in
from keymuster.collect.gcp.asked import Asked
from keymuster.collect.gcp.collecting import answered
from keymuster.collect.gcp.places import hierarchy
from keymuster.collect.gcp.surfaces import surfaces

DEPLOY = "deploy@acme-prod.iam.gserviceaccount.com"
OLD = "old@acme-prod.iam.gserviceaccount.com"
WATCHED = {"startTime": "2026-04-01T00:00:00Z", "endTime": "2026-11-20T00:00:00Z"}
CLUSTER = "//container.googleapis.com/projects/acme-prod/locations/europe-west1/clusters/main"
ENGINE = "//aiplatform.googleapis.com/projects/acme-prod/locations/europe-west1/reasoningEngines/9"
POOL = "//iam.googleapis.com/projects/4711/locations/global/workloadIdentityPools/ci"
DIRECTORY = "//iam.googleapis.com/locations/global/workforcePools/people"

TOLD: dict[tuple[str, str], dict[str, Any]] = {
    ("google_organization", "gcp:organizations/1001"): {
        "org_id": "1001", "domain": "acme.example", "directory_customer_id": "C01001", "state": "ACTIVE",
    },
    ("google_folder", "gcp:folders/22"): {
        "folder_id": "22", "display_name": "folder 22", "parent": "folders/21", "state": "ACTIVE",
    },
    ("google_project", "gcp:projects/acme-prod"): {
        "project_id": "acme-prod", "number": "4711", "name": "acme-prod", "parent": "folders/22",
        "labels": {"environment": "prod"}, "state": "ACTIVE", "createTime": "2023-01-01T00:00:00+00:00",
    },
    ("google_project", "gcp:projects/acme-gone"): {"state": "DELETE_REQUESTED"},
    ("google_service_account", f"gcp:{DEPLOY}"): {
        "account_id": "deploy", "project": "acme-prod", "email": DEPLOY, "unique_id": "101", "disabled": False,
        "display_name": "Deploys", "description": "CI", "oauth2ClientId": "101", "observationPeriod": WATCHED,
        "lastAuthenticatedTime": "2026-11-19T07:00:00Z",
    },
    ("google_service_account", f"gcp:{OLD}"): {"disabled": True, "observationPeriod": WATCHED},
    ("google_service_account_key", f"gcp:{DEPLOY}/keys/k-old"): {
        "service_account_id": DEPLOY, "project": "acme-prod", "validAfterTime": "2024-01-01T00:00:00Z",
        "validBeforeTime": "9999-12-31T23:59:59Z", "keyOrigin": "GOOGLE_PROVIDED", "keyType": "USER_MANAGED",
        "lastAuthenticatedTime": "2026-11-19T07:00:00Z", "observationPeriod": WATCHED, "disabled": False,
    },
    ("google_service_account_key", f"gcp:{DEPLOY}/keys/k-leaked"): {
        "disabled": True, "disableReason": "SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED",
        "extendedStatus": [
            {"key": "SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_EXPOSED", "value": "https://code.example/x"}
        ],
    },
    ("google_service_account_iam_policy", f"//iam.googleapis.com/projects/acme-prod/serviceAccounts/{DEPLOY}#policy"): {
        "service_account_id": DEPLOY, "project": "acme-prod",
    },
    ("google_organization_iam_policy", "//cloudresourcemanager.googleapis.com/organizations/1001#policy"): {
        "org_id": "1001",
    },
    ("google_folder_iam_policy", "//cloudresourcemanager.googleapis.com/folders/21#policy"): {
        "folder": "folders/21",
    },
    ("google_project_iam_policy", "//cloudresourcemanager.googleapis.com/projects/acme-prod#policy"): {
        "project": "acme-prod",
    },
    ("google_secret_manager_secret_iam_policy", "//secretmanager.googleapis.com/projects/acme-prod/secrets/db#policy"): {
        "secret_id": "projects/acme-prod/secrets/db", "project": "acme-prod",
        "policy_data": {
            "version": 3,
            "bindings": [{"role": "roles/secretmanager.secretAccessor", "members": ["allAuthenticatedUsers"]}],
        },
    },
    ("google_storage_bucket_iam_policy", "//storage.googleapis.com/acme-site#policy"): {"bucket": "acme-site"},
    ("google_project_iam_custom_role", "gcp:role/projects/acme-prod/roles/shipper"): {
        "role_id": "shipper", "project": "acme-prod", "title": "Shipper",
        "permissions": ["iam.serviceAccounts.actAs", "run.services.create"],
    },
    ("google_organization_iam_custom_role", "gcp:role/organizations/1001/roles/reader"): {"org_id": "1001"},
    ("google_iam_workload_identity_pool", POOL): {
        "workload_identity_pool_id": "ci", "project": "acme-prod", "mode": "FEDERATION_ONLY",
    },
    ("google_iam_workload_identity_pool_provider", f"{POOL}/providers/github"): {
        "workload_identity_pool_id": "ci", "workload_identity_pool_provider_id": "github",
        "attribute_mapping": {"google.subject": "assertion.sub"},
        "oidc": {"issuer_uri": "https://token.actions.githubusercontent.com"},
    },
    ("google_iam_workforce_pool", DIRECTORY): {"workforce_pool_id": "people", "parent": "organizations/1001"},
    ("google_iam_workforce_pool_provider", f"{DIRECTORY}/providers/directory"): {
        "provider_id": "directory", "oidc": {"issuer_uri": "https://id.acme.example", "client_id": "c"},
    },
    (
        "iam.googleapis.com/WorkforcePoolProviderScimToken",
        f"{DIRECTORY}/providers/directory/scimTenants/main/tokens/t1",
    ): {"displayName": "directory", "state": "ACTIVE"},
    ("google_iam_oauth_client", "//iam.googleapis.com/projects/acme-prod/locations/global/oauthClients/portal"): {
        "allowed_grant_types": ["AUTHORIZATION_CODE_GRANT"], "clientId": "a1b2",
    },
    ("google_apikeys_key", "//apikeys.googleapis.com/projects/4711/locations/global/keys/k2"): {
        "name": "k2", "display_name": "gemini", "service_account_email": DEPLOY, "createTime": "2026-11-01T00:00:00Z",
        "restrictions": {
            "api_targets": [{"service": "generativelanguage.googleapis.com"}],
            "server_key_restrictions": {"allowed_ips": ["198.51.100.7"]},
        },
    },
    ("google_storage_hmac_key", "gcp:hmac/GOOG-made-up"): {
        "access_id": "GOOG-made-up", "service_account_email": DEPLOY, "state": "ACTIVE",
        "timeCreated": "2023-01-01T00:00:00Z",
    },
    ("orgpolicy.googleapis.com/ListPoliciesResponse", "//orgpolicy.googleapis.com/organizations/1001"): {
        "parent": "organizations/1001",
        "policies": [
            {
                "name": "organizations/1001/policies/iam.disableServiceAccountKeyUpload",
                "spec": {"rules": [{"enforce": True}]},
            }
        ],
    },
    ("google_container_cluster", CLUSTER): {
        "enable_legacy_abac": True, "enable_autopilot": False, "remove_default_node_pool": True,
        "master_auth": {"client_certificate_config": {"issue_client_certificate": True}},
    },
    ("google_container_node_pool", f"{CLUSTER}/nodePools/pool"): {
        "node_config": {
            "service_account": "4711-compute@developer.gserviceaccount.com",
            "workload_metadata_config": {"mode": "GCE_METADATA"},
            "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        },
    },
    ("google_compute_instance", "//compute.googleapis.com/projects/acme-prod/zones/europe-west1-b/instances/web"): {
        "machine_type": "e2-small", "zone": "europe-west1-b", "metadata": {"enable-oslogin": "FALSE"},
        "service_account": {
            "email": "4711-compute@developer.gserviceaccount.com",
            "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        },
    },
    ("google_cloud_run_v2_service", "//run.googleapis.com/projects/acme-prod/locations/europe-west1/services/api"): {
        "template": {
            "service_account": "keyless@acme-prod.iam.gserviceaccount.com",
            "containers": [{"image": "api:1"}],
        },
    },
    ("google_cloudfunctions2_function", "//cloudfunctions.googleapis.com/projects/acme-prod/locations/europe-west1/functions/resize"): {
        "service_config": {
            "service_account_email": "4711-compute@developer.gserviceaccount.com",
            "environment_variables": {"MODE": "fast"},
        },
    },
    ("google_vertex_ai_reasoning_engine", ENGINE): {
        "display_name": "helper", "region": "europe-west1",
        "spec": {
            "agent_framework": "google-adk", "identity_type": "SERVICE_ACCOUNT",
            "effective_identity": "service-4711@gcp-sa-aiplatform-re.iam.gserviceaccount.com",
            "deployment_spec": {"env": [{"name": "MODE", "value": "fast"}]},
        },
    },
    ("google_secret_manager_secret", "//secretmanager.googleapis.com/projects/acme-prod/secrets/rotated"): {
        "secret_id": "rotated", "project": "acme-prod",
        "rotation": {"rotation_period": "2592000s", "next_rotation_time": "2026-12-01T00:00:00Z"},
    },
    ("google_storage_bucket", "//storage.googleapis.com/acme-site"): {
        "public_access_prevention": "inherited", "uniform_bucket_level_access": True,
    },
    ("google_sql_user", "//sqladmin.googleapis.com/projects/acme-prod/instances/main/users/app@"): {
        "name": "app", "instance": "main", "type": "BUILT_IN",
    },
    (
        "recommender.googleapis.com/Recommendation",
        "//recommender.googleapis.com/projects/4711/locations/global/recommenders/google.iam.policy.Recommender/recommendations/r1",
    ): {"recommenderSubtype": "REMOVE_ROLE", "stateInfo": {"state": "ACTIVE"}},
}  # fmt: skip

ONLY_BY_INVENTORY: dict[tuple[str, str], dict[str, Any]] = {
    ("google_kms_crypto_key", "//cloudkms.googleapis.com/projects/acme-prod/locations/global/keyRings/ring/cryptoKeys/slow"): {
        "purpose": "ENCRYPT_DECRYPT", "rotation_period": "31536000s",
    },
    ("google_bigquery_dataset", "//bigquery.googleapis.com/projects/acme-prod/datasets/open"): {
        "name": "open", "access": [{"role": "READER", "special_group": "allAuthenticatedUsers"}],
    },
    ("google_pubsub_topic_iam_policy", "//pubsub.googleapis.com/projects/acme-prod/topics/orders#policy"): {
        "topic": "projects/acme-prod/topics/orders",
    },
    ("cloudasset.googleapis.com/IamPolicySearchResult", "//lifesciences.googleapis.com/projects/acme-prod/x/y#policy"): {
        "assetType": "lifesciences.googleapis.com/Thing", "project": "projects/acme-prod",
    },
}  # fmt: skip


Seen: TypeAlias = dict[tuple[str, str], dict[str, Any]]


def looked(cloud: Cloud, folder: Path, **options: Any) -> Seen:
    """Settings of all that is told, by type and id."""
    file = gcp_cloud.key_file(folder, cloud)
    asked = Asked(organization_id="1001", credentials_file=file, endpoint=cloud.url, **options)
    access = signed_in(asked)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    wanted = [one for one in surfaces() if not one.option or options.get(one.option)]
    for unit in answered(access, hierarchy(access, asked), wanted):
        assert isinstance(unit, Answered)
        for one in unit.told:
            assert isinstance(one, Declared)
            assert (one.type, one.id) not in found
            found[one.type, one.id] = one.settings.plain()
    return found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Seen]:
    """What is told with the inventory, and without."""
    found: dict[bool, Seen] = {}
    with gcp_cloud.serving() as cloud:
        gcp_tenant.fill(cloud)
        for inventory in (True, False):
            cloud.inventory = inventory
            found[inventory] = looked(cloud, tmp_path_factory.mktemp("gcp"))
        assert cloud.mistakes == []
        paths = [path for path in cloud.paths if "denypolicies" in path]
    # a name that holds an encoded name is not encoded again
    assert all("cloudresourcemanager.googleapis.com%2F" in path for path in paths)
    assert not any("%25" in path for path in paths)
    return found


WAYS = pytest.mark.parametrize("inventory", [True, False], ids=["inventory", "direct"])


@WAYS
@pytest.mark.parametrize("told", TOLD, ids=lambda one: f"{one[0]} {one[1].rpartition('/')[2]}")
def test_a_thing_is_told_in_the_words_of_code(
    told: tuple[str, str], inventory: bool, seen: dict[bool, Seen]
) -> None:
    found = seen[inventory][told]
    assert {key: found.get(key) for key in TOLD[told]} == TOLD[told]


@pytest.mark.parametrize("told", ONLY_BY_INVENTORY, ids=lambda one: str(one[0]))
def test_a_thing_that_only_the_inventory_tells(
    told: tuple[str, str], seen: dict[bool, Seen]
) -> None:
    found, expected = seen[True][told], ONLY_BY_INVENTORY[told]
    assert {key: found.get(key) for key in expected} == expected
    assert told not in seen[False]


@WAYS
def test_no_last_use_is_told_where_there_was_none(inventory: bool, seen: dict[bool, Seen]) -> None:
    found = seen[inventory]
    assert "lastAuthenticatedTime" not in found["google_service_account", f"gcp:{OLD}"]
    keyless = "gcp:keyless@acme-prod.iam.gserviceaccount.com"
    assert "observationPeriod" not in found["google_service_account", keyless]


@WAYS
def test_functions_are_not_told_as_services_too(inventory: bool, seen: dict[bool, Seen]) -> None:
    assert [id for type, id in seen[inventory] if type == "google_cloud_run_v2_service"] == [
        "//run.googleapis.com/projects/acme-prod/locations/europe-west1/services/api"
    ]


def test_why_a_key_is_disabled_is_asked_where_the_inventory_does_not_say(
    gcp: Cloud, tmp_path: Path
) -> None:
    gcp_tenant.fill(gcp)
    keys = "iam.projects.serviceAccounts.keys.list"
    parent = f"projects/acme-prod/serviceAccounts/{DEPLOY}"
    whole = gcp.items[keys, parent][1]
    gcp.hidden[whole["name"]] = ("disableReason", "extendedStatus")
    key = looked(gcp, tmp_path)["google_service_account_key", f"gcp:{DEPLOY}/keys/k-leaked"]
    assert key["disableReason"] == whole["disableReason"]
    assert key["extendedStatus"] == whole["extendedStatus"]
    assert gcp.count(keys) == 1


def test_the_password_of_a_cluster_is_not_told(gcp: Cloud, tmp_path: Path) -> None:
    gcp.organization("1001", "acme.example")
    gcp.project("acme-old", 4720, "organizations/1001")
    password = "hiccup-" + "wagon-84-rusk"
    gcp.add(
        "container.projects.locations.clusters.list", "projects/acme-old/locations/-",
        {"name": "old", "location": "us-east1-b", "masterAuth": {"username": "admin", "password": password}},
    )  # fmt: skip
    found = looked(gcp, tmp_path)
    told = found[
        "google_container_cluster",
        "//container.googleapis.com/projects/acme-old/locations/us-east1-b/clusters/old",
    ]
    assert told["master_auth"] == {"username": "admin", "password": True}


def test_lists_of_who_may_open_a_bucket_are_told_unless_they_count_no_more(
    gcp: Cloud, tmp_path: Path
) -> None:
    gcp.organization("1001", "acme.example")
    gcp.project("acme-prod", 4711, "organizations/1001")
    lists = {
        "acl": [{"entity": "project-owners-4711", "role": "OWNER"}],
        "defaultObjectAcl": [{"entity": "allUsers", "role": "READER"}],
    }
    uniform = {"uniformBucketLevelAccess": {"enabled": True}}
    gcp.add("storage.buckets.list", "acme-prod", {"name": "site", **lists},
            {"name": "closed", "iamConfiguration": uniform, **lists})  # fmt: skip
    found = looked(gcp, tmp_path)
    told = {
        type: said for (type, key), said in found.items() if "Acl" in key or key.endswith("#acl")
    }
    assert told == {
        "google_storage_bucket_acl": {
            "bucket": "site",
            "role_entity": ["OWNER:project-owners-4711"],
        },
        "google_storage_default_object_acl": {"bucket": "site", "role_entity": ["READER:allUsers"]},
    }
    assert ("google_storage_bucket", "//storage.googleapis.com/closed") in found


def test_who_became_an_account_is_told_once(gcp: Cloud, tmp_path: Path) -> None:
    gcp.organization("1001", "acme.example")
    gcp.project("acme-prod", 4711, "organizations/1001")
    person = [{"firstPartyPrincipal": {"principalEmail": "ann@acme.example"}}]
    gcp.add(
        "logging.entries.list", "projects/acme-prod",
        *(
            {
                "timestamp": f"2026-11-{day}T00:00:00Z",
                "protoPayload": {
                    "authenticationInfo": {"principalEmail": DEPLOY, "serviceAccountDelegationInfo": person},
                    "requestMetadata": {"callerSuppliedUserAgent": "gcloud"},
                },
            }
            for day in (20, 19)
        ),
    )  # fmt: skip
    assert not any(
        type == "cloudaudit.googleapis.com/AuditLog" for type, _ in looked(gcp, tmp_path)
    )
    found = looked(gcp, tmp_path, audit_logs=True)
    [(_, id)] = [one for one in found if one[0] == "cloudaudit.googleapis.com/AuditLog"]
    assert id == f"gcp:{DEPLOY}#impersonated/ann@acme.example"
    said = found["cloudaudit.googleapis.com/AuditLog", id]
    assert said["timestamp"] == "2026-11-20T00:00:00Z"
    assert said["authenticationInfo"]["serviceAccountDelegationInfo"] == person
    assert said["requestMetadata"] == {"callerSuppliedUserAgent": "gcloud"}
