"""An organization of GitHub's with a bit of everything: some of it good, some not."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from json_fake import Fake, Handler

API = "https://api.github.com"
OLD = "2024-02-01T10:00:00Z"
NEW = "2025-12-20T10:00:00Z"
LATER = "2026-03-01T10:00:00Z"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def public_key(seed: str) -> str:
    """A line that is a public key by its form, the same for the same seed."""
    name = b"ssh-ed25519"
    blob = len(name).to_bytes(4, "big") + name + b"\0\0\0\x20" + sha256(seed.encode()).digest()
    return f"ssh-ed25519 {b64encode(blob).decode()}"


def user(login: str, **more: Any) -> dict[str, Any]:
    here = f"{API}/users/{login}"
    urls = {
        name: f"{here}/{name.removesuffix('_url')}"
        for name in (
            "followers_url", "following_url", "gists_url", "starred_url", "subscriptions_url",
            "organizations_url", "repos_url", "events_url", "received_events_url",
        )
    }  # fmt: skip
    return {
        "login": login, "id": sum(login.encode()), "node_id": f"U_{login}", "url": here,
        "avatar_url": f"{here}/avatar", "gravatar_id": "", "html_url": f"https://github.com/{login}",
        "type": "User", "site_admin": False, **urls, **more,
    }  # fmt: skip


_OF_REPOSITORY = (
    "archive_url", "assignees_url", "blobs_url", "branches_url", "collaborators_url", "comments_url", "commits_url",
    "compare_url", "contents_url", "contributors_url", "deployments_url", "downloads_url", "events_url", "forks_url",
    "git_commits_url", "git_refs_url", "git_tags_url", "hooks_url", "issue_comment_url", "issue_events_url",
    "issues_url", "keys_url", "labels_url", "languages_url", "merges_url", "milestones_url", "notifications_url",
    "pulls_url", "releases_url", "stargazers_url", "statuses_url", "subscribers_url", "subscription_url", "tags_url",
    "teams_url", "trees_url",
)  # fmt: skip


def repository(name: str, **more: Any) -> dict[str, Any]:
    here = f"{API}/repos/acme/{name}"
    return {
        "id": sum(name.encode()), "node_id": f"R_{name}", "name": name, "full_name": f"acme/{name}",
        "owner": user("acme", type="Organization"), "private": True, "visibility": "private",
        "html_url": f"https://github.com/acme/{name}", "description": None, "fork": False, "url": here,
        "archived": False, "disabled": False, "pushed_at": NEW, "created_at": OLD, "updated_at": NEW,
        **{one: f"{here}/{one.removesuffix('_url')}" for one in _OF_REPOSITORY}, **more,
    }  # fmt: skip


def installation(id: int, slug: str, permissions: dict[str, str], **more: Any) -> dict[str, Any]:
    here = f"{API}/app/installations/{id}"
    return {
        "id": id, "account": user("acme", type="Organization"), "repository_selection": "selected",
        "access_tokens_url": f"{here}/access_tokens", "repositories_url": f"{API}/installation/repositories",
        "html_url": f"https://github.com/organizations/acme/settings/installations/{id}", "app_id": 1000 + id,
        "client_id": f"Iv1.{id}", "target_id": 1, "target_type": "Organization", "permissions": permissions,
        "events": ["push"], "created_at": OLD, "updated_at": OLD, "single_file_name": None, "app_slug": slug,
        "suspended_by": None, "suspended_at": None, **more,
    }  # fmt: skip


def app(slug: str, owner: str) -> dict[str, Any]:
    return {
        "id": 1001, "slug": slug, "node_id": f"A_{slug}", "client_id": "Iv1.1", "owner": user(owner),
        "name": slug.title(), "description": "", "external_url": f"https://{owner}.example",
        "html_url": f"https://github.com/apps/{slug}", "created_at": OLD, "updated_at": OLD,
        "permissions": {"contents": "write"}, "events": [],
    }  # fmt: skip


def granted(id: int, owner: str, permissions: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "id": id, "owner": user(owner), "repository_selection": "subset",
        "repositories_url": f"{API}/organizations/1/personal-access-tokens/{id}/repositories",
        "permissions": {"repository": permissions}, "access_granted_at": "2024-02-01T10:00:00.000-07:00",
        "token_id": 100 + id, "token_name": f"tool-{id}", "token_expired": False,
        "token_expires_at": LATER, "token_last_used_at": NEW, **more,
    }  # fmt: skip


def hook(id: int, kind: str, **config: Any) -> dict[str, Any]:
    is_wide = kind == "Organization"
    here = f"{API}/{'orgs/acme' if is_wide else 'repos/acme/app'}/hooks/{id}"
    of_repositories = {
        "test_url": f"{here}/tests", "last_response": {"code": 200, "status": "active", "message": "OK"},
    }  # fmt: skip
    return {
        "id": id, "url": here, "ping_url": f"{here}/pings", "name": "web",
        "deliveries_url": f"{here}/deliveries", "events": ["push"], "active": True, "type": kind,
        "config": {"url": "https://ci.acme.example/a-path", "content_type": "json", "insecure_ssl": "0", **config},
        "updated_at": OLD, "created_at": OLD, **({} if is_wide else of_repositories),
    }  # fmt: skip


def secret(name: str, changed: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "created_at": OLD, "updated_at": changed, **more}


def key(id: int, title: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "key": public_key(more.pop("seed", title)), "url": f"{API}/repos/acme/app/keys/{id}",
        "title": title, "verified": True, "created_at": OLD, "read_only": True, "added_by": "jo",
        "last_used": NEW, "enabled": True, **more,
    }  # fmt: skip


def runner(id: int, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "name": name, "os": "linux", "status": "online", "busy": False, "runner_group_id": 1,
        "labels": [{"id": 1, "name": "self-hosted", "type": "read-only"}], "ephemeral": False, **more,
    }  # fmt: skip


def organization() -> dict[str, Any]:
    """By call; what belongs to a repository is by its name."""
    return {
        "members": {"admin": ["jo"], "member": ["sam", "acme-ci"]},
        "weak": ["acme-ci"],
        "outsiders": ["eve"],
        "repos": [
            repository("app"),
            repository("site", private=False, visibility="public"),
            repository("old", archived=True),
        ],
        "installations": [
            installation(1, "writer", {"contents": "write", "metadata": "read"}, repository_selection="all"),
            installation(2, "reader", {"contents": "read", "metadata": "read"}),
            installation(3, "gone", {"issues": "write"}, suspended_at=OLD, suspended_by=user("jo")),
        ],
        "apps": {"writer": app("writer", "buildkit"), "reader": app("reader", "lintco")},
        "tokens": [
            granted(
                1, "acme-ci", {"contents": "write", "metadata": "read"}, repository_selection="all",
                token_expires_at=None, token_last_used_at=None,
            ),
            granted(2, "sam", {"contents": "read"}),
            granted(3, "leaver", {"issues": "read"}),
        ],
        "authorizations": [
            {
                "login": "jo", "credential_id": 11, "credential_type": "personal access token",
                "token_last_eight": "12345678", "credential_authorized_at": OLD, "credential_accessed_at": NEW,
                "scopes": ["repo", "admin:org"], "authorized_credential_id": 5, "authorized_credential_note": "cli",
                "authorized_credential_expires_at": None,
            },
            {
                "login": "sam", "credential_id": 12, "credential_type": "SSH key", "credential_authorized_at": OLD,
                "credential_accessed_at": None, "fingerprint": "SHA256:abc", "authorized_credential_id": 6,
                "authorized_credential_title": "laptop",
            },
        ],
        "secrets": {
            "actions": [
                secret("NPM_TOKEN", OLD, visibility="all"),
                secret("FRESH", NEW, visibility="selected", selected_repositories_url=f"{API}/orgs/acme/x"),
            ],
            "dependabot": [], "codespaces": [],
        },
        "repository_secrets": {"app": {"actions": [secret("AWS_SECRET_ACCESS_KEY", NEW), secret("NPM_TOKEN", NEW)]}},
        "environments": {
            "app": [
                {
                    "id": 1, "node_id": "E_1", "name": "production", "url": f"{API}/e/1", "html_url": f"{API}/e/1",
                    "created_at": OLD, "updated_at": OLD, "protection_rules": [], "deployment_branch_policy": None,
                },
                {
                    "id": 2, "node_id": "E_2", "name": "staging", "url": f"{API}/e/2", "html_url": f"{API}/e/2",
                    "created_at": OLD, "updated_at": OLD,
                    "protection_rules": [
                        {
                            "id": 3, "node_id": "P_3", "type": "required_reviewers", "prevent_self_review": True,
                            "reviewers": [{"type": "User", "reviewer": user("jo")}],
                        },
                        {"id": 4, "node_id": "P_4", "type": "branch_policy"},
                    ],
                    "deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": False},
                },
            ]
        },
        "environment_secrets": {"production": [secret("DB_PASSWORD", OLD)], "staging": [secret("DB_PASSWORD", NEW)]},
        "keys": {
            "app": [key(1, "deploy", read_only=False), key(2, "mirror", last_used=None, added_by="leaver")],
            "site": [key(3, "again", seed="deploy")],
        },
        "user_keys": {"jo": [{"id": 7, "key": public_key("jo"), "created_at": OLD, "last_used": NEW}]},
        "hooks": [hook(1, "Organization", secret="********")],
        "repository_hooks": {"app": [hook(2, "Repository"), hook(3, "Repository", insecure_ssl="1", secret="********")]},
        "runner_groups": [
            {
                "id": 1, "name": "Default", "visibility": "all", "default": True, "inherited": False,
                "runners_url": f"{API}/orgs/acme/actions/runner-groups/1/runners", "allows_public_repositories": True,
                "restricted_to_workflows": False, "selected_workflows": [],
            },
        ],
        "runners": [runner(1, "big"), runner(2, "fresh", ephemeral=True)],
        "repository_runners": {"site": [runner(3, "open")]},
        "workflow": {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True},
        "repository_workflow": {
            "app": {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False},
            "site": {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": False},
        },
        "subject": {"include_claim_keys": ["repo", "context"], "use_immutable_subject": False},
        "repository_subject": {"site": {"use_default": False, "include_claim_keys": ["repository_owner"]}},
        "audit": [{"action": "org.disable_oauth_app_restrictions", "@timestamp": 1_700_000_000_000}],
    }  # fmt: skip


def fake(state: dict[str, Any] | None = None, **more: Any) -> Fake:
    state = organization() if state is None else state
    return Fake(
        handlers=handlers(state),
        lists={
            "GET /orgs/{org}/installations": "installations",
            "GET /orgs/{org}/actions/runners": "runners",
            "GET /orgs/{org}/actions/runner-groups": "runner_groups",
            "GET /repos/{owner}/{repo}/actions/runners": "runners",
            "GET /repos/{owner}/{repo}/environments": "environments",
            "GET /repos/{owner}/{repo}/environments/{environment_name}/secrets": "secrets",
            **{f"GET /orgs/{{org}}/{one}/secrets": "secrets" for one in _SORTS},
            **{f"GET /repos/{{owner}}/{{repo}}/{one}/secrets": "secrets" for one in _SORTS},
        },
        headers={"X-OAuth-Scopes": "admin:org, repo"},
        **more,
    )


_SORTS = ("actions", "dependabot", "codespaces")


def handlers(state: dict[str, Any], size: int = 100) -> dict[str, Handler]:
    """What GitHub says to each call; GraphQL gives so many at a time."""

    def members(query: dict[str, str], **_: Any) -> list[Any]:
        if query.get("filter") == "2fa_disabled":
            return [user(one) for one in state["weak"]]
        return [user(one) for one in state["members"][query["role"]]]

    def of_repository(what: str, empty: Any) -> Handler:
        return lambda repo, **_: state[what].get(repo, empty)

    def counted(body: dict[str, Any], **_: Any) -> Any:
        nodes = [
            {
                "name": one["name"], "deployKeys": {"totalCount": len(state["keys"].get(one["name"], ()))},
                "environments": {"totalCount": len(state["environments"].get(one["name"], ()))},
            }
            for one in state["repos"]
        ]  # fmt: skip
        start = int(body["variables"]["after"] or 0)
        more = start + size < len(nodes)
        page = {
            "pageInfo": {"hasNextPage": more, "endCursor": str(start + size)},
            "nodes": nodes[start : start + size],
        }
        return {"data": {"organization": {"repositories": page}}}

    def audit(query: dict[str, str], **_: Any) -> list[Any]:
        return [one for one in state["audit"] if query["phrase"] == f"action:{one['action']}"]

    return {
        "GET /user": lambda **_: user(
            "jo", name="Jo", company=None, blog="", location=None, email=None, hireable=None, bio=None,
            public_repos=0, public_gists=0, followers=0, following=0, created_at=OLD, updated_at=OLD,
        ),
        "GET /user/orgs": lambda **_: [_simple("acme")],
        "GET /orgs/{org}": lambda org, **_: state.get("settings", _settings(org)),
        "GET /orgs/{org}/members": members,
        "GET /orgs/{org}/outside_collaborators": lambda **_: [user(one) for one in state["outsiders"]],
        "GET /orgs/{org}/repos": lambda **_: state["repos"],
        "GET /orgs/{org}/installations": lambda **_: state["installations"],
        "GET /apps/{app_slug}": lambda app_slug, **_: state["apps"].get(app_slug),
        "GET /orgs/{org}/personal-access-tokens": lambda **_: state["tokens"],
        "GET /orgs/{org}/credential-authorizations": lambda **_: state["authorizations"],
        "GET /orgs/{org}/audit-log": audit,
        "GET /orgs/{org}/actions/permissions": lambda **_: {
            "enabled_repositories": "all", "allowed_actions": "all",
        },
        "GET /orgs/{org}/actions/permissions/workflow": lambda **_: state["workflow"],
        "GET /orgs/{org}/actions/permissions/self-hosted-runners": lambda **_: {
            "enabled_repositories": state.get("own_runners", "all"),
        },
        "GET /orgs/{org}/actions/oidc/customization/sub": lambda **_: state["subject"],
        "GET /orgs/{org}/actions/runners": lambda **_: state["runners"],
        "GET /orgs/{org}/actions/runner-groups": lambda **_: state["runner_groups"],
        "GET /orgs/{org}/hooks": lambda **_: state["hooks"],
        "GET /repos/{owner}/{repo}/keys": of_repository("keys", []),
        "GET /repos/{owner}/{repo}/hooks": of_repository("repository_hooks", []),
        "GET /repos/{owner}/{repo}/actions/runners": of_repository("repository_runners", []),
        "GET /repos/{owner}/{repo}/actions/permissions/workflow": of_repository("repository_workflow", {
            "default_workflow_permissions": "read", "can_approve_pull_request_reviews": False,
        }),
        "GET /repos/{owner}/{repo}/actions/oidc/customization/sub": of_repository(
            "repository_subject", {"use_default": True}
        ),
        "GET /repos/{owner}/{repo}/environments": of_repository("environments", []),
        "GET /repos/{owner}/{repo}/environments/{environment_name}/secrets": (
            lambda environment_name, **_: state["environment_secrets"].get(environment_name, [])
        ),
        "GET /users/{username}/keys": lambda username, **_: state["user_keys"].get(username, []),
        "POST /graphql": counted,
        **{
            f"GET /orgs/{{org}}/{one}/secrets": lambda one=one, **_: state["secrets"][one] for one in _SORTS
        },
        **{
            f"GET /repos/{{owner}}/{{repo}}/{one}/secrets": (
                lambda repo, one=one, **_: state["repository_secrets"].get(repo, {}).get(one, [])
            )
            for one in _SORTS
        },
    }  # fmt: skip


def _simple(org: str) -> dict[str, Any]:
    here = f"{API}/orgs/{org}"
    return {
        "login": org, "id": 1, "node_id": "O_1", "url": here, "repos_url": f"{here}/repos",
        "events_url": f"{here}/events", "hooks_url": f"{here}/hooks", "issues_url": f"{here}/issues",
        "members_url": f"{here}/members", "public_members_url": f"{here}/public_members",
        "avatar_url": f"{here}/avatar", "description": None,
    }  # fmt: skip


def _settings(org: str) -> dict[str, Any]:
    return {
        **_simple(org), "has_organization_projects": True,
        "has_repository_projects": True, "public_repos": 1, "public_gists": 0, "followers": 0, "following": 0,
        "html_url": f"https://github.com/{org}", "type": "Organization", "created_at": OLD, "updated_at": OLD,
        "archived_at": None, "default_repository_permission": "write", "two_factor_requirement_enabled": False,
    }  # fmt: skip


def as_app() -> dict[str, Handler]:
    """What an app is answered about itself, with a token for its only installation."""
    return {
        "GET /app": lambda **_: app("scan", "acme"),
        "GET /app/hook/config": lambda **_: {
            "content_type": "json", "insecure_ssl": "0", "url": "https://hook.acme.example",
        },
        "GET /app/installations": lambda **_: [installation(9, "scan", {"members": "read"})],
        "POST /app/installations/{installation_id}/access_tokens": lambda **_: {
            "token": "of-the-installation", "expires_at": "2999-01-01T00:00:00Z",
        },
    }  # fmt: skip
