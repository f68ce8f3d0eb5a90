"""The contract of what reads reports of other scanners, and what they tell."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar, Protocol, TypeAlias

from msgspec import Struct

from keymuster.model import (
    Commit,
    Confidence,
    CredentialKind,
    CredentialStatus,
    Location,
    Secret,
    ServiceLocation,
    Trouble,
)


class Verdict(StrEnum):
    """What a scanner, or somebody who looked through its report, found out about a secret."""

    LIVE = "verified live"
    DEAD = "verified not live"
    SECRET = "audited as a secret"
    NO_SECRET = "audited as no secret"
    NONE = ""

    @property
    def confirms(self) -> bool:
        return self in (Verdict.LIVE, Verdict.SECRET)

    @property
    def denies(self) -> bool:
        return self in (Verdict.DEAD, Verdict.NO_SECRET)


class Row(Struct, kw_only=True):
    """One finding as its report has it, with its secrets, for as long as it takes to find out which they
    are. `around` is more of the line that the secret stands in, `also` its other half, if it has two.
    The `digests` are plain hashes (`sha1:`, `sha256:`) of a secret whose text the report does not have.
    One with a `service` stands in no file. What is `accepted` is so for that reason."""

    tool: str
    rule: str
    path: str = ""
    line: int = 1
    end_line: int = 0
    column: int = 1
    end_column: int = 0
    commit: Commit | None = None
    service: ServiceLocation | None = None
    secret: Secret | None = None
    around: Secret | None = None
    also: Secret | None = None
    digests: tuple[str, ...] = ()
    verdict: Verdict = Verdict.NONE
    accepted: str | None = None
    confidence: Confidence | None = None


class Unread(Struct, frozen=True, kw_only=True):
    """A row that could not be read, and why, without its words."""

    row: str
    why: str


Told: TypeAlias = Row | Unread


class ReportReader(Protocol):
    """One form of a report. `read` raises ValueError for what is no such report, or not a whole one; what
    the message quotes is never a value of the report."""

    name: ClassVar[str]

    def recognizes(self, data: bytes, path: str) -> bool:
        """Whether it surely is one; it may look at the name of the file."""
        ...

    def read(self, data: bytes) -> Iterator[Told]: ...


class Finding(Struct, frozen=True, kw_only=True):
    """One finding of another scanner, without its text: what it is in our words, where it is, and the
    `fingerprints` of its secret, the first of which is its own. `format` is empty if none is known."""

    tool: str
    rule: str
    location: Location
    source: str
    kind: CredentialKind
    title: str
    format: str = ""
    vendor: str = ""
    preview: str = ""
    fingerprints: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    verdict: Verdict = Verdict.NONE
    accepted: str | None = None
    confidence: Confidence = Confidence.MEDIUM
    status: CredentialStatus = CredentialStatus.UNKNOWN
    tags: dict[str, str] = {}


class Import(Struct, frozen=True, kw_only=True):
    """A whole report: the file, its form, what it tells, and which rows could not be read."""

    file: str
    form: str
    findings: tuple[Finding, ...]
    troubles: tuple[Trouble, ...] = ()
