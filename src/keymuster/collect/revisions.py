"""The commits that `--since` and `--range` name, in words that `git log` takes."""

from __future__ import annotations

import re

from keymuster import regex
from keymuster.collect.base import Selection
from keymuster.collect.git import Git
from keymuster.errors import SettingsError

_DATE = regex.later(
    r"\d{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])([T ]\d{1,2}:\d{2}(:\d{2})?( ?([+-]\d{2}:?\d{2}|Z))?)?"
    r"|\d+[. ](second|minute|hour|day|week|month|year)s?[. ]ago|yesterday|@\d+"
)
"""Dates as git reads them. It reads anything: a misspelt tag would be the present."""


def revisions(git: Git, selection: Selection) -> list[str]:
    """SettingsError if they name none."""
    if selection.range:
        if git.ask("rev-list", "--max-count=1", *selection.range, "--") is None:
            raise SettingsError(
                f"`{' '.join(selection.range)}` is not a range of commits in {selection.root}",
                "Write A..B with two revisions that exist; in CI, fetch enough history for both.",
            )
        return list(selection.range)
    since = git.ask("rev-parse", "--verify", "--quiet", f"{selection.since}^{{commit}}")
    if since:
        return ["--all", f"^{since}"]
    if not _DATE.fullmatch(selection.since):
        raise SettingsError(
            f"`{selection.since}` is neither a revision nor a date",
            "Write a revision (v1.2) or a date (2026-01-31, 2026-01-31T12:00, 3.weeks.ago).",
        )
    # git takes a bare date for the present time of that day
    day = re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", selection.since)
    return ["--all", f"--since={selection.since}{' 00:00:00' if day else ''}"]
