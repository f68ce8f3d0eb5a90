"""What vendors say of somebody or something that is switched off."""

from __future__ import annotations

OFF = frozenset(
    {"disabled", "suspended", "deprovisioned", "deleted", "deactivated", "blocked", "inactive", "left"}
)  # fmt: skip


def is_off(status: str) -> bool:
    return status.casefold() in OFF
