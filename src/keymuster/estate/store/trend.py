"""How many findings were open at the end of each day, counted as reports tell them: what several targets have is one,
for what the join tells with more, that alone counts, and targets that have left the estate have nothing open any more."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from keymuster.estate.store.reading import told_gone, told_stands_for
from keymuster.estate.store.rows import Day
from keymuster.estate.store.tables import findings, spells
from keymuster.model import Severity

_AT_ONCE = 500
"""Ids in one question."""


def trend(connection: Connection, days: int, now: datetime) -> list[Day]:
    """The last `days` days, today among them, but none before the first finding."""
    today = now.toordinal()
    earliest = connection.execute(select(func.min(spells.c.opened_day))).scalar()
    first = max(today - days + 1, min(today, earliest if earliest is not None else today))
    counted = and_(
        spells.c.opened_day <= today, or_(spells.c.closed_day.is_(None), spells.c.closed_day > first)
    )  # fmt: skip
    steps = _Steps(first, today)
    keys = (spells.c.opened_day, spells.c.closed_day, spells.c.severity, spells.c.nhi)
    for opened, closed, severity, nhi, count in connection.execute(
        select(*keys, func.count()).where(counted).group_by(*keys)
    ):
        steps.add(opened, closed, severity, nhi, count)
    left = {id: at.toordinal() for id, at in told_gone(connection).items()}
    ended = select(*keys, spells.c.target).where(counted, spells.c.target.in_([*left]))
    for opened, closed, severity, nhi, target in connection.execute(ended) if left else ():
        if closed is None or closed > left[target]:
            steps.add(max(opened, left[target]), closed, severity, nhi, -1)
    together, standing = _together(connection, counted, left)
    for several in together.values():
        for one in several:
            steps.add(one.opened, one.closed, one.severity, one.nhi, -1)
        for one in _merged(several, standing, today):
            steps.add(one.opened, one.closed, one.severity, one.nhi, 1)
    return steps.days()


class _Spell(Struct, frozen=True):
    target: str
    finding: str
    opened: int
    closed: int | None
    severity: str
    nhi: str

    def holds(self, day: int) -> bool:
        return self.opened <= day and (self.closed is None or day < self.closed)


class _Steps:
    """By how much the counts change on a day."""

    def __init__(self, first: int, today: int) -> None:
        self._range = range(first, today + 1)
        self._steps: dict[int, Counter[str]] = defaultdict(Counter)

    def add(self, opened: int, closed: int | None, severity: str, nhi: str, count: int) -> None:
        first, today = self._range[0], self._range[-1]
        words = dict.fromkeys(["", severity, *nhi.split()], count)
        self._steps[max(opened, first)].update(words)
        if closed is not None and closed <= today:
            self._steps[max(closed, first)].subtract(words)

    def days(self) -> list[Day]:
        known = sorted({word for one in self._steps.values() for word in one} - {""})
        total: Counter[str] = Counter()
        found = []
        for day in self._range:
            total.update(self._steps.get(day, {}))
            found.append(
                Day(
                    day=date.fromordinal(day), open=total[""],
                    by_nhi={word: total[word] for word in known if word.startswith("NHI")},
                    by_severity={word: total[word] for word in known if not word.startswith("NHI")},
                )
            )  # fmt: skip
        return found


_Own = tuple[str, str]


def _together(
    connection: Connection, counted: ColumnElement[bool], left: dict[str, int]
) -> tuple[dict[str, list[_Spell]], dict[_Own, list[_Spell]]]:
    """By id, the spells of what several targets have or the join stands for; and for each of the latter, when it did."""
    stands_for = told_stands_for(connection)
    asked = select(
        spells.c.target, spells.c.finding, spells.c.opened_day, spells.c.closed_day, spells.c.severity, spells.c.nhi,
    ).where(counted)  # fmt: skip
    several = select(findings.c.id).group_by(findings.c.id).having(func.count() > 1)
    of_join = {id for _, id in stands_for}
    ids = {id for own in stands_for.values() for _, id in own}
    by_id: dict[str, list[_Spell]] = defaultdict(list)
    for one in _read(connection, [asked.where(spells.c.finding.in_(several))], left):
        by_id[one.finding].append(one)
    for one in _read(connection, _asked_for(asked, sorted((ids | of_join) - {*by_id})), left):
        by_id[one.finding].append(one)
    standing: dict[_Own, list[_Spell]] = defaultdict(list)
    for (target, id), own in stands_for.items():
        over = [one for one in by_id.get(id, ()) if one.target == target]
        for each in own:
            standing[each] += over
    return by_id, standing


def _asked_for(asked: Select[Any], ids: Sequence[str]) -> Iterator[Select[Any]]:
    for first in range(0, len(ids), _AT_ONCE):
        yield asked.where(spells.c.finding.in_(ids[first : first + _AT_ONCE]))


def _read(
    connection: Connection, several: Iterable[Select[Any]], left: dict[str, int]
) -> Iterator[_Spell]:
    """What was open when its target left the estate was open until then."""
    for asked in several:
        for row in connection.execute(asked):
            one = _Spell(*row)
            end = left.get(one.target)
            if end is not None and (one.closed is None or one.closed > end):
                one = replace(one, closed=max(end, one.opened))
            yield one


def _merged(
    several: Sequence[_Spell], standing: dict[_Own, list[_Spell]], today: int
) -> Iterator[_Spell]:
    """One at a time: the gravest of those that are open then, and for which nothing else stands."""
    every = [*several, *(over for one in several for over in _over(one, standing))]
    edges = {day for one in every for day in (one.opened, one.closed) if day is not None}
    for opened, closed in pairwise(sorted({*edges, today + 1})):
        held = [
            one
            for one in several
            if one.holds(opened) and not any(over.holds(opened) for over in _over(one, standing))
        ]
        if held:
            gravest = max(held, key=lambda one: Severity(one.severity).rank)
            yield _Spell("", "", opened, closed, gravest.severity, gravest.nhi)


def _over(one: _Spell, standing: dict[_Own, list[_Spell]]) -> Sequence[_Spell]:
    return standing.get((one.target, one.finding), ())
