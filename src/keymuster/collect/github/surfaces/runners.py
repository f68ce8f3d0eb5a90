"""Machines of one's own that run jobs, and which repositories they take them from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.github.objects import picked, told
from keymuster.collect.github.repositories import LIST, one_by_one
from keymuster.collect.github.scope import Scope

_GROUPS = "GET /orgs/{org}/actions/runner-groups"
_RUNNERS = "GET /orgs/{org}/actions/runners"
_ALLOWED = "GET /orgs/{org}/actions/permissions/self-hosted-runners"
_OF_REPOSITORY = "GET /repos/{owner}/{repo}/actions/runners"

_GROUP = (
    "name", "visibility", "default", "inherited", "allows_public_repositories", "restricted_to_workflows",
    "selected_workflows",
)  # fmt: skip


def groups(ask: Scope) -> Iterator[Told]:
    """Each with how many runners it has: GitHub makes one that is empty for everybody."""
    runners = ask.shared(_RUNNERS, "runners")
    for one in ask.pages(_GROUPS, "runner_groups"):
        settings = picked(one, *_GROUP)
        if runners is not None and not one.get("inherited"):  # those are the enterprise's
            settings["runner_count"] = len(
                [each for each in runners if each.get("runner_group_id") == one["id"]]
            )
        yield told(
            "github_actions_runner_group", ask.id("runner-group", one["id"]), ask.organization,
            settings, f"{one['name']} of {ask.organization}",
        )  # fmt: skip


def runners(ask: Scope) -> Iterator[Told]:
    for one in ask.shared(_RUNNERS, "runners") or ():
        yield told(
            "GitHub::Actions::Runner", ask.id("runner", one["id"]), ask.organization,
            _settings(one), f"{one['name']} of {ask.organization}",
        )  # fmt: skip


def of_repositories(ask: Scope) -> Iterator[Told]:
    """No repository is asked where the organization allows none to have its own."""
    allowed = ask.answer(_ALLOWED, "404")
    if allowed and allowed.get("enabled_repositories") == "none":
        return
    for repository in one_by_one(ask, "runners"):
        for one in ask.pages(_OF_REPOSITORY, "runners", repo=repository["name"]):
            settings = {
                **_settings(one), "repository": repository["name"],
                "repository_visibility": repository.get("visibility"),
            }  # fmt: skip
            yield told(
                "GitHub::Actions::Runner", ask.id(repository["name"], "runner", one["id"]),
                ask.organization, settings, f"{one['name']} of {repository['full_name']}",
            )  # fmt: skip


def _settings(one: dict[str, Any]) -> dict[str, Any]:
    labels = [str(each.get("name", "")) for each in one.get("labels") or ()]
    return {
        **picked(one, "os", "status", "ephemeral", "runner_group_id", "version"),
        "labels": labels,
    }


SURFACES = (
    Surface(
        name="runner-groups", calls=(_GROUPS, _RUNNERS), types=("github_actions_runner_group",),
        look=groups,
    ),
    Surface(
        name="runners", calls=(_RUNNERS,), types=("GitHub::Actions::Runner",), look=runners,
    ),
    Surface(
        name="runners-of-repositories", calls=(_ALLOWED, LIST, _OF_REPOSITORY),
        types=("GitHub::Actions::Runner",), look=of_repositories,
    ),
)  # fmt: skip
