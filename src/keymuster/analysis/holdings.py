"""What each outsider holds on us, and which credentials of ours are for them, put together by outsider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from keymuster.analysis import revocation
from keymuster.analysis.known import Known
from keymuster.analysis.scopes import Grade, gravest, of_aws_action
from keymuster.analysis.shares import Share, shares
from keymuster.analysis.third_parties import YES, Holder, ThirdParties, privilege_grade, surface
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import (
    Credential,
    CredentialStatus,
    Effect,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Resource,
    Trust,
)
from keymuster.settings import Settings


class Holding(Struct, kw_only=True, frozen=True):
    """One thing that an outsider holds. `kind` is the form of it: `trust`, `issuer` (it makes the tokens that
    are trusted), `credential`, `application` (let in, and granted nothing that was seen), or that of the
    grant. `account` is ours. `on` is what it is about. `grades` are those of each action. `outside` says
    whether it is somebody outside for sure (`yes`), or nothing tells whose it is (`unknown`). `status` is that
    of the holder: one that is suspended or disabled can do nothing now, and all again when it is not."""

    id: str
    kind: str
    surface: str
    account: str
    holder: str
    status: str = ""
    on: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    grades: dict[str, str] = {}
    grade: Grade = Grade.UNKNOWN
    outside: str = YES
    by: str = ""
    granted_by: str = ""
    granted_at: datetime | None = None
    granter_left: str = UNKNOWN
    last_used_at: datetime | None = None
    never_used: bool | None = None
    places: tuple[str, ...] = ()
    revoke: tuple[str, ...] = ()


class OwnCredential(Struct, kw_only=True, frozen=True):
    """A credential of ours for what the vendor runs: it gives the vendor nothing, and us something there."""

    id: str
    name: str
    preview: str
    status: str
    places: tuple[str, ...] = ()
    revoke: str = ""


class Namesake(Struct, kw_only=True, frozen=True):
    """An identity of ours that is called after a vendor. Its key may have been handed over to that vendor;
    the name alone does not say so."""

    id: str
    name: str
    kind: str
    surface: str
    account: str
    grade: Grade
    credentials: int
    last_used_at: datetime | None = None
    places: tuple[str, ...] = ()


class Outsider(Struct, kw_only=True):
    """Everything of one party. `id` is that of a known vendor; who is not known has none. `known_by` are the
    keys that tell who it is; without one, `name` is only what it calls itself."""

    key: str
    name: str
    id: str = ""
    known_by: list[str] = field(default_factory=list)
    takes_name_of: str = ""
    disguised: bool = False
    abused: str = ""
    holdings: list[Holding] = field(default_factory=list)
    credentials: list[OwnCredential] = field(default_factory=list)
    namesakes: list[Namesake] = field(default_factory=list)

    @property
    def surfaces(self) -> list[str]:
        return list(dict.fromkeys(surface(one.surface) for one in self.holdings))

    @property
    def grade(self) -> Grade:
        """The most that it surely may do; unknown if nothing is sure."""
        grades = [one.grade for one in self.holdings]
        sure = [one for one in grades if one is not Grade.UNKNOWN]
        return gravest(sure) if sure or not grades else Grade.UNKNOWN


class OfFormat(Struct, frozen=True):
    """Whose credentials of a format are, by the id and name in `rules/tokens`, and how they are revoked."""

    vendor: str
    name: str
    revoke: str


def outsiders(
    inventory: Inventory, configured: Settings, known: Known, formats: Mapping[str, OfFormat]
) -> list[Outsider]:
    """Those who may do the most first. The inventory is one that was analysed."""
    parties = ThirdParties(inventory, configured, known)
    found: dict[str, Outsider] = {}
    for holder, holding in _held(inventory, parties):
        outsider = _of(found, holder)
        outsider.holdings.append(holding)
    for party, credential in _own(inventory, parties, formats):
        _of(found, party).credentials.append(credential)
    for party, namesake in _named_after(inventory, parties, found):
        _of(found, party).namesakes.append(namesake)
    return sorted(
        found.values(), key=lambda one: (-one.grade.rank, -len(one.surfaces), one.name.casefold())
    )


def _of(found: dict[str, Outsider], holder: Holder) -> Outsider:
    party = holder.party
    if party.key not in found:
        vendor = party.vendor
        found[party.key] = Outsider(
            key=party.key, name=party.name, id=vendor.id if vendor else "",
            takes_name_of=party.claims.name if party.claims else "", disguised=party.disguised,
            abused=vendor.abused if vendor else "",
        )  # fmt: skip
    known_by = found[party.key].known_by
    if party.by and party.by not in known_by:
        known_by.append(party.by)
    return found[party.key]


def _held(inventory: Inventory, parties: ThirdParties) -> Iterator[tuple[Holder, Holding]]:
    granted: set[str] = set()
    for grant in inventory.of(Grant):
        holder = None if grant.effect is not Effect.ALLOW else parties.of_grant(grant)
        if holder is None or holder.outside == "no" or _only_links(grant):
            continue
        granted.add(grant.identity)
        yield holder, _of_grant(grant, holder, inventory, parties)
    for trust in inventory.of(Trust):
        for holder in parties.of_trust(trust):
            yield holder, _of_trust(trust, holder, inventory, "trust")
        if issuer := parties.issuer(trust):
            yield issuer, _of_trust(trust, issuer, inventory, "issuer")
    for resource in inventory.of(Resource):
        for holder, share in shares(resource, parties):
            yield holder, _of_share(resource, share, holder, inventory)
    for app, holder in parties.apps():
        if holder.outside == "no":
            continue
        for credential in inventory.credentials(app.id):
            yield holder, _of_credential(credential, app, holder, inventory)
        if granted.isdisjoint((app.id, *app.aliases)):
            yield holder, _of_app(app, holder, inventory)


def _only_links(grant: Grant) -> bool:
    """A service principal has what its application has: that is no grant of its own."""
    return grant.kind is GrantKind.OTHER and not grant.actions


def _of_grant(grant: Grant, holder: Holder, inventory: Inventory, parties: ThirdParties) -> Holding:
    record = inventory.records.get(grant.identity)
    app = record if isinstance(record, Identity) else None
    graded = {one: parties.grades.of_action(grant, one).value for one in grant.actions}
    return Holding(
        id=grant.id, kind=grant.kind.value, surface=grant.provider, outside=holder.outside,
        account=_account(grant) or (app.account if app else ""),
        holder=app.name if app else grant.identity.removeprefix("gcp:"), status=app.status if app else "",
        on=grant.resources, actions=grant.actions or ((grant.via,) if grant.via else ()), grades=graded,
        grade=parties.grades.of(grant), by=holder.party.by,
        granted_by=grant.granted_by or "", granted_at=grant.granted_at,
        granter_left=parties.left(grant.granted_by) if grant.granted_by else UNKNOWN,
        last_used_at=grant.last_used_at or (app.last_used_at if app else None),
        never_used=app.never_used if app and not grant.last_used_at else None,
        places=_places(grant, inventory), revoke=revocation.of_grant(grant, inventory),
    )  # fmt: skip


def _of_trust(trust: Trust, holder: Holder, inventory: Inventory, kind: str) -> Holding:
    identity = inventory.records.get(trust.identity)
    target = identity if isinstance(identity, Identity) else None
    party = holder.party.by.rpartition(" ")[2]
    return Holding(
        id=trust.id, kind=kind, surface=trust.provider, outside=holder.outside,
        account=_account(trust) or (target.account if target else ""),
        holder=trust.principal, on=(target.name if target else trust.identity,),
        actions=trust.actions, grade=privilege_grade(trust.identity, inventory), by=holder.party.by,
        last_used_at=target.last_used_at if target else None,
        never_used=target.never_used if target else None,
        places=_places(trust, inventory), revoke=revocation.of_trust(trust, inventory, party),
    )  # fmt: skip


def _of_share(resource: Resource, share: Share, holder: Holder, inventory: Inventory) -> Holding:
    return Holding(
        id=resource.id, kind=share.kind, surface="aws", account=str(getattr(resource.location, "account", "")),
        holder=share.to, on=share.on, actions=share.actions, grade=share.grade, outside=holder.outside,
        grades={one: of_aws_action(one).value for one in share.actions}, by=holder.party.by,
        granted_by=share.granted_by, granted_at=_moment(share.granted_at), places=_places(resource, inventory),
        revoke=(share.revoke,),
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _of_credential(
    credential: Credential, app: Identity, holder: Holder, inventory: Inventory
) -> Holding:
    return Holding(
        id=credential.id, kind="credential", surface=app.provider, outside=holder.outside,
        account=app.account, holder=app.name, on=(credential.name,), by=holder.party.by,
        granted_at=credential.created_at, last_used_at=credential.last_used_at,
        never_used=credential.never_used, grade=Grade.NONE, places=_places(credential, inventory),
    )  # fmt: skip


def _of_app(app: Identity, holder: Holder, inventory: Inventory) -> Holding:
    return Holding(
        id=app.id, kind="application", surface=app.provider, outside=holder.outside, account=app.account,
        holder=app.name, by=holder.party.by, granted_at=app.created_at, last_used_at=app.last_used_at,
        never_used=app.never_used, grade=Grade.NONE, status=app.status, places=_places(app, inventory),
    )  # fmt: skip


def _places(record: Any, inventory: Inventory) -> tuple[str, ...]:
    return tuple(str(one) for one in inventory.places(record))


def _account(record: Grant | Trust) -> str:
    return str(getattr(record.location, "account", ""))


_NO_SECRETS = (CredentialStatus.SAMPLE, CredentialStatus.PUBLIC, CredentialStatus.INVALID)


def _own(
    inventory: Inventory, parties: ThirdParties, formats: Mapping[str, OfFormat]
) -> Iterator[tuple[Holder, OwnCredential]]:
    """Credentials that were found, by whose formats they have."""
    for one in inventory.of(Credential):
        about = formats.get(one.format)
        if about is None or one.status in _NO_SECRETS or one.excluded:
            continue
        holder = Holder(parties.vendors.of_credentials(about.vendor, about.name), "no")
        yield (
            holder,
            OwnCredential(
                id=one.id, name=one.name, preview=one.preview, status=one.status.value,
                places=_places(one, inventory), revoke=about.revoke,
            ),
        )  # fmt: skip


def _named_after(
    inventory: Inventory, parties: ThirdParties, found: Mapping[str, Outsider]
) -> Iterator[tuple[Holder, Namesake]]:
    """Identities of ours with a vendor's name, but those that are known to be for that vendor."""
    told = {(one.key, holding.on) for one in found.values() for holding in one.holdings}
    outside = {app.id for app, holder in parties.apps() if holder.outside != "no"}
    for one in inventory.of(Identity):
        vendor = parties.vendors.named_in(one.name) if one.kind in _HANDED_OVER else None
        if vendor is None or one.id in outside:
            continue
        party = parties.vendors.of_name(vendor)
        if (party.key, (one.name,)) in told:
            continue
        yield (
            Holder(party, "no"),
            Namesake(
                id=one.id, name=one.name, kind=one.kind.value, surface=one.provider, account=one.account,
                grade=privilege_grade(one.id, inventory), credentials=len(inventory.credentials(one.id)),
                last_used_at=one.last_used_at, places=_places(one, inventory),
            ),
        )  # fmt: skip


_HANDED_OVER = (
    IdentityKind.USER,
    IdentityKind.ROLE,
    IdentityKind.SERVICE_ACCOUNT,
    IdentityKind.APPLICATION,
    IdentityKind.OAUTH_CLIENT,
)
