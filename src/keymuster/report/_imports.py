"""Version 1 of what `keymuster import` tells other programs. Its shape is frozen here."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class ImportedPlaceV1(Struct, kw_only=True, omit_defaults=True):
    """A place as the report has it: a line of a file, or an object of a service."""

    path: str | None = None
    member: str | None = None
    line: int | None = None
    commit: str | None = None
    service: str | None = None
    account: str | None = None
    resource: str | None = None


class ImportedFindingV1(Struct, kw_only=True):
    """One finding of another scanner. `found_by` says how it is known to be one that keymuster finds here as
    well: by its `fingerprint`, its `hash` or its `place`; null if it does not. `findings` are the ids of
    those, `record` is that in the inventory. `accepted` is why somebody accepted it there."""

    report: str
    scanner: str
    rule: str
    name: str
    format: str
    preview: str
    place: ImportedPlaceV1
    verdict: Literal[
        "", "verified live", "verified not live", "audited as a secret", "audited as no secret"
    ]
    accepted: str | None
    record: str
    found_by: Literal["fingerprint", "hash", "place"] | None
    findings: list[str]


class ImportedReportV1(Struct, kw_only=True):
    """One report: its form, how many findings it has, and how many of its rows could not be read."""

    file: str
    form: str
    findings: int
    unreadable: int
    found: int
    verified_live: int
    accepted: int


class ImportTroubleV1(Struct, kw_only=True):
    """What could not be read or looked at, and why."""

    scope: str
    message: str


class ImportsV1(Struct, kw_only=True):
    """What reports of other scanners tell, beside what keymuster finds in the same place."""

    version: Literal[1]
    reports: list[ImportedReportV1]
    findings: list[ImportedFindingV1]
    troubles: list[ImportTroubleV1]
    exceptions: list[str]
