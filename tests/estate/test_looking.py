"""How long a look holds of which nothing has changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from keymuster.estate.looking import until
from keymuster.model import Credential, CredentialKind, FileLocation

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def ends(*days: int) -> timedelta:
    keys = [
        Credential(
            id=f"key:{day}", kind=CredentialKind.API_KEY, name="key", expires_at=NOW + timedelta(days=day),
            location=FileLocation(path="a", line=1),
        )
        for day in days
    ]  # fmt: skip
    return until({one.id: one for one in keys}, NOW) - NOW


def test_it_holds_until_the_first_credential_ends_and_a_month_at_most() -> None:
    assert ends(9, 5) == timedelta(days=5)
    assert ends(400) == ends() == timedelta(days=30)


def test_what_has_ended_before_does_not_end_again() -> None:
    assert ends(-5, 9) == timedelta(days=9)
