"""What one recipient is told at once."""

from __future__ import annotations

from datetime import UTC, datetime

from keymuster.estate.channels.base import Became, Change
from keymuster.estate.notify.gathering import Gathering
from keymuster.model import Severity
from telling_made import finding

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_owners_of_what_is_gravest_come_before_those_of_most() -> None:
    gathered = Gathering(1)
    owned = [("many", Severity.LOW)] * 3 + [("few", Severity.CRITICAL)] + [("other", Severity.LOW)]
    for number, (owner, severity) in enumerate(owned):
        gathered.add(
            Change(
                number=number, became=Became.NEW, at=NOW, run=1, target="x",
                finding=finding(str(number), owner=owner, severity=severity),
            )
        )  # fmt: skip
    told = gathered.message("mail", "", NOW)
    assert [(one.owner, one.total) for one in told.owners] == [
        ("few", 1),
        ("many", 3),
        ("other", 1),
    ]
    assert [one.finding.severity for one in told.changes] == [Severity.CRITICAL]
