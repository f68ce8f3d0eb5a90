"""Inline comments that accept findings, held against the findings and the calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from msgspec.structs import replace

from keymuster.evaluate.choice import names_rule
from keymuster.model import FileLocation, Finding, InlineAllow, Location, Suppression
from keymuster.model.location import covers


def apply(finding: Finding, allows: Sequence[InlineAllow], today: date) -> Iterator[Finding]:
    """The finding with the places nobody accepts, then, apart, those that a comment accepts."""
    open_places: list[Location] = []
    accepted: dict[InlineAllow, list[Location]] = {}
    for place in finding.places:
        allow = next((one for one in allows if _accepts(one, finding, place, today)), None)
        if allow is None:
            open_places.append(place)
        else:
            accepted.setdefault(allow, []).append(place)
    if open_places:
        yield replace(finding, places=tuple(open_places))
    for allow, places in accepted.items():
        suppression = Suppression(
            justification=allow.reason, until=allow.until, location=allow.location
        )
        yield replace(finding, places=tuple(places), suppression=suppression)


def _accepts(allow: InlineAllow, finding: Finding, place: Location, today: date) -> bool:
    if allow.problem or allow.until is None or allow.until < today:
        return False
    if not covers(allow.location, place):
        return False
    return any(names_rule(name, finding.policy, finding.rule) for name in allow.rules)


def is_judged(allow: InlineAllow) -> bool:
    """Whether a comment stands in a version that somebody can still change."""
    return not isinstance(allow.location, FileLocation) or allow.location.path != ""
