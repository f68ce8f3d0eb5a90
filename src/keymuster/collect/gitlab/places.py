"""The groups and projects below a group, and those of them that are asked about one by one."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from keymuster.collect.gitlab.scope import Scope

_GROUPS = "GET /groups/{id}/descendant_groups"
_PROJECTS = "GET /groups/{id}/projects"
CALLS = (_GROUPS, _PROJECTS)


class Place(Struct, frozen=True):
    """A group or a project: `kind` is how calls and ids write it, `id` its number, or its path."""

    kind: str
    id: int | str
    path: str
    visibility: str = ""

    @property
    def word(self) -> str:
        """How Terraform calls it."""
        return self.kind.removesuffix("s")


def groups(ask: Scope) -> Iterator[Place]:
    """The one that is looked at, and those below."""
    top = ask.session.group
    yield Place("groups", top, top)
    for one in ask.shared(_GROUPS, keep=("id", "full_path", "visibility"), id=top) or ():
        yield Place("groups", one["id"], one["full_path"], one.get("visibility") or "")


def projects(ask: Scope, what: str) -> Iterator[Place]:
    """Those that live, the one that something happened in last first, but no more than the user allows, for
    each takes a call. What is left out is said."""
    found = ask.shared(
        _PROJECTS, keep=("id", "path_with_namespace", "visibility"), id=ask.session.group, include_subgroups="true", with_shared="false", archived="false",
        order_by="last_activity_at",
    )  # fmt: skip
    named = {one.lower() for one in ask.session.asked.repositories}
    wanted = [
        Place("projects", one["id"], one["path_with_namespace"], one.get("visibility") or "")
        for one in found or ()
        if not named or _is_named(one["path_with_namespace"].lower(), named)
    ]
    most = ask.session.asked.most_repositories
    if len(wanted) > most:
        ask.unseen(
            f"{what} of {len(wanted) - most} of its {len(wanted)} projects were not asked for, which takes a call "
            "for each; those that something happened in last were asked",
            f"Scan with --most-repositories {len(wanted)}, or name some by --repositories.",
        )
    for one in wanted[:most]:
        if ask.session.ended:
            return  # each call more would be refused, too
        yield one


def _is_named(path: str, named: set[str]) -> bool:
    return path in named or path.rpartition("/")[2] in named


def everywhere(ask: Scope, what: str) -> Iterator[Place]:
    yield from groups(ask)
    yield from projects(ask, what)
