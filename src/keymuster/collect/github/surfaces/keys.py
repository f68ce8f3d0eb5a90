"""SSH keys: those that open one repository, and those of the people of the organization."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.github import people
from keymuster.collect.github.objects import picked, told
from keymuster.collect.github.permissions import GRAPHQL
from keymuster.collect.github.repositories import LIST, one_by_one, with_any
from keymuster.collect.github.scope import Scope
from keymuster.detect.ssh_keys import fingerprint

_DEPLOY = "GET /repos/{owner}/{repo}/keys"
_OF_USER = "GET /users/{username}/keys"

MOST_MEMBERS = 500
"""Members whose keys are asked for, a call for each."""


def deploy_keys(ask: Scope) -> Iterator[Told]:
    role = people.role_of(ask)
    for repository in one_by_one(ask, "deploy keys", with_any(ask, "deployKeys")):
        for one in ask.pages(_DEPLOY, "", repo=repository["name"]):
            settings = {
                **picked(one, "title", "read_only", "verified", "enabled", "created_at", "last_used", "added_by"),
                "repository": repository["name"], "added_by_role": role(one.get("added_by")),
                "repository_visibility": repository.get("visibility"),
                "fingerprint_sha256": fingerprint(str(one.get("key", ""))),
            }  # fmt: skip
            yield told(
                "github_repository_deploy_key", ask.id(repository["name"], "deploy-key", one["id"]),
                ask.organization, settings, f"{one.get('title') or one['id']} of {repository['full_name']}",
            )  # fmt: skip


def of_members(ask: Scope) -> Iterator[Told]:
    """What members sign in to git with, as GitHub tells everybody."""
    members = people.everybody(ask, role="member") or []
    members = (people.everybody(ask, role="admin") or []) + members
    if len(members) > MOST_MEMBERS:
        ask.unseen(
            f"SSH keys of {len(members) - MOST_MEMBERS} of its {len(members)} members were not asked for, which "
            "takes a call for each",
            "Single sign-on tells which keys were authorized for the organization.",
        )
    for member in members[:MOST_MEMBERS]:
        if ask.session.ended:
            return
        login = member["login"]
        for one in ask.pages(_OF_USER, "", username=login):
            settings = {
                **picked(one, "created_at", "last_used"), "owner": login,
                "user": f"{ask.home}:user/{login}",
                "fingerprint_sha256": fingerprint(str(one.get("key", ""))),
            }  # fmt: skip
            yield told(
                "github_user_ssh_key", f"{ask.home}:user/{login}/ssh-key/{one['id']}", ask.organization,
                settings, f"{one['id']} of {login}",
            )  # fmt: skip


SURFACES = (
    Surface(
        name="deploy-keys", calls=(LIST, GRAPHQL, _DEPLOY, *people.CALLS),
        types=("github_repository_deploy_key",), look=deploy_keys,
    ),
    Surface(
        name="keys-of-members", calls=(people.MEMBERS, _OF_USER), types=("github_user_ssh_key",),
        look=of_members,
    ),
)  # fmt: skip
