"""What the played organisation says is what Okta's own description allows."""

from __future__ import annotations

from typing import Any

import pytest

import okta_fake
from described_api import Description
from keymuster.collect.okta.calls import CALLS


@pytest.fixture(scope="module")
def okta() -> Description:
    return Description("okta")


_THINGS = {
    "{id}": ("00u1",),
    "{userId}": ("00u1", "00u2"),
    "{appId}": ("0oa1", "0oa2", "0oa3"),
    "{clientId}": ("0oa1",),
    "{apiServiceId}": ("0oa9",),
}
_QUERY = {"search": 'status eq "DEPROVISIONED"', "filter": 'target.id eq "0oa3"'}


def _states() -> list[tuple[str, Any]]:
    """Every call, with what the organisation says of each of some things."""
    fake = okta_fake.Okta()
    return [
        (call, fake.state(call, {"id": id}, _QUERY))
        for call in okta_fake.SCOPES
        for id in next((ids for part, ids in _THINGS.items() if part in call), ("",))
    ]


@pytest.mark.parametrize(("call", "state"), _states())
def test_answers_are_as_described(okta: Description, call: str, state: Any) -> None:
    assert okta.problems(call, state) == []


def test_an_answer_of_another_form_is_seen(okta: Description) -> None:
    call = "GET /api/v1/api-tokens"
    assert okta.problems(call, [{"name": "x", "owner": "jo"}]) == [
        "$[0].owner: there is no such property"
    ]
    assert okta.problems(call, [{"name": 3}]) == ["$[0].name: int where string is due"]
    assert okta.problems("GET /api/v1/users", [{"status": "ASLEEP"}])


@pytest.mark.parametrize("call", CALLS)
def test_a_call_needs_the_scope_that_is_described(okta: Description, call: str) -> None:
    assert okta.scopes(call) == {CALLS[call]} == {okta_fake.SCOPES[call]}


@pytest.mark.parametrize("call", okta_fake.QUERIES)
def test_parameters_are_described(okta: Description, call: str) -> None:
    assert okta_fake.QUERIES[call] <= okta.parameters(call)
