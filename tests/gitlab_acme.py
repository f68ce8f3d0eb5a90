"""A group of GitLab's with a bit of everything, and the server that it is on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from github_acme import public_key
from json_fake import Fake, Handler

OLD = "2024-02-01T10:00:00.000Z"
NEW = "2025-12-20T10:00:00.000Z"
SOON = "2026-02-01"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def token(id: int, name: str, level: int | None = None, **more: Any) -> dict[str, Any]:
    found = {
        "id": id, "name": name, "description": None, "revoked": False, "active": True, "created_at": "2025-10-01T10:00:00.000Z",
        "scopes": ["read_api"], "user_id": 100 + id, "last_used_at": NEW, "expires_at": SOON, **more,
    }  # fmt: skip
    return found if level is None else {**found, "access_level": level}


def variable(key: str, value: str | None, **more: Any) -> dict[str, Any]:
    return {
        "key": key, "value": value, "variable_type": "env_var", "protected": True, "masked": True, "hidden": False,
        "raw": False, "environment_scope": "production", "description": None, **more,
    }  # fmt: skip


def runner(id: int, kind: str, **more: Any) -> dict[str, Any]:
    """As a list has it."""
    return {
        "id": id, "description": f"runner {id}", "ip_address": None, "active": True, "paused": False, "name": None,
        "is_shared": kind == "instance_type", "runner_type": kind, "online": True, "created_at": OLD, "status": "online",
        **more,
    }  # fmt: skip


def described(one: dict[str, Any], **more: Any) -> dict[str, Any]:
    """As the call for one has it."""
    return {
        **one, "tag_list": [], "run_untagged": False, "locked": True, "maximum_timeout": None, "access_level": "ref_protected",
        "contacted_at": NEW, "projects": [], "groups": [], **more,
    }  # fmt: skip


def hook(id: int, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "url": "https://ci.acme.example/a-path", "name": None, "created_at": OLD, "push_events": True,
        "enable_ssl_verification": True, "alert_status": "executable", "url_variables": [], **more,
    }  # fmt: skip


def project(id: int, path: str) -> dict[str, Any]:
    return {
        "id": id, "path_with_namespace": path, "visibility": "private", "archived": False, "last_activity_at": NEW,
    }  # fmt: skip


def deploy_key(id: int, title: str, seed: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "title": title, "key": public_key(seed), "created_at": OLD, "expires_at": None, "can_push": False, **more,
    }  # fmt: skip


def group(secret: str = "") -> dict[str, Any]:
    """By what belongs to what. One variable holds the `secret`."""
    own, shared = runner(1, "project_type"), runner(2, "instance_type")
    return {
        "administrator": True,
        "groups": [{"id": 7, "full_path": "acme/web", "visibility": "private"}],
        "projects": [project(1, "acme/app"), project(2, "acme/web/site")],
        "access_tokens": {
            "acme": [token(1, "all", 50, scopes=["api"])],
            "7": [token(5, "over", 50, scopes=["api"], revoked=True, active=False)],
            "1": [token(2, "idle", 30, last_used_at=None, created_at="2025-03-01T10:00:00.000Z"), token(3, "fine", 20)],
            "2": [token(4, "long", 20, expires_at="2027-09-01", created_at="2025-06-01T10:00:00.000Z")],
        },
        "deploy_tokens": {
            "1": [
                {
                    "id": 1, "name": "pull", "username": "gitlab+deploy-token-1", "expires_at": None,
                    "scopes": ["read_registry"], "revoked": False, "expired": False,
                },
                {
                    "id": 2, "name": "push", "username": "gitlab+deploy-token-2", "expires_at": "2026-03-01T00:00:00.000Z",
                    "scopes": ["write_registry"], "revoked": False, "expired": False,
                },
            ],
        },
        "deploy_keys": {
            "1": [deploy_key(1, "mirror", "a"), deploy_key(2, "push", "b", can_push=True, expires_at=NEW)],
            "2": [deploy_key(1, "mirror", "a")],
        },
        "variables": {
            "acme": [variable("DEPLOY_TOKEN", "short", masked=False)],
            "1": [
                variable("AWS_SECRET_ACCESS_KEY", secret), variable("URL", "https://acme.example", masked=False),
                variable("NPM_TOKEN", None, hidden=True, protected=False, environment_scope="*"),
            ],
        },
        "hooks": {"1": [hook(1), hook(2, enable_ssl_verification=False), hook(3, url="http://ci.acme.example/a-path")]},
        "job_token_scope": {"2": {"inbound_enabled": False, "outbound_enabled": False}},
        "runners": {"1": [own], "2": [own]},
        "server_runners": [shared],
        "runner": {
            "1": described(own, run_untagged=True, locked=False, access_level="not_protected"),
            "2": described(shared, contacted_at=OLD, access_level="not_protected"),
        },
        "service_accounts": [{"id": 50, "username": "svc", "name": "Service", "email": "svc@acme.example"}],
        "service_account_tokens": {"50": [token(9, "svc", scopes=["read_api"], expires_at=None)]},
        "server_service_accounts": [{"id": 51, "username": "all", "name": "All"}],
        "personal_tokens": [token(20, "cli", scopes=["api"], user_id=3), token(2, "idle", user_id=102)],
        "server_variables": [variable("PLAIN_PASSWORD", "short", masked=False, protected=True)],
        "applications": [
            {
                "id": 1, "application_id": "abc", "application_name": "boards", "callback_url": "https://boards.example",
                "confidential": True, "scopes": ["api"],
            },
        ],
    }  # fmt: skip


def fake(state: dict[str, Any] | None = None, **more: Any) -> Fake:
    return Fake(handlers=handlers(group() if state is None else state), prefix="/api/v4", **more)


def handlers(state: dict[str, Any]) -> dict[str, Handler]:
    def of(what: str) -> Handler:
        return lambda id, **_: state[what].get(id, [])

    def runners(id: str, query: dict[str, str], **_: Any) -> list[Any]:
        return [one for one in state["runners"].get(id, []) if one["runner_type"] == query["type"]]

    kinds = ("access_tokens", "deploy_tokens", "variables", "hooks")
    return {
        "GET /user": lambda **_: {"id": 3, "username": "jo", "name": "Jo", "is_admin": state["administrator"]},
        "GET /personal_access_tokens/self": lambda **_: token(99, "keymuster"),
        "GET /groups": lambda **_: [{"id": 6, "full_path": "acme"}],
        "GET /groups/{id}/descendant_groups": lambda **_: state["groups"],
        "GET /groups/{id}/projects": lambda **_: state["projects"],
        **{f"GET /groups/{{id}}/{kind}": of(kind) for kind in kinds},
        **{f"GET /projects/{{id}}/{kind}": of(kind) for kind in kinds},
        "GET /projects/{id}/deploy_keys": of("deploy_keys"),
        "GET /groups/{id}/runners": runners,
        "GET /projects/{id}/runners": runners,
        "GET /runners/all": lambda **_: state["server_runners"],
        "GET /runners/{id}": lambda id, **_: state["runner"].get(id),
        "GET /projects/{id}/job_token_scope": lambda id, **_: state["job_token_scope"].get(
            id, {"inbound_enabled": True, "outbound_enabled": False}
        ),
        "GET /groups/{id}/service_accounts": lambda **_: state["service_accounts"],
        "GET /groups/{id}/service_accounts/{user_id}/personal_access_tokens": (
            lambda user_id, **_: state["service_account_tokens"].get(user_id, [])
        ),
        "GET /service_accounts": lambda **_: state["server_service_accounts"],
        "GET /personal_access_tokens": lambda **_: state["personal_tokens"],
        "GET /admin/ci/variables": lambda **_: state["server_variables"],
        "GET /applications": lambda **_: state["applications"],
    }  # fmt: skip


_USER = {"id", "username", "name", "state", "locked", "avatar_url", "web_url"}
_TOKEN = {
    "id", "name", "description", "revoked", "created_at", "scopes", "user_id", "last_used_at", "active", "expires_at",
    "last_used_ips", "granular",
}  # fmt: skip
_VARIABLE = {
    "variable_type", "key", "value", "hidden", "protected", "masked", "raw", "environment_scope", "description",
}  # fmt: skip
_DEPLOY_TOKEN = {"id", "name", "username", "expires_at", "scopes", "revoked", "expired"}
_RUNNER = {
    "id", "description", "ip_address", "active", "paused", "is_shared", "runner_type", "name", "online", "created_by",
    "created_at", "status", "job_execution_status",
}  # fmt: skip
_HOOK = {
    "id", "url", "name", "description", "created_at", "push_events", "tag_push_events", "merge_requests_events",
    "repository_update_events", "enable_ssl_verification", "alert_status", "disabled_until", "url_variables",
    "push_events_branch_filter", "branch_filter_strategy", "custom_webhook_template", "custom_headers", "project_id",
    "group_id",
}  # fmt: skip

FIELDS: dict[str, set[str]] = {
    "GET /user": {*_USER, "is_admin"},
    "GET /personal_access_tokens/self": _TOKEN,
    "GET /groups": {"id", "full_path", "name", "path", "visibility"},
    "GET /groups/{id}/descendant_groups": {"id", "full_path", "name", "path", "visibility"},
    "GET /groups/{id}/projects": {
        "id", "path_with_namespace", "name", "path", "visibility", "archived", "last_activity_at", "default_branch",
    },
    **{f"GET /{kind}/{{id}}/access_tokens": {*_TOKEN, "access_level", "resource_type", "resource_id"} for kind in ("groups", "projects")},
    **{f"GET /{kind}/{{id}}/deploy_tokens": _DEPLOY_TOKEN for kind in ("groups", "projects")},
    **{f"GET /{kind}/{{id}}/variables": _VARIABLE for kind in ("groups", "projects")},
    **{f"GET /{kind}/{{id}}/hooks": _HOOK for kind in ("groups", "projects")},
    **{f"GET /{kind}/{{id}}/runners": _RUNNER for kind in ("groups", "projects")},
    "GET /projects/{id}/deploy_keys": {
        "id", "title", "created_at", "expires_at", "key", "usage_type", "fingerprint", "fingerprint_sha256", "can_push",
    },
    "GET /runners/all": _RUNNER,
    "GET /runners/{id}": {
        *_RUNNER, "tag_list", "run_untagged", "locked", "maximum_timeout", "access_level", "version", "revision",
        "platform", "architecture", "contacted_at", "maintenance_note", "projects", "groups",
    },
    "GET /projects/{id}/job_token_scope": {"inbound_enabled", "outbound_enabled"},
    "GET /groups/{id}/service_accounts": {"id", "username", "name", "email", "unconfirmed_email"},
    "GET /service_accounts": {"id", "username", "name", "email", "unconfirmed_email"},
    "GET /groups/{id}/service_accounts/{user_id}/personal_access_tokens": _TOKEN,
    "GET /personal_access_tokens": _TOKEN,
    "GET /admin/ci/variables": _VARIABLE,
    "GET /applications": {"id", "application_id", "application_name", "callback_url", "confidential", "scopes"},
}  # fmt: skip
"""The fields of answers, by the sources of GitLab's API (`lib/api/entities`) and its manual."""
