"""What each call needs: a permission of a GitHub App or a fine-grained token, or a scope of a classic one."""

from __future__ import annotations

import json
from collections.abc import Iterable

from msgspec import Struct

GRAPHQL = "POST /graphql"


class Need(Struct, frozen=True):
    """`permission` as apps ask for it, to read; empty if none is needed. `classic` is the least scope. Some
    calls are only for apps, others only for people."""

    permission: str
    classic: str = ""
    only: str = ""


_ORGANIZATION = "organization_administration"

NEEDS: dict[str, Need] = {
    "GET /user": Need(""),
    "GET /user/orgs": Need("", "read:org", "users"),
    "GET /app": Need("", "", "apps"),
    "GET /app/hook/config": Need("", "", "apps"),
    "GET /app/installations": Need("", "", "apps"),
    "POST /app/installations/{installation_id}/access_tokens": Need("", "", "apps"),
    "GET /apps/{app_slug}": Need(""),
    "GET /users/{username}/keys": Need(""),
    "GET /orgs/{org}": Need("", "read:org"),
    "GET /orgs/{org}/members": Need("members", "read:org"),
    "GET /orgs/{org}/outside_collaborators": Need("members", "read:org"),
    "GET /orgs/{org}/installations": Need(_ORGANIZATION, "read:org"),
    "GET /orgs/{org}/personal-access-tokens": Need(
        "organization_personal_access_tokens", "", "apps"
    ),
    "GET /orgs/{org}/credential-authorizations": Need(_ORGANIZATION, "read:org"),
    "GET /orgs/{org}/audit-log": Need(_ORGANIZATION, "read:audit_log"),
    "GET /orgs/{org}/actions/permissions": Need(_ORGANIZATION, "admin:org"),
    "GET /orgs/{org}/actions/permissions/workflow": Need(_ORGANIZATION, "admin:org"),
    "GET /orgs/{org}/actions/permissions/self-hosted-runners": Need(_ORGANIZATION, "admin:org"),
    "GET /orgs/{org}/actions/oidc/customization/sub": Need(_ORGANIZATION, "read:org"),
    "GET /orgs/{org}/actions/runners": Need("organization_self_hosted_runners", "admin:org"),
    "GET /orgs/{org}/actions/runner-groups": Need("organization_self_hosted_runners", "admin:org"),
    "GET /orgs/{org}/actions/secrets": Need("organization_secrets", "admin:org"),
    "GET /orgs/{org}/dependabot/secrets": Need("organization_dependabot_secrets", "admin:org"),
    "GET /orgs/{org}/codespaces/secrets": Need(
        "organization_codespaces_secrets", "admin:org", "users"
    ),
    "GET /orgs/{org}/hooks": Need("organization_hooks", "admin:org_hook"),
    "GET /orgs/{org}/repos": Need("metadata", "repo"),
    "GET /repos/{owner}/{repo}/keys": Need("administration", "repo"),
    "GET /repos/{owner}/{repo}/hooks": Need("repository_hooks", "read:repo_hook"),
    "GET /repos/{owner}/{repo}/actions/secrets": Need("secrets", "repo"),
    "GET /repos/{owner}/{repo}/dependabot/secrets": Need("dependabot_secrets", "repo"),
    "GET /repos/{owner}/{repo}/codespaces/secrets": Need("codespaces_secrets", "repo"),
    "GET /repos/{owner}/{repo}/environments": Need("actions", "repo"),
    "GET /repos/{owner}/{repo}/environments/{environment_name}/secrets": Need(
        "environments", "repo"
    ),
    "GET /repos/{owner}/{repo}/actions/permissions/workflow": Need("administration", "repo"),
    "GET /repos/{owner}/{repo}/actions/oidc/customization/sub": Need("actions", "repo"),
    "GET /repos/{owner}/{repo}/actions/runners": Need("administration", "repo"),
    GRAPHQL: Need("administration", "repo"),
}
"""Call -> what GitHub's documentation says that it takes."""


def advice(call: str) -> str:
    """What would help where a call is refused."""
    need = NEEDS[call]
    if need.only == "apps":
        return f"Sign in as a GitHub App{_that_may(need)}: people's tokens are not let in."
    scope = f", or the scope {need.classic} of a classic token" if need.classic else ""
    if need.only == "users":
        return f"Sign in with a token of an owner{_that_may(need)}{scope}: apps are not let in."
    if not need.permission:
        return f"Sign in as an owner of the organization{scope}."
    return f"Allow {need.permission}: read{scope}; `keymuster services permissions github`."


def _that_may(need: Need) -> str:
    return f" with {need.permission}: read" if need.permission else ""


def manifest(calls: Iterable[str]) -> str:
    """All that calls need, as `default_permissions` of the manifest of a GitHub App. Those of a fine-grained
    token have the same names."""
    needs = [NEEDS[call] for call in calls]
    permissions = sorted({one.permission for one in needs if one.permission})
    scopes = sorted({one.classic for one in needs if one.classic})
    return json.dumps(
        {
            "//": "default_permissions of a GitHub App, or permissions of a fine-grained token of an owner. "
            f"A classic token needs: {', '.join(scopes)}. It may write, too: an app is the better way.",
            "default_permissions": dict.fromkeys(permissions, "read"),
        },
        indent=2,
    )
