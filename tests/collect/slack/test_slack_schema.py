"""What the played workspace says is what Slack's own description, frozen in 2021, allows."""

from __future__ import annotations

from typing import Any

import pytest

import slack_fake
from described_api import Description
from keymuster.collect.slack.calls import CALLS
from slack_fake import Slack

_NOT_DESCRIBED = {"admin.teams.list"}
"""Only in the manual: https://docs.slack.dev/reference/methods/admin.teams.list"""

_DESCRIBED = sorted(set(slack_fake.SCOPES) - _NOT_DESCRIBED)
_OF_LATER = {"team_id", "enterprise_id"}
"""Parameters that the manual has since then."""


@pytest.fixture(scope="module")
def slack() -> Description:
    return Description("slack")


@pytest.mark.parametrize("name", _DESCRIBED)
def test_answers_are_as_described(slack: Description, name: str) -> None:
    found: dict[str, Any] = {"ok": True, **Slack().state(name, {"user": "U01"})}
    assert slack.problems(f"GET /{name}", found) == []
    assert len(found) > 1


def test_an_answer_of_another_form_is_seen(slack: Description) -> None:
    wrong = {"ok": True, "logs": [{"user": "U01"}], "paging": {"page": "1"}}
    assert len(slack.problems("GET /team.integrationLogs", wrong)) == 2
    assert slack.problems("GET /users.info", {"ok": True, "user": {"name": "x", "gone": True}})


@pytest.mark.parametrize("name", sorted(set(CALLS) - _NOT_DESCRIBED))
def test_a_call_needs_the_scope_that_is_described(slack: Description, name: str) -> None:
    assert slack.scopes(f"GET /{name}") == {CALLS[name]} == {slack_fake.SCOPES[name]}


@pytest.mark.parametrize("name", _DESCRIBED)
def test_parameters_are_described(slack: Description, name: str) -> None:
    assert slack_fake.QUERIES[name] - _OF_LATER <= slack.parameters(f"GET /{name}")
