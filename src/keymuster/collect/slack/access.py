"""Signing in to Slack, with the token of an administrator."""

from __future__ import annotations

import os
from collections.abc import Iterator
from threading import Event
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import Asking, NoAnswer, Rest, at, session
from keymuster.collect.slack.calls import TEAMS, route
from keymuster.errors import CollectError
from keymuster.model import Trouble

if TYPE_CHECKING:
    from requests import PreparedRequest

ADDRESS = "https://slack.com/api/"
_TOKEN = "SLACK_TOKEN"


class Place(Struct, frozen=True, kw_only=True):
    """A workspace, or the organisation that several are in. `parameters` tell calls which of them is
    meant, if the token is one for all."""

    id: str
    is_organization: bool = False
    parameters: dict[str, str] = {}


class Access:
    """Somebody who is signed in."""

    ended: Refused | None = None

    def __init__(self, token: str, stop: Event) -> None:
        self._rest = Rest(ADDRESS, session(_signing(token)), stop=stop, code_of=code_of)
        self.is_static = not token.startswith("xoxe")
        self.account = ""
        self.name = ""
        self.organization = ""

    def rest(self, base: str) -> Rest:
        return self._rest

    def check(self) -> None:
        """Find out who we are; CollectError if nobody lets us in."""
        try:
            found = self._rest.ask(Asking(url="auth.test")).body
        except NoAnswer as error:
            raise CollectError(
                f"sign-in: Slack lets nobody in with this token ({error.code})",
                f"Set {_TOKEN} to a user token of an administrator.",
            ) from None
        self.organization = str(found.get("enterprise_id") or "")
        is_for_all = bool(found.get("is_enterprise_install"))
        self.account = self.organization if is_for_all else str(found.get("team_id") or "")
        self.name = str(found.get("user") or self.account)

    def places(self) -> Iterator[Place | Trouble]:
        """The organisation and each of its workspaces, or the one workspace that the token is for."""
        if self.account != self.organization:
            yield Place(id=self.account)
            return
        yield Place(
            id=self.organization,
            is_organization=True,
            parameters={"enterprise_id": self.organization},
        )
        asking, follow = Asking(url=TEAMS, params={"limit": 100}), route(TEAMS).follow
        assert follow is not None
        try:
            for page in self._rest.pages(asking, follow):
                teams = at(page, "teams")
                for one in teams if isinstance(teams, list) else ():
                    yield Place(id=one["id"], parameters={"team_id": one["id"]})
        except NoAnswer as error:
            yield Trouble(
                part="slack", scope=self.account,
                message=f"workspaces: {TEAMS} was denied ({error.code}); none of them was looked at by itself",
                advice="Allow admin.teams:read, or give the token of one workspace.",
            )  # fmt: skip


def code_of(body: Any) -> str:
    """Slack refuses with status 200, and says so inside."""
    if not isinstance(body, dict) or body.get("ok") is True:
        return ""
    error = body.get("error")
    return error if isinstance(error, str) and error else "not_ok"


def _signing(token: str) -> Any:
    def sign(request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


def signed_in(stop: Event) -> Access:
    """Whoever the environment says; CollectError if nobody lets them in."""
    token = os.environ.get(_TOKEN, "")
    if not token:
        raise CollectError(
            "sign-in: there is no token of Slack in the environment",
            f"Set {_TOKEN} to a user token of an administrator with the scopes that `keymuster services "
            "permissions slack` prints.",
        )
    access = Access(token, stop)
    access.check()
    return access
