"""What people are told, in words. Each channel writes them in its own way."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.estate.channels.base import Became, Change, Message, OwnerCount
from keymuster.model import Finding, Owner, Severity
from keymuster.report.base import readable

NOBODY = "nobody is known to answer for it"
_GRAVEST_FIRST = tuple(reversed(Severity))


def headline(message: Message) -> str:
    """`3 new (1 critical, 2 high), 1 resolved (low)`."""
    told = [
        f"{sum(some.values()):,} {became} ({_by_severity(some)})"
        for became, some in message.counts.items()
        if any(some.values())
    ]
    words = ", ".join(told) or "nothing has changed"
    return f"This is a test: {words}" if message.is_test else words


def _by_severity(some: dict[Severity, int]) -> str:
    return ", ".join(f"{some[one]:,} {one}" for one in _GRAVEST_FIRST if some.get(one))


def gravest(message: Message) -> Severity:
    found = (one for some in message.counts.values() for one, count in some.items() if count)
    return max(found, key=lambda one: one.rank, default=Severity.INFO)


def by_owner(message: Message) -> Iterator[tuple[str, list[Change]]]:
    """The changes that are told, for each who answers for some, in the order of the gravest."""
    groups: dict[str, list[Change]] = {}
    for change in message.changes:
        groups.setdefault(owner_of(change.finding), []).append(change)
    yield from groups.items()


def owner_of(finding: Finding) -> str:
    """Who answers for it, in words; empty if nobody is known."""
    return owner_words(finding.owner) if finding.owner is not None else ""


def owner_words(one: Owner) -> str:
    return readable(one.name) + (" (who has left)" if one.status == "left" else "")


def counted(one: OwnerCount) -> str:
    return f"{readable(one.owner) or 'nobody known'}: {one.total:,}, the gravest {one.gravest}"


def left_out(message: Message) -> str:
    """What is only counted; empty if nothing is."""
    count = message.left_out
    return f"and {count:,} more, none of them graver" if count and message.changes else ""


def title(change: Change) -> str:
    return readable(change.finding.message)


def place(change: Change) -> str:
    """Where it is, with the name of the target, which paths do not tell."""
    places = change.finding.places
    more = ""
    if others := len(places) - 1:
        more = f" and {others:,} more place{'' if others == 1 else 's'}"
    return f"{readable(change.target)}: {readable(str(places[0]))}{more}"


def why(change: Change) -> str:
    """Empty if the state says all. Of what is accepted, by whom, until when and why."""
    said = change.finding.suppression
    if change.became is not Became.ACCEPTED or said is None:
        return readable(change.why)
    by = f" by {said.by}" if said.by else ""
    until = f" until {said.until}" if said.until else ""
    return readable(f"it is accepted{by}{until}: {said.justification}")


def remedy(change: Change) -> str:
    return readable(" ".join(change.finding.remediation.split()))


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
