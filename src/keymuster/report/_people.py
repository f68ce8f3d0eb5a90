"""Who answers for a finding, and who has accepted it, in words."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.model import Finding, Owner, Suppression
from keymuster.report.base import readable


def acceptance(finding: Finding) -> Iterator[str]:
    """Nothing where nobody has accepted it."""
    if finding.suppression is not None:
        yield _accepted(finding.suppression)


def ownership(finding: Finding) -> Iterator[str]:
    """Nothing where nobody is known."""
    if finding.owner is not None:
        yield f"owner: {_owner(finding.owner)}"


def _accepted(one: Suppression) -> str:
    by = f" by {readable(one.by)}" if one.by else ""
    word = "accepted" if one.status == "accepted" else "no longer accepted; it was"
    return f"{word}{by} until {one.until}: {readable(one.justification)}"


def _owner(one: Owner) -> str:
    left = " (who has left)" if one.status == "left" else ""
    return readable(f"{one.name}{left}, by {one.source}")
