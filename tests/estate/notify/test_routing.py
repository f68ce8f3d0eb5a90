from __future__ import annotations

from typing import Any

import msgspec
import pytest

from keymuster.estate.channels.base import Became
from keymuster.estate.notify.routing import change, destinations
from keymuster.estate.notify.settings import Notify, settings
from keymuster.evaluate.states import State
from keymuster.model import Finding
from telling_made import event, finding

CHANNELS: dict[str, Any] = {
    "payments": {"kind": "slack", "url": {"env": "A"}},
    "rest": {"kind": "teams", "url": {"env": "B"}},
    "all": {"kind": "webhook", "url": {"env": "C"}},
    "mail": {
        "kind": "email", "server": "smtp.acme.test", "from": "k@acme.test", "to": ["sec@acme.test"],
        "domains": ["acme.test"],
    },
}  # fmt: skip
SAID = msgspec.convert(
    {
        "channels": CHANNELS,
        "routes": [
            {"owner": "@ACME/pay*", "to": "payments"},
            {"owner": "?*@*", "to": "mail"},
            {"target": "*/legal-*", "to": "mail", "recipient": "legal@acme.test"},
        ],
        "otherwise": "rest",
        "always": ["all"],
    },
    Notify,
)


def told(one: Finding, target: str = "repository:acme/api") -> list[tuple[str, str]]:
    made = change(1, event(one, target=target))
    assert made is not None
    return [pair for pair in destinations(made, SAID, settings(SAID)) if pair != ("all", "")]


def test_the_first_route_that_fits_counts() -> None:
    assert told(finding(owner="@acme/payments")) == [("payments", "")]
    assert told(finding(owner="@acme/web")) == [("rest", "")]
    assert told(finding()) == [("rest", "")]
    assert told(finding(), "repository:acme/legal-docs") == [("mail", "legal@acme.test")]


def test_who_is_told_of_everything_is_told_once() -> None:
    made = change(1, event(finding(owner="@acme/payments")))
    assert made is not None
    assert [*destinations(made, SAID, settings(SAID))].count(("all", "")) == 1


def test_an_owner_is_written_to_only_in_domains_that_the_settings_trust() -> None:
    assert told(finding(owner="jane@acme.test")) == [("mail", "jane@acme.test")]
    assert told(finding(owner="jane@ACME.test")) == [("mail", "jane@ACME.test")]
    for name in (
        "jane@evil.test",
        "jane@evil.test,x@acme.test",
        "jane@evil.test x@acme.test",
        "a@acme.test\r\nBcc: b@evil.test@acme.test",
        "jane@sub.acme.test",
    ):
        assert told(finding(owner=name)) == [("mail", "sec@acme.test")]


def test_nobody_writes_to_those_who_have_left() -> None:
    assert told(finding(owner="jane@acme.test", left=True)) == [("rest", "")]


@pytest.mark.parametrize(
    ("state", "accepted", "became"),
    [
        (State.NEW, False, Became.NEW),
        (State.NEW, True, None),
        (State.CHANGED, True, Became.ACCEPTED),
        (State.REOPENED, False, Became.REOPENED),
        (State.RESOLVED, False, Became.RESOLVED),
        (State.RESOLVED, True, None),
        (State.NOT_OBSERVED, False, Became.NOT_OBSERVED),
    ],
)
def test_what_became_of_a_finding(state: State, accepted: bool, became: Became | None) -> None:
    made = change(1, event(finding(accepted=accepted), state))
    assert (made.became if made else None) is became
