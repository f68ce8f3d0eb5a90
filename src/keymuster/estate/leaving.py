"""Targets that are in the estate no longer: neither written down nor listed by a lister that got to its end."""

from __future__ import annotations

from keymuster.model import Trouble

_PART = "estate"
_MESSAGE = "the target is no longer in the estate"


def left(target: str) -> Trouble:
    """Why nobody looks at it: its findings are not observed, and none of them is resolved."""
    return Trouble(
        part=_PART, scope=target, message=_MESSAGE,
        advice="If it should be, put it back into the estate's file, or see who took it from where it was listed. "
        "`keymuster estate purge` drops it with its findings once no run has had it for `targets_days` of `retention`.",
    )  # fmt: skip


def has_left(trouble: Trouble | None) -> bool:
    return trouble is not None and (trouble.part, trouble.message) == (_PART, _MESSAGE)
