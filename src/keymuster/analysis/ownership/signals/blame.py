"""Who last changed the lines that declare it, where git was asked."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster import regex
from keymuster.analysis.ownership import names
from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal

_WEIGHT = 0.4
_MOST = 3
"""People: who has changed but a word of it knows little of it."""


def signals(subject: Owned, estate: Estate) -> Iterator[Signal]:
    for place in estate.places(subject):
        changes = estate.blamed.get((place.path, place.line, place.end_line), ())
        whole = sum(one.lines for one in changes)
        for one in changes[:_MOST]:
            yield Signal(
                candidate=_who(one.name, one.mail), source="blame", weight=_WEIGHT * one.lines / whole, at=one.at,
                evidence=f"wrote {one.lines} of {whole} lines, last on {one.at:%Y-%m-%d}", place=place,
            )  # fmt: skip


_OF_A_MACHINE = regex.later(r"(?P<login>[^@]*)@(?:localhost(?:\..*)?|.*\.local)")
"""What git makes up where nobody has told it an address."""


def _who(name: str, mail: str) -> str:
    made_up = _OF_A_MACHINE.fullmatch(mail.casefold())
    if mail and (made_up is None or names.is_nobody(made_up["login"])):
        return mail
    return name
