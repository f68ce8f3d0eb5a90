"""Signing in to GitLab with a token."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from threading import Event
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from keymuster.collect.asking.addresses import checked
from keymuster.collect.asking.pace import Pace
from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import Asking, NoAnswer, Rest, by_link, session
from keymuster.collect.asking.shared import Once
from keymuster.errors import CollectError
from keymuster.model.secret import Secret

if TYPE_CHECKING:
    from requests import PreparedRequest

PUBLIC = "https://gitlab.com"
PER_PAGE = 100

_TOKENS = ("GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN")
_MAINTAINER = 40

_AT_ONCE, _PER_MINUTE = 450, 1500
"""Calls of one token: GitLab.com lets nobody make more than 2,000 in a minute."""


class Asked(Struct, frozen=True, kw_only=True):
    """What the user wants to be looked at."""

    gitlab_url: str = PUBLIC
    groups: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    most_repositories: int = 500


class Access:
    """One group with all that is below it, or the whole server, for somebody who is signed in."""

    def __init__(
        self, account: str, rest: Rest, asked: Asked, *, group: str = "", host: str
    ) -> None:
        self.account = account
        self.group = group
        self.host = host
        self.asked = asked
        self.ended: Refused | None = None
        self.once = Once()
        self._rest = rest

    def rest(self, base: str) -> Rest:
        """The only one that there is."""
        return self._rest


class Door(Struct, frozen=True, kw_only=True):
    """Who is signed in, and the groups that this opens. `server` is the whole of it, for its
    administrators."""

    who: str
    groups: Callable[[], Iterator[Access]]
    server: Access
    is_administrator: bool
    scopes: tuple[str, ...] = ()
    expires_at: str = ""


def signed_in(asked: Asked, stop: Event) -> Door:
    """CollectError if nobody is let in."""
    name = checked(asked.gitlab_url, "gitlab-url").hostname or ""
    text = next((found for name in _TOKENS if (found := os.environ.get(name, "").strip())), "")
    if not text:
        raise CollectError("nobody is signed in to GitLab", f"Set {_TOKENS[0]}.")
    rest = rest_of(asked.gitlab_url, Secret(text.encode("utf-8", "replace")), stop)
    try:
        user = rest.ask(Asking(url="user")).body
    except NoAnswer as error:
        raise _closed(error) from None
    own = _own_token(rest)
    host = "" if name == "gitlab.com" else name

    def groups() -> Iterator[Access]:
        for path in asked.groups or _paths(rest):
            yield Access(path, rest, asked, group=path, host=host)

    return Door(
        who=str(user.get("username", "")), groups=groups,
        server=Access(name, rest, asked, host=host),
        is_administrator=user.get("is_admin") is True,
        scopes=tuple(str(one) for one in own.get("scopes") or ()),
        expires_at=str(own.get("expires_at") or ""),
    )  # fmt: skip


def rest_of(gitlab_url: str, secret: Secret, stop: Event) -> Rest:
    """The API, for whoever the token is of."""
    pace = Pace(_AT_ONCE, _PER_MINUTE, stop)

    def sign(request: PreparedRequest) -> PreparedRequest:
        pace.wait()
        request.headers["Authorization"] = f"Bearer {secret.reveal().decode('ascii', 'replace')}"
        return request

    address = gitlab_url.rstrip("/").removesuffix("/api/v4")
    return Rest(f"{address}/api/v4", session(sign), stop=stop)


def _own_token(rest: Rest) -> dict[str, Any]:
    """What the token says of itself; others than those of GitLab's own making say nothing."""
    try:
        found = rest.ask(Asking(url="personal_access_tokens/self")).body
    except NoAnswer:
        return {}
    return found if isinstance(found, dict) else {}


def _paths(rest: Rest) -> Iterator[str]:
    params = {"per_page": PER_PAGE, "top_level_only": "true", "min_access_level": _MAINTAINER}
    try:
        for page in rest.pages(Asking(url="groups", params=params), by_link):
            yield from (str(one["full_path"]) for one in page)
    except NoAnswer as error:
        raise CollectError(
            f"GitLab does not tell which groups this token opens ({error.code})",
            "Name them by --groups.",
        ) from None


def _closed(error: NoAnswer) -> CollectError:
    if not error.status:
        return CollectError(
            f"GitLab was not reached ({error.code})", "See --gitlab-url, and the network."
        )
    return CollectError(
        f"GitLab does not let this token in ({error.code})",
        "Make a new one with the scope read_api, or see --gitlab-url.",
    )
