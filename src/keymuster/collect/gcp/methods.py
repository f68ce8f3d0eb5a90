"""The methods of Google's APIs that are called, by their ids in the discovery documents."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from msgspec import Struct


class Method(Struct, frozen=True, kw_only=True):
    """Where a method is, and the IAM permissions that it needs. `document` is the discovery document that
    describes it; `path` is as written there: what stands in braces is taken from the parameters, and what
    begins with a plus sign there may hold slashes. A list is asked for in pages of a `size`, of which
    each tells the next by `token`, if it takes one; `partial` is what it lists as places that gave no answer."""

    document: str
    path: str
    permissions: tuple[str, ...]
    verb: str = "GET"
    size: tuple[str, int] | None = None
    token: tuple[str, str] | None = ("nextPageToken", "pageToken")
    partial: str = ""

    @property
    def host(self) -> str:
        """The name of the API, which begins its host: `iam` of iam.googleapis.com."""
        return self.document.partition(".")[0]

    def request(self, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The path, and the parameters that are not part of it."""
        rest = dict(parameters)

        def fill(found: re.Match[str]) -> str:
            return quote(str(rest.pop(found["name"])), safe="/:@%" if found["slashes"] else "")

        path = _BRACES.sub(fill, self.path)
        return path, {**({self.size[0]: self.size[1]} if self.size else {}), **rest}


_BRACES = re.compile(r"\{(?P<slashes>\+?)(?P<name>\w+)\}")


def _lists(
    document: str, path: str, *permissions: str, size: int | tuple[str, int] = 0, **more: Any
) -> Method:
    """A `size` without its parameter's name is that of most."""
    pages = size if isinstance(size, tuple) else ("pageSize", size) if size else None
    return Method(document=document, path=path, permissions=permissions, size=pages, **more)


def _policy(document: str, permission: str, verb: str = "GET", version: str = "v1") -> Method:
    path = f"{version}/{{+resource}}:getIamPolicy"
    return Method(document=document, path=path, permissions=(permission,), verb=verb)


_OLD = ("maxResults", 500)
_CONTINUE: dict[str, Any] = {"token": ("metadata.continue", "continue"), "partial": "unreachable"}
_LIMIT = ("limit", 500)

METHODS: dict[str, Method] = {
    "cloudasset.assets.list": _lists(
        "cloudasset.v1", "v1/{+parent}/assets", "cloudasset.assets.listResource",
        "cloudasset.assets.listIamPolicy", size=1000,
    ),
    "cloudresourcemanager.organizations.getIamPolicy": _policy(
        "cloudresourcemanager.v3", "resourcemanager.organizations.getIamPolicy", "POST", "v3"
    ),
    "cloudresourcemanager.folders.getIamPolicy": _policy(
        "cloudresourcemanager.v3", "resourcemanager.folders.getIamPolicy", "POST", "v3"
    ),
    "cloudresourcemanager.projects.getIamPolicy": _policy(
        "cloudresourcemanager.v3", "resourcemanager.projects.getIamPolicy", "POST", "v3"
    ),
    "serviceusage.services.list": _lists(
        "serviceusage.v1", "v1/{+parent}/services", "serviceusage.services.list", size=200
    ),
    "iam.projects.serviceAccounts.list": _lists(
        "iam.v1", "v1/{+name}/serviceAccounts", "iam.serviceAccounts.list", size=100
    ),
    "iam.projects.serviceAccounts.keys.list": _lists(
        "iam.v1", "v1/{+name}/keys", "iam.serviceAccountKeys.list", token=None
    ),
    "iam.projects.serviceAccounts.getIamPolicy": _policy(
        "iam.v1", "iam.serviceAccounts.getIamPolicy", "POST"
    ),
    "iam.projects.roles.list": _lists("iam.v1", "v1/{+parent}/roles", "iam.roles.list", size=1000),
    "iam.organizations.roles.list": _lists(
        "iam.v1", "v1/{+parent}/roles", "iam.roles.list", size=1000
    ),
    "iam.policies.listPolicies": _lists(
        "iam.v2", "v2/{+parent}", "iam.denypolicies.list", size=1000
    ),
    "iam.policies.get": _lists("iam.v2", "v2/{+name}", "iam.denypolicies.get"),
    "iam.projects.locations.workloadIdentityPools.list": _lists(
        "iam.v1", "v1/{+parent}/workloadIdentityPools", "iam.workloadIdentityPools.list", size=1000
    ),
    "iam.projects.locations.workloadIdentityPools.providers.list": _lists(
        "iam.v1", "v1/{+parent}/providers", "iam.workloadIdentityPoolProviders.list", size=100
    ),
    "iam.locations.workforcePools.list": _lists(
        "iam.v1", "v1/{+location}/workforcePools", "iam.workforcePools.list", size=100
    ),
    "iam.locations.workforcePools.providers.list": _lists(
        "iam.v1", "v1/{+parent}/providers", "iam.workforcePoolProviders.list", size=100
    ),
    "iam.locations.workforcePools.providers.scimTenants.list": _lists(
        "iam.v1", "v1/{+parent}/scimTenants", "iam.workforcePoolProviderScimTenants.list", size=100
    ),
    "iam.locations.workforcePools.providers.scimTenants.tokens.list": _lists(
        "iam.v1", "v1/{+parent}/tokens", "iam.workforcePoolProviderScimTokens.list", size=100
    ),
    "iam.projects.locations.oauthClients.list": _lists(
        "iam.v1", "v1/{+parent}/oauthClients", "iam.oauthClients.list", size=100
    ),
    "iam.projects.locations.oauthClients.credentials.list": _lists(
        "iam.v1", "v1/{+parent}/credentials", "iam.oauthClientCredentials.list", token=None
    ),
    "policyanalyzer.projects.locations.activityTypes.activities.query": _lists(
        "policyanalyzer.v1", "v1/{+parent}/activities:query",
        "policyanalyzer.serviceAccountLastAuthenticationActivities.query",
        "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query", size=1000,
    ),
    **{
        f"recommender.{kind}.locations.recommenders.recommendations.list": _lists(
            "recommender.v1", "v1/{+parent}/recommendations",
            "recommender.iamPolicyRecommendations.list", size=1000,
        )
        for kind in ("organizations", "folders", "projects")
    },
    "recommender.projects.locations.insightTypes.insights.list": _lists(
        "recommender.v1", "v1/{+parent}/insights", "recommender.iamServiceAccountInsights.list",
        "recommender.iamPolicyLateralMovementInsights.list", size=1000,
    ),
    "orgpolicy.projects.policies.list": _lists(
        "orgpolicy.v2", "v2/{+parent}/policies", "orgpolicy.policies.list", size=500
    ),
    "orgpolicy.folders.policies.list": _lists(
        "orgpolicy.v2", "v2/{+parent}/policies", "orgpolicy.policies.list", size=500
    ),
    "orgpolicy.organizations.policies.list": _lists(
        "orgpolicy.v2", "v2/{+parent}/policies", "orgpolicy.policies.list", size=500
    ),
    "apikeys.projects.locations.keys.list": _lists(
        "apikeys.v2", "v2/{+parent}/keys", "apikeys.keys.list", size=300
    ),
    "storage.projects.hmacKeys.list": _lists(
        "storage.v1", "storage/v1/projects/{projectId}/hmacKeys", "storage.hmacKeys.list",
        size=("maxResults", 250),
    ),
    "storage.buckets.list": _lists(
        "storage.v1", "storage/v1/b", "storage.buckets.list", size=("maxResults", 1000), partial="unreachable"
    ),
    "storage.buckets.getIamPolicy": _lists(
        "storage.v1", "storage/v1/b/{bucket}/iam", "storage.buckets.getIamPolicy"
    ),
    "secretmanager.projects.secrets.list": _lists(
        "secretmanager.v1", "v1/{+parent}/secrets", "secretmanager.secrets.list", size=1000
    ),
    "secretmanager.projects.secrets.getIamPolicy": _policy(
        "secretmanager.v1", "secretmanager.secrets.getIamPolicy"
    ),
    "container.projects.locations.clusters.list": _lists(
        "container.v1", "v1/{+parent}/clusters", "container.clusters.list", partial="missingZones", token=None
    ),
    "compute.instances.aggregatedList": _lists(
        "compute.v1", "compute/v1/projects/{project}/aggregated/instances",
        "compute.instances.list", size=_OLD, partial="unreachables",
    ),
    "compute.instanceTemplates.aggregatedList": _lists(
        "compute.v1", "compute/v1/projects/{project}/aggregated/instanceTemplates",
        "compute.instanceTemplates.list", size=_OLD,
    ),
    "compute.projects.get": _lists(
        "compute.v1", "compute/v1/projects/{project}", "compute.projects.get"
    ),
    "run.namespaces.services.list": _lists(
        "run.v1", "apis/serving.knative.dev/v1/{+parent}/services", "run.services.list", size=_LIMIT, **_CONTINUE
    ),
    "run.namespaces.jobs.list": _lists(
        "run.v1", "apis/run.googleapis.com/v1/{+parent}/jobs", "run.jobs.list", size=_LIMIT, **_CONTINUE
    ),
    "run.projects.locations.services.getIamPolicy": _policy("run.v1", "run.services.getIamPolicy"),
    "cloudfunctions.projects.locations.functions.list": _lists(
        "cloudfunctions.v2", "v2/{+parent}/functions", "cloudfunctions.functions.list", size=1000,
        partial="unreachable",
    ),
    "cloudfunctions.projects.locations.functions.getIamPolicy": _policy(
        "cloudfunctions.v2", "cloudfunctions.functions.getIamPolicy", version="v2"
    ),
    "sql.instances.list": _lists(
        "sqladmin.v1", "v1/projects/{project}/instances", "cloudsql.instances.list", size=_OLD
    ),
    "sql.users.list": _lists(
        "sqladmin.v1", "v1/projects/{project}/instances/{instance}/users", "cloudsql.users.list", token=None
    ),
    "aiplatform.projects.locations.list": _lists(
        "aiplatform.v1", "v1/{+name}/locations", "aiplatform.locations.list", size=100
    ),
    "aiplatform.projects.locations.reasoningEngines.list": _lists(
        "aiplatform.v1", "v1/{+parent}/reasoningEngines", "aiplatform.reasoningEngines.list", size=100
    ),
    "logging.entries.list": _lists(
        "logging.v2", "v2/entries:list", "logging.logEntries.list", "logging.privateLogEntries.list",
        verb="POST",
    ),
}  # fmt: skip
"""Method id -> the method. Permissions: the IAM permissions reference and the page of each method."""
