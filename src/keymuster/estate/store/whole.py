"""The whole estate as one report, for whatever writes reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, select

from keymuster.estate.folders import folders
from keymuster.estate.store import trend
from keymuster.estate.store.finishing import not_accepted
from keymuster.estate.store.packing import unpack
from keymuster.estate.store.reading import (
    covered_findings,
    failures,
    told_findings,
    told_frames,
    told_gone,
    told_targets,
    unlisted,
)
from keymuster.estate.store.rows import Known, Standing, Stored
from keymuster.estate.store.tables import looks, targets, texts
from keymuster.evaluate.comparison import JOIN
from keymuster.model import (
    Confidence,
    Coverage,
    FileLocation,
    Finding,
    Framework,
    Place,
    Report,
    RuleText,
    Scope,
    Trouble,
    Undecided,
)
from keymuster.model.roll import Roll, Trend, TrendDay

_S = TypeVar("_S", bound=Struct)

_DAYS = 365
"""Of which a report has the trend."""

_SHOWN = [one for one in Standing if one is not Standing.RESOLVED]


def report(connection: Connection, now: datetime) -> Report:
    """All that is not resolved, with files in the folders of their targets. What several targets have
    found is one finding, with all its places. What is accepted in one of them, and open in another, is open. Of what
    the join knows more, it alone tells. Targets that have left the estate are named, and no more."""
    every = told_targets(connection)
    places = folders(one for one in every if one.target.kind != JOIN)
    places |= {one.target.id: "" for one in every if one.target.kind == JOIN}
    gathered = _Gathered()
    covered = covered_findings(connection)
    left = told_gone(connection)
    unseen: Counter[str] = Counter()
    for one in told_findings(connection, _SHOWN):
        if one.target in left:
            unseen[one.target] += 1
            continue
        if (one.target, one.finding.id) in covered:
            continue
        gathered.add(replace(one, finding=_current(one, now)), places[one.target])
    frames = _Frames(places)
    for id, _, frame in told_frames(connection):
        if id not in left:
            frames.add(id, frame)
    rules, frameworks = told_texts(connection)
    found = gathered.findings()
    told = {one.rule for one in found} | {one.policy for one in found}
    looked = [one.looked_at for one in every if one.looked_at is not None]
    return Report(
        findings=tuple(found),
        troubles=(
            *_nothing_yet(every),
            *unlisted(connection),
            *_not_looked_at(connection, every, unseen),
            *frames.troubles,
        ),
        undecided=tuple(frames.undecided),
        rules=tuple(rules[id] for id in sorted(rules) if id in told),
        frameworks=tuple(frameworks[id] for id in sorted(frameworks)),
        coverage=tuple(frames.coverage.values()),
        counts=dict(frames.counts),
        places=tuple(
            Place(name=places[one.target.id], looked_at=one.looked_at, open=one.open)
            for one in every
            if one.target.kind != JOIN and not one.has_left
        ),
        mode=frames.mode,
        scope=frames.scope(),
        signed_in_as=tuple(dict.fromkeys(frames.signed_in_as)),
        started_at=min(looked, default=now),
        ended_at=max(looked, default=now),
        complete=frames.complete,
        roll=frames.roll,
        trend=_trend(connection, now),
        targets=sum(one.target.kind != JOIN and not one.has_left for one in every),
    )


def _trend(connection: Connection, now: datetime) -> Trend:
    days = trend.trend(connection, _DAYS, now)
    return Trend(
        days=tuple(TrendDay(day=one.day, open=one.open, counts=one.by_nhi) for one in days)
    )


def shown(one: _S, folder: str) -> _S:
    """A record with its files in a folder. The record itself, if none is in it."""
    if not folder:
        return one
    if isinstance(one, FileLocation):
        return replace(one, path=f"{folder}/{one.path}")
    changed: dict[str, Any] = {}
    for field in one.__struct_fields__:
        value = getattr(one, field)
        moved: Any = value
        if isinstance(value, Struct):
            moved = shown(value, folder)
        elif isinstance(value, tuple) and value and not isinstance(value[0], str):
            moved = _all_shown(value, folder)
        if moved is not value:
            changed[field] = moved
    return replace(one, **changed) if changed else one


def _all_shown(value: tuple[Any, ...], folder: str) -> tuple[Any, ...]:
    """Places, steps, or paths of steps."""
    moved = tuple(
        shown(one, folder)
        if isinstance(one, Struct)
        else _all_shown(one, folder)
        if isinstance(one, tuple)
        else one
        for one in value
    )
    return value if all(map(_is_same, moved, value)) else moved


def _is_same(one: Any, other: Any) -> bool:
    return one is other


def _current(one: Stored, now: datetime) -> Finding:
    """With what a store knows more than a scan: since when, and whether it was seen lately."""
    finding = not_accepted(one.finding, now.date())
    said = {"first_seen": one.first_seen.date().isoformat()}
    if one.state is Standing.NOT_OBSERVED:
        said |= {"last_seen": one.last_seen.date().isoformat(), "not_observed": one.why}
    return replace(finding, evidence={**finding.evidence, **said})


class _Gathered:
    """Findings of targets, by their ids."""

    def __init__(self) -> None:
        self._by_id: dict[str, list[tuple[Finding, str]]] = {}

    def add(self, one: Stored, folder: str) -> None:
        self._by_id.setdefault(one.finding.id, []).append((shown(one.finding, folder), folder))

    def findings(self) -> list[Finding]:
        return [one for several in self._by_id.values() for one in _merged(several)]


def _merged(several: list[tuple[Finding, str]]) -> Iterator[Finding]:
    """One that is open, with all open places, and what is accepted apart, as a scan tells it."""
    yield from _one([one for one, _ in several if not one.is_accepted])
    apart: dict[bytes, list[Finding]] = {}
    for one, _ in several:
        if one.is_accepted:
            apart.setdefault(msgspec.json.encode(_said(one)), []).append(one)
    for alike in apart.values():
        yield from _one(alike)


def _said(one: Finding) -> tuple[str, Any]:
    """Acceptances that read the same are one."""
    assert one.suppression is not None
    return one.suppression.justification.encode("utf-8", "replace").decode(), one.suppression.until


def _one(several: list[Finding]) -> Iterator[Finding]:
    if not several:
        return
    gravest = max(several, key=lambda one: (one.severity.rank, one.confidence.rank))
    places = dict.fromkeys(place for one in (gravest, *several) for place in one.places)
    since = min(one.evidence["first_seen"] for one in several)
    evidence = {**gravest.evidence, "first_seen": since}
    if not all("not_observed" in one.evidence for one in several):
        evidence = {
            key: evidence[key] for key in evidence if key not in ("last_seen", "not_observed")
        }
    owner = gravest.owner or next((one.owner for one in several if one.owner is not None), None)
    yield replace(gravest, places=tuple(places), evidence=evidence, owner=owner)


class _Frames:
    """What the last looks say beside findings."""

    def __init__(self, folders: dict[str, str]) -> None:
        self._folders = folders
        self._scopes: list[Scope] = []
        self._modes: set[str] = set()
        self.troubles: list[Trouble] = []
        self.undecided: list[Undecided] = []
        self.coverage: dict[tuple[str, str, str], Coverage] = {}
        self.counts: Counter[str] = Counter()
        self.signed_in_as: list[str] = []
        self.roll: Roll | None = None  # that of the join: who there is in all targets
        self.complete = True

    def add(self, id: str, frame: Report) -> None:
        folder = self._folders[id]
        if folder:  # those of the join are those of the others
            self.troubles += [_placed(one, folder) for one in frame.troubles]
        if not frame.complete:
            self.complete = False
            message = "the last look at it was cut short"
            self.troubles.append(Trouble(part="estate", scope=folder or id, message=message))
        self.undecided += [shown(one, folder) for one in frame.undecided]
        for one in frame.coverage:
            self.coverage.setdefault((one.policy, one.service, one.account), one)
        self.counts.update(frame.counts)
        self.signed_in_as += frame.signed_in_as
        self.roll = frame.roll or self.roll
        if folder:  # the join looks at what others saw
            self._modes.add(frame.mode)
            self._scopes.append(frame.scope)

    @property
    def mode(self) -> str:
        """As far back as any look went."""
        known = self._modes - {""}
        return "history" if "history" in known else min(known, default="")

    def scope(self) -> Scope:
        """Of what held for some targets only, nothing: the report has what the last look at each gave."""
        least = min((one.confidence for one in self._scopes), key=_rank, default=Confidence.MEDIUM)
        return Scope(
            paths=(".",),
            services=_every(self._scopes, lambda one: one.services),
            imports=_every(self._scopes, lambda one: one.imports),
            confidence=least,
        )


def _rank(one: Confidence) -> int:
    return one.rank


def _every(scopes: Iterable[Scope], names: Callable[[Scope], tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({name for one in scopes for name in names(one)}))


def _placed(one: Trouble, folder: str) -> Trouble:
    return replace(one, scope=f"{folder}/{one.scope}") if folder else one


def _nothing_yet(every: Sequence[Known]) -> Iterator[Trouble]:
    """A report without findings must not look like that of an estate in which there are none."""
    if not every:
        message = "nothing has been looked at yet"
        yield Trouble(
            part="estate", scope="estate", message=message, advice="Run `keymuster estate run`."
        )


def _not_looked_at(
    connection: Connection, every: Iterable[Known], unseen: Counter[str]
) -> Iterator[Trouble]:
    """Targets at which nobody could look, lately or ever."""
    names = {one.target.id: one for one in every}
    for id, trouble in failures(connection):
        one = names.pop(id)
        since = one.looked_at
        if one.has_left:
            what = f"its {unseen[id]:,} findings are not observed, and not told here"
            yield replace(trouble, scope=one.target.name, message=f"{trouble.message}; {what}")
            continue
        when = f"what is told of it is of {since:%Y-%m-%d}" if since else "it was never looked at"
        yield replace(trouble, scope=one.target.name, message=f"{trouble.message} ({when})")
    for one in names.values():
        if one.looked_at is None:
            message = "it has not been looked at yet"
            yield Trouble(part=one.target.kind, scope=one.target.name, message=message)


def told_texts(connection: Connection) -> tuple[dict[str, RuleText], dict[str, Framework]]:
    """Of rules and frameworks, as the latest look has them."""
    asked = (
        select(looks.c.texts)
        .join(targets, targets.c.id == looks.c.target)
        .order_by(targets.c.looked_at, targets.c.id)
    )
    last: dict[str, int] = {}
    for at, row in enumerate(connection.execute(asked)):
        last.update(dict.fromkeys(unpack(row.texts, list[str]), at))
    rules: dict[str, tuple[int, RuleText]] = {}
    frameworks: dict[str, tuple[int, Framework]] = {}
    for row in connection.execute(select(texts)):
        at = last.get(row.digest, -1)  # or it is that of a finding which was not observed lately
        if row.kind == "rule":
            rule = unpack(row.body, RuleText)
            rules[rule.id] = max(rules.get(rule.id, (-1, rule)), (at, rule), key=_when)
        else:
            framework = unpack(row.body, Framework)
            held = frameworks.get(framework.id, (-1, framework))
            frameworks[framework.id] = max(held, (at, framework), key=_when)
    return {id: one for id, (_, one) in rules.items()}, {
        id: one for id, (_, one) in frameworks.items()
    }


def _when(one: tuple[int, Any]) -> int:
    return one[0]
