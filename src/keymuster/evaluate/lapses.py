"""What of an entry in the registry of agents has passed its date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any


def of(settings: Mapping[str, Any], today: date) -> list[str]:
    """Some of `expiry`, `review`, `drill` and `exception`. A kill switch that was never tried is past
    its drill."""
    result = [
        name
        for name, field in (("expiry", "expires"), ("review", "review"))
        if _is_before(settings.get(field), today)
    ]
    switch = settings.get("kill_switch") or {}
    longest = timedelta(days=switch.get("longest_drill_age_days", 0))
    if switch.get("how") and _is_before(switch.get("last_drill") or "0001-01-01", today - longest):
        result.append("drill")
    if any(_is_before(one.get("until"), today) for one in settings.get("exceptions", ())):
        result.append("exception")
    return result


def _is_before(day: str | None, other: date) -> bool:
    """Of two dates, the first as ISO text."""
    return bool(day) and str(day) < other.isoformat()
