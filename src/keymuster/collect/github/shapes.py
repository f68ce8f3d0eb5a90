"""What of GitHub's answers is looked at. All else is let go before a surface sees it, and so what may be kept has none
of it: the last letters of tokens, addresses of webhooks. A call without a shape is never kept."""

from __future__ import annotations

from keymuster.collect.asking.shape import Shape, fields
from keymuster.collect.github.objects import hidden, place

_AGE = ("created_at", "updated_at")
_TOKEN = fields("default_workflow_permissions", "can_approve_pull_request_reviews")
_CONFIG = fields("insecure_ssl", "content_type", url=place, secret=hidden)
_HOOK = fields(
    "id", "events", "active", *_AGE, config=_CONFIG, last_response=fields("code", "status")
)
_SECRETS = fields(secrets=fields("name", "visibility", *_AGE))
_RUNNERS = fields(
    runners=fields(
        "id",
        "name",
        "os",
        "status",
        "ephemeral",
        "runner_group_id",
        "version",
        labels=fields("name"),
    )
)
_SUBJECT = fields("use_default", "include_claim_keys", "use_immutable_subject")
_PERSON = fields("login")

SHAPES: dict[str, Shape] = {
    "GET /app/hook/config": _CONFIG,
    "GET /apps/{app_slug}": fields("name", "external_url", "client_id", owner=fields("login", "slug")),
    "GET /users/{username}/keys": fields("id", "key", "created_at", "last_used"),
    "GET /orgs/{org}": fields(
        "default_repository_permission", "members_can_create_public_repositories",
        "members_can_fork_private_repositories", "two_factor_requirement_enabled", "created_at", "is_verified",
    ),
    "GET /orgs/{org}/members": _PERSON,
    "GET /orgs/{org}/outside_collaborators": _PERSON,
    "GET /orgs/{org}/installations": fields(
        installations=fields(
            "id", "app_id", "app_slug", "client_id", "repository_selection", "permissions", "events", *_AGE,
            "suspended_at",
        )
    ),
    "GET /orgs/{org}/personal-access-tokens": fields(
        "id", "repository_selection", "permissions", "access_granted_at", "token_id", "token_name", "token_expired",
        "token_expires_at", "token_last_used_at", owner=_PERSON,
    ),
    "GET /orgs/{org}/credential-authorizations": fields(
        "login", "credential_id", "credential_type", "credential_authorized_at", "credential_accessed_at", "scopes",
        "fingerprint", "authorized_credential_title", "authorized_credential_note",
        "authorized_credential_expires_at",
    ),
    "GET /orgs/{org}/audit-log": fields("action", "@timestamp"),
    "GET /orgs/{org}/actions/permissions": fields(
        "enabled_repositories", "allowed_actions", "sha_pinning_required"
    ),
    "GET /orgs/{org}/actions/permissions/workflow": _TOKEN,
    "GET /orgs/{org}/actions/permissions/self-hosted-runners": fields("enabled_repositories"),
    "GET /orgs/{org}/actions/oidc/customization/sub": _SUBJECT,
    "GET /orgs/{org}/actions/runners": _RUNNERS,
    "GET /orgs/{org}/actions/runner-groups": fields(
        runner_groups=fields(
            "id", "name", "visibility", "default", "inherited", "allows_public_repositories",
            "restricted_to_workflows", "selected_workflows",
        )
    ),
    "GET /orgs/{org}/hooks": _HOOK,
    "GET /orgs/{org}/repos": fields("name", "full_name", "visibility", "archived", "disabled"),
    "GET /repos/{owner}/{repo}/keys": fields(
        "id", "key", "title", "read_only", "verified", "enabled", "created_at", "last_used", "added_by"
    ),
    "GET /repos/{owner}/{repo}/hooks": _HOOK,
    "GET /repos/{owner}/{repo}/environments": fields(
        environments=fields(
            "name", *_AGE, "deployment_branch_policy",
            protection_rules=fields(
                "type", "wait_timer", "prevent_self_review", reviewers=fields("type")
            ),
        )
    ),
    "GET /repos/{owner}/{repo}/environments/{environment_name}/secrets": _SECRETS,
    "GET /repos/{owner}/{repo}/actions/permissions/workflow": _TOKEN,
    "GET /repos/{owner}/{repo}/actions/oidc/customization/sub": _SUBJECT,
    "GET /repos/{owner}/{repo}/actions/runners": _RUNNERS,
    **{
        f"GET /{place}/{sort}/secrets": _SECRETS
        for place in ("orgs/{org}", "repos/{owner}/{repo}")
        for sort in ("actions", "dependabot", "codespaces")
    },
}  # fmt: skip
"""By call."""
