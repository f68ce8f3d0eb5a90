"""What is published of the roles and permissions of Google Cloud."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

LevelName = Literal["none", "read", "write", "admin"]


class GcpPermissions(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Permissions that lead to other identities, to more permissions, or to all. Of those that lead to
    others, the `impersonating` do so alone; to act as one is of use to whoever has one of `deploying`."""

    becoming: list[str] = []
    impersonating: list[str] = []
    deploying: list[str] = []
    escalating: list[str] = []
    admin: list[str] = []


class GcpRoles(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What predefined roles come to. `levels` are of those that are listed, `endings` the last letters of
    the names of others. Who has one of `becoming` can act as service accounts; who has one of
    `escalating` can take more than the role says. `gives` are the `permissions` that predefined roles
    hold: those that are not listed hold none."""

    source: str = ""
    levels: dict[LevelName, list[str]] = {}
    endings: dict[LevelName, list[str]] = {}
    becoming: list[str] = []
    escalating: list[str] = []
    permissions: GcpPermissions = GcpPermissions()
    gives: dict[str, list[str]] = {}
