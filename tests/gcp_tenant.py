"""An organisation in which much is as it should not be, and some is as it should."""

from __future__ import annotations

from gcp_cloud import Cloud

ORGANIZATION = "organizations/1001"
PROJECT = "projects/acme-prod"
NUMBER = "projects/4711"
GLOBAL = f"{PROJECT}/locations/global"

_POOL = "principalSet://iam.googleapis.com/projects/4711/locations/global/workloadIdentityPools/ci"
_DISABLED = "SERVICE_ACCOUNT_KEY_DISABLE_REASON_"


def fill(cloud: Cloud) -> None:
    cloud.organization("1001", "acme.example")
    cloud.folder("21", ORGANIZATION)
    cloud.folder("22", "folders/21")
    cloud.project("acme-prod", 4711, "folders/22", labels={"environment": "prod"})
    cloud.project("acme-sandbox", 4712, ORGANIZATION, labels={"environment": "dev"})
    cloud.project("acme-gone", 4713, ORGANIZATION, state="DELETE_REQUESTED")
    _accounts(cloud)
    _policies(cloud)
    _federation(cloud)
    _keys(cloud)
    _guards(cloud)
    _workloads(cloud)
    _data(cloud)
    _only_in_the_inventory(cloud)


def _accounts(cloud: Cloud) -> None:
    deploy = cloud.account("acme-prod", "deploy", 101, displayName="Deploys", description="CI")
    old = cloud.account("acme-prod", "old", 102, disabled=True)
    cloud.account("acme-prod", "keyless", 103)
    idle = cloud.account("acme-prod", "idle", 104)
    cloud.account("acme-sandbox", "tester", 201)
    cloud.key(idle, "k-idle")
    cloud.key(deploy, "k-old")
    cloud.key(deploy, "k-leaked", disabled=True, disableReason=f"{_DISABLED}EXPOSED",
              extendedStatus=[{"key": "SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_EXPOSED", "value": "https://code.example/x"}])  # fmt: skip
    cloud.key(old, "k-uploaded", keyOrigin="USER_PROVIDED")
    used = {
        "serviceAccountLastAuthentication": (
            f"serviceAccounts/{deploy}",
            f"serviceAccounts/{old}",
            f"serviceAccounts/{idle}",
        ),
        "serviceAccountKeyLastAuthentication": (
            f"serviceAccounts/{deploy}/keys/k-old",
            f"serviceAccounts/{idle}/keys/k-idle",
        ),
    }
    for type, names in used.items():
        cloud.add(
            "policyanalyzer.projects.locations.activityTypes.activities.query", f"{GLOBAL}/activityTypes/{type}",
            *(
                {
                    "fullResourceName": f"//iam.googleapis.com/{PROJECT}/{name}", "activityType": type,
                    "observationPeriod": {"startTime": "2026-04-01T00:00:00Z", "endTime": "2026-11-20T00:00:00Z"},
                    "activity": {"lastAuthenticatedTime": "2026-11-19T07:00:00Z"} if "deploy" in name else {},
                }
                for name in names
            ),
        )  # fmt: skip


def _policies(cloud: Cloud) -> None:
    manager = "//cloudresourcemanager.googleapis.com/"
    of = "cloudresourcemanager.googleapis.com/"
    deploy = "serviceAccount:deploy@acme-prod.iam.gserviceaccount.com"
    cloud.policy(f"{manager}{ORGANIZATION}", f"{of}Organization", ORGANIZATION,
                 {"role": "roles/viewer", "members": ["group:auditors@acme.example"]})  # fmt: skip
    cloud.policy(f"{manager}folders/21", f"{of}Folder", "folders/21",
                 {"role": "roles/editor", "members": ["user:someone@gmail.com"]})  # fmt: skip
    cloud.policy(
        f"{manager}{PROJECT}", f"{of}Project", PROJECT, {"role": "roles/owner", "members": [deploy]},
        {
            "role": "roles/iam.serviceAccountTokenCreator", "members": ["group:devs@acme.example"],
            "condition": {"title": "hours", "expression": "request.time.getHours() < 18"},
        },
        {"role": "roles/run.admin", "members": ["serviceAccount:tester@acme-sandbox.iam.gserviceaccount.com"]},
        {"role": "roles/storage.admin", "members": ["serviceAccount:sync@stranger-prod.iam.gserviceaccount.com"]},
        {"role": "roles/run.developer", "members": [f"{_POOL}/attribute.repository_owner/acme"]},
        {"role": "roles/viewer", "members": ["deleted:serviceAccount:gone@acme-prod.iam.gserviceaccount.com?uid=7"]},
    )  # fmt: skip
    account = "deploy@acme-prod.iam.gserviceaccount.com"
    cloud.policy(
        f"//iam.googleapis.com/{PROJECT}/serviceAccounts/{account}", "iam.googleapis.com/ServiceAccount", PROJECT,
        {
            "role": "roles/iam.workloadIdentityUser",
            "members": [f"{_POOL}/*"],
        },
    )  # fmt: skip
    cloud.policy(
        f"//secretmanager.googleapis.com/{PROJECT}/secrets/db", "secretmanager.googleapis.com/Secret", PROJECT,
        {"role": "roles/secretmanager.secretAccessor", "members": ["allAuthenticatedUsers"]},
    )  # fmt: skip
    cloud.policy(
        "//storage.googleapis.com/acme-site", "storage.googleapis.com/Bucket", PROJECT,
        {"role": "roles/storage.objectViewer", "members": ["allUsers"]},
    )  # fmt: skip
    name = (
        f"policies/cloudresourcemanager.googleapis.com%2F{PROJECT.replace('/', '%2F')}/denypolicies"
    )
    cloud.add(
        "iam.policies.listPolicies", name,
        {
            "name": f"{name}/no-keys", "displayName": "No keys", "createTime": "2025-01-01T00:00:00Z",
            "rules": [
                {
                    "denyRule": {
                        "deniedPrincipals": ["principalSet://goog/public:all"],
                        "deniedPermissions": ["iam.googleapis.com/serviceAccountKeys.create"],
                    }
                }
            ],
        },
    )  # fmt: skip
    cloud.add(
        "iam.projects.roles.list", PROJECT,
        {
            "name": f"{PROJECT}/roles/shipper", "title": "Shipper", "stage": "GA",
            "includedPermissions": ["iam.serviceAccounts.actAs", "run.services.create"],
        },
    )  # fmt: skip
    cloud.add("iam.organizations.roles.list", ORGANIZATION,
              {"name": f"{ORGANIZATION}/roles/reader", "title": "Reader", "includedPermissions": ["run.services.get"]})  # fmt: skip


def _federation(cloud: Cloud) -> None:
    pool = f"{NUMBER}/locations/global/workloadIdentityPools/ci"
    machines = f"{NUMBER}/locations/global/workloadIdentityPools/machines"
    cloud.add(
        "iam.projects.locations.workloadIdentityPools.list", GLOBAL,
        {"name": pool, "state": "ACTIVE", "displayName": "CI", "mode": "FEDERATION_ONLY"},
        {
            "name": machines, "state": "ACTIVE", "mode": "TRUST_DOMAIN",
            "inlineCertificateIssuanceConfig": {"lifetime": "2592000s"},
            "inlineTrustConfig": {
                "additionalTrustBundles": {"partner.example": {"trustAnchors": [{"pemCertificate": "x"}]}}
            },
        },
    )  # fmt: skip
    cloud.add(
        "iam.projects.locations.workloadIdentityPools.providers.list",
        f"{PROJECT}/locations/global/workloadIdentityPools/machines",
        {"name": f"{machines}/providers/certificates", "state": "ACTIVE", "x509": {"trustStore": {"trustAnchors": []}}},
        {"name": f"{machines}/providers/aws", "state": "ACTIVE", "aws": {"accountId": "111122223333"}},
    )  # fmt: skip
    cloud.add(
        "iam.projects.locations.workloadIdentityPools.providers.list",
        f"{PROJECT}/locations/global/workloadIdentityPools/ci",
        {
            "name": f"{pool}/providers/github", "state": "ACTIVE",
            "attributeMapping": {"google.subject": "assertion.sub"},
            "oidc": {"issuerUri": "https://token.actions.githubusercontent.com"},
        },
        {
            "name": f"{pool}/providers/gitlab", "state": "ACTIVE",
            "attributeMapping": {"google.subject": "assertion.sub"},
            "attributeCondition": "assertion.project_path == 'acme/app'",
            "oidc": {"issuerUri": "https://gitlab.com", "allowedAudiences": ["https://gitlab.com"]},
        },
    )  # fmt: skip
    workforce = "locations/global/workforcePools/people"
    cloud.add("iam.locations.workforcePools.list", ORGANIZATION,
              {"name": workforce, "parent": ORGANIZATION, "state": "ACTIVE", "sessionDuration": "3600s"})  # fmt: skip
    provider = f"{workforce}/providers/directory"
    cloud.add("iam.locations.workforcePools.providers.list", workforce,
              {"name": provider, "state": "ACTIVE", "oidc": {"issuerUri": "https://id.acme.example", "clientId": "c"}})  # fmt: skip
    tenant = f"{provider}/scimTenants/main"
    cloud.add("iam.locations.workforcePools.providers.scimTenants.list", provider,
              {"name": tenant, "state": "ACTIVE", "baseUri": "https://iamscim.googleapis.com/x"})  # fmt: skip
    cloud.add("iam.locations.workforcePools.providers.scimTenants.tokens.list", tenant,
              {"name": f"{tenant}/tokens/t1", "displayName": "directory", "state": "ACTIVE"})  # fmt: skip
    client = f"{GLOBAL}/oauthClients/portal"
    cloud.add(
        "iam.projects.locations.oauthClients.list", GLOBAL,
        {
            "name": client, "state": "ACTIVE", "clientId": "a1b2", "clientType": "CONFIDENTIAL_CLIENT",
            "allowedGrantTypes": ["AUTHORIZATION_CODE_GRANT"],
            "allowedScopes": ["https://www.googleapis.com/auth/cloud-platform"],
            "allowedRedirectUris": ["https://portal.acme.example/back"],
        },
    )  # fmt: skip
    cloud.add("iam.projects.locations.oauthClients.credentials.list", client,
              {"name": f"{client}/credentials/one", "displayName": "one"})  # fmt: skip


def _keys(cloud: Cloud) -> None:
    cloud.add(
        "apikeys.projects.locations.keys.list", GLOBAL,
        {
            "name": f"{NUMBER}/locations/global/keys/k1", "uid": "k1", "displayName": "maps",
            "createTime": "2024-01-01T00:00:00Z",
        },
        {
            "name": f"{NUMBER}/locations/global/keys/k2", "uid": "k2", "displayName": "gemini",
            "createTime": "2026-11-01T00:00:00Z",
            "serviceAccountEmail": "deploy@acme-prod.iam.gserviceaccount.com",
            "restrictions": {
                "apiTargets": [{"service": "generativelanguage.googleapis.com"}],
                "serverKeyRestrictions": {"allowedIps": ["198.51.100.7"]},
            },
        },
    )  # fmt: skip
    cloud.add(
        "storage.projects.hmacKeys.list", "acme-prod",
        {
            "kind": "storage#hmacKeyMetadata", "accessId": "GOOG-made-up", "projectId": "acme-prod",
            "serviceAccountEmail": "deploy@acme-prod.iam.gserviceaccount.com", "state": "ACTIVE",
            "timeCreated": "2023-01-01T00:00:00Z", "updated": "2023-01-01T00:00:00Z",
        },
    )  # fmt: skip


def _guards(cloud: Cloud) -> None:
    cloud.add(
        "orgpolicy.organizations.policies.list", ORGANIZATION,
        {
            "name": f"{ORGANIZATION}/policies/iam.disableServiceAccountKeyUpload",
            "spec": {"rules": [{"enforce": True}]},
        },
    )  # fmt: skip
    cloud.add(
        "orgpolicy.projects.policies.list", PROJECT,
        {
            "name": f"{NUMBER}/policies/iam.disableServiceAccountKeyUpload",
            "spec": {"rules": [{"enforce": False}]},
        },
    )  # fmt: skip
    cloud.add(
        "recommender.projects.locations.recommenders.recommendations.list",
        f"{GLOBAL}/recommenders/google.iam.policy.Recommender",
        {
            "name": f"{NUMBER}/locations/global/recommenders/google.iam.policy.Recommender/recommendations/r1",
            "description": "This role has not been used.", "recommenderSubtype": "REMOVE_ROLE", "priority": "P1",
            "stateInfo": {"state": "ACTIVE"}, "lastRefreshTime": "2026-11-01T00:00:00Z",
        },
    )  # fmt: skip
    cloud.add(
        "recommender.projects.locations.insightTypes.insights.list",
        f"{GLOBAL}/insightTypes/google.iam.serviceAccount.Insight",
        {
            "name": f"{NUMBER}/locations/global/insightTypes/google.iam.serviceAccount.Insight/insights/i1",
            "description": "Service account was inactive.", "insightSubtype": "SERVICE_ACCOUNT_USAGE",
            "severity": "LOW", "stateInfo": {"state": "ACTIVE"}, "category": "SECURITY",
            "content": {"email": "old@acme-prod.iam.gserviceaccount.com"},
        },
    )  # fmt: skip


def _workloads(cloud: Cloud) -> None:
    default = "4711-compute@developer.gserviceaccount.com"
    zone = "https://www.googleapis.com/compute/v1/projects/acme-prod/zones/europe-west1-b"
    cloud.add(
        "compute.instances.aggregatedList", "acme-prod",
        {
            "name": "web", "zone": zone, "machineType": f"{zone}/machineTypes/e2-small", "status": "RUNNING",
            "serviceAccounts": [{"email": default, "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}],
            "metadata": {"items": [{"key": "enable-oslogin", "value": "FALSE"}]},
        },
    )  # fmt: skip
    cloud.add(
        "compute.instanceTemplates.aggregatedList", "acme-prod",
        {
            "name": "web-template",
            "properties": {
                "machineType": "e2-small",
                "serviceAccounts": [{"email": "keyless@acme-prod.iam.gserviceaccount.com"}],
            },
        },
    )  # fmt: skip
    cloud.add("compute.projects.get", PROJECT,
              {"name": "acme-prod", "commonInstanceMetadata": {"items": [{"key": "enable-oslogin", "value": "TRUE"}]}})  # fmt: skip
    cloud.add(
        "container.projects.locations.clusters.list", f"{PROJECT}/locations/-",
        {
            "name": "main", "location": "europe-west1", "status": "RUNNING", "legacyAbac": {"enabled": True},
            "masterAuth": {"clientCertificateConfig": {"issueClientCertificate": True}},
            "nodePools": [
                {
                    "name": "pool", "config": {
                        "serviceAccount": "default", "workloadMetadataConfig": {"mode": "GCE_METADATA"},
                        "oauthScopes": ["https://www.googleapis.com/auth/cloud-platform"],
                    },
                }
            ],
        },
    )  # fmt: skip
    labels = {"cloud.googleapis.com/location": "europe-west1"}
    keyless = "keyless@acme-prod.iam.gserviceaccount.com"
    cloud.add(
        "run.namespaces.services.list", "namespaces/acme-prod",
        {
            "apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "api", "labels": labels},
            "spec": {"template": {"spec": {"serviceAccountName": keyless, "containers": [{"image": "api:1"}]}}},
        },
        {
            "apiVersion": "serving.knative.dev/v1", "kind": "Service",
            "metadata": {"name": "resize", "labels": {**labels, "goog-managed-by": "cloudfunctions"}},
        },
    )  # fmt: skip
    cloud.add(
        "run.namespaces.jobs.list", "namespaces/acme-prod",
        {
            "kind": "Job", "metadata": {"name": "nightly", "labels": labels},
            "spec": {"template": {"spec": {"template": {"spec": {"serviceAccountName": keyless}}}}},
        },
    )  # fmt: skip
    cloud.add(
        "cloudfunctions.projects.locations.functions.list", f"{PROJECT}/locations/-",
        {
            "name": f"{PROJECT}/locations/europe-west1/functions/resize", "environment": "GEN_2", "state": "ACTIVE",
            "serviceConfig": {"serviceAccountEmail": default, "environmentVariables": {"MODE": "fast"}},
        },
    )  # fmt: skip
    cloud.add("serviceusage.services.list", PROJECT,
              {"name": f"{NUMBER}/services/aiplatform.googleapis.com", "state": "ENABLED"})  # fmt: skip
    cloud.add("aiplatform.projects.locations.list", PROJECT,
              {"name": f"{PROJECT}/locations/europe-west1", "locationId": "europe-west1"},
              {"name": f"{PROJECT}/locations/us-central1", "locationId": "us-central1"})  # fmt: skip
    cloud.add(
        "aiplatform.projects.locations.reasoningEngines.list", f"{PROJECT}/locations/europe-west1",
        {
            "name": f"{NUMBER}/locations/europe-west1/reasoningEngines/9", "displayName": "helper",
            "spec": {
                "agentFramework": "google-adk", "identityType": "SERVICE_ACCOUNT",
                "effectiveIdentity": "service-4711@gcp-sa-aiplatform-re.iam.gserviceaccount.com",
                "deploymentSpec": {"env": [{"name": "MODE", "value": "fast"}]},
            },
        },
    )  # fmt: skip

    cloud.add("compute.projects.get", "projects/acme-sandbox", {"name": "acme-sandbox"})


def _data(cloud: Cloud) -> None:
    cloud.add(
        "secretmanager.projects.secrets.list", PROJECT,
        {"name": f"{NUMBER}/secrets/db", "createTime": "2024-01-01T00:00:00Z", "replication": {"automatic": {}}},
        {
            "name": f"{NUMBER}/secrets/rotated", "createTime": "2024-01-01T00:00:00Z",
            "rotation": {"rotationPeriod": "2592000s", "nextRotationTime": "2026-12-01T00:00:00Z"},
        },
    )  # fmt: skip
    cloud.add(
        "storage.buckets.list", "acme-prod",
        {
            "kind": "storage#bucket", "name": "acme-site", "location": "EU",
            "iamConfiguration": {
                "publicAccessPrevention": "inherited", "uniformBucketLevelAccess": {"enabled": True},
            },
        },
    )  # fmt: skip
    cloud.add(
        "sql.instances.list", "acme-prod",
        {"name": "main", "databaseVersion": "POSTGRES_15", "state": "RUNNABLE", "settings": {"tier": "db-g1-small"}},
    )  # fmt: skip
    cloud.add("sql.users.list", "acme-prod/main", {"name": "app", "host": "", "type": "BUILT_IN"},
              {"name": "deploy@acme-prod.iam", "type": "CLOUD_IAM_SERVICE_ACCOUNT"})  # fmt: skip


def _only_in_the_inventory(cloud: Cloud) -> None:
    ring = f"{PROJECT}/locations/global/keyRings/ring"
    cloud.asset("cloudkms.googleapis.com/CryptoKey", PROJECT,
                {"name": f"{ring}/cryptoKeys/slow", "purpose": "ENCRYPT_DECRYPT", "rotationPeriod": "31536000s"})  # fmt: skip
    cloud.asset(
        "bigquery.googleapis.com/Dataset", PROJECT,
        {
            "id": "acme-prod:open", "datasetReference": {"projectId": "acme-prod", "datasetId": "open"},
            "access": [{"role": "READER", "specialGroup": "allAuthenticatedUsers"}],
        },
    )  # fmt: skip
    cloud.policy(
        "//pubsub.googleapis.com/projects/acme-prod/topics/orders", "pubsub.googleapis.com/Topic", PROJECT,
        {"role": "roles/pubsub.publisher", "members": ["allUsers"]},
    )  # fmt: skip
    cloud.policy(
        "//lifesciences.googleapis.com/projects/acme-prod/x/y", "lifesciences.googleapis.com/Thing", PROJECT,
        {"role": "roles/viewer", "members": ["user:a@acme.example"]},
    )  # fmt: skip
