"""What surfaces of Okta ask through."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from keymuster.collect.asking.calls import RestScope, Route
from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import NoAnswer
from keymuster.collect.okta.access import Access
from keymuster.collect.okta.calls import CALLS, route

PART = "okta"

NOT_FOUND = "E0000007"
_FEATURE_OFF = "E0000015"


class Scope(RestScope):
    part: ClassVar[str] = PART
    session: Access

    def route(self, call: str) -> Route:
        return route(call)

    def needed(self, call: str) -> str:
        return CALLS[call]

    def refused(self, call: str, error: NoAnswer) -> Refused:
        """What is no part of the organisation's plan is refused as if nobody was signed in."""
        found = super().refused(call, error)
        if error.code != _FEATURE_OFF:
            return found
        return replace(
            found,
            why=f"is not offered to this organisation or this administrator ({error.code})",
            advice=f"If the organisation has the feature, allow {CALLS[call]}.",
            ends_session=False,
        )
