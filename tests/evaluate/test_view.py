"""What policies see of a record is found when they ask for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from analysis.aws import PLACE, Made
from keymuster.evaluate.conditions import Conditions
from keymuster.evaluate.view import fields, view
from keymuster.inventory.build import build
from keymuster.model import Use, UseKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def uses(*by: str) -> list[Use]:
    return [
        Use(id=f"use-{number}", subject="role", by=one, kind=UseKind.WORKLOAD, location=PLACE)
        for number, one in enumerate(by)
    ]


def test_every_field_has_a_value() -> None:
    made = Made()
    made.user("ann")
    [one] = made.identities
    seen = view("identity", one, build([one]), NOW)
    assert set(seen) == set(fields("identity"))
    assert len(seen) == len(fields("identity"))
    assert dict(seen)["name"] == "ann"
    with pytest.raises(KeyError):
        seen["nothing"]


def test_a_name_of_a_condition_is_a_field_of_the_view() -> None:
    made = Made()
    made.user("a\0ü")
    [one] = made.identities
    named = Conditions.named("identity", view("identity", one, build([one]), NOW))
    assert (named["identity.name"], named.get("identity.nothing", "x")) == ("a\\0ü", "x")


def test_consumers_are_counted_within_their_declaration() -> None:
    given = uses("aws:1:a", "aws:1:b", "aws:1:b", "aws:2:c")
    inventory = build(given)
    counts = [view("use", one, inventory, NOW)["consumer_count"] for one in given]
    assert counts == [2, 2, 2, 1]
