"""Who outside holds what on us: whose applications, members and principals are, and what they may do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from keymuster.analysis import gcp_parties
from keymuster.analysis.gcp_hierarchy import Hierarchy
from keymuster.analysis.known import Known
from keymuster.analysis.outsiders import Audience
from keymuster.analysis.privilege import Level
from keymuster.analysis.scopes import OF_LEVEL, Grade, Grades
from keymuster.analysis.trust_facts import ours
from keymuster.analysis.vendors import Party, Vendors
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import UNKNOWN
from keymuster.inventory.statuses import is_off
from keymuster.model import (
    Effect,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Trust,
    TrustKind,
)
from keymuster.model.unknown import is_unknown
from keymuster.settings import Settings

YES, NO = "yes", "no"

MANY_SURFACES = 3


class Holder(Struct, frozen=True):
    """Whoever holds something, and whether that is somebody outside: `yes`, `no`, `unknown`."""

    party: Party
    outside: str


class ThirdParties:
    """The outsiders of an inventory. It reads what other analyses found of trusts and of policies of
    resources."""

    def __init__(self, inventory: Inventory, configured: Settings, known: Known) -> None:
        self._inventory = inventory
        self._ours = configured.ours
        self.vendors = Vendors(known)
        self.grades = Grades(inventory, known)
        self._apps = {one.id: one for one in inventory.of(Identity) if _is_app(one)}
        self._aliases = {alias: one for one in self._apps.values() for alias in one.aliases}
        self._accounts = ours(inventory, configured, known)
        self.vendors.learn(self._apps.values())
        self._found: dict[str, Holder] = {}

    def apps(self) -> Iterator[tuple[Identity, Holder]]:
        """Every application, and whose it is."""
        for one in self._apps.values():
            yield one, self.of_app(one)

    def of_app(self, app: Identity) -> Holder:
        if app.id not in self._found:
            party = self.vendors.of_app(app)
            self._found[app.id] = Holder(party, self._is_outside(app, party))
        return self._found[app.id]

    def of_grant(self, grant: Grant) -> Holder | None:
        """Who has it, if that may be somebody outside; None for what is ours, or nobody's."""
        if tenant := grant.conditions.get("managedByTenantId"):  # Azure Lighthouse
            return self._of_tenant(str(tenant).lower())
        app = self.holder_of(grant)
        if app is not None:
            return self.of_app(app)
        told = self._inventory.facts.get(grant.id, {})
        if grant.provider == "aws" and (number := told.get("party")):
            outside = _OF_WHOSE.get(told["whose"], NO)
            return None if outside == NO else self._named(number, outside)
        if grant.provider == "gcp" and grant.kind is GrantKind.ROLE_BINDING:
            return self._of_member(grant.identity, told.get("whose", ""))
        return None

    def of_trust(self, trust: Trust) -> list[Holder]:
        """All who are let in and may be outside; of several accounts each."""
        if trust.effect is not Effect.ALLOW:
            return []
        told = self._inventory.facts.get(trust.id, {})
        if trust.provider == "mcp":
            return [self._of_host(trust.principal)]
        if trust.provider == "gcp" and ":" in trust.principal and "//" not in trust.principal:
            member = self._of_member(trust.principal, "")
            return [member] if member else []
        audience = told.get("audience")
        if audience not in (Audience.VENDOR, Audience.UNKNOWN):
            return []
        named = told.get("strangers", []) if audience == Audience.VENDOR else []
        accounts = [one for one in told.get("parties", ()) if _ACCOUNT.fullmatch(one)]
        found = [
            holder
            for one in accounts
            if (holder := self._named(one, YES if audience == Audience.VENDOR else UNKNOWN))
        ]
        issuer = str(told.get("issuer", ""))
        others = [one for one in named if not _ACCOUNT.fullmatch(one)]
        found += [Holder(_at_issuer(one, issuer), YES) for one in others]
        return found

    def issuer(self, trust: Trust) -> Holder | None:
        """Who makes the tokens that are trusted, where that is a vendor: it can make any."""
        if trust.kind is not TrustKind.FEDERATION or trust.effect is not Effect.ALLOW:
            return None
        written = self._inventory.records.get(trust.principal)
        address = getattr(written, "name", "") or trust.principal
        address = address.partition("oidc-provider/")[2] or address
        found = self.vendors.of_host(_host(address))
        if found is None or _is_at_home(found, trust.provider):
            return None
        return Holder(found, YES)

    def holder_of(self, grant: Grant) -> Identity | None:
        """The application that has it."""
        return self._apps.get(grant.identity) or self._aliases.get(grant.identity)

    def of_account(self, number: str, *, outside: str = "") -> Holder | None:
        """An account of AWS; whether it is outside, if nothing says so, as what is ours tells."""
        if number in self._accounts.names("aws"):
            return None
        told = number in self._accounts.vendors or bool(self._accounts.settings.get("aws"))
        return self._named(number, outside or (YES if told else UNKNOWN))

    def left(self, who: str) -> str:
        """Whether who consented is gone: `yes`, `no`, or `unknown` if nobody has seen them."""
        person = self._people.get(who.casefold())
        if person is None:
            return UNKNOWN
        return YES if is_off(person.status) else NO

    @property
    def _people(self) -> dict[str, Identity]:
        return self._inventory.remembered("people", "", self._all_people)

    def _all_people(self) -> dict[str, Identity]:
        people = [one for one in self._inventory.of(Identity) if one.kind is IdentityKind.USER]
        named = {name.casefold(): one for one in people for name in (one.id, one.name)}
        short = {alias.partition(":")[2].casefold(): one for one in people for alias in one.aliases}
        whole = {alias.casefold(): one for one in people for alias in one.aliases}
        return {**short, **whole, **named}

    # --- whose ---------------------------------------------------------------------------------

    def _is_outside(self, app: Identity, party: Party) -> str:
        tags = app.tags
        if _is_at_home(party, app.provider) or self._is_of_our_projects(app):
            return NO
        if told := tags.get("third_party", ""):
            return YES if told == "true" else NO
        if told := tags.get("internal", ""):
            return NO if told == "true" else YES
        if app.provider == "entra":
            tenant = tags.get("owner_tenant", "").lower()
            own = {"", app.account.lower(), *map(str.lower, self._ours.get("entra", ()))}
            return NO if tenant in own else YES
        if app.provider == "github" and (login := tags.get("publisher", "").casefold()):
            own = {app.account.casefold(), *map(str.casefold, self._ours.get("github", ()))}
            return NO if login in own else YES
        if app.provider in _MADE_HERE or _is_registered_here(app):
            return NO
        return YES if party.vendor is not None else UNKNOWN

    def _is_of_our_projects(self, app: Identity) -> bool:
        """Whether a client that Google knows was made in a project of ours: its id begins with the number of
        that, and is that of a service account if it is one."""
        id = app.tags.get("client_id", "") if app.provider == "google-workspace" else ""
        return bool(id) and (id in self._clients or id.partition("-")[0] in self._own.names)

    @property
    def _clients(self) -> set[str]:
        return self._inventory.remembered("clients", "gcp", self._all_clients)

    def _all_clients(self) -> set[str]:
        accounts = (one for one in self._inventory.of(Identity) if one.provider == "gcp")
        return {id for one in accounts if (id := one.tags.get("client_id", ""))}

    def _of_tenant(self, id: str) -> Holder | None:
        if id in map(str.lower, self._ours.get("entra", ())):
            return None
        return Holder(self.vendors.of_tenant(id), UNKNOWN if is_unknown(id) else YES)

    def _named(self, number: str, outside: str) -> Holder | None:
        party = self.vendors.of_account(number)
        return None if _is_at_home(party, "aws") else Holder(party, outside)

    def _of_member(self, member: str, whose: str) -> Holder | None:
        """A member of a binding of Google Cloud: an account of somebody's project, a person or group
        of somebody's domain. Of a domain that nobody knows, nothing says that it is not ours."""
        named = gcp_parties.party(member)
        if named is None or whose in ("same-account", "estate"):
            return None
        own = self._own
        if not whose and named.name.casefold() in own.names:
            return None
        is_strange = whose == "stranger" or gcp_parties.sort(named.name) in own.told
        if named.is_project:
            party = self.vendors.of_project(named.name)
            if named.name.isdigit() and not is_strange:
                return None  # mostly what Google runs for a project of ours
            return Holder(party, YES if party.vendor or is_strange else UNKNOWN)
        found = self.vendors.of_host(named.name)
        if found is None:
            party = Party(key=f"domain:{named.name}", name=named.name, by=f"domain {named.name}")
            return Holder(party, YES) if is_strange else None
        return None if _is_at_home(found, "gcp") else Holder(found, YES)

    @property
    def _own(self) -> gcp_parties.Own:
        return self._inventory.remembered("own", "gcp", self._all_own)

    def _all_own(self) -> gcp_parties.Own:
        hierarchy = Hierarchy(self._inventory)
        return gcp_parties.own(self._inventory, hierarchy, self._ours.get("gcp", ()))

    def _of_host(self, host: str) -> Holder:
        """A server's; one that is in nobody's known domain may stand in a house of ours."""
        if found := self.vendors.of_host(host):
            return Holder(found, YES)
        return Holder(Party(key=f"host:{host}", name=host, by=f"host {host}"), UNKNOWN)


_MADE_HERE = ("gcp", "okta")
"""Where applications are made by ourselves, unless the service says of one that it is somebody else's."""

_OF_WHOSE = {"vendor": YES, "stranger": YES, "untold": UNKNOWN}
_ACCOUNT = re.compile(r"[0-9]{12}")

_APP_TAGS = ("app_slug", "owner_tenant", "publisher", "third_party")


def _is_app(one: Identity) -> bool:
    """What somebody lets into a platform; not what is made inside it, such as a managed identity."""
    if one.kind in (IdentityKind.MANAGED_IDENTITY, IdentityKind.USER, IdentityKind.GROUP):
        return False
    return one.kind in (IdentityKind.OAUTH_CLIENT, IdentityKind.APPLICATION) or any(
        name in one.tags for name in _APP_TAGS
    )


def _is_registered_here(app: Identity) -> bool:
    """Whether a declaration makes it, and does not let in one that there is elsewhere."""
    return isinstance(app.location, FileLocation) and not any(
        name in app.tags for name in _APP_TAGS
    )


def _is_at_home(party: Party, provider: str) -> bool:
    """Whether it runs the platform that it holds something on."""
    return party.vendor is not None and provider in party.vendor.platforms


def _at_issuer(name: str, issuer: str) -> Party:
    """An owner that an issuer names: `acme` at GitHub."""
    at = issuer or "issuer"
    return Party(key=f"{at}:{name.casefold()}", name=f"{name} ({at})", by=f"owner {name} at {at}")


def _host(address: str) -> str:
    return address.removeprefix("https://").partition("/")[0].partition(":")[0]


def surface(provider: str) -> str:
    """What people take for one place: an application of Entra has its roles in Azure."""
    return "entra" if provider == "azure" else provider


def privilege_grade(identity: str, inventory: Inventory) -> Grade:
    """What who becomes an identity may do then."""
    told = inventory.facts.get(identity, {})
    if told.get("escalations") or told.get("administrator_by"):
        return Grade.ADMINISTER
    return OF_LEVEL[Level(told.get("privilege", Level.UNKNOWN))]


def facts(inventory: Inventory, configured: Settings, known: Known) -> dict[str, dict[str, Any]]:
    """For applications, grants and trusts of outsiders."""
    parties = ThirdParties(inventory, configured, known)
    found: dict[str, dict[str, Any]] = {}
    surfaces: dict[str, dict[str, None]] = {}
    first: dict[str, str] = {}
    for app, holder in parties.apps():
        found[app.id] = {"third_party": holder.outside, "vouched": _vouched(app, holder.party)}
        found[app.id] |= _told(holder.party)
        if holder.outside == YES:
            first.setdefault(holder.party.key, app.id)
    for grant in inventory.of(Grant):
        if grant.effect is not Effect.ALLOW or (by := parties.of_grant(grant)) is None:
            continue
        if by.outside == NO:
            continue
        grade = parties.grades.of(grant)
        found[grant.id] = {
            "third_party": by.outside,
            "grade": grade.value,
            "granter": grant.granted_by or "",
            "granter_left": parties.left(grant.granted_by) if grant.granted_by else "",
            **_told(by.party),
        }
        held_by = parties.holder_of(grant)
        if held_by is not None and by == parties.of_app(held_by):
            _add_up(found[held_by.id], grant, grade, parties.grades)
        if by.outside == YES:
            surfaces.setdefault(by.party.key, {})[surface(grant.provider)] = None
    for trust in inventory.of(Trust):
        outside = [one for one in parties.of_trust(trust) if one.outside == YES]
        if outside:
            found[trust.id] = {
                "third_party": YES,
                "grade": privilege_grade(trust.identity, inventory).value,
                "vendor_names": list(dict.fromkeys(one.party.name for one in outside)),
            }
        for one in outside:
            surfaces.setdefault(one.party.key, {})[surface(trust.provider)] = None
    for key, names in surfaces.items():
        if len(names) >= MANY_SURFACES and key in first:
            found[first[key]]["vendor_surfaces"] = list(names)
    return found


def _add_up(said: dict[str, Any], grant: Grant, grade: Grade, grades: Grades) -> None:
    """What an application may do by all that it was granted."""
    administers = [
        one
        for one in grant.actions or ((grant.via.rpartition("role/")[2],) if grant.via else ())
        if grade is Grade.ADMINISTER
        and (not grant.actions or grades.of_action(grant, one) is Grade.ADMINISTER)
    ]
    _merge(said, "administers", administers)
    _merge(said, "sensitive", grades.sensitive(grant))
    if grade.rank >= Grade.WRITE.rank and grades.is_offline(grant):
        writes = [
            one for one in grant.actions if grades.of_action(grant, one).rank >= Grade.WRITE.rank
        ]
        _merge(said, "writes_offline", writes)


def _merge(said: dict[str, Any], name: str, values: list[str]) -> None:
    if values:
        said[name] = list(dict.fromkeys([*said.get(name, ()), *values]))


def _vouched(app: Identity, party: Party) -> str:
    """Whether somebody has verified who it is: `yes`, `no`, or `unknown` if that was not told."""
    said = app.tags.get("verified", "")
    if party.vendor is not None or said == "true":
        return YES
    return NO if said == "false" or app.tags.get("registered") == "false" else UNKNOWN


def _told(party: Party) -> dict[str, Any]:
    return {
        "vendor_name": party.name if party.by else f"{party.name} (unverified)",
        "vendor_by": party.by,
        "takes_name_of": party.claims.name if party.claims else "",
        "disguised": party.disguised,
        "abused": party.vendor.abused if party.vendor else "",
    }
