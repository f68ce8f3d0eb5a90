"""Ages, and times without use."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluate.records import NOW, credential
from keymuster.evaluate.view import view
from keymuster.inventory.build import build
from keymuster.model import (
    Credential,
    FileLocation,
    Identity,
    IdentityKind,
    Resource,
    ServiceLocation,
)

WHERE = ServiceLocation(service="aws", account="1", resource="arn:aws:iam::1:user/ci")
MADE = NOW - timedelta(days=200)


def user(**more: object) -> Identity:
    return Identity(
        id="u", kind=IdentityKind.USER, provider="aws", name="ci", location=WHERE, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def key(id: str = "k", **more: object) -> Credential:
    return credential(id, identity="u", location=WHERE, **more)


def said(*records: Identity | Credential) -> list[object]:
    """What is said of the first of some records."""
    inventory = build(records)
    subject = "identity" if isinstance(records[0], Identity) else "credential"
    seen = view(subject, inventory.records[records[0].id], inventory, NOW)  # type: ignore[arg-type]
    return [seen["age_days"], seen["unused_days"], seen["never_used"]]


@pytest.mark.parametrize("make", [user, key])
def test_what_nobody_tells_is_unknown(make: object) -> None:
    assert said(make()) == ["unknown", "unknown", "unknown"]  # type: ignore[operator]
    assert said(make(created_at=MADE)) == [200, "unknown", "unknown"]  # type: ignore[operator]


@pytest.mark.parametrize("make", [user, key])
def test_what_was_used_is_unused_since(make: object) -> None:
    used = NOW - timedelta(days=3, hours=2)
    assert said(make(created_at=MADE, last_used_at=used)) == [200, 3, False]  # type: ignore[operator]


@pytest.mark.parametrize("make", [user, key])
def test_what_never_was_is_unused_since_it_was_made(make: object) -> None:
    assert said(make(created_at=MADE, never_used=True)) == [200, 200, True]  # type: ignore[operator]
    assert said(make(never_used=True)) == ["unknown", "unknown", True]  # type: ignore[operator]


def test_somebody_is_used_when_what_proves_them_is() -> None:
    old, new = (key(id, last_used_at=NOW - timedelta(days=n)) for id, n in (("a", 90), ("b", 5)))
    unused = key("c", never_used=True)
    assert said(user(created_at=MADE), old, new, unused) == [200, 5, False]


def test_somebody_is_unused_if_all_that_proves_them_is() -> None:
    unused, unsaid = key("a", never_used=True), key("b")
    assert said(user(created_at=MADE), unused) == [200, 200, True]
    assert said(user(created_at=MADE), unused, unsaid) == [200, "unknown", "unknown"]


@pytest.mark.parametrize(("seconds", "together"), [(20, True), (7200, False)])
def test_what_is_made_together(seconds: int, together: bool) -> None:
    made = key(created_at=MADE + timedelta(seconds=seconds))
    inventory = build([made, user(created_at=MADE)])
    assert view("credential", made, inventory, NOW)["made_with_identity"] is together


def test_what_a_service_tells_of_exists() -> None:
    live, coded = key(), credential("c")
    inventory = build([live, coded])
    assert view("credential", live, inventory, NOW)["exists"] is True
    assert view("credential", coded, inventory, NOW)["exists"] is False


def test_times_in_settings_are_days() -> None:
    place = ServiceLocation(service="aws", account="1", resource="arn")
    settings = {
        "Past": "2025-12-22T00:00:00+00:00", "Coming": "2026-01-11T00:00:00", "Odd": "2025-99-99T00:00",
        "Name": "db", "Number": 7,
    }  # fmt: skip
    told = Resource(id="r", type="t", name="n", location=place, settings=settings)
    assert view("resource", told, build([told]), NOW)["days"] == {"Past": 10, "Coming": -10}
    file = FileLocation(path="a.yaml", line=1, column=1, end_line=1, end_column=2)
    written = Resource(id="r", type="t", name="n", location=file, settings=settings)
    assert view("resource", written, build([written]), NOW)["days"] == {}
