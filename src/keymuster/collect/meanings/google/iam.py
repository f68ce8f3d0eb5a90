"""Service accounts, roles and who has them, and pools of identities from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from keymuster import regex
from keymuster.collect.declared import Declared
from keymuster.collect.meanings.google import names
from keymuster.collect.meanings.google.existing import activity
from keymuster.collect.syntax import json
from keymuster.collect.syntax.node import Broken, Node
from keymuster.model import (
    Effect,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Resource,
    Trust,
    TrustKind,
)
from keymuster.model.unknown import is_unknown

PROVIDER = "gcp"


def service_account(one: Declared) -> Iterator[Observation]:
    account, project = one.text("account_id"), one.text("project")
    email = one.known("email") or names.email(account, project)
    alias = f"gcp:{email}" if email else ""
    made = one.time("createTime")
    used = activity(one, made)
    number = one.known("unique_id") or one.known("oauth2ClientId")
    yield Identity(
        id=one.id,
        kind=IdentityKind.SERVICE_ACCOUNT,
        provider=PROVIDER,
        name=email if one.key and email else one.known("account_id") or one.name,
        location=one.location,
        aliases=(alias,) if alias and alias != one.id else (),
        account=one.known("project"),
        status="disabled" if one.text("disabled") == "true" else "",
        created_at=made,
        last_used_at=used.last_used_at,
        never_used=used.never_used,
        tags={"unique_id": number} if number else {},
        purpose=one.known("description") or one.known("display_name"),
    )


def custom_role(one: Declared) -> Iterator[Observation]:
    """A role of the user's own: others get its permissions by it."""
    holder, kind = (
        (one.known("org_id"), "organizations")
        if one.type.startswith("google_organization")
        else (one.known("project"), "projects")
    )
    name = one.known("role_id")
    yield Resource(
        id=one.id,
        type="gcp:role",
        name=name or one.name,
        location=one.location,
        aliases=(f"gcp:role/{kind}/{holder}/roles/{name}",) if holder and name else (),
    )
    permissions = one.get("permissions")
    if one.text("deleted") == "true":
        return  # who has it has nothing, until somebody takes that back
    yield Grant(
        id=f"{one.id}#permissions",
        identity=one.id,
        kind=GrantKind.POLICY,
        provider=PROVIDER,
        location=(permissions or one.settings).location(),
        actions=tuple(one.texts("permissions")),
    )


class Binding(Struct, kw_only=True):
    """One role, and those who have it. `place` is where the members stand, `also` where the policy
    that it is part of is put to use."""

    role: str
    members: tuple[str, ...]
    place: Node
    also: Node | None = None
    condition: dict[str, Any] = {}


_MOST_MEMBERS = 1_500
"""Google allows no more in a policy."""


def _own_binding(one: Declared) -> Iterator[Binding]:
    """That of a `_iam_member` or a `_iam_binding`."""
    members = [*one.texts("member"), *one.texts("members")]
    yield Binding(
        role=one.text("role"),
        members=tuple(members),
        place=one.settings,
        condition=_condition(one.get("condition")),
    )


def _policy_bindings(declared: Declared) -> Iterator[Binding]:
    """Those of a policy that is given as JSON, and that mostly stands somewhere else."""
    document = declared.get("policy_data") or declared.get("policy")
    policy = _read(document)
    if document is None or policy is None:
        return
    if is_unknown(policy.value):
        yield Binding(role=policy.text(), members=(policy.text(),), place=document)
        return
    bindings = policy.get("bindings")
    for node in bindings.items() if bindings else ():
        role, named = node.get("role"), (node.get("members"), node.get("member"))
        yield Binding(
            role=role.text() if role else "",
            members=tuple(
                text for one in named if one for item in one.items() if (text := item.text())
            ),
            place=node,
            also=None
            if declared.key or declared.type == "google_iam_policy"
            else declared.settings,
            condition=_condition(node.get("condition")),
        )


def _read(document: Node | None) -> Node | None:
    if document is None or not isinstance(document.value, str):
        return document
    if not document.value.lstrip().startswith("{"):
        return document if is_unknown(document.value) else None
    try:
        parsed = json.parse(document.value, document.file)
    except Broken:
        return None
    return document.made(parsed.plain())


def _condition(node: Node | None) -> dict[str, Any]:
    if node is None or not node.items():
        return {}
    first = node.items()[0].plain()
    return {"condition": first} if first else {}


def bindings(one: Declared) -> Iterator[Observation]:
    """A grant for each member, and where the role lets it become a service account, a trust."""
    resource = _resource(one)
    is_policy = one.get("policy_data") is not None or one.get("policy") is not None
    found = _policy_bindings(one) if is_policy else _own_binding(one)
    for number, binding in enumerate(found):
        for member in binding.members[:_MOST_MEMBERS] or ("",):
            label = f"{number}/{member}"
            for place in (binding.place, binding.also):
                if place is not None:
                    yield _grant(one, binding, member, resource, f"{one.id}#{label}", place)
            if member and one.type.startswith("google_service_account_iam"):
                yield from _trust(one, binding, member, f"{one.id}#trust/{label}")


def _grant(
    one: Declared, binding: Binding, member: str, resource: str, id: str, place: Node
) -> Grant:
    return Grant(
        id=id,
        identity=names.member(one, member) if member else "",
        kind=GrantKind.ROLE_BINDING,
        provider=PROVIDER,
        location=place.location(),
        resources=(resource,) if resource else (),
        via=names.role(one, binding.role),
        conditions=binding.condition,
    )


_BECOMING = regex.later(
    r"roles/(?:owner|editor|iam\.(?:serviceAccount(?:TokenCreator|User|OpenIdTokenCreator|KeyAdmin|Admin)|"
    r"workloadIdentityUser|securityAdmin|admin))"
)
"""Roles on a service account whose holder can act as it."""


def _trust(one: Declared, binding: Binding, member: str, id: str) -> Iterator[Trust]:
    account = names.service_account(one, one.text("service_account_id"))
    if account and (_BECOMING.fullmatch(binding.role) or is_unknown(binding.role)):
        yield Trust(
            id=id,
            identity=account,
            principal=member,
            kind=TrustKind.IMPERSONATION,
            provider=PROVIDER,
            location=binding.place.location(),
            actions=(binding.role,),
            conditions=binding.condition,
        )


_SCOPES = {
    "google_project": ("projects", "project"),
    "google_folder": ("folders", "folder"),
    "google_organization": ("organizations", "org_id"),
    "google_billing_account": ("billingAccounts", "billing_account_id"),
}
"""Type -> what all that lies in it is under, and the setting that names it."""

_NAMES = (
    "service_account_id", "bucket", "topic", "subscription", "schema", "crypto_key_id", "key_ring_id",
    "secret_id", "cloud_function", "service", "repository", "table_id", "dataset_id", "instance_name",
    "instance", "database", "table", "cluster", "name", "queue", "image", "disk", "subnetwork",
    "managed_zone", "registry", "registry_id", "consent_store_id", "dicom_store_id", "fhir_store_id",
    "hl7_v2_store_id", "entry_group", "tag_template", "taxonomy", "policy_tag", "location_id",
    "web_backend_service", "web_region_backend_service", "app_id", "api", "gateway", "job", "pool",
    "workflow", "environment", "lake", "endpoint_id", "featurestore", "entitytype", "index", "notebook",
)  # fmt: skip
"""Settings that name the resource that a policy is on, the most exact first."""

_BINDING = regex.later(r"(?P<about>google_\w+?)_iam_(?:member|binding|policy)(?:_\w+)?")


def _resource(one: Declared) -> str:
    """What a policy is on: `projects/acme`, the id of a declared object, or its name after its type."""
    found = _BINDING.fullmatch(one.type)
    if found is None:
        return _of_full_name(one.text("resource")) if one.type == _ANY_POLICY else ""
    about = found["about"]
    if about in _SCOPES:
        kind, key = _SCOPES[about]
        name = one.text(key).removeprefix(f"{kind}/")
        return f"{kind}/{name or f'${{{key}}}'}"
    if one.key:
        account = one.text("service_account_id") if about == "google_service_account" else ""
        return names.service_account(one, account) or one.key.removesuffix("#policy")
    for key in _NAMES:
        if text := one.text(key):
            return names.target(one, text) or f"{about.removeprefix('google_')}/{text}"
    return ""


def _of_full_name(resource: str) -> str:
    """What a full resource name of an asset stands for: `//cloudresourcemanager.googleapis.com/projects/a`."""
    if level := _HIERARCHY.fullmatch(resource):
        return level["name"]
    account = _ACCOUNT.fullmatch(resource)
    return f"gcp:{account['name']}" if account else resource


_HIERARCHY = regex.later(
    r"//cloudresourcemanager\.googleapis\.com/(?P<name>(?:projects|folders|organizations)/[^/]+)"
)
_ACCOUNT = regex.later(
    r"//iam\.googleapis\.com/projects/[^/]+/serviceAccounts/(?P<name>[^/@]+@[^/]+)"
)


def deny_policy(one: Declared) -> Iterator[Observation]:
    """For each principal of each rule, what it may not do below the place that the policy is attached to."""
    place = unquote(one.text("parent")).removeprefix("cloudresourcemanager.googleapis.com/")
    rules = one.get("rules")
    for number, rule in enumerate(rules.items() if rules is not None else ()):
        said = rule.get("deny_rule") or rule
        listed = {key: _listed(said, key) for key in _DENIED}
        condition = _condition(said.get("denial_condition"))
        spared = listed["exception_principals"]
        for principal in listed["denied_principals"]:
            yield Grant(
                id=f"{one.id}#{number}/{principal}",
                identity=principal,
                kind=GrantKind.BOUNDARY,
                provider=PROVIDER,
                location=rule.location(),
                actions=listed["denied_permissions"],
                not_actions=listed["exception_permissions"],
                resources=(place,) if place else (),
                effect=Effect.DENY,
                conditions={**condition, **({"except": list(spared)} if spared else {})},
            )


_DENIED = (
    "denied_principals", "exception_principals", "denied_permissions", "exception_permissions",
)  # fmt: skip


def _listed(node: Node, key: str) -> tuple[str, ...]:
    found = node.get(key)
    return tuple(text for one in found.items() if (text := one.text())) if found else ()


def default_accounts(one: Declared) -> Iterator[Observation]:
    """The accounts that Google makes for a project, and what becomes of them."""
    yield Identity(
        id=one.id,
        kind=IdentityKind.SERVICE_ACCOUNT,
        provider=PROVIDER,
        name="default service accounts",
        location=one.location,
        account=one.known("project"),
        status={"DELETE": "deleted", "DISABLE": "disabled"}.get(one.text("action"), ""),
    )


def pool(one: Declared) -> Iterator[Observation]:
    """A pool of identities from elsewhere; bindings name all of it or a part."""
    if one.text("state") == "DELETED":
        return
    name = one.known("workload_identity_pool_id") or one.known("workforce_pool_id")
    yield Identity(
        id=one.id,
        kind=IdentityKind.OTHER,
        provider=PROVIDER,
        name=name or one.name,
        location=one.location,
        aliases=(f"gcp:workloadIdentityPools/{name}",) if name else (),
        account=one.known("project"),
        status="disabled" if one.text("disabled") == "true" else "",
        purpose=one.known("description"),
    )


def pool_provider(one: Declared) -> Iterator[Observation]:
    """Whoever issues the identities of a pool, and which of them it takes."""
    text = one.text("workload_identity_pool_id") or one.text("workforce_pool_id")
    identity = names.target(one, text) or f"gcp:workloadIdentityPools/{text}"
    if one.key:
        identity = one.key.partition("/providers/")[0]
    account = one.get("aws", "account_id")
    issuer = one.text("oidc", "issuer_uri") or (account.text() if account else "")
    if not issuer and one.get("saml") is not None:
        issuer = "saml"
    if one.text("disabled") == "true" or one.text("state") == "DELETED" or not issuer:
        return
    conditions: dict[str, Any] = {"attribute_mapping": {}}
    for key in ("attribute_mapping", "attribute_condition"):
        if (node := one.get(key)) is not None:
            conditions[key] = node.plain()
    audiences = one.texts("oidc", "allowed_audiences")
    yield Trust(
        id=f"{one.id}#trust",
        identity=identity,
        principal=issuer,
        kind=TrustKind.FEDERATION,
        provider=PROVIDER,
        location=one.location,
        conditions={**conditions, "allowed_audiences": audiences} if audiences else conditions,
    )


def oauth_client(one: Declared) -> Iterator[Observation]:
    """An application that people of a workforce pool sign in to."""
    if one.text("state") == "DELETED":
        return
    client = one.known("clientId") or one.known("oauth_client_id")
    yield Identity(
        id=one.id,
        kind=IdentityKind.OAUTH_CLIENT,
        provider=PROVIDER,
        name=one.known("display_name") or client or one.name,
        location=one.location,
        account=one.known("project"),
        status="disabled" if one.text("disabled") == "true" else "",
        tags={**({"client_id": client} if client else {}), "internal": "true"},
        purpose=one.known("description"),
    )


_ANY_POLICY = "cloudasset.googleapis.com/IamPolicySearchResult"
"""A policy on whatever has one, as the inventory of assets tells it."""

_BOUND = (
    "access_context_manager_access_policy", "apigee_environment", "api_gateway_api",
    "api_gateway_api_config", "api_gateway_gateway", "artifact_registry_repository",
    "beyondcorp_application", "beyondcorp_security_gateway", "bigquery_analytics_hub_data_exchange",
    "bigquery_analytics_hub_listing", "bigquery_connection", "bigquery_datapolicy_data_policy",
    "bigquery_dataset", "bigquery_table", "bigtable_instance", "bigtable_table", "billing_account",
    "binary_authorization_attestor", "cloud_run_service", "cloud_run_v2_job", "cloud_run_v2_service",
    "cloud_run_v2_worker_pool", "cloud_tasks_queue", "cloudbuildv2_connection", "clouddeploy_custom_target_type",
    "clouddeploy_delivery_pipeline", "clouddeploy_target", "cloudfunctions2_function",
    "cloudfunctions_function", "colab_runtime_template", "composer_user_workloads", "compute_backend_bucket",
    "compute_backend_service", "compute_disk", "compute_image", "compute_instance",
    "compute_instance_template", "compute_machine_image", "compute_region_backend_service",
    "compute_region_disk", "compute_resource_policy", "compute_snapshot", "compute_storage_pool",
    "compute_subnetwork", "container_analysis_note", "data_catalog_entry_group",
    "data_catalog_policy_tag", "data_catalog_tag_template", "data_catalog_taxonomy",
    "data_fusion_instance", "dataform_repository", "dataplex_asset", "dataplex_datascan",
    "dataplex_lake", "dataplex_task", "dataplex_zone", "dataproc_autoscaling_policy",
    "dataproc_cluster", "dataproc_job", "dataproc_metastore_service", "dns_managed_zone",
    "endpoints_service", "folder", "gemini_repository_group", "gke_backup_backup_plan",
    "gke_backup_restore_plan", "gke_hub_feature", "gke_hub_membership", "gke_hub_scope",
    "healthcare_consent_store", "healthcare_dataset", "healthcare_dicom_store",
    "healthcare_fhir_store", "healthcare_hl7_v2_store", "iap_app_engine_service",
    "iap_app_engine_version", "iap_tunnel", "iap_tunnel_dest_group", "iap_tunnel_instance", "iap_web",
    "iap_web_backend_service", "iap_web_cloud_run_service", "iap_web_region_backend_service",
    "iap_web_type_app_engine", "iap_web_type_compute", "kms_crypto_key", "kms_ekm_connection",
    "kms_key_ring", "logging_log_view", "network_security_address_group", "notebooks_instance",
    "notebooks_runtime", "organization", "privateca_ca_pool", "privateca_certificate_template",
    "project", "pubsub_schema", "pubsub_subscription", "pubsub_topic", "runtimeconfig_config",
    "scc_source", "scc_v2_organization_source", "secret_manager_regional_secret",
    "secret_manager_secret", "secure_source_manager_repository", "service_account",
    "service_directory_namespace", "service_directory_service", "sourcerepo_repository",
    "spanner_database", "spanner_instance", "storage_bucket", "storage_managed_folder", "tags_tag_key",
    "tags_tag_value", "vertex_ai_endpoint", "vertex_ai_feature_group", "vertex_ai_featurestore",
    "vertex_ai_featurestore_entitytype", "vertex_ai_reasoning_engine", "workbench_instance",
)  # fmt: skip

TYPES: dict[str, Callable[[Declared], Iterator[Observation]]] = {
    **{
        f"google_{about}_iam_{form}": bindings
        for about in _BOUND
        for form in ("member", "binding", "policy")
    },
    "google_iam_policy": bindings,
    _ANY_POLICY: bindings,
    "google_iam_deny_policy": deny_policy,
    "google_iam_oauth_client": oauth_client,
    "google_service_account": service_account,
    "google_project_iam_custom_role": custom_role,
    "google_organization_iam_custom_role": custom_role,
    "google_project_default_service_accounts": default_accounts,
    "google_iam_workload_identity_pool": pool,
    "google_iam_workforce_pool": pool,
    "google_iam_workload_identity_pool_provider": pool_provider,
    "google_iam_workforce_pool_provider": pool_provider,
}

SUBJECTS: dict[Callable[[Declared], Iterator[Observation]], tuple[str, ...]] = {
    service_account: ("identity",),
    default_accounts: ("identity",),
    oauth_client: ("identity",),
    bindings: ("grant", "identity", "trust"),  # an identity is judged by what it may do
    deny_policy: ("grant", "identity"),
    custom_role: ("grant", "identity"),
    pool: ("identity",),
    pool_provider: ("trust",),
}
"""The sorts of records that policies ask for, by what makes them."""
