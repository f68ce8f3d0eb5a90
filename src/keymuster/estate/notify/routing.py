"""Who is told of a change: which channels, and there, whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from keymuster.estate.base import Event
from keymuster.estate.channels.base import Became, Change
from keymuster.estate.channels.email import EmailOptions, is_address
from keymuster.estate.notify.settings import Notify, Route, Setting, listed
from keymuster.evaluate.states import State
from keymuster.model import Finding

_BECAME = {
    State.NEW: Became.NEW,
    State.REOPENED: Became.REOPENED,
    State.CHANGED: Became.CHANGED,
    State.RESOLVED: Became.RESOLVED,
    State.NOT_OBSERVED: Became.NOT_OBSERVED,
}


def change(number: int, event: Event) -> Change | None:
    """What an event says; None if it is nothing to tell: what was accepted from the beginning, or still is."""
    became = _BECAME.get(event.state)
    if became is None:
        return None
    if event.finding.is_accepted:
        if became is not Became.CHANGED:
            return None
        became = Became.ACCEPTED
    return Change(
        number=number, became=became, at=event.at, run=event.run, target=event.target, finding=event.finding,
        why=event.why,
    )  # fmt: skip


def destinations(
    one: Change, said: Notify, channels: Mapping[str, Setting]
) -> Iterator[tuple[str, str]]:
    """Each channel with a recipient, which is empty where there is none to name. The same only once."""
    owner = answering(one.finding)
    route = next((route for route in said.routes if _fits(route, owner, one.target)), None)
    names = listed(route.to if route is not None else said.otherwise)
    found = [
        (name, recipient)
        for name in (*names, *listed(said.always))
        for recipient in _recipients(channels[name], route if name in names else None, owner)
    ]
    yield from dict.fromkeys(found)


def answering(finding: Finding) -> str:
    """Who can be asked about it: nobody, if whoever answered for it has left."""
    owner = finding.owner
    return "" if owner is None or owner.status == "left" else owner.name


def _fits(route: Route, owner: str, target: str) -> bool:
    return fnmatchcase(owner.casefold(), route.owner.casefold()) and fnmatchcase(
        target, route.target
    )


def _recipients(channel: Setting, route: Route | None, owner: str) -> tuple[str, ...]:
    """What a route says; or else the owner, if that is an address in a domain that the settings trust, as anybody may
    write a name into a tag; or else those whom the settings name."""
    if not channel.part.takes_recipients:
        return ("",)
    if route is not None and route.recipient:
        return (route.recipient,)
    options: EmailOptions = channel.options
    domain = owner.rpartition("@")[2].casefold()
    if is_address(owner) and domain in {one.casefold() for one in options.domains}:
        return (owner,)
    return options.to or ("",)
