"""Secrets of Actions, Dependabot and Codespaces: their names and how old they are. GitHub tells nobody what they
hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.github.objects import picked, told
from keymuster.collect.github.permissions import GRAPHQL
from keymuster.collect.github.repositories import LIST, one_by_one, with_any
from keymuster.collect.github.scope import Scope

_ENVIRONMENTS = "GET /repos/{owner}/{repo}/environments"
_OF_ENVIRONMENT = "GET /repos/{owner}/{repo}/environments/{environment_name}/secrets"


def _of_organization(sort: str) -> Callable[[Scope], Iterator[Told]]:
    def look(ask: Scope) -> Iterator[Told]:
        for one in ask.pages(f"GET /orgs/{{org}}/{sort}/secrets", "secrets"):
            settings = {
                "secret_name": one["name"], **picked(one, "visibility", "created_at", "updated_at"),
            }  # fmt: skip
            yield told(
                f"github_{sort}_organization_secret", ask.id(f"{sort}-secret", one["name"]),
                ask.organization, settings, f"{one['name']} of {ask.organization}",
            )  # fmt: skip

    return look


def _of_repositories(sort: str) -> Callable[[Scope], Iterator[Told]]:
    def look(ask: Scope) -> Iterator[Told]:
        call = f"GET /repos/{{owner}}/{{repo}}/{sort}/secrets"
        for repository in one_by_one(ask, f"secrets of {sort.capitalize()}"):
            for one in ask.pages(call, "secrets", repo=repository["name"]):
                yield told(
                    f"github_{sort}_secret",
                    ask.id(repository["name"], f"{sort}-secret", one["name"]), ask.organization,
                    _settings(one, repository), f"{one['name']} of {repository['full_name']}",
                )  # fmt: skip

    return look


def _settings(one: dict[str, Any], repository: dict[str, Any]) -> dict[str, Any]:
    return {
        "secret_name": one["name"], "repository": repository["name"],
        "repository_visibility": repository.get("visibility"),
        **picked(one, "created_at", "updated_at"),
    }  # fmt: skip


def environments(ask: Scope) -> Iterator[Told]:
    """Environments, who must approve of a deployment to them, and their secrets."""
    has_some = with_any(ask, "environments")
    for repository in one_by_one(ask, "environments", has_some):
        name = repository["name"]
        for one in ask.pages(_ENVIRONMENTS, "environments", repo=name):
            before = ask.failures
            secrets = list(
                ask.pages(_OF_ENVIRONMENT, "secrets", repo=name, environment_name=one["name"])
            )
            known = ask.failures == before
            key = ask.id(name, "environment", one["name"])
            label = f"{one['name']} of {repository['full_name']}"
            settings = {
                "repository": name, "environment": one["name"], **_protection(one),
                **picked(one, "created_at", "updated_at"),
                **({"secret_count": len(secrets)} if known else {}),
            }  # fmt: skip
            yield told("github_repository_environment", key, ask.organization, settings, label)
            for secret in secrets:
                yield told(
                    "github_actions_environment_secret", f"{key}/secret/{secret['name']}",
                    ask.organization, {**_settings(secret, repository), "environment": one["name"]},
                    f"{secret['name']} of {label}",
                )  # fmt: skip


def _protection(one: dict[str, Any]) -> dict[str, Any]:
    """What stands between a branch and the environment, as Terraform writes it."""
    found: dict[str, Any] = {"deployment_branch_policy": one.get("deployment_branch_policy")}
    for rule in one.get("protection_rules") or ():
        match rule.get("type"):
            case "wait_timer":
                found["wait_timer"] = rule.get("wait_timer")
            case "required_reviewers":
                found["reviewers"] = {"count": len(rule.get("reviewers") or ())}
                found["prevent_self_review"] = rule.get("prevent_self_review")
            case "branch_policy":
                pass
            case other:
                found.setdefault("other_rules", []).append(str(other))
    return found


def _surfaces(sort: str) -> Iterator[Surface]:
    yield Surface(
        name=f"{sort}-secrets", calls=(f"GET /orgs/{{org}}/{sort}/secrets",),
        types=(f"github_{sort}_organization_secret",), look=_of_organization(sort),
    )  # fmt: skip
    yield Surface(
        name=f"{sort}-secrets-of-repositories",
        calls=(LIST, f"GET /repos/{{owner}}/{{repo}}/{sort}/secrets"),
        types=(f"github_{sort}_secret",), look=_of_repositories(sort),
    )  # fmt: skip


SURFACES = (
    *(one for sort in ("actions", "dependabot", "codespaces") for one in _surfaces(sort)),
    Surface(
        name="environments", calls=(LIST, GRAPHQL, _ENVIRONMENTS, _OF_ENVIRONMENT),
        types=("github_repository_environment", "github_actions_environment_secret"),
        look=environments,
    ),
)  # fmt: skip
