"""Where things lie: organisations, folders and projects, through google-cloud-resource-manager."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from keymuster.collect.declared import Declared
from keymuster.collect.gcp.access import Access
from keymuster.collect.gcp.asked import Asked
from keymuster.collect.gcp.objects import PART, told
from keymuster.collect.gcp.refusals import refused
from keymuster.collect.gcp.surface import Level
from keymuster.errors import CollectError
from keymuster.model import Trouble

if TYPE_CHECKING:
    from google.cloud.resourcemanager_v3 import Folder, Organization, Project

CALLS = (
    "cloudresourcemanager.organizations.search", "cloudresourcemanager.organizations.get",
    "cloudresourcemanager.folders.search", "cloudresourcemanager.folders.get",
    "cloudresourcemanager.projects.search", "cloudresourcemanager.projects.get",
)  # fmt: skip
TYPES = ("google_organization", "google_folder", "google_project")

PERMISSIONS = (
    "resourcemanager.organizations.get", "resourcemanager.folders.get", "resourcemanager.projects.get",
)  # fmt: skip
"""Searches find what these are allowed on."""


class Place(Struct, frozen=True, kw_only=True):
    """An organisation, a folder or a project. `account` is its name with the project's id:
    `organizations/1`, `acme-prod`; `number` is as Google names it in some answers: `projects/4711`."""

    level: Level
    account: str
    number: str
    parent: str
    is_active: bool
    told: Declared

    @property
    def name(self) -> str:
        """`organizations/1`, `folders/2`, `projects/acme-prod`."""
        return f"projects/{self.account}" if self.level == "project" else self.account


class Hierarchy(Struct, frozen=True, kw_only=True):
    """All that is to be looked at, the highest first. `roots` are those that no other of them holds, and
    below which all is to be looked at."""

    places: tuple[Place, ...]
    roots: tuple[Place, ...]
    troubles: tuple[Trouble, ...] = ()


class Finder:
    """Asks for places. What is refused is a trouble."""

    def __init__(self, access: Access) -> None:
        from google.api_core.exceptions import GoogleAPICallError, RetryError
        from google.auth.exceptions import GoogleAuthError
        from requests import RequestException

        self._access = access
        self._errors = (GoogleAPICallError, RetryError, GoogleAuthError, RequestException)
        self.troubles: list[Trouble] = []
        self._clients: dict[str, Any] = {}

    def organizations(self) -> list[Place]:
        return self._all("organizations", _of_organization)

    def folders(self) -> list[Place]:
        return self._all("folders", _of_folder)

    def projects(self) -> list[Place]:
        return self._all("projects", _of_project)

    def one(self, name: str) -> Place | None:
        """The place of a name; None, and a trouble, if it was refused."""
        kind, _, _ = name.partition("/")
        client = self._client(kind)
        get = {
            "organizations": "get_organization", "folders": "get_folder", "projects": "get_project",
        }[kind]  # fmt: skip
        make: Callable[[Any], Place] = _MAKERS[kind]
        try:
            return make(getattr(client, get)(name=name, retry=_retry(), timeout=_SECONDS))
        except self._errors as error:
            self._refused(f"cloudresourcemanager.{kind}.get", error, name)
            return None

    def _all(self, kind: str, make: Callable[[Any], Place]) -> list[Place]:
        search = getattr(self._client(kind), f"search_{kind}")
        found: list[Place] = []
        try:
            found.extend(make(one) for one in search(retry=_retry(), timeout=_SECONDS))
        except self._errors as error:
            self._refused(f"cloudresourcemanager.{kind}.search", error, PART)
        return sorted(found, key=lambda one: one.account)

    def _client(self, kind: str) -> Any:
        from google.cloud import resourcemanager_v3 as api

        if kind not in self._clients:
            made = {
                "organizations": api.OrganizationsClient, "folders": api.FoldersClient,
                "projects": api.ProjectsClient,
            }[kind]  # fmt: skip
            address = self._access.address("cloudresourcemanager")
            self._clients[kind] = made(
                credentials=self._access.credentials,
                transport="rest",
                client_options={"api_endpoint": address},
            )
        return self._clients[kind]

    def _refused(self, call: str, error: Exception, scope: str) -> None:
        status = getattr(error, "code", None)
        number = int(status) if isinstance(status, int) else 0
        said = refused(call, number, _code(error, number))
        if said.ends_session:
            self._access.ended = said
        self.troubles.append(said.trouble(PART, scope, "hierarchy"))


_SECONDS = 60.0


def _retry() -> Any:
    from google.api_core import exceptions
    from google.api_core.retry import Retry, if_exception_type
    from requests import ConnectionError as Lost

    later = if_exception_type(
        exceptions.TooManyRequests, exceptions.ServiceUnavailable, exceptions.BadGateway,
        exceptions.InternalServerError, exceptions.GatewayTimeout, Lost,
    )  # fmt: skip
    return Retry(predicate=later, initial=0.5, maximum=20, timeout=180)


def _code(error: Exception, status: int) -> str:
    """The reason, where the SDK tells one: its message is not repeated."""
    reason = getattr(error, "reason", None)
    if reason == "SERVICE_DISABLED":
        more = getattr(error, "metadata", None) or {}
        return f"{reason} {more.get('service', '')} {more.get('consumer', '')}"
    if isinstance(reason, str) and reason:
        return reason
    return {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}.get(status, type(error).__name__)


def hierarchy(access: Access, asked: Asked) -> Hierarchy:
    """What the user names, with all below; or all that whoever scans can see. CollectError if that is
    nothing."""
    finder = Finder(access)
    named = [f"organizations/{asked.organization_id}"] if asked.organization_id else []
    named += [f"folders/{one}" for one in asked.folders]
    if asked.projects and not named:
        found = [one for id in asked.projects if (one := finder.one(f"projects/{id}"))]
        return _some(found, found, finder)
    tops = [one for name in named if (one := finder.one(name))] if named else finder.organizations()
    if named and not tops:
        return _some([], [], finder)
    folders, projects = finder.folders(), finder.projects()
    if asked.projects:
        wanted = set(asked.projects)
        projects = [
            one
            for one in projects
            if one.account in wanted or one.number.partition("/")[2] in wanted
        ]
    below = _below if named else _sorted_below
    places = list(below(tops, folders, projects))
    held = {one.account for one in places}
    roots = [one for one in places if one.parent not in held]
    return _some(places, roots, finder)


def _some(places: list[Place], roots: list[Place], finder: Finder) -> Hierarchy:
    if not places:
        words = "; ".join(one.message for one in finder.troubles)
        raise CollectError(
            f"hierarchy: no organisation, folder or project could be seen{f' ({words})' if words else ''}",
            "Name what to look at with --organization-id, --folders or --projects, and allow "
            f"{', '.join(PERMISSIONS)} on it.",
        )
    return Hierarchy(places=tuple(places), roots=tuple(roots), troubles=tuple(finder.troubles))


def _below(
    tops: Iterable[Place], folders: Iterable[Place], projects: Iterable[Place]
) -> Iterator[Place]:
    """What lies below some places, those first."""
    held: dict[str, Place] = {one.account: one for one in tops}
    waiting = [one for one in folders if one.account not in held]
    while inside := [one for one in waiting if one.parent in held]:
        held |= {one.account: one for one in inside}
        waiting = [one for one in waiting if one.account not in held]
    yield from held.values()
    yield from (one for one in projects if one.parent in held)


def _sorted_below(
    tops: Iterable[Place], folders: Iterable[Place], projects: Iterable[Place]
) -> Iterator[Place]:
    """All of them: some lie in places that cannot be seen."""
    yield from tops
    yield from folders
    yield from projects


_GONE = "DELETE_REQUESTED"


def _state(one: Any) -> str:
    """Its state: one that the SDK is too old to know has only a number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return str(getattr(one.state, "name", one.state))


def _of_organization(one: Organization) -> Place:
    name = str(one.name)
    return Place(
        level="organization", account=name, number=name, parent="", is_active=_state(one) != _GONE,
        told=told(
            "google_organization", f"gcp:{name}",
            {
                "org_id": name.partition("/")[2], "domain": one.display_name,
                "directory_customer_id": one.directory_customer_id, "state": _state(one),
            },
            account=name, name=str(one.display_name) or name,
        ),
    )  # fmt: skip


def _of_folder(one: Folder) -> Place:
    name = str(one.name)
    return Place(
        level="folder", account=name, number=name, parent=str(one.parent),
        is_active=_state(one) != _GONE,
        told=told(
            "google_folder", f"gcp:{name}",
            {
                "folder_id": name.partition("/")[2], "display_name": one.display_name,
                "parent": one.parent, "state": _state(one),
            },
            account=name, name=str(one.display_name) or name,
        ),
    )  # fmt: skip


def _of_project(one: Project) -> Place:
    id, number = str(one.project_id), str(one.name)
    made = one.create_time
    return Place(
        level="project", account=id, number=number, parent=str(one.parent),
        is_active=_state(one) != _GONE,
        told=told(
            "google_project", f"gcp:projects/{id}",
            {
                "project_id": id, "number": number.partition("/")[2], "name": one.display_name,
                "parent": one.parent, "labels": dict(one.labels), "state": _state(one),
                "createTime": made.isoformat() if made else "",
            },
            account=id, name=id,
        ),
    )  # fmt: skip


_MAKERS: dict[str, Callable[[Any], Place]] = {
    "organizations": _of_organization, "folders": _of_folder, "projects": _of_project,
}  # fmt: skip
