"""What of an entry in the registry of agents has passed its date."""

from __future__ import annotations

from datetime import date, timedelta

from keymuster.model import Registration


def of(registered: Registration, today: date) -> list[str]:
    """Some of `expiry`, `review`, `drill` and `exception`. A kill switch that was never tried is past
    its drill."""
    dates = {"expiry": registered.expires, "review": registered.review}
    result = [name for name, day in dates.items() if _is_before(day, today)]
    switch = registered.kill_switch
    longest = timedelta(days=switch.longest_drill_age_days)
    if switch.how and _is_before(switch.last_drill or date.min, today - longest):
        result.append("drill")
    if any(_is_before(one.until, today) for one in registered.exceptions):
        result.append("exception")
    return result


def _is_before(day: date | None, other: date) -> bool:
    return day is not None and day < other
