"""Whose those are who have roles in Google Cloud: people and groups by their domain, service accounts and
pools of identities by their project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from keymuster import regex
from keymuster.analysis.gcp_hierarchy import Hierarchy
from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import Effect, Grant, GrantKind, Identity, Resource
from keymuster.model.gcp_hierarchy import ORGANIZATION
from keymuster.model.unknown import is_unknown
from keymuster.settings import Settings

PROVIDER = "gcp"


class Party(NamedTuple):
    """A domain (`acme.example`), or a project by its id or number (`acme-prod`, `4711`)."""

    name: str
    is_project: bool


_PEOPLE = regex.later(r"(?:user|group|domain):(?:[^@:]+@)?(?P<domain>[^@:\s]+)")
_ACCOUNT = regex.later(r"(?:serviceAccount:)?(?P<name>[^@:\s]+)@(?P<host>[a-z0-9.-]+)")
_KUBERNETES = regex.later(r"(?:serviceAccount:)?(?P<project>[^.\[]+)\.svc\.id\.goog\[.*")
_POOL = regex.later(r"principal(?:Set)?://iam\.googleapis\.com/projects/(?P<project>[^/]+)/.*")
_MADE = "iam.gserviceaccount.com"
_NUMBERED = regex.later(r"(?:service-)?(?P<number>[0-9]{5,19})(?:-compute)?")
_GOOGLES_OWN = regex.later(
    r"system\.gserviceaccount\.com|(?:.+\.)?google\.com\.iam\.gserviceaccount\.com|.*-(?:robot|sa)\.google\.com"
)


@lru_cache(100_000)
def party(member: str) -> Party | None:
    """Whose a member of a binding is; None if that is not told by what it is called, or it is Google's."""
    text = member.removeprefix("gcp:")
    if is_unknown(text) or text.startswith("deleted:"):
        return None
    if people := _PEOPLE.fullmatch(text):
        return Party(people["domain"].casefold(), is_project=False)
    for form in (_KUBERNETES, _POOL):
        if found := form.fullmatch(text):
            return Party(found["project"], is_project=True)
    account = _ACCOUNT.fullmatch(text)
    return _of_account(account["name"], account["host"]) if account else None


def _of_account(name: str, host: str) -> Party | None:
    if not host.endswith("gserviceaccount.com") or _GOOGLES_OWN.fullmatch(host):
        return None
    if numbered := _NUMBERED.fullmatch(name):  # an agent that Google runs for a project
        return Party(numbered["number"], is_project=True)
    if host == "appspot.gserviceaccount.com":
        return Party(name, is_project=True)
    project = host.removesuffix(f".{_MADE}") if host.endswith(f".{_MADE}") else ""
    if not project or project.startswith("gcp-sa-"):
        return None
    owner = project.split(".")  # `name@project.domain.iam...` is of a project of a domain
    return Party(
        f"{'.'.join(owner[1:])}:{owner[0]}" if len(owner) > 1 else project, is_project=True
    )


def sort(name: str) -> str:
    """Whether a name is one of a `domain`, the `number` of a project or the id of a `project`."""
    if name.isdigit():
        return "number"
    return "domain" if "." in name and ":" not in name else "project"


class Own(NamedTuple):
    """The projects and domains that are known to be ours, and of which sorts those are all."""

    names: frozenset[str]
    told: frozenset[str]


def own(inventory: Inventory, hierarchy: Hierarchy, said: Iterable[str] = ()) -> Own:
    """What the settings say, and what Google Cloud tells. An organisation tells its domain; who was asked
    for all of it was told all its projects."""
    names = {one.casefold() for one in said}
    told = {sort(one) for one in names}
    organizations = [one for one in inventory.of(Resource) if one.type == ORGANIZATION]
    domains = {str(one.settings.get("domain") or "").casefold() for one in organizations} - {""}
    projects = {name for name in hierarchy.levels if name.startswith("projects/")}
    for name in projects:
        names.add(name.partition("/")[2])
        names.add(str(hierarchy.levels[name].settings.get("number") or "").partition("/")[2])
    own_accounts = {one.account for one in inventory.of(Identity) if one.provider == PROVIDER}
    names |= own_accounts | domains
    if domains:
        told.add("domain")
    if organizations and any(hierarchy.is_whole(one) for one in projects):
        told |= {"number", "project"}
    return Own(frozenset(names - {""}), frozenset(told))


def facts(
    inventory: Inventory, configured: Settings, known: Known, hierarchy: Hierarchy | None = None
) -> dict[str, dict[str, Any]]:
    """For every binding whose member says whose it is: `same-account`, of the `estate`, of a `vendor`, of
    a `stranger`; `untold` if nothing says what is ours."""
    grants = [
        one
        for one in inventory.of(Grant)
        if one.provider == PROVIDER
        and one.kind is GrantKind.ROLE_BINDING
        and one.effect is Effect.ALLOW
    ]
    if not grants:
        return {}
    hierarchy = hierarchy or Hierarchy(inventory)
    ours = own(inventory, hierarchy, configured.ours.get(PROVIDER, ()))
    found = {}
    for one in grants:
        holder = inventory.records.get(one.identity)
        if isinstance(holder, Identity):
            whose = Party(holder.account, is_project=True) if holder.account else None
        else:
            whose = party(one.identity)
        if whose is not None:
            said = _whose(whose, ours, _project(hierarchy.of_grant(one)), known.aws.accounts)
            found[one.id] = {"whose": said, "party": whose.name, "party_name": ""}
    return found


def _project(level: str) -> str:
    return level.removeprefix("projects/") if level.startswith("projects/") else ""


def _whose(whose: Party, ours: Own, project: str, vendors: Mapping[str, str]) -> str:
    if whose.is_project and project and whose.name == project:
        return "same-account"
    if whose.name.casefold() in ours.names:
        return "estate"
    if whose.name in vendors:
        return "vendor"
    return "stranger" if sort(whose.name) in ours.told else "untold"
