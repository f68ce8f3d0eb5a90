"""The table that says which vendor a type is of."""

from __future__ import annotations

import pytest

from keymuster.collect import meanings


def test_every_type_leads_to_its_own_vendor() -> None:
    known = meanings.known()
    assert {type: meanings.of(type) for type in known} == known


@pytest.mark.parametrize(
    "type", ["random_password", "Custom::Thing", "terraform:variable", "Nothing", ""]
)
def test_other_types_mean_nothing(type: str) -> None:
    assert meanings.of(type) is None
