"""Variables of jobs. GitLab tells their values to whoever may list them: those are let go at once, and come
back only as fingerprints of what has the form of a secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Told
from keymuster.collect.gitlab import places
from keymuster.collect.gitlab.objects import picked, told
from keymuster.collect.gitlab.scope import Scope
from keymuster.collect.gitlab.surface import Surface

_OF_PROJECT = "GET /projects/{id}/variables"
_OF_GROUP = "GET /groups/{id}/variables"
_OF_SERVER = "GET /admin/ci/variables"

VALUE = "GitLab::VariableValue"
"""The type of what only secrets are looked for in: no policy and no record is about such."""

_FIELDS = ("key", "variable_type", "protected", "masked", "hidden", "raw", "environment_scope")


def variables(ask: Scope) -> Iterator[Told]:
    for place in places.everywhere(ask, "variables"):
        call = _OF_GROUP if place.kind == "groups" else _OF_PROJECT
        for one in ask.pages(call, "", id=place.id):
            scope = one.get("environment_scope") or "*"
            key = ask.id(place.word, place.id, "variable", one["key"], scope)
            settings = {**picked(one, *_FIELDS), place.word: place.path}
            yield from _told(ask, f"gitlab_{place.word}_variable", key, one, settings, place.path)


def of_server(ask: Scope) -> Iterator[Told]:
    for one in ask.pages(_OF_SERVER, ""):
        key = ask.id("server", "variable", one["key"])
        settings = picked(one, *_FIELDS)
        yield from _told(ask, "gitlab_instance_variable", key, one, settings, ask.account)


def _told(
    ask: Scope, type: str, key: str, one: dict[str, Any], settings: dict[str, Any], whose: str
) -> Iterator[Told]:
    value = one.pop("value", None)
    yield told(type, key, ask.account, settings, f"{one['key']} of {whose}")
    if isinstance(value, str) and value:
        yield told(VALUE, key, ask.account, {one["key"]: value}, one["key"])


SURFACES = (
    Surface(
        name="variables", calls=(*places.CALLS, _OF_GROUP, _OF_PROJECT),
        types=("gitlab_group_variable", "gitlab_project_variable"), look=variables,
    ),
    Surface(
        name="variables-of-server", calls=(_OF_SERVER,), types=("gitlab_instance_variable",),
        look=of_server, of_server=True,
    ),
)  # fmt: skip
