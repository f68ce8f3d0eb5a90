"""The repositories of organisations and users of GitHub, by its API."""

from __future__ import annotations

from threading import Event
from typing import Any, ClassVar
from urllib.parse import quote

import msgspec

from keymuster.estate.base import Target
from keymuster.estate.credentials import read
from keymuster.estate.listers._asked import (
    AskedOptions,
    Listed,
    Place,
    check_address,
    check_installed,
    listed,
    web_of,
)
from keymuster.model import Trouble


class GitHubOptions(AskedOptions, frozen=True, kw_only=True, tag_field="lister", tag="github"):
    """Of users, what everybody may see is listed. `api_url` is that of a server of your own: https://HOST/api/v3."""

    organizations: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    api_url: str = "https://api.github.com"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_address(self.api_url, "api_url")
        if not self.organizations and not self.users:
            raise ValueError(
                "github lists the repositories of `organizations` or `users`: name some"
            )


class GitHub:
    """A repository that GitHub has disabled cannot be fetched, which is said."""

    name: ClassVar[str] = "github"
    options: ClassVar[type[GitHubOptions]] = GitHubOptions
    asks: ClassVar[bool] = True

    @staticmethod
    def scopes(options: dict[str, Any]) -> list[str]:
        return [one for one, _ in _places(msgspec.convert(options, type=GitHubOptions))]

    def list(self, options: dict[str, Any]) -> tuple[list[Target], list[Trouble]]:
        check_installed(self.name)
        from keymuster.collect.asking.rest import Asking
        from keymuster.collect.github.access import HEADERS, PER_PAGE, rest_of

        said = msgspec.convert(options, type=GitHubOptions)
        web = web_of(said.api_url, "api_url")
        secret = read(said.credential)
        rest = rest_of(said.api_url, lambda: secret, Event())
        places = (
            Place(
                scope=scope, asking=Asking(url=url, params={"per_page": PER_PAGE}, headers=HEADERS)
            )
            for scope, url in _places(said)
        )
        return listed(self.name, rest, places, web, said, "x-access-token", _read)


def _places(said: GitHubOptions) -> list[tuple[str, str]]:
    """How each is called, and where it is asked for."""
    from keymuster.collect.github.access import host_of

    host = host_of(said.api_url)
    start = f"{host}/" if host else ""
    return [
        (f"{start}{name}", f"{kind}/{quote(name, safe='')}/repos")
        for kind, names in (("orgs", said.organizations), ("users", said.users))
        for name in names
    ]


def _read(one: dict[str, Any]) -> Listed | None:
    name = one.get("full_name")
    if not isinstance(name, str):
        return None
    return Listed(
        name=name, archived=one.get("archived") is True, fork=one.get("fork") is True,
        gone="GitHub has disabled it; it cannot be fetched" if one.get("disabled") is True else "",
    )  # fmt: skip
