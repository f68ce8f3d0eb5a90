"""What the tool says: findings, what it could not see, and the report that holds both."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from keymuster.model.location import Location
from keymuster.model.records import Owner
from keymuster.model.taxonomy import Confidence, Effect, Nhi, Severity

if TYPE_CHECKING:  # a commit hook makes a report, and has no time for a roll
    from keymuster.model.roll import Roll, Trend


class Suppression(Struct, frozen=True, kw_only=True):
    """Why a finding is accepted, until when, and `by` whom, if somebody had to approve it. A `rejected`
    one accepts nothing any more: its time is over, or what it accepted has grown."""

    justification: str
    until: date | None = None
    location: Location | None = None
    by: str = ""
    status: Literal["accepted", "rejected"] = "accepted"


class Statement(Struct, frozen=True, kw_only=True):
    """What allows, or denies, something that a finding rests on, in its vendor's words: a statement
    of a policy, a trust in `principal`, or what hands on the policy `via`. `record` is its id.
    `conditions` are one text each: operator, key and values."""

    record: str
    effect: Effect
    place: Location
    principal: str = ""
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    via: str = ""


class Step(Struct, frozen=True, kw_only=True):
    """One step of what led to a finding. Who is `start` gets what `to` may do, and what `others` more
    like it may, or all rights if `to` is empty, by the `way`: it takes these `actions`, which these
    `records` allow. It is `proved`, or something of it is not known and was assumed. One without a
    way is what the finding says itself. `place` is where `start` is declared. Of the records that are quoted, the
    `statements` are there instead."""

    start: str
    way: str = ""
    does: str = ""
    to: str = ""
    to_name: str = ""
    others: int = 0
    place: Location | None = None
    proved: bool = True
    actions: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()


class Finding(Struct, frozen=True, kw_only=True):
    """One rule held against one subject, with every place it was seen.

    `id` depends on rule and subject alone: lines may move. `rule` is `policy` or, where a token
    format decided, `policy/format`. `places` starts with the place to look at first. Each of `paths`
    leads to what is found by itself, one step after the other. `told_by` are the calls of the service
    that told of the subject. The `fingerprint` stays the same when a file is moved or what stands in it
    is put in another order; two findings may have the same. `bounds` are what the subject may do, and
    what limits it: who accepts the finding accepts no more than that.
    """

    id: str
    rule: str
    policy: str
    nhi: tuple[Nhi, ...]
    severity: Severity
    confidence: Confidence
    subject: str
    message: str
    places: tuple[Location, ...]
    evidence: dict[str, str] = {}
    paths: tuple[tuple[Step, ...], ...] = ()
    told_by: tuple[str, ...] = ()
    owner: Owner | None = None
    remediation: str = ""
    suppression: Suppression | None = None
    fingerprint: str = ""
    bounds: dict[str, tuple[str, ...]] = {}

    @property
    def location(self) -> Location:
        """The place to look at first."""
        return self.places[0]

    @property
    def is_accepted(self) -> bool:
        return self.suppression is not None and self.suppression.status == "accepted"


class Undecided(Struct, frozen=True, kw_only=True):
    """A policy that could neither find nor clear a subject, because something that it asks for is
    not known: `unknown` names it."""

    policy: str
    subject: str
    location: Location
    unknown: str


class Trouble(Struct, frozen=True, kw_only=True):
    """A part of the estate the scan could not see. A report without it would lie."""

    part: str
    scope: str
    message: str
    advice: str = ""


class Looked(Struct, frozen=True, kw_only=True):
    """A part of a service that was looked at, in one scope: an account, or a region of it. `types` are
    those of the things that it tells of, by which `calls`, `subjects` the sorts of records that are made
    of these; the `problem` says why it could not be seen, or not wholly. Some of it was told `as_of` an earlier scan,
    and has not changed since, as the service says."""

    service: str
    account: str
    scope: str
    part: str
    types: tuple[str, ...]
    subjects: tuple[str, ...]
    problem: str = ""
    calls: tuple[str, ...] = ()
    as_of: datetime | None = None


class Coverage(Struct, frozen=True, kw_only=True):
    """What came of a policy in one account of a service. `unseen` are the parts that could not be seen,
    and why: then what was found may not be all. The oldest of what it rests on was told `as_of` an earlier scan, if
    that is so, and has not changed since."""

    policy: str
    service: str
    account: str
    status: Literal["found", "clean", "unseen"]
    unseen: tuple[str, ...] = ()
    as_of: datetime | None = None


class Place(Struct, frozen=True, kw_only=True):
    """Where was looked, whatever came of it: the first folder of paths, with a slash, or `.` for files in none; in the
    report of an estate, a target, with the number of findings that are open in it."""

    name: str
    files: int | None = None
    looked_at: datetime | None = None
    open: int | None = None


class Reference(Struct, frozen=True, kw_only=True):
    """An entry of a published framework, as a rule names it."""

    framework: str
    id: str


class RuleText(Struct, frozen=True, kw_only=True):
    """The words and classification of a rule that has findings."""

    id: str
    title: str
    why: str
    remediation: str
    severity: Severity
    confidence: Confidence
    nhi: tuple[Nhi, ...]
    references: tuple[Reference, ...] = ()
    links: tuple[str, ...] = ()


class FrameworkEntry(Struct, frozen=True, kw_only=True):
    """One entry of a framework: id as printed, name, page."""

    id: str
    name: str
    url: str = ""


class Framework(Struct, frozen=True, kw_only=True):
    """A published list that findings are classified by. `guid` never changes."""

    id: str
    name: str
    guid: str
    version: str
    publisher: str
    url: str
    entries: tuple[FrameworkEntry, ...]


class Provenance(Struct, frozen=True, kw_only=True):
    """The repository the scanned files belong to; empty fields are unknown."""

    root: str = ""
    repository: str = ""
    revision: str = ""
    branch: str = ""


class Scope(Struct, frozen=True, kw_only=True):
    """What was to be looked at, by which rules: `paths` relative to the root (`.` is all of it) without
    those that the globs of `exclude` mean, commits by `since` and `range`, `services` by name, `imports` the
    files of reports of other scanners. `only` and
    `skip` are globs, as the user gave them."""

    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    since: str = ""
    range: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    confidence: Confidence = Confidence.MEDIUM


class Report(Struct, frozen=True, kw_only=True):
    """Everything a reporter may use. `complete` is false when the scan was cut short. `signed_in_as`
    is who asked the services. The `roll` is there for reporters that want one, a `trend` where somebody
    has kept count over days. One of a whole estate says how many `targets` that has, and its `places` are these."""

    findings: tuple[Finding, ...]
    troubles: tuple[Trouble, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    rules: tuple[RuleText, ...] = ()
    frameworks: tuple[Framework, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    counts: dict[str, int] = {}
    places: tuple[Place, ...] = ()
    provenance: Provenance = Provenance()
    mode: str = ""
    scope: Scope = Scope()
    signed_in_as: tuple[str, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    complete: bool = True
    roll: Roll | None = None
    trend: Trend | None = None
    targets: int = 0
