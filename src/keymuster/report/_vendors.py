"""Version 1 of what `keymuster vendors` tells other programs. Its shape is frozen here."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

GradeV1 = Literal["none", "identity", "read", "write", "administer", "unknown"]
AnswerV1 = Literal["yes", "no", "unknown"]


class ActionV1(Struct, kw_only=True):
    """A scope, permission, action or role in the vendor's words, and what it lets its holder do."""

    name: str
    grade: GradeV1


class HoldingV1(Struct, kw_only=True):
    """One thing that an outsider holds. `kind` is `trust`, `issuer`, `credential`, `application` or the form of
    a grant (`oauth_consent`, `app_installation`, `role_binding`, `resource_policy` ...). `account` is ours,
    `on` what it is about. `outside` is `unknown` where nothing tells whose it is, `status` that of the holder (`suspended`). `revoke` are steps, the first
    one first."""

    id: str
    kind: str
    surface: str
    account: str
    holder: str
    status: str
    on: list[str]
    actions: list[ActionV1]
    grade: GradeV1
    outside: AnswerV1
    known_by: str
    granted_by: str
    granted_at: datetime | None
    granter_left: AnswerV1 | None
    last_used_at: datetime | None
    never_used: bool | None
    places: list[str]
    revoke: list[str]


class OwnCredentialV1(Struct, kw_only=True):
    """A credential of ours for what the vendor runs; never its text. It gives the vendor nothing."""

    id: str
    name: str
    preview: str
    status: str
    places: list[str]
    revoke: str


class NamesakeV1(Struct, kw_only=True):
    """An identity of ours that is called after the vendor, which proves nothing. Its key may have been handed
    over. `grade` is what it may do."""

    id: str
    name: str
    kind: str
    surface: str
    account: str
    grade: GradeV1
    credentials: int
    last_used_at: datetime | None
    places: list[str]


class VendorV1(Struct, kw_only=True):
    """One party. `id` is that of a known vendor, else empty. `known_by` are the keys that tell who it is;
    without one, `name` is only what it calls itself. `takes_name_of` is a vendor whose name it has
    without a key of that vendor, `disguised` if it writes it with letters that only look so."""

    key: str
    id: str
    name: str
    known_by: list[str]
    takes_name_of: str
    disguised: bool
    abused: str
    surfaces: list[str]
    grade: GradeV1
    holdings: list[HoldingV1]
    credentials: list[OwnCredentialV1]
    namesakes: list[NamesakeV1]


class VendorsV1(Struct, kw_only=True):
    """Those who may do the most first."""

    version: Literal[1]
    vendors: list[VendorV1]
