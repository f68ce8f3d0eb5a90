"""What workflows may do, and how they say who they are."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.github.objects import picked, told
from keymuster.collect.github.repositories import LIST, one_by_one
from keymuster.collect.github.scope import Scope

_ACTIONS = "GET /orgs/{org}/actions/permissions"
_WORKFLOWS = "GET /orgs/{org}/actions/permissions/workflow"
_OF_REPOSITORY = "GET /repos/{owner}/{repo}/actions/permissions/workflow"
_SUBJECT = "GET /orgs/{org}/actions/oidc/customization/sub"
_SUBJECT_OF_REPOSITORY = "GET /repos/{owner}/{repo}/actions/oidc/customization/sub"

_TOKEN = ("default_workflow_permissions", "can_approve_pull_request_reviews")
_CLAIMS = ("include_claim_keys", "use_immutable_subject")


def actions(ask: Scope) -> Iterator[Told]:
    found = ask.answer(_ACTIONS)
    if found:
        yield told(
            "github_actions_organization_permissions", ask.id("actions-permissions"),
            ask.organization, picked(found, "enabled_repositories", "allowed_actions", "sha_pinning_required"),
            ask.organization,
        )  # fmt: skip


def workflows(ask: Scope) -> Iterator[Told]:
    """What an organization does not allow, none of its repositories does: they are asked only if it does."""
    found = ask.answer(_WORKFLOWS)
    if found:
        yield told(
            "github_actions_organization_workflow_permissions", ask.id("workflow-permissions"),
            ask.organization, picked(found, *_TOKEN), ask.organization,
        )  # fmt: skip
        if found.get("default_workflow_permissions") == "read" and not found.get(
            "can_approve_pull_request_reviews", True
        ):
            return
    for repository in one_by_one(ask, "permissions of workflows"):
        said = ask.answer(_OF_REPOSITORY, "409", repo=repository["name"])
        if said:
            yield told(
                "github_workflow_repository_permissions",
                ask.id(repository["name"], "workflow-permissions"), ask.organization,
                {**picked(said, *_TOKEN), "repository": repository["name"]}, repository["full_name"],
            )  # fmt: skip


def subjects(ask: Scope) -> Iterator[Told]:
    """What tokens of workflows say whose they are. A repository that does not follow its organization says
    so itself."""
    found = ask.answer(_SUBJECT)
    if found:
        yield told(
            "github_actions_organization_oidc_subject_claim_customization_template",
            ask.id("oidc-subject"), ask.organization, picked(found, *_CLAIMS), ask.organization,
        )  # fmt: skip
    for repository in one_by_one(ask, "subjects of tokens"):
        said = ask.answer(_SUBJECT_OF_REPOSITORY, repo=repository["name"])
        if said:
            yield told(
                "github_actions_repository_oidc_subject_claim_customization_template",
                ask.id(repository["name"], "oidc-subject"), ask.organization,
                {**picked(said, "use_default", *_CLAIMS), "repository": repository["name"]}, repository["full_name"],
            )  # fmt: skip


SURFACES = (
    Surface(
        name="actions", calls=(_ACTIONS,), types=("github_actions_organization_permissions",),
        look=actions,
    ),
    Surface(
        name="workflow-permissions", calls=(_WORKFLOWS, LIST, _OF_REPOSITORY),
        types=(
            "github_actions_organization_workflow_permissions", "github_workflow_repository_permissions",
        ),
        look=workflows,
    ),
    Surface(
        name="oidc-subjects", calls=(_SUBJECT, LIST, _SUBJECT_OF_REPOSITORY),
        types=(
            "github_actions_organization_oidc_subject_claim_customization_template",
            "github_actions_repository_oidc_subject_claim_customization_template",
        ),
        look=subjects,
    ),
)  # fmt: skip
