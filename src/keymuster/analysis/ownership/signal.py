"""One sign of who answers for a thing."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from keymuster.model import Location


class Signal(Struct, frozen=True, kw_only=True):
    """Somebody, in the words of where it was said; from which sort of `source`, how much that weighs (0 to 1),
    since when, and the `evidence` in a sentence with its place. `active` is whether they are still there, if the
    source itself knows. One that is `attested` outweighs all others."""

    candidate: str
    source: str
    weight: float
    evidence: str
    at: datetime | None = None
    place: Location | None = None
    active: bool | None = None
    attested: bool = False
