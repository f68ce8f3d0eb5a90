"""How much an identity in Azure or Entra may do, in one word, and how it can take more.

https://learn.microsoft.com/azure/role-based-access-control/role-definitions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto
from functools import lru_cache

from keymuster import regex
from keymuster.analysis.answers import Answer
from keymuster.analysis.privilege import Level, Privilege, highest
from keymuster.model import Effect, Grant, GrantKind
from keymuster.model.azure_roles import AzurePrivileges, AzureWay
from keymuster.model.unknown import is_unknown, reference

PROVIDERS = ("azure", "entra")

Grants = Callable[[str], Iterable[Grant]]
"""From the id of an identity or role to what it is granted by itself: `Inventory.grants`."""

_DEEPEST = 6
"""An application has a service principal, which is in a group, which has a role that somebody made: that
is four."""


class Scope(Enum):
    """How much lies below what a role is assigned on."""

    WIDE = auto()
    """A subscription, or what contains some."""
    GROUP = auto()
    RESOURCE = auto()
    UNKNOWN = auto()


def privilege(own: Iterable[Grant], grants: Grants, known: AzurePrivileges) -> Privilege:
    """An administrator may give itself what it lacks, or become whoever has it; a role of
    administrators that is assigned on one resource group is one that writes there."""
    return highest(_of(grant, grants, known, 0) for grant in own if _counts(grant))


def escalations(own: Iterable[Grant], grants: Grants, known: AzurePrivileges) -> list[str]:
    """The ways (`AzureWay.id`), roles of the directory and permissions of Microsoft Graph by which an
    identity can take more than it has."""
    found = [one for grant in own if _counts(grant) for one in _ways(grant, grants, known, 0)]
    return list(dict.fromkeys(found))


def scope_of(text: str) -> Scope:
    """What the id of a scope, or a reference to one, speaks of."""
    if name := reference(text):
        return _referred(name)
    parts = [part for part in text.lower().split("/") if part]
    match parts:
        case [] | ["subscriptions", _] | ["providers", "microsoft.management", _, _]:
            return Scope.WIDE
        case ["subscriptions", _, "resourcegroups", _]:
            return Scope.GROUP
        case ["subscriptions", _, *_, "providers", _, _, _]:
            return Scope.RESOURCE
    return Scope.RESOURCE if "/providers/" in text.lower() else Scope.UNKNOWN


_WIDE = ("azurerm_subscription.", "azurerm_management_group.", "azurerm_subscriptions.")
_SUBSCRIPTION = regex.later(
    r"(?:subscription|tenant|managementGroup)(?:\.\w{1,20})?", re.IGNORECASE
)


def _referred(name: str) -> Scope:
    """By the type of what is referred to. Of a module, a variable or a parameter nobody knows."""
    name = name.removeprefix("data.")
    if name.startswith(_WIDE) or _SUBSCRIPTION.fullmatch(name):
        return Scope.WIDE
    if name.startswith("azurerm_resource_group.") or name.lower().startswith("resourcegroup"):
        return Scope.GROUP
    return Scope.RESOURCE if name.startswith(("azurerm_", "[")) else Scope.UNKNOWN


def _counts(grant: Grant) -> bool:
    return grant.provider in PROVIDERS and grant.effect is Effect.ALLOW


# --- levels --------------------------------------------------------------------------------------


def _of(grant: Grant, grants: Grants, known: AzurePrivileges, depth: int) -> Privilege:
    found = _unlimited(grant, grants, known, depth)
    if found.level is not Level.ADMIN:
        return found
    match _is_limited(grant, known):
        case Answer.YES:
            return Privilege(Level.WRITE, found.grants)
        case Answer.UNKNOWN:
            return Privilege(Level.UNKNOWN, (grant.id,), "it depends on a scope or a condition")
    return found


def _is_limited(grant: Grant, known: AzurePrivileges) -> Answer:
    """Whether who has the role of an administrator by this grant is none after all."""
    if grant.kind is not GrantKind.ROLE_BINDING:
        return Answer.NO
    if grant.provider == "entra":
        return Answer.YES if grant.resources and "/" not in grant.resources else Answer.NO
    scopes = {scope_of(one) for one in grant.resources}
    if scopes and not scopes & {Scope.WIDE, Scope.UNKNOWN}:
        return Answer.YES
    guarded = _guarded(grant, known)
    if guarded is Answer.NO and Scope.WIDE not in scopes:
        return Answer.UNKNOWN
    return guarded


_ROLES = regex.later(
    r"@Request\[Microsoft\.Authorization/roleAssignments:RoleDefinitionId\]\s{0,20}"
    r"ForAnyOf(?:Any|All)Values:Guid(?P<without>Not)?Equals\s{0,20}\{(?P<ids>[^{}]{0,20000})\}",
    re.IGNORECASE,
)


def _guarded(grant: Grant, known: AzurePrivileges) -> Answer:
    """Whether the condition of an assignment keeps its holder from assigning roles of administrators.

    https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-overview
    """
    condition = grant.conditions.get("condition")
    if not isinstance(condition, str) or not condition:
        return Answer.NO
    if is_unknown(condition):
        return Answer.UNKNOWN
    if "roleassignments" not in condition.lower():
        return Answer.NO
    allowed, excluded = set[str](), set[str]()
    for found in _ROLES.finditer(condition):
        ids = {one.strip(" '\"\n\r\t").replace("-", "").lower() for one in found["ids"].split(",")}
        (excluded if found["without"] else allowed).update(ids)
    dangerous = {one.replace("-", "") for one in known.administrators}
    if allowed:
        return Answer.NO if allowed & dangerous else Answer.YES
    if excluded:
        return Answer.YES if dangerous <= excluded else Answer.NO
    return Answer.UNKNOWN


def _unlimited(grant: Grant, grants: Grants, known: AzurePrivileges, depth: int) -> Privilege:
    """What a grant comes to if it holds for everything. What somebody owns is theirs to take, and not
    theirs: that is said apart."""
    if "owner" in grant.conditions:
        return Privilege(Level.NONE, (grant.id,))
    match grant.kind:
        case GrantKind.OAUTH_CONSENT:
            return _of_consent(grant, known)
        case GrantKind.APP_INSTALLATION:
            reason = "it has what it asks for once somebody consents"
            return Privilege(Level.UNKNOWN, (grant.id,), reason)
    if grant.actions:
        return _of_actions(grant, known)
    if not grant.via or is_unknown(grant.via) or depth > _DEEPEST:
        return Privilege(Level.UNKNOWN, (grant.id,), "the role is not known")
    provider, _, name = grant.via.partition(":role/")
    levels = {"azure": known.levels, "entra": known.entra.levels}.get(provider, {})
    for level, roles in levels.items():
        if name in roles:
            return Privilege(Level(level), (grant.id,))
    inside = [one for one in grants(grant.via) if _counts(one)]
    if not inside:
        return Privilege(Level.UNKNOWN, (grant.id,), f"nobody has seen the role {grant.via}")
    found = highest(_of(one, grants, known, depth + 1) for one in inside)
    return Privilege(found.level, (grant.id,), found.reason)


def _of_actions(grant: Grant, known: AzurePrivileges) -> Privilege:
    """Of a role that somebody made, or of a policy of a vault."""
    if grant.provider == "entra":
        admin = known.entra.admin_actions
    else:
        admin = [] if _is_of_data(grant) else known.admin_actions
    if any(_allows(grant, one) for one in admin):
        return Privilege(Level.ADMIN, (grant.id,))
    kept = [one for one in grant.actions if not _is_excluded(grant, one)]
    if any(not _reads(one, data=_is_of_data(grant)) for one in kept if not is_unknown(one)):
        return Privilege(Level.WRITE, (grant.id,))
    if any(map(is_unknown, kept)):
        return Privilege(Level.UNKNOWN, (grant.id,), "an action is not known")
    return Privilege(Level.READ if kept else Level.NONE, (grant.id,))


_READS = regex.later(
    r".*/read|(?:keys|secrets|certificates|storage)/(?:get|list)\w{0,20}", re.IGNORECASE
)
_READS_DATA = regex.later(
    r".*/(?:read|get|list|query|search|verify|receive|export|download|check|readers?)\w{0,40}(?:/action)?",
    re.IGNORECASE,
)
_CHANGES_NOTHING = regex.later(
    r"microsoft\.(?:support|insights/alertrules|resources/deployments)/.{0,80}|.*/(?:generateuserdelegationkey|"
    r"(?:check|count|fetch|find|get|list|query|search|usages|validate|whatif)"
    r"(?!\w{0,30}(?:key|credential|secret|sas|token|kubeconfig|connectionstring))\w{0,40})/action",
    re.IGNORECASE,
)
"""Actions of management that are in many a role that is meant to read."""


def _reads(action: str, *, data: bool) -> bool:
    if data:
        return _READS_DATA.fullmatch(action) is not None
    return (_READS.fullmatch(action) or _CHANGES_NOTHING.fullmatch(action)) is not None


def _is_of_data(grant: Grant) -> bool:
    return grant.conditions.get("plane") == "data"


def _allows(grant: Grant, action: str) -> bool:
    return any(_covers(one, action) for one in grant.actions) and not _is_excluded(grant, action)


def _is_excluded(grant: Grant, action: str) -> bool:
    return any(_covers(one, action) for one in grant.not_actions)


def _covers(pattern: str, action: str) -> bool:
    if "*" not in pattern:
        return pattern.lower() == action.lower()
    return _expression(pattern).fullmatch(action) is not None


@lru_cache(4096)
def _expression(pattern: str) -> re.Pattern[str]:
    """Wildcards in a row are one: two would try every way to share what they stand for."""
    pieces = [re.escape(piece) for piece in re.split(r"\*+", pattern[:300])]
    return re.compile(_linear(pieces), re.IGNORECASE | re.DOTALL)


def _linear(pieces: list[str]) -> str:
    """The first place where a piece fits is as good as any, so none is left again."""
    first, *rest = pieces
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>.*?{one})" for one in middle if one) + f".*{last}"


_WRITES = regex.later(
    r"(?:\w{0,30}write\w{0,10}|send|manage|fullcontrol|create|delete|invite|export|import|\w{1,30}action|update|"
    r"enableDisableAccount|deleteRestore|migrate|protect|ownedby|selected|initiate|join\w{0,20}|access\w{0,20})",
    re.IGNORECASE,
)
_GRAPH = regex.later(r"[A-Za-z][\w-]{1,60}(?:\.[A-Za-z][\w-]{0,40}){1,4}")


def _of_consent(grant: Grant, known: AzurePrivileges) -> Privilege:
    """Permissions of an API. In the name of a person, an application may do no more than that person."""
    alone = grant.conditions.get("type") == "Application"
    return highest(
        Privilege(level, (grant.id,), "a permission is not known")
        for one in grant.actions
        for level in [_of_permission(one, known)]
        for level in [Level.WRITE if level is Level.ADMIN and not alone else level]
        for level in [_at_most_write(level) if _is_of_another_api(grant) else level]
    )


_OF_MICROSOFT = frozenset(
    (
        "00000003-0000-0000-c000-000000000000", "00000002-0000-0000-c000-000000000000",
        "00000002-0000-0ff1-ce00-000000000000", "00000003-0000-0ff1-ce00-000000000000",
    )
)  # fmt: skip
"""The APIs of Microsoft by which a directory, its mail and its files are changed: Graph, and those
that were before it."""


def _is_of_another_api(grant: Grant) -> bool:
    """Whether a permission is known to be of an API that holds nothing of the directory."""
    api = grant.conditions.get("resourceAppId")
    return isinstance(api, str) and api.lower() not in _OF_MICROSOFT


def _at_most_write(level: Level) -> Level:
    return Level.WRITE if level in (Level.ADMIN, Level.UNKNOWN) else level


_SIGNS_IN = frozenset(("Default Access", "openid", "profile", "email", "offline_access"))
"""To be let in, and to know who somebody is."""


def _of_permission(permission: str, known: AzurePrivileges) -> Level:
    """Of Microsoft Graph, whose permissions say what they are: `Mail.Read`, `Group.ReadWrite.All`."""
    if permission in _SIGNS_IN:
        return Level.NONE
    if permission in known.entra.admin_permissions:
        return Level.ADMIN
    if permission in ("full_access_as_app", "full_access_as_user"):
        return Level.WRITE
    if is_unknown(permission) or not _GRAPH.fullmatch(permission):
        return Level.UNKNOWN
    words = re.split(r"[.-]", permission)[1:]
    return Level.WRITE if any(map(_WRITES.fullmatch, words)) else Level.READ


# --- ways to more --------------------------------------------------------------------------------


def _ways(grant: Grant, grants: Grants, known: AzurePrivileges, depth: int) -> Iterator[str]:
    if depth > _DEEPEST or grant.kind is GrantKind.APP_INSTALLATION:
        return
    if grant.kind is GrantKind.OAUTH_CONSENT:
        if grant.conditions.get("type") == "Application":
            yield from (one for one in grant.actions if one in known.entra.escalating_permissions)
        return
    ways = {one.id: one for one in known.ways}
    is_guarded = _guarded(grant, known) is not Answer.NO
    for found in _unlimited_ways(grant, grants, known, depth):
        way = ways.get(found)
        if way is None:
            if grant.provider != "entra" or not grant.resources or "/" in grant.resources:
                yield found
        elif not (is_guarded and _ASSIGNMENT in way.actions) and _reaches(grant, way):
            yield found


_ASSIGNMENT = "Microsoft.Authorization/roleAssignments/write"


def _unlimited_ways(
    grant: Grant, grants: Grants, known: AzurePrivileges, depth: int
) -> Iterator[str]:
    if grant.actions:
        yield from _ways_of_actions(grant, known)
        return
    provider, _, name = grant.via.partition(":role/")
    if provider == "azure":
        yield from known.escalating.get(name, ())
    elif provider == "entra" and name in known.entra.escalating:
        yield name
    for inside in grants(grant.via) if grant.via else ():
        if _counts(inside):
            yield from _ways(inside, grants, known, depth + 1)


def _ways_of_actions(grant: Grant, known: AzurePrivileges) -> Iterator[str]:
    if grant.kind is GrantKind.RESOURCE_POLICY:
        return
    if grant.provider == "entra":
        listed = known.entra.escalating_actions
        yield from (one for one in grant.actions if any(_covers(each, one) for each in listed))
        return
    for way in known.ways:
        actions = way.data_actions if _is_of_data(grant) else way.actions
        if any(_allows(grant, one) for one in actions):
            yield way.id


def _reaches(grant: Grant, way: AzureWay) -> bool:
    """Whether a way is open on what a role is assigned on."""
    if way.anywhere or not grant.resources or grant.kind is not GrantKind.ROLE_BINDING:
        return True
    for text in grant.resources:
        scope = scope_of(text)
        if scope in (Scope.WIDE, Scope.GROUP):
            return True
        types = {one.partition("/")[0].lower() for one in (*way.actions, *way.data_actions)}
        if scope is Scope.RESOURCE and any(f"/{one}/" in text.lower() for one in types):
            return True
    return False
