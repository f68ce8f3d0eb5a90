"""The projects of groups of GitLab, and of the groups below them, by its API."""

from __future__ import annotations

from threading import Event
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

import msgspec
from msgspec import Meta

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


class GitLabOptions(AskedOptions, frozen=True, kw_only=True, tag_field="lister", tag="gitlab"):
    """Groups by their paths: `acme`, `acme/platform`."""

    groups: Annotated[tuple[str, ...], Meta(min_length=1)]
    gitlab_url: str = "https://gitlab.com"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_address(self.gitlab_url, "gitlab_url")


class GitLab:
    """Projects without a repository have nothing to look at; those that are shared with a group are others' own."""

    name: ClassVar[str] = "gitlab"
    options: ClassVar[type[GitLabOptions]] = GitLabOptions
    asks: ClassVar[bool] = True

    @staticmethod
    def scopes(options: dict[str, Any]) -> list[str]:
        return [one for one, _ in _places(msgspec.convert(options, type=GitLabOptions))]

    def list(self, options: dict[str, Any]) -> tuple[list[Target], list[Trouble]]:
        check_installed(self.name)
        from keymuster.collect.asking.rest import Asking
        from keymuster.collect.gitlab.access import PER_PAGE, rest_of

        said = msgspec.convert(options, type=GitLabOptions)
        web = web_of(said.gitlab_url, "gitlab_url")
        rest = rest_of(said.gitlab_url, read(said.credential), Event())
        params = {
            "per_page": PER_PAGE,
            "include_subgroups": "true",
            "with_shared": "false",
            "order_by": "id",
        }
        places = (
            Place(scope=scope, asking=Asking(url=url, params=params))
            for scope, url in _places(said)
        )
        return listed(self.name, rest, places, web, said, "oauth2", _read)


def _places(said: GitLabOptions) -> list[tuple[str, str]]:
    """How each group is called, and where its projects are asked for."""
    host = web_of(said.gitlab_url, "gitlab_url").partition("://")[2]
    start = "" if host == "gitlab.com" else f"{host}/"
    return [(f"{start}{path}", f"groups/{quote(path, safe='')}/projects") for path in said.groups]


def _read(one: dict[str, Any]) -> Listed | None:
    name = one.get("path_with_namespace")
    if not isinstance(name, str):
        return None
    return Listed(
        name=name, archived=one.get("archived") is True, fork=bool(one.get("forked_from_project")),
        absent=one.get("repository_access_level") == "disabled",
    )  # fmt: skip
