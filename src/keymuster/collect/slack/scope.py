"""What surfaces of Slack ask through."""

from __future__ import annotations

from threading import Event
from typing import ClassVar

from msgspec.structs import replace

from keymuster.collect.asking.calls import RestScope, Route
from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import NoAnswer
from keymuster.collect.asking.surface import Surface
from keymuster.collect.slack.access import Access, Place
from keymuster.collect.slack.calls import CALLS, route

PART = "slack"

_DENIED = {
    "access_denied", "missing_scope", "no_permission", "not_allowed_token_type", "not_an_admin",
    "restricted_action", "team_access_not_granted", "ekm_access_denied",
}  # fmt: skip
_ENDED = {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
_NOT_OFFERED = {
    "app_management_app_not_installed_on_org", "enterprise_is_restricted", "feature_not_enabled",
    "not_an_enterprise", "not_supported_on_plan", "paid_only", "plan_upgrade_required", "unknown_method",
}  # fmt: skip


class Scope(RestScope):
    part: ClassVar[str] = PART
    session: Access

    def __init__(
        self,
        session: Access,
        surface: Surface,
        stop: Event | None = None,
        place: Place | None = None,
    ) -> None:
        super().__init__(session, surface, stop)
        self.place = place or Place(id=session.account)

    @property
    def account(self) -> str:
        return self.place.id

    def route(self, call: str) -> Route:
        return route(call)

    def needed(self, call: str) -> str:
        return CALLS[call]

    def refused(self, call: str, error: NoAnswer) -> Refused:
        """Slack's refusals have the status of answers: what counts is their word."""
        found = super().refused(call, error)
        needed = CALLS[call]
        if error.code in _DENIED:
            return replace(found, why=f"was denied ({error.code})", advice=f"Allow {needed}.")
        if error.code in _ENDED:
            return replace(
                found,
                why=f"failed: the token is not valid, or is not any more ({error.code})",
                advice="Sign in again, and scan again.",
                ends_session=True,
            )
        if error.code in _NOT_OFFERED:
            return replace(
                found,
                why=f"is not offered with this plan or token ({error.code})",
                advice=f"If the plan has it, allow {needed} in an app that is installed for the whole organisation.",
            )
        return found
