"""What collectors observe. Frozen and dumb: behaviour lives in functions elsewhere.

Ids are natural keys, so that two collectors that see one thing agree on its id. A field enters a
record when two providers have it; until then it stays in `tags` or in `Resource.settings`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypeAlias

from msgspec import Struct

from keymuster.model.location import FileLocation, Location
from keymuster.model.taxonomy import (
    Confidence,
    CredentialKind,
    CredentialStatus,
    Effect,
    Environment,
    GrantKind,
    IdentityKind,
    Storage,
    TrustKind,
    UseKind,
)


class OwnerHint(Struct, frozen=True, kw_only=True):
    """One signal of who answers for a thing, as its vendor tells: an owner, a sponsor, a creator; since when, and
    whether they are still there, if it says so."""

    name: str
    source: str
    at: datetime | None = None
    active: bool | None = None


class Owner(Struct, frozen=True, kw_only=True):
    """Who answers for an identity, how we know and how surely, and whether they are still there. The `status` is
    `named`, or `left` if nobody is there who could be asked instead."""

    name: str
    source: str
    active: bool | None = None
    status: str = "named"
    confidence: str = ""


class Identity(Struct, frozen=True, kw_only=True, tag_field="is", tag="identity"):
    """A principal that acts without a human at the keyboard. `aliases` are other names that records
    elsewhere may call it by. `never_used` is what its vendor says, if it does."""

    id: str
    kind: IdentityKind
    provider: str
    name: str
    location: Location
    aliases: tuple[str, ...] = ()
    account: str = ""
    environment: Environment = Environment.UNKNOWN
    status: str = ""
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    never_used: bool | None = None
    owner_hints: tuple[OwnerHint, ...] = ()
    tags: dict[str, str] = {}
    purpose: str = ""


class Credential(Struct, frozen=True, kw_only=True, tag_field="is", tag="credential"):
    """Something that proves an identity; never its text, only a fingerprint and a preview.

    `format` is the id of the token format that recognised it. `tags` holds what the credential
    says of itself (account, issuer, key id ...). `never_used` is what its vendor says, if it does. `excluded` says why this sighting is not to be
    reported; it is counted, and goes no further.
    """

    id: str
    kind: CredentialKind
    name: str
    location: Location
    format: str = ""
    vendor: str = ""
    identity: str | None = None
    fingerprint: str = ""
    preview: str = ""
    confidence: Confidence = Confidence.HIGH
    status: CredentialStatus = CredentialStatus.UNKNOWN
    environment: Environment = Environment.UNKNOWN
    storage: Storage = Storage.OTHER
    created_at: datetime | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    never_used: bool | None = None
    tags: dict[str, str] = {}
    excluded: str = ""


class Grant(Struct, frozen=True, kw_only=True, tag_field="is", tag="grant"):
    """What an identity may do: a policy statement, role binding, OAuth consent or tool permission.

    `identity` is who has it: an identity, `*` for anybody, or the policy or role that others get it
    by. It covers `actions` but `not_actions`, on `resources` but `not_resources`, in the vendor's own
    words. One with `via` hands on all that the policy or role of this id or name has, and has
    no actions of its own. `conditions` are as the vendor writes them.
    """

    id: str
    identity: str
    kind: GrantKind
    provider: str
    location: Location
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    via: str = ""
    effect: Effect = Effect.ALLOW
    conditions: dict[str, Any] = {}
    granted_by: str | None = None
    granted_at: datetime | None = None
    last_used_at: datetime | None = None


class Trust(Struct, frozen=True, kw_only=True, tag_field="is", tag="trust"):
    """Who may become an identity: trust policy, federation, impersonation, consent.

    `principal` is one of them in the vendor's own words: `*`, an ARN or account id, a service's name,
    the address of an issuer. `conditions` are as the vendor writes them.
    """

    id: str
    identity: str
    principal: str
    kind: TrustKind
    provider: str
    location: Location
    effect: Effect = Effect.ALLOW
    actions: tuple[str, ...] = ()
    conditions: dict[str, Any] = {}


class Use(Struct, frozen=True, kw_only=True, tag_field="is", tag="use"):
    """A workload, workflow, agent or person that consumes an identity or credential.

    `subject` is the id of what is consumed, `by` the id or name of the consumer.
    """

    id: str
    subject: str
    by: str
    kind: UseKind
    location: Location


class Resource(Struct, frozen=True, kw_only=True, tag_field="is", tag="resource"):
    """A declared object in the vendor's own words, for policies on raw settings. A value that the
    declaration does not tell is text that names what it depends on: `${var.name}`. `aliases` are
    other names that records elsewhere may call it by."""

    id: str
    type: str
    name: str
    location: Location
    aliases: tuple[str, ...] = ()
    settings: dict[str, Any] = {}


class InlineAllow(Struct, frozen=True, kw_only=True, tag_field="is", tag="inline_allow"):
    """A comment that accepts findings on its own line or the line below.

    `problem` says why the comment is refused; then it accepts nothing.
    """

    id: str
    location: FileLocation
    rules: tuple[str, ...] = ()
    until: date | None = None
    reason: str = ""
    problem: str = ""


class RiskException(Struct, frozen=True, kw_only=True, tag_field="is", tag="exception"):
    """What somebody has decided to live with for a time: the finding of this id, or one with this
    `fingerprint` if it was moved, or every finding of a `rule` about an `identity`. It holds as long as
    what was found may do no more, and is held back by no less, than `bound_to` says. `seen_in` is what
    must be looked at to see it: `code`, `history`, `imports`, or services, with commas between.

    `problem` says why it is refused; then it accepts nothing.
    """

    id: str
    location: FileLocation
    finding: str = ""
    fingerprint: str = ""
    rule: str = ""
    identity: str = ""
    bound_to: dict[str, tuple[str, ...]] = {}
    seen_in: str = "code"
    reason: str = ""
    owner: str = ""
    approver: str = ""
    created: date | None = None
    expires: date | None = None
    compensating_control: str = ""
    problem: str = ""


Observation: TypeAlias = (
    Identity | Credential | Grant | Trust | Use | Resource | InlineAllow | RiskException
)
