"""How many findings were open at the end of each day."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from sqlalchemy import Connection, func, or_, select

from keymuster.estate.store.rows import Day
from keymuster.estate.store.tables import spells


def trend(connection: Connection, days: int, now: datetime) -> list[Day]:
    """The last `days` days, today among them, but none before the first finding."""
    today = now.toordinal()
    earliest = connection.execute(select(func.min(spells.c.opened_day))).scalar()
    first = max(today - days + 1, min(today, earliest if earliest is not None else today))
    keys = (spells.c.opened_day, spells.c.closed_day, spells.c.severity, spells.c.nhi)
    rows = connection.execute(
        select(*keys, func.count())
        .where(spells.c.opened_day <= today)
        .where(or_(spells.c.closed_day.is_(None), spells.c.closed_day > first))
        .group_by(*keys)
    )
    steps: dict[int, Counter[str]] = {}
    for opened, closed, severity, nhi, count in rows:
        words = ["", severity, *nhi.split()]
        steps.setdefault(max(opened, first), Counter()).update(dict.fromkeys(words, count))
        if closed is not None and closed <= today:
            steps.setdefault(max(closed, first), Counter()).subtract(dict.fromkeys(words, count))
    return _summed(steps, range(first, today + 1))


def _summed(steps: dict[int, Counter[str]], days: range) -> list[Day]:
    known = sorted({word for one in steps.values() for word in one} - {""})
    total: Counter[str] = Counter()
    found = []
    for day in days:
        total.update(steps.get(day, {}))
        found.append(
            Day(
                day=date.fromordinal(day), open=total[""],
                by_nhi={word: total[word] for word in known if word.startswith("NHI")},
                by_severity={word: total[word] for word in known if not word.startswith("NHI")},
            )
        )  # fmt: skip
    return found
