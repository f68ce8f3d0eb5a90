"""IAM policies, wherever they are: as Terraform has them, if it has a word for what they are on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.gcp.objects import told
from keymuster.collect.gcp.scope import Scope

OTHER = "cloudasset.googleapis.com/IamPolicySearchResult"

_ABOUT: dict[str, tuple[str, str]] = {
    "run.googleapis.com/Service": ("cloud_run_v2_service", "name"),
    "run.googleapis.com/Job": ("cloud_run_v2_job", "name"),
    "run.googleapis.com/WorkerPool": ("cloud_run_v2_worker_pool", "name"),
    "cloudfunctions.googleapis.com/Function": ("cloudfunctions2_function", "cloud_function"),
    "cloudfunctions.googleapis.com/CloudFunction": ("cloudfunctions_function", "cloud_function"),
    "storage.googleapis.com/Bucket": ("storage_bucket", "bucket"),
    "secretmanager.googleapis.com/Secret": ("secret_manager_secret", "secret_id"),
    "pubsub.googleapis.com/Topic": ("pubsub_topic", "topic"),
    "pubsub.googleapis.com/Subscription": ("pubsub_subscription", "subscription"),
    "bigquery.googleapis.com/Dataset": ("bigquery_dataset", "dataset_id"),
    "bigquery.googleapis.com/Table": ("bigquery_table", "table_id"),
    "cloudkms.googleapis.com/CryptoKey": ("kms_crypto_key", "crypto_key_id"),
    "cloudkms.googleapis.com/KeyRing": ("kms_key_ring", "key_ring_id"),
    "artifactregistry.googleapis.com/Repository": ("artifact_registry_repository", "repository"),
    "compute.googleapis.com/Instance": ("compute_instance", "instance_name"),
    "compute.googleapis.com/Image": ("compute_image", "image"),
    "compute.googleapis.com/Disk": ("compute_disk", "name"),
    "compute.googleapis.com/Snapshot": ("compute_snapshot", "name"),
    "compute.googleapis.com/Subnetwork": ("compute_subnetwork", "subnetwork"),
    "spanner.googleapis.com/Instance": ("spanner_instance", "instance"),
    "spanner.googleapis.com/Database": ("spanner_database", "database"),
    "bigtableadmin.googleapis.com/Instance": ("bigtable_instance", "instance"),
    "bigtableadmin.googleapis.com/Table": ("bigtable_table", "table"),
    "cloudtasks.googleapis.com/Queue": ("cloud_tasks_queue", "name"),
    "dataproc.googleapis.com/Cluster": ("dataproc_cluster", "cluster"),
    "dns.googleapis.com/ManagedZone": ("dns_managed_zone", "managed_zone"),
    "notebooks.googleapis.com/Instance": ("notebooks_instance", "instance_name"),
    "cloudbilling.googleapis.com/BillingAccount": ("billing_account", "billing_account_id"),
    "aiplatform.googleapis.com/ReasoningEngine": ("vertex_ai_reasoning_engine", "name"),
}
"""Type of an asset -> what Terraform's types of its policies are about, and the setting that names it."""

TYPES = (
    "google_project_iam_policy", "google_folder_iam_policy", "google_organization_iam_policy",
    "google_service_account_iam_policy", *(f"google_{about}_iam_policy" for about, _ in _ABOUT.values()),
    OTHER,
)  # fmt: skip

_PLACES = {
    "cloudresourcemanager.googleapis.com/Project": ("google_project_iam_policy", "project"),
    "cloudresourcemanager.googleapis.com/Folder": ("google_folder_iam_policy", "folder"),
    "cloudresourcemanager.googleapis.com/Organization": (
        "google_organization_iam_policy",
        "org_id",
    ),
}


def policy(
    ask: Scope, call: str, resource: str, parameter: str = "resource", *absent: str
) -> dict[str, Any] | None:
    """What one call tells of who may do what on a resource; None if nobody may, or that was refused."""
    version = _VERSION.get(call, {"options.requestedPolicyVersion": 3})
    said = ask.answer(call, "NOT_FOUND", "notFound", *absent, **{parameter: resource}, **version)
    return said if said and said.get("bindings") else None


_VERSION: dict[str, dict[str, Any]] = {
    "storage.buckets.getIamPolicy": {"optionsRequestedPolicyVersion": 3},
    **{
        f"cloudresourcemanager.{kind}.getIamPolicy": {
            "body": {"options": {"requestedPolicyVersion": 3}}
        }
        for kind in ("organizations", "folders", "projects")
    },
}
"""How to ask for bindings with conditions, too."""


def policy_of(
    ask: Scope, resource: str, asset: str, said: Mapping[str, Any], email: str = ""
) -> Declared:
    """A policy by the full resource name of what it is on, and its type. Of a service account that is
    named by its number, the `email` says which it is."""
    place, resource = ask.place, ask.by_id(resource)
    data = {"bindings": said.get("bindings"), "version": said.get("version")}
    of_project = {"project": place.account} if place.level == "project" else {}
    key = f"{resource}#policy"
    if asset in _PLACES:
        type, setting = _PLACES[asset]
        name = place.account.removeprefix("organizations/")
        key = f"//cloudresourcemanager.googleapis.com/{place.name}#policy"
        return told(
            type, key, {setting: name, "policy_data": data}, account=place.account, name=name
        )
    name = resource.removeprefix("//").partition("/")[2]
    settings: dict[str, Any] = {**of_project, "policy_data": data}
    if asset == "iam.googleapis.com/ServiceAccount":
        email = email or name.rpartition("/")[2]
        key = f"//iam.googleapis.com/{place.name}/serviceAccounts/{email}#policy"
        settings["service_account_id"] = email
        return told(
            "google_service_account_iam_policy", key, settings, account=place.account, name=email
        )
    if asset in _ABOUT:
        about, setting = _ABOUT[asset]
        return told(
            f"google_{about}_iam_policy", key, {**settings, setting: name}, account=place.account,
            name=name.rpartition("/")[2],
        )  # fmt: skip
    whole = {
        "resource": resource, "assetType": asset, "policy": data,
        "project": place.name if place.level == "project" else None,
        "organization": place.name if place.level == "organization" else None,
    }  # fmt: skip
    return told(OTHER, key, whole, account=place.account, name=name.rpartition("/")[2])
