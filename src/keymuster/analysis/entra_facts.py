"""What follows for what exists in a directory: whose an application is and what was consented to it,
who owns what is stronger than they are, and which roles come by groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from keymuster.analysis.entra_members import held
from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import Grant, GrantKind, Identity, IdentityKind, Resource, ServiceLocation
from keymuster.model.unknown import is_unknown
from keymuster.settings import Settings

Facts = dict[str, dict[str, Any]]

_PROVIDERS = ("azure", "entra")


def facts(inventory: Inventory, _: Settings, __: Known) -> Facts:
    found: Facts = {}
    for id, name, value in (
        *_whose(inventory),
        *_directory_roles(inventory),
        *_owners(inventory),
        *_consents(inventory),
        *_limits(inventory),
        *_consent_policies(inventory),
    ):
        found.setdefault(id, {})[name] = value
    return found


# --- whose a grant is ----------------------------------------------------------------------------


def _whose(inventory: Inventory) -> Iterator[tuple[str, str, Any]]:
    """Who has each grant, by name; and whose they are, where a directory tells: of this tenant
    (`same-account`), of `microsoft` itself, of a `vendor` that Microsoft has verified, or of a `stranger`."""
    for grant in inventory.of(Grant):
        if grant.provider not in _PROVIDERS:
            continue
        holder = inventory.records.get(grant.identity)
        if not isinstance(holder, Identity):
            yield grant.id, "holder", grant.identity.removeprefix("azure:")
            continue
        yield grant.id, "holder", holder.name
        if "agent" in holder.tags:
            yield grant.id, "holder_is_agent", True
        if not isinstance(holder.location, ServiceLocation):
            continue
        yield grant.id, "whose", _party(holder)
        if _party(holder) != "same-account":
            yield grant.id, "party", holder.tags["owner_tenant"]
            yield grant.id, "party_name", holder.tags.get("publisher", "")


def _party(holder: Identity) -> str:
    if "first_party" in holder.tags:
        return "microsoft"
    if "foreign" not in holder.tags:
        return "same-account"
    return "vendor" if holder.tags.get("verified") == "true" else "stranger"


# --- roles of the directory ----------------------------------------------------------------------


def _directory_roles(inventory: Inventory) -> Iterator[tuple[str, str, Any]]:
    """The roles of the directory that somebody has for good and for all of it, by groups and as an
    application, too."""
    for one in inventory.of(Identity):
        if one.provider in _PROVIDERS and inventory.grants(one.id):
            roles = set(_roles(one.id, inventory))
            if roles:
                yield one.id, "directory_roles", sorted(roles)


def _roles(id: str, inventory: Inventory) -> Iterator[str]:
    for grant in held(id, inventory.grants):
        if grant.provider != "entra" or grant.kind is not GrantKind.ROLE_BINDING:
            continue
        if "/" not in grant.resources or grant.conditions.get("eligible"):
            continue
        # What code assigns may be an object that stands for the role.
        for via in (grant.via, *(one.via for one in inventory.grants(grant.via))):
            if name := via.partition("entra:role/")[2]:
                yield name


# --- owners --------------------------------------------------------------------------------------


def _owners(inventory: Inventory) -> Iterator[tuple[str, str, Any]]:
    """Who owns an application or a group, and what of it that leads to: whoever owns one that is stronger
    than themselves takes it over, and all that it owns."""
    owned: dict[str, list[str]] = {}
    owners: dict[str, list[str]] = {}
    for grant in inventory.of(Grant):
        if grant.provider == "entra" and "owner" in grant.conditions:
            owned.setdefault(grant.identity, []).extend(grant.resources)
            owner = inventory.records.get(grant.identity)
            name = owner.name if isinstance(owner, Identity) else str(grant.conditions["owner"])
            for id in grant.resources:
                owners.setdefault(id, []).append(name)
    pairs = dict(_pairs(inventory))
    yield from _of_pairs(pairs, inventory, owners)
    for id, names in owners.items():
        yield id, "owners", list(dict.fromkeys((*names, *owners.get(pairs.get(id, ""), ()))))
    for id in owned:
        if id in inventory.records:
            taken = [
                inventory.records[one].name  # type: ignore[union-attr]
                for one in islice(_reached(id, owned, pairs), _MOST_REACHED)
                if _is_strong(one, inventory)
            ]
            if taken:
                yield id, "takes_over", list(dict.fromkeys(taken))


_MOST_REACHED = 1000
"""Of one owner: enough to see what it leads to."""


def _pairs(inventory: Inventory) -> Iterator[tuple[str, str]]:
    """Application and its service principal, both ways."""
    for grant in inventory.of(Grant):
        if grant.provider == "entra" and grant.id.endswith("#application"):
            yield grant.identity, grant.via
            yield grant.via, grant.identity


def _of_pairs(
    pairs: Mapping[str, str], inventory: Inventory, owners: Mapping[str, list[str]]
) -> Iterator[tuple[str, str, Any]]:
    """Who owns an application, owns its service principal, too."""
    for id, other in pairs.items():
        one, twin = inventory.records.get(id), inventory.records.get(other)
        if not (isinstance(one, Identity) and isinstance(twin, Identity)):
            continue
        if id not in owners and other in owners:
            yield id, "owners", list(dict.fromkeys(owners[other]))


def _reached(start: str, owned: Mapping[str, list[str]], pairs: Mapping[str, str]) -> Iterator[str]:
    """What can be taken over by one who owns something, one after the other."""
    seen, waiting = {start}, list(owned.get(start, ()))
    while waiting:
        id = waiting.pop()
        if id in seen:
            continue
        seen.add(id)
        yield id
        twin = pairs.get(id, "")
        waiting += [*owned.get(id, ()), *([twin] if twin else [])]


def _is_strong(id: str, inventory: Inventory) -> bool:
    facts = inventory.facts.get(id, {})
    return facts.get("privilege") == "admin" or bool(facts.get("escalations"))


# --- consents ------------------------------------------------------------------------------------


def _consents(inventory: Inventory) -> Iterator[tuple[str, str, Any]]:
    """What each application may do that is somebody else's, and what of it looks like a consent that people
    were tricked into.

    https://learn.microsoft.com/defender-office-365/detect-and-remediate-illicit-consent-grants
    """
    scopes: dict[str, set[str]] = {}
    people: dict[str, int] = {}
    for grant in inventory.of(Grant):
        if grant.provider != "entra" or grant.kind is not GrantKind.OAUTH_CONSENT:
            continue
        scopes.setdefault(grant.identity, set()).update(grant.actions)
        people[grant.identity] = people.get(grant.identity, 0) + _people(grant)
    replies = {
        one.id.removeprefix("resource:"): _texts(one.settings.get("redirect_uris"))
        for one in inventory.of(Resource)
        if one.type == "azuread_service_principal"
    }
    for id, granted in scopes.items():
        one = inventory.records.get(id)
        if not isinstance(one, Identity):
            continue
        yield id, "consented", sorted(granted)
        if one.kind is IdentityKind.APPLICATION and _party(one) in ("vendor", "stranger"):
            yield id, "consent_signs", list(_signs(one, granted, people[id], replies.get(id, ())))


def _people(grant: Grant) -> int:
    """How many consented to the same; more than few if it was for everybody."""
    if grant.conditions.get("consentType") != "Principal":
        return _FEW + 1
    return int(grant.conditions.get("people", 1))


def _signs(one: Identity, scopes: set[str], people: int, replies: Iterable[str]) -> Iterator[str]:
    if any(map(_DATA.match, scopes)):
        yield "reads mail or files"
    if "offline_access" in scopes:
        yield "stays signed in"
    if one.tags.get("verified") == "false":
        yield "nobody has verified its publisher"
    if people <= _FEW:
        yield "few people use it"
    if any(map(_is_odd, replies)):
        yield "an odd address for replies"


_FEW = 3
_DATA = re.compile(
    r"(?:Mail|Files|Sites|Notes|Contacts|MailboxSettings|Chat|ChannelMessage|Calendars|EWS|IMAP|POP|SMTP)\.|full_access_as_",
    re.IGNORECASE,
)
_ODD = (
    ".ngrok.io", ".ngrok-free.app", ".ngrok.app", ".trycloudflare.com", ".loca.lt", ".workers.dev", ".pages.dev", ".web.app",
    ".glitch.me", ".herokuapp.com", ".serveo.net", ".duckdns.org", ".repl.co", ".vercel.app", ".netlify.app",
    ".requestcatcher.com", ".webhook.site", ".pipedream.net", ".top", ".xyz", ".tk", ".ml",
)  # fmt: skip


def _is_odd(address: str) -> bool:
    """A host that anybody gets for nothing and for a day, or a bare address of a machine."""
    try:
        host = (urlsplit(address).hostname or "").lower()
    except ValueError:
        return True
    if host in ("localhost", "127.0.0.1", "::1"):
        return False
    is_machine = host.replace(".", "").isdigit() or ":" in host
    return is_machine or f".{host}".endswith(_ODD)


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


# --- limits for secrets --------------------------------------------------------------------------


def _limits(inventory: Inventory) -> Iterator[tuple[str, str, Any]]:
    """Of each blueprint of agents: whether a policy, its own or the tenant's, forbids it secrets or
    limits how long they live."""
    kinds: dict[str, list[Resource]] = {}
    for one in inventory.of(Resource):
        if one.type in (_BLUEPRINT, _OF_TENANT, _OF_APPLICATIONS):
            kinds.setdefault(one.type, []).append(one)
    tenants = {_account(one): one for one in kinds.get(_OF_TENANT, ())}
    strict = [
        one.settings.get("appliesTo")
        for one in kinds.get(_OF_APPLICATIONS, ())
        if one.settings.get("isEnabled") is not False and _forbids(one.settings.get("restrictions"))
    ]
    limited = {id for listed in strict for id in _texts(listed)}
    if any(map(is_unknown, strict)):  # nobody was let see what a policy is assigned to
        return
    for blueprint in kinds.get(_BLUEPRINT, ()):
        tenant = tenants.get(_account(blueprint))
        if tenant is None:
            continue
        is_limited = blueprint.settings.get("object_id") in limited or (
            tenant.settings.get("isEnabled") is not False
            and _forbids(tenant.settings.get("applicationRestrictions"))
        )
        yield blueprint.id, "denies_keys", "yes" if is_limited else "no"


_BLUEPRINT = "microsoft.graph.agentIdentityBlueprint"
_OF_TENANT = "microsoft.graph.tenantAppManagementPolicy"
_OF_APPLICATIONS = "microsoft.graph.appManagementPolicy"


def _account(one: Resource) -> str:
    return one.location.account if isinstance(one.location, ServiceLocation) else ""


def _forbids(restrictions: object) -> bool:
    listed = restrictions.get("passwordCredentials") if isinstance(restrictions, Mapping) else None
    return any(
        one.get("restrictionType") in ("passwordAddition", "passwordLifetime")
        and one.get("state", "enabled") == "enabled"
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, Mapping)
    )


# --- what people may consent to ------------------------------------------------------------------


def _consent_policies(inventory: Inventory) -> Iterator[tuple[str, str, Any]]:
    """The policies about consent that hold for everybody, by what the tenant assigns to all users."""
    assigned = {
        text.removeprefix(_FOR_THEMSELVES)
        for one in inventory.of(Resource)
        if one.type == "microsoft.graph.authorizationPolicy"
        for text in _texts(_permissions(one).get("permissionGrantPoliciesAssigned"))
        if text.startswith(_FOR_THEMSELVES)
    }
    for one in inventory.of(Resource):
        if (
            one.type == "microsoft.graph.permissionGrantPolicy"
            and one.settings.get("id") in assigned
        ):
            yield one.id, "open_to", ["*"]


_FOR_THEMSELVES = "ManagePermissionGrantsForSelf."


def _permissions(one: Resource) -> Mapping[str, Any]:
    found = one.settings.get("defaultUserRolePermissions")
    return found if isinstance(found, Mapping) else {}
