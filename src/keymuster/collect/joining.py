"""What other scanners report, joined to what was seen here: the same secret by its fingerprint or hash, or by
its place where a report has neither.

What was seen here stays what it is. It gets the evidence, and the places where only they saw it; what nobody
saw here becomes an observation of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from keymuster.collect.base import TOLD_AS
from keymuster.collect.imports.base import Finding, Verdict
from keymuster.model import Credential, FileLocation, Observation, Storage
from keymuster.model.digest import digest

FOUND_BY, CONFIRMED_BY, DENIED_BY, ACCEPTED_BY = (
    "found_by",
    "confirmed_by",
    "denied_by",
    "accepted_by",
)
"""The tags that the evidence of others becomes."""

REPORTED_IN = "reported_in"
"""The tag of what only reports tell of: their files."""

ACCEPTED_ELSEWHERE = "acceptance_elsewhere"
"""Why something is not reported that only others saw, and accepted."""

IMPORTED = "imported_report"
"""Why something is not reported that stands in a report which is imported: it says where it was found."""

By: TypeAlias = Literal["fingerprint", "hash", "place", ""]


class Joined(Struct, frozen=True, kw_only=True):
    """A finding of another scanner, the id of the credential that it became, and by what it is known to be
    one that was seen here; empty if it was not."""

    finding: Finding
    credential: str
    by: By


def joined(
    observed: Iterable[Observation], findings: Sequence[Finding], reports: Collection[str] = ()
) -> tuple[list[Observation], list[Joined]]:
    """All observations, with what others tell. What was seen in the `reports`, by their paths, is what they
    tell, and no sighting."""
    here: list[Observation] = []
    inside: list[Observation] = []
    for one in observed:
        (inside if _is_in(one, reports) else here).append(one)
    seen = _Seen(here)
    pairs = [_pair(one, seen) for one in findings]
    listed = [_without_hash(one) for one in here]
    told: dict[str, list[Joined]] = {}
    for pair in pairs:
        for id in pair[0]:
            told.setdefault(id, []).append(Joined(finding=pair[2], credential=id, by=pair[1]))
    first: dict[str, Credential] = {}
    for at, one in enumerate(listed):
        if isinstance(one, Credential) and one.id in told and one.id not in first:
            first[one.id] = one
            listed[at] = replace(one, tags={**one.tags, **_evidence(told[one.id])})
    for id, several in told.items():
        if id in first:
            listed += _more_places(first[id], several, seen)
        else:
            listed += _new(id, several)
    listed += (
        replace(one, excluded=IMPORTED) if isinstance(one, Credential) else one
        for one in map(_without_hash, inside)
    )
    return listed, [Joined(finding=finding, credential=ids[0], by=by) for ids, by, finding in pairs]


def _is_in(one: Observation, reports: Collection[str]) -> bool:
    place = one.location
    return isinstance(one, Credential) and isinstance(place, FileLocation) and place.path in reports


class _Seen:
    """Credentials that were seen here, by all that a report may know them by."""

    def __init__(self, observed: Iterable[Observation]) -> None:
        self.by_fingerprint: dict[str, list[str]] = {}
        self.by_hash: dict[str, list[str]] = {}
        self.at: dict[tuple[str, str, int], dict[str, str]] = {}
        self.paths: dict[str, set[tuple[str, str]]] = {}
        for one in observed:
            if not isinstance(one, Credential):
                continue
            if one.fingerprint:
                _note(self.by_fingerprint, one.fingerprint, one.id)
            for hash in filter(None, one.tags.get(TOLD_AS, "").split(" ")):
                _note(self.by_hash, hash, one.id)
            place = one.location
            if isinstance(place, FileLocation):
                commit = place.commit.id if place.commit else ""
                self.paths.setdefault(one.id, set()).add((place.name, commit))
                for line in range(place.line, min(place.end_line, place.line + _MOST_LINES) + 1):
                    self.at.setdefault((place.name, commit, line), {})[one.id] = one.format


_MOST_LINES = 100


def _note(index: dict[str, list[str]], key: str, id: str) -> None:
    ids = index.setdefault(key, [])
    if id not in ids:
        ids.append(id)


_Pair: TypeAlias = tuple[list[str], By, Finding]


def _pair(one: Finding, seen: _Seen) -> _Pair:
    """The credentials that it is about, or the id of a new one."""
    if ids := _all(seen.by_fingerprint, one.fingerprints):
        return ids, "fingerprint", one
    if ids := _all(seen.by_hash, one.digests):
        return ids, "hash", one
    if ids := _there(one, seen):
        return ids, "place", one
    return [_id(one)], "", one


def _all(index: dict[str, list[str]], keys: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(id for key in keys for id in index.get(key, ())))


def _there(one: Finding, seen: _Seen) -> list[str]:
    """The one credential at the same place that may be the same: of the same format, or of any if the report
    has neither text nor a format. A text that we recognise says that it is another secret, and so does a
    hash of all but settings, which are no secrets by their form and have none. Where the commit was
    not read, the file as it is now may still hold it, at the same line."""
    place = one.location
    if not isinstance(place, FileLocation) or one.preview:
        return []
    commits = dict.fromkeys((place.commit.id if place.commit else "", ""))
    for commit in commits:
        here = {
            id: format
            for line in range(place.line, min(place.end_line, place.line + _MOST_LINES) + 1)
            for id, format in seen.at.get((place.name, commit, line), {}).items()
        }
        if one.digests:
            here = {id: format for id, format in here.items() if not format}
        same = [id for id, format in here.items() if one.format and format == one.format]
        says_nothing = not one.fingerprints and (not one.format or one.digests)
        if not same and says_nothing and commit == next(iter(commits)):
            same = list(here)
        if len(same) == 1:
            return same
    return []


def _id(one: Finding) -> str:
    if one.fingerprints:
        return f"secret:{one.fingerprints[0]}"
    said = "\0".join((one.tool, one.rule, *(one.digests or (str(one.location),))))
    return f"told:{one.tool}:{digest(said)}"


def _without_hash(one: Observation) -> Observation:
    if isinstance(one, Credential) and TOLD_AS in one.tags:
        tags = {name: text for name, text in one.tags.items() if name != TOLD_AS}
        return replace(one, tags=tags)
    return one


def _evidence(several: Sequence[Joined]) -> dict[str, str]:
    """What others say of a secret, as tags."""
    findings = [one.finding for one in several]
    said: dict[str, list[str]] = {FOUND_BY: [f"{one.tool} {one.rule}".strip() for one in findings]}
    for one in findings:
        if one.verdict is not Verdict.NONE:
            name = CONFIRMED_BY if one.verdict.confirms else DENIED_BY
            said.setdefault(name, []).append(f"{one.tool}: {one.verdict.value}")
        if one.accepted is not None:
            said.setdefault(ACCEPTED_BY, []).append(f"{one.tool}: {one.accepted}")
    return {name: "; ".join(sorted(set(texts))) for name, texts in said.items()}


def _more_places(seen: Credential, several: Sequence[Joined], here: _Seen) -> Iterator[Credential]:
    """Sightings where only others saw it. A line of a file that was read is none: it may have moved since;
    a commit stays what it is."""
    known = here.paths.get(seen.id, set())
    for one in dict.fromkeys(each.finding.location for each in several):
        if not isinstance(one, FileLocation):
            yield replace(seen, location=one, storage=Storage.REPORT)
            continue
        commit = one.commit.id if one.commit else ""
        if one.path and (one.name, commit) not in known:
            yield replace(seen, location=one, storage=Storage.HISTORY if commit else Storage.REPORT)


def _new(id: str, several: Sequence[Joined]) -> Iterator[Credential]:
    """What only others saw. If all who tell of it have accepted it, it is not reported."""
    files = sorted({one.finding.source for one in several})
    evidence = {**_evidence(several), REPORTED_IN: "; ".join(files)}
    is_accepted = all(one.finding.accepted is not None for one in several)
    surest = max((one.finding for one in several), key=lambda one: one.confidence.rank)
    for one in {each.finding.location: each.finding for each in several}.values():
        yield Credential(
            id=id, kind=surest.kind, name=surest.title, location=one.location, format=surest.format,
            vendor=surest.vendor, fingerprint=one.fingerprints[0] if one.fingerprints else "",
            preview=surest.preview, confidence=surest.confidence, status=surest.status,
            storage=Storage.REPORT, tags={**surest.tags, **evidence},
            excluded=ACCEPTED_ELSEWHERE if is_accepted else "",
        )  # fmt: skip
