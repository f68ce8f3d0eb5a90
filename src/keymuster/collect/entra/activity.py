"""When programs and their credentials were last used. Graph tells it in reports of its beta version, to
tenants that have bought them."""

from __future__ import annotations

from typing import Any

from keymuster.collect.entra.scope import Scope

OF_PROGRAMS = "GET /beta/reports/servicePrincipalSignInActivities"
OF_CREDENTIALS = "GET /beta/reports/appCredentialSignInActivities"

NEVER = {"lastSignInDateTime": "never"}
"""What is said of what a report that was read wholly does not tell of."""

_WAYS = (
    "lastSignInActivity", "delegatedClientSignInActivity", "delegatedResourceSignInActivity",
    "applicationAuthenticationClientSignInActivity", "applicationAuthenticationResourceSignInActivity",
)  # fmt: skip


class Activity:
    """The last use of programs by their application ids, or of credentials by their key ids; of nothing
    if the report could not be read wholly."""

    def __init__(self, ask: Scope, call: str) -> None:
        before = ask.failures
        self._found: dict[str, dict[str, Any]] | None = {
            one["appId" if call == OF_PROGRAMS else "keyId"]: _told(one, call)
            for one in ask.rows(call)
        }
        if ask.failures != before or ask.session.cloud.name != "public":
            self._found = None
        self._word = "lastSignInActivity" if call == OF_PROGRAMS else "signInActivity"

    def of(self, id: str) -> dict[str, Any]:
        """The settings that say so."""
        if self._found is None:
            return {}
        return self._found.get(id) or {self._word: NEVER}


def _told(one: dict[str, Any], call: str) -> dict[str, Any]:
    words = _WAYS if call == OF_PROGRAMS else ("signInActivity",)
    return {
        word: {"lastSignInDateTime": activity["lastSignInDateTime"]}
        for word in words
        if (activity := one.get(word)) and activity.get("lastSignInDateTime")
    }
