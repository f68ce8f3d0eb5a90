"""Entities of a software catalogue (Backstage): what there is, who owns it, and who is in which group.

https://backstage.io/docs/features/software-catalog/descriptor-format
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from keymuster.collect.base import Blob
from keymuster.collect.syntax import documents
from keymuster.collect.syntax.node import Node
from keymuster.model import Resource
from keymuster.model.ids import in_id

TYPE = "catalog_entity"

_OWNED = ("component", "system", "resource", "api", "domain")
_PEOPLE = ("group", "user")
_SOURCE = "backstage.io/source-location"
_PROJECT = ("github.com/project-slug", "gitlab.com/project-slug")
_TEAMS = ("github.com/team-slug", "github.com/user-login", "gitlab.com/user-login")
_SLACK = ("slack.com/channel", "slack/channel", "pagerduty.com/team", "opsgenie.com/team")
_OBJECTS = ("graph.microsoft.com/user-id", "graph.microsoft.com/group-id", "okta.com/id")


def entities(blob: Blob) -> Iterator[Resource]:
    """Those of a file; Broken for one that is not well-formed."""
    for root in documents.documents(blob, lambda text: "kind" in text and "metadata" in text):
        kind = root.text("kind").casefold()
        if "backstage.io" not in root.text("apiVersion") or kind not in (*_OWNED, *_PEOPLE):
            continue
        name = root.text("metadata", "name")
        if not name:
            continue
        space = root.text("metadata", "namespace") or "default"
        about = _of_people(root, space) if kind in _PEOPLE else _of_owned(root, space)
        node = root.get("metadata", "name") or root
        yield Resource(
            id=f"{TYPE}:{in_id(blob.path)}:{kind}:{space}/{name}".lower(),
            type=TYPE,
            name=name,
            location=node.location(),
            settings={
                "kind": kind,
                "ref": f"{kind}:{space}/{name}".lower(),
                "title": root.text("metadata", "title"),
                **about,
            },
        )


def _of_owned(root: Node, space: str) -> dict[str, object]:
    owner = root.text("spec", "owner")
    notes = root.get("metadata", "annotations")
    project, folder = _project(notes), None
    if text := _annotation(notes, _SOURCE):
        slug, folder = _source(text)
        project = slug or project
    return {
        "owner": reference(owner, "group", space) if owner else "",
        "system": root.text("spec", "system"),
        "project": project.casefold(),
        "folder": folder,
    }


def _of_people(root: Node, space: str) -> dict[str, object]:
    notes = root.get("metadata", "annotations")
    names = [_annotation(notes, key) for key in (*_TEAMS, *_SLACK, *_OBJECTS)]
    members = root.get("spec", "members")
    groups = root.get("spec", "memberOf")
    return {
        "email": root.text("spec", "profile", "email"),
        "display": root.text("spec", "profile", "displayName"),
        "also": [name for name in names if name],
        "members": [reference(one.text(), "user", space) for one in (members.items() if members else ())],
        "groups": [reference(one.text(), "group", space) for one in (groups.items() if groups else ())],
    }  # fmt: skip


def reference(text: str, kind: str, space: str) -> str:
    """A reference in full, `group:default/team-a`, whatever was left out of it."""
    head, colon, rest = text.strip().lower().partition(":")
    kind, rest = (head, rest) if colon else (kind, head)
    before, slash, name = rest.partition("/")
    return f"{kind}:{before}/{name}" if slash else f"{kind}:{space.lower()}/{rest}"


def _annotation(notes: Node | None, key: str) -> str:
    node = notes.get(key) if notes is not None else None
    return node.text().strip() if node is not None else ""


def _project(notes: Node | None) -> str:
    return next((text for key in _PROJECT if (text := _annotation(notes, key))), "")


_IN_REPOSITORY = re.compile(
    r"/(?P<slug>[^/]+/[^/]+(?:/[^/]+)*?)(?:/-)?/(?:tree|blob)/[^/]+/?(?P<path>.*)"
)


def _source(text: str) -> tuple[str, str | None]:
    """The repository and the folder that a location names: `url:https://host/org/repo/tree/main/services/api/`."""
    kind, colon, rest = text.partition(":")
    if not colon or kind != "url":
        return "", None
    try:
        path = unquote(urlsplit(rest).path)
    except ValueError:
        return "", None
    if (found := _IN_REPOSITORY.fullmatch(path)) is not None:
        folder = found["path"].strip("/")
        if folder.rpartition("/")[2].endswith((".yaml", ".yml")):
            folder = folder.rpartition("/")[0]
        return found["slug"], folder
    return path.strip("/").removesuffix(".git"), None
