"""Version 1 of what `keymuster owners` tells other programs, and of what findings say of owners. Its shape is
frozen here."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

StatusV1 = Literal["named", "left", "none", "unknown"]
ConfidenceV1 = Literal["", "low", "medium", "high"]
AnswerV1 = Literal["yes", "no", "unknown"]


class OwnerV1(Struct, kw_only=True, omit_defaults=True):
    """Who answers for what was found, by which sources and how surely. One that has `left` is named because
    nobody else is. `active` is whether a directory says that they are still there."""

    name: str
    source: str
    status: Literal["named", "left"] = "named"
    confidence: Literal["", "low", "medium", "high"] = ""
    active: bool | None = None


class SignalV1(Struct, kw_only=True):
    """One sign: what it calls somebody, from which source, how much it weighs (0 to 1) before its age, and the
    evidence with its place."""

    candidate: str
    source: str
    weight: float
    at: datetime | None
    evidence: str
    place: str


class CandidateV1(Struct, kw_only=True):
    """Somebody who may answer for it, and how surely (0 to 1). `active` is whether they are still there, `why` who
    tells so."""

    name: str
    weight: float
    active: AnswerV1
    why: str
    signals: list[SignalV1]


class OwnedV1(Struct, kw_only=True):
    """An identity. Of one whose owner has `left`, the `owner` is who left; of `none`, it is empty. `candidates` are all,
    the likeliest first."""

    id: str
    name: str
    kind: str
    provider: str
    account: str
    environment: str
    status: StatusV1
    owner: str
    confidence: ConfidenceV1
    reason: str
    candidates: list[CandidateV1]
    places: list[str]


class OwnersV1(Struct, kw_only=True):
    """All that were asked for."""

    version: Literal[1]
    identities: list[OwnedV1]
