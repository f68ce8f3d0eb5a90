"""What a look gave, written down: the only place where results come into the store.

A report that comes is held against what is known of its target: findings and all that says where the last look
looked. So a store says of a finding what `keymuster compare` would say of two reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, Row, bindparam, delete, insert, select, true, update

from keymuster.errors import PluginError
from keymuster.estate.base import Event, Outcome, Work
from keymuster.estate.keys import keys
from keymuster.estate.store import working
from keymuster.estate.store.inserting import upsert
from keymuster.estate.store.opening import SHARED
from keymuster.estate.store.packing import digest, lines, pack, pieces, squeezed, unpack, written
from keymuster.estate.store.rows import Attempt
from keymuster.estate.store.tables import (
    events,
    findings,
    items,
    looks,
    observations,
    spells,
    targets,
    texts,
)
from keymuster.evaluate.comparison import Change, compared
from keymuster.evaluate.states import State
from keymuster.model import Finding, Observation, Report

OPEN, ACCEPTED, RESOLVED = "open", "accepted", "resolved"
"""How a finding stands, as it is written down."""

_GONE = (State.RESOLVED, State.NOT_OBSERVED)


def finish(
    connection: Connection, attempt: Attempt, outcome: Outcome, now: datetime
) -> list[Event]:
    """Nothing if the target is done already in this run, or if a later run has looked."""
    item = working.locked(connection, attempt.run, attempt.target)
    if item is None or item.work == Work.DONE:
        return []
    target = connection.execute(
        select(targets).where(targets.c.id == attempt.target).with_for_update(key_share=True)
    ).one()
    told: list[Event] = []
    if target.run is None or target.run < attempt.run:
        look = _Look(connection, target, attempt.run, now)
        told = look.unchanged(outcome) if outcome.unchanged else look.changed(outcome)
    cost = outcome.cost
    connection.execute(
        update(items)
        .where(items.c.run == attempt.run, items.c.target == attempt.target)
        .values(
            work=Work.DONE.value, trouble=None, not_before=None, ended=now, unchanged=outcome.unchanged,
            seconds=cost.seconds, cpu=cost.cpu, memory=cost.memory, calls=cost.calls,
        )
    )  # fmt: skip
    write_events(connection, told)
    return told


def lapse(
    connection: Connection, run: int, now: datetime, target: str | None = None
) -> list[Event]:
    """Findings whose acceptance has ended are open again, looked at or not. Events are not written yet."""
    rows = connection.execute(
        select(findings)
        .where(findings.c.standing == ACCEPTED, findings.c.accepted_until < now.date())
        .where(findings.c.target == target if target is not None else true())
        .order_by(findings.c.target, findings.c.id)
        .with_for_update()
    ).all()
    told = []
    for row in rows:
        parts = _parts(row)
        shown = tuple(not_accepted(one, now.date()) for one in parts)
        kept = _Kept(parts=shown, stands_for=row.stands_for)
        values = {**kept.columns(), "cause": State.REOPENED.value, "run": run}
        connection.execute(
            update(findings)
            .where(findings.c.target == row.target, findings.c.id == row.id)
            .values(values)
        )
        connection.execute(insert(spells), [_spell(row.target, kept, now)])
        told.append(
            Event(
                at=now, run=run, target=row.target, state=State.REOPENED, finding=kept.first,
                why=f"it was accepted until {row.accepted_until}",
            )
        )  # fmt: skip
    return told


def write_events(connection: Connection, told: Sequence[Event]) -> None:
    """The last thing in a transaction."""
    if not told:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(SHARED)
    connection.execute(
        insert(events),
        [
            {
                "at": one.at, "run": one.run, "target": one.target, "finding": one.finding.id,
                "state": one.state.value, "why": pack(one.why) if one.why else None, "body": pack(one.finding),
            }
            for one in told
        ],
    )  # fmt: skip


def _parts(row: Row[Any]) -> tuple[Finding, ...]:
    return unpack(row.body, tuple[Finding, ...])


def not_accepted(one: Finding, today: date) -> Finding:
    said = one.suppression
    if said is None or said.until is None or said.until >= today:
        return one
    return replace(one, suppression=replace(said, status="rejected"))


class _Kept(Struct, kw_only=True):
    """A finding as it is to be written, in an open part and in accepted ones, and what it stands for."""

    parts: tuple[Finding, ...]
    stands_for: bytes | None = None

    @property
    def first(self) -> Finding:
        """The open part, if there is one."""
        return min(self.parts, key=lambda one: one.is_accepted)

    @property
    def standing(self) -> str:
        return ACCEPTED if self.first.is_accepted else OPEN

    def columns(self) -> dict[str, Any]:
        """What follows from the finding alone."""
        first, body = self.first, pack(self.parts)
        ends = [one.suppression.until for one in self.parts if one.suppression is not None]
        until = min((one for one in ends if one is not None), default=None)
        return {
            "rule": first.rule,
            "severity": first.severity.value,
            "nhi": " ".join(first.nhi),
            "standing": self.standing,
            "accepted_until": until if self.standing == ACCEPTED else None,
            "stands_for": self.stands_for,
            "digest": digest(written(self.parts) + (self.stands_for or b"")),
            "body": body,
        }

    def weight(self) -> tuple[str, str]:
        """What a spell says of it."""
        return self.first.severity.value, " ".join(self.first.nhi)


class _Observed(Struct, frozen=True, kw_only=True):
    """The records of a look: their digest, how many they are, and what of them others may share."""

    digest: str
    records: int
    shared: bytes


class _Pending:
    """What a look is about to write, and to tell."""

    def __init__(self, stands_for: dict[str, tuple[tuple[str, str], ...]]) -> None:
        self.stands_for = stands_for
        self.new: list[dict[str, Any]] = []
        self.other: list[dict[str, Any]] = []
        self.spells: list[dict[str, Any]] = []
        self.told: list[Event] = []


class _Look:
    """One outcome, written into one transaction."""

    def __init__(self, connection: Connection, target: Row[Any], run: int, now: datetime) -> None:
        self._connection, self._target, self._run, self._now = connection, target, run, now
        self._id: str = target.id

    def unchanged(self, outcome: Outcome) -> list[Event]:
        if self._target.run is None:
            raise PluginError(f"{self._id} is said to be unchanged, and was never looked at")
        self._looked(outcome, changed=False)
        return lapse(self._connection, self._run, self._now, self._id)

    def changed(self, outcome: Outcome) -> list[Event]:
        report = outcome.report
        if report is None:
            raise PluginError(f"the look at {self._id} brought no report")
        old = self._connection.execute(select(looks).where(looks.c.target == self._id)).first()
        rows = {
            row.id: row
            for row in self._connection.execute(
                select(findings).where(findings.c.target == self._id)
            )
        }
        changes = compared(self._before(old, rows), report)
        told, written_some = self._write(changes, rows, _Pending(outcome.stands_for))
        observed = self._observe(outcome.observations, report.complete, old)
        self._frame(report, observed, old)
        seen_anew = old is None or old.observed != observed.digest
        self._looked(outcome, changed=bool(told) or written_some or seen_anew)
        return told

    def _before(self, old: Row[Any] | None, rows: dict[str, Row[Any]]) -> Report:
        """The report that the last look gave, with what earlier ones saw and it did not."""
        known = [one for row in rows.values() if row.standing != RESOLVED for one in _parts(row)]
        if old is None:
            return Report(findings=tuple(known))
        return replace(unpack(old.frame, Report), findings=tuple(known))

    # --- findings ----------------------------------------------------------------------------

    def _write(
        self, changes: Sequence[Change], rows: dict[str, Row[Any]], pending: _Pending
    ) -> tuple[list[Event], bool]:
        """What is worth telling, and whether any row was written."""
        gone = [one for one in changes if one.state in _GONE]
        found: dict[str, list[Change]] = {}
        for one in changes:
            if one.state not in _GONE:
                found.setdefault(one.finding.id, []).append(one)
        stay = {one.was for one in gone} | {*found}
        moved = {several[0].was for several in found.values()} - stay - {""}
        for id, several in found.items():
            self._found(id, several, rows, moved, pending)
        for one in gone:
            self._gone(one, rows[one.finding.id], pending)
        for id in sorted(moved):
            self._end_spell(id)
            self._connection.execute(
                delete(findings).where(findings.c.target == self._id, findings.c.id == id)
            )
        self._save(pending)
        return pending.told, bool(pending.new or pending.other or moved)

    def _found(
        self, id: str, several: Sequence[Change], rows: dict[str, Row[Any]], moved: set[str], pending: _Pending
    ) -> None:  # fmt: skip
        """One that is in the report: perhaps under another id than before, perhaps in an open and an accepted part."""
        change = min(several, key=lambda one: (one.state is State.SAME, one.finding.is_accepted))
        others = pending.stands_for.get(id)
        kept = _Kept(
            parts=tuple(one.finding for one in several), stands_for=pack(others) if others else None
        )
        columns, state, why = kept.columns(), change.state, change.why
        if (row := rows.get(id)) is None:
            before = rows.get(change.was)
            is_moved = before is not None and before.id in moved
            row_values = {
                "target": self._id, "id": id, "cause": state.value, "run": self._run,
                "first_seen": self._now if before is None else before.first_seen,
                "last_seen": None, "resolved_at": None, "unobserved": None,
                "was": f"{before.was} {before.id}".strip() if before is not None and is_moved else "",
            }  # fmt: skip
            pending.new.append(columns | row_values)
            if kept.standing == OPEN:
                pending.spells.append(_spell(self._id, kept, self._now))
        else:
            if row.standing == RESOLVED:
                state, why = State.REOPENED, f"it was resolved on {row.resolved_at.date()}"
            seen = {"last_seen": None, "unobserved": None, "resolved_at": None}
            is_back = any(getattr(row, name) is not None for name in seen)
            cause = {} if state is State.SAME else {"cause": state.value, "run": self._run}
            if cause or is_back or row.digest != columns["digest"]:
                pending.other.append(_as_is(row) | columns | seen | cause)
            self._go_on(row, kept, pending)
        if state is not State.SAME:
            pending.told.append(self._event(state, kept.first, why))

    def _gone(self, change: Change, row: Row[Any], pending: _Pending) -> None:
        """One that is not in the report: resolved, or nobody knows."""
        unseen = {"last_seen": row.last_seen or self._target.looked_at or self._now}
        if change.state is State.RESOLVED:
            resolved = {
                "standing": RESOLVED, "cause": State.RESOLVED.value, "run": self._run, "resolved_at": self._now,
                "unobserved": None, "accepted_until": None,
            }  # fmt: skip
            pending.other.append(_as_is(row) | unseen | resolved)
            self._end_spell(row.id)
        else:
            why = pack(change.why)
            if row.unobserved != why:
                pending.other.append(_as_is(row) | unseen | {"unobserved": why})
            if row.unobserved is not None:
                return
        pending.told.append(self._event(change.state, change.finding, change.why))

    def _event(self, state: State, finding: Finding, why: str) -> Event:
        return Event(
            at=self._now, run=self._run, target=self._id, state=state, finding=finding, why=why
        )

    def _save(self, pending: _Pending) -> None:
        if pending.new:
            self._connection.execute(insert(findings), pending.new)
        if pending.spells:
            self._connection.execute(insert(spells), pending.spells)
        if pending.other:
            self._connection.execute(
                update(findings).where(
                    findings.c.target == bindparam("of"), findings.c.id == bindparam("which")
                ),
                pending.other,
            )

    # --- spells ------------------------------------------------------------------------------

    def _go_on(self, row: Row[Any], kept: _Kept, pending: _Pending) -> None:
        """A spell ends where a finding is open no more, or weighs something else."""
        was_open, is_open = row.standing == OPEN, kept.standing == OPEN
        if was_open and is_open and (row.severity, row.nhi) == kept.weight():
            return
        if was_open:
            self._end_spell(row.id)
        if is_open:
            pending.spells.append(_spell(self._id, kept, self._now))

    def _end_spell(self, finding: str) -> None:
        self._connection.execute(
            update(spells)
            .where(
                spells.c.target == self._id, spells.c.finding == finding, spells.c.closed.is_(None)
            )
            .values(closed=self._now, closed_day=self._now.toordinal())
        )

    # --- the rest ----------------------------------------------------------------------------

    def _observe(
        self, seen: Sequence[Observation], complete: bool, old: Row[Any] | None
    ) -> _Observed:
        """Keep the records, unless they are the same ones. A look that was cut short adds to what is known and
        takes nothing away."""
        if not complete and old is not None:
            ids = {one.id for one in seen}
            seen = [*seen, *(one for one in self._observed() if one.id not in ids)]
        made = list(pieces(seen))
        found = digest(b"\n".join(data for _, data in made))
        if old is not None and old.observed == found and old.shared is not None:
            return _Observed(digest=found, records=len(seen), shared=old.shared)
        shared = pack(keys(seen))
        if old is not None and old.observed == found:
            return _Observed(digest=found, records=len(seen), shared=shared)
        self._connection.execute(delete(observations).where(observations.c.target == self._id))
        if made:
            self._connection.execute(
                insert(observations),
                [
                    {"target": self._id, "number": at, "records": count, "body": squeezed(data)}
                    for at, (count, data) in enumerate(made)
                ],
            )
        return _Observed(digest=found, records=len(seen), shared=shared)

    def _observed(self) -> Iterable[Observation]:
        rows = self._connection.execute(
            select(observations.c.body)
            .where(observations.c.target == self._id)
            .order_by(observations.c.number)
        )
        return [one for row in rows for one in lines(row.body, Observation)]

    def _frame(self, report: Report, observed: _Observed, old: Row[Any] | None) -> None:
        """The report without its findings, which have rows, and without what is the same in thousands."""
        said = {digest(data := written(one)): ("rule", data) for one in report.rules}
        said |= {digest(data := written(one)): ("framework", data) for one in report.frameworks}
        self._say(said)
        values = {
            "complete": report.complete,
            "frame": pack(replace(report, findings=(), rules=(), frameworks=())),
            "texts": pack([*said]),
            "observed": observed.digest,
            "records": observed.records,
            "shared": observed.shared,
        }
        if old is None:
            self._connection.execute(insert(looks).values(target=self._id, **values))
        else:
            self._connection.execute(update(looks).where(looks.c.target == self._id).values(values))

    def _say(self, said: dict[str, tuple[str, bytes]]) -> None:
        known = set(
            self._connection.execute(
                select(texts.c.digest).where(texts.c.digest.in_(said))
            ).scalars()
        )
        new = [
            {"digest": name, "kind": kind, "body": squeezed(data)}
            for name, (kind, data) in sorted(said.items())
            if name not in known
        ]
        if new:  # another writer may bring the same text at the same time
            made = upsert(self._connection, texts).on_conflict_do_nothing()
            self._connection.execute(made, new)

    def _looked(self, outcome: Outcome, changed: bool) -> None:
        values: dict[str, Any] = {
            "looked_at": self._now, "run": self._run, "failure": None, "failed_at": None
        }  # fmt: skip
        if outcome.left or not outcome.unchanged:
            values["left"] = pack(outcome.left)
        if changed:
            values["changed_at"] = self._now
        self._connection.execute(update(targets).where(targets.c.id == self._id).values(values))


_CHANGING = (
    "rule", "severity", "nhi", "stands_for", "standing", "cause", "run", "last_seen", "resolved_at", "unobserved", "accepted_until",
    "digest", "body",
)  # fmt: skip
"""Columns of a finding that a look may change."""


def _as_is(row: Row[Any]) -> dict[str, Any]:
    """What changes of it is put over this: one statement writes all rows."""
    return {name: getattr(row, name) for name in _CHANGING} | {"of": row.target, "which": row.id}


def _spell(target: str, kept: _Kept, now: datetime) -> dict[str, Any]:
    """One that begins."""
    severity, nhi = kept.weight()
    return {
        "target": target, "finding": kept.first.id, "opened": now, "severity": severity, "nhi": nhi,
        "opened_day": now.toordinal(),
    }  # fmt: skip
