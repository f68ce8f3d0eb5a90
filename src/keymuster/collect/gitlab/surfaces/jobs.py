"""Machines that run jobs, and how far the tokens of jobs reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from keymuster.collect.asking.surface import Told
from keymuster.collect.gitlab import places
from keymuster.collect.gitlab.objects import picked, told
from keymuster.collect.gitlab.scope import Scope
from keymuster.collect.gitlab.surface import Surface

_OF_GROUP = "GET /groups/{id}/runners"
_OF_PROJECT = "GET /projects/{id}/runners"
_OF_SERVER = "GET /runners/all"
_RUNNER = "GET /runners/{id}"
_SCOPE = "GET /projects/{id}/job_token_scope"

MOST_RUNNERS = 500
"""Runners whose settings are asked for, a call for each."""

_FIELDS = (
    "description", "runner_type", "run_untagged", "locked", "access_level", "paused", "contacted_at", "created_at",
    "tag_list", "status",
)  # fmt: skip


def runners(ask: Scope) -> Iterator[Told]:
    """Of groups and projects: those of the whole server are its administrators'."""

    def listed() -> Iterator[dict[str, Any]]:
        for place in places.everywhere(ask, "runners"):
            call = _OF_GROUP if place.kind == "groups" else _OF_PROJECT
            yield from ask.pages(call, "", id=place.id, type=f"{place.word}_type")

    yield from _described(ask, listed())


def of_server(ask: Scope) -> Iterator[Told]:
    yield from _described(ask, ask.pages(_OF_SERVER, "", type="instance_type"))


def _described(ask: Scope, listed: Iterable[dict[str, Any]]) -> Iterator[Told]:
    """Each once, though it may be of several projects, with what only the call for it alone tells."""
    found = {one["id"]: one for one in listed}
    if len(found) > MOST_RUNNERS:
        ask.unseen(
            f"the settings of {len(found) - MOST_RUNNERS} of its {len(found)} runners were not asked for, which takes "
            "a call for each",
            "Scan fewer groups at a time.",
        )
    for number, (id, one) in enumerate(found.items()):
        asked = number < MOST_RUNNERS and not ask.session.ended
        one = (ask.answer(_RUNNER, id=id) if asked else None) or one
        name = one.get("description") or f"runner {id}"
        settings = picked(one, *_FIELDS)
        yield told("gitlab_user_runner", ask.id("runner", id), ask.account, settings, name)


def job_tokens(ask: Scope) -> Iterator[Told]:
    for place in places.projects(ask, "scopes of job tokens"):
        found = ask.answer(_SCOPE, id=place.id)
        if found:
            settings = {
                "project": place.path, "enabled": found.get("inbound_enabled"),
            }  # fmt: skip
            yield told(
                "gitlab_project_job_token_scopes", ask.id("project", place.id, "job-token-scope"),
                ask.account, settings, place.path,
            )  # fmt: skip


SURFACES = (
    Surface(
        name="runners", calls=(*places.CALLS, _OF_GROUP, _OF_PROJECT, _RUNNER),
        types=("gitlab_user_runner",), look=runners,
    ),
    Surface(
        name="runners-of-server", calls=(_OF_SERVER, _RUNNER), types=("gitlab_user_runner",),
        look=of_server, of_server=True,
    ),
    Surface(
        name="job-tokens", calls=(*places.CALLS, _SCOPE), types=("gitlab_project_job_token_scopes",),
        look=job_tokens,
    ),
)  # fmt: skip
