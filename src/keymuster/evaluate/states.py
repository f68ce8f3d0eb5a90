"""What may have become of a finding from one report to the next."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What became of a finding."""

    NEW = "new"
    CHANGED = "changed"
    REOPENED = "reopened"
    SAME = "same"
    RESOLVED = "resolved"
    NOT_OBSERVED = "not observed"
