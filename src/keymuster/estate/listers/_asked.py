"""What listers that ask an API have in common: options, and what becomes of the pages that they get."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from keymuster.collect.asking.addresses import checked
from keymuster.collect.asking.rest import Asking, NoAnswer, Rest, by_link
from keymuster.errors import CollectError, KeymusterError, SettingsError
from keymuster.estate.addresses import address
from keymuster.estate.base import Target
from keymuster.estate.credentials import Reference
from keymuster.estate.definition import ListedLooks
from keymuster.estate.listers._choice import Wanted
from keymuster.model import Trouble


class AskedOptions(ListedLooks, frozen=True, kw_only=True):
    """The `credential` reads the list and clones the repositories, unless these have one of their own. `only` and
    `skip` are globs of names: `acme/api`, or without a `/`, `api`."""

    credential: Reference
    clone_credential: Reference | None = None
    clone_by: Literal["https", "ssh"] = "https"
    user: str = ""
    archived: bool = True
    forks: bool = False
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        for one in (self.credential, self.clone_credential):
            if one is not None and one.oidc:
                raise ValueError("a lister takes its credential by env or file")
        if self.clone_by == "ssh" and (
            self.clone_credential is None or not self.clone_credential.file
        ):
            raise ValueError("clone_by: ssh needs a clone_credential, which names a key by file")


class Listed(Struct, frozen=True, kw_only=True):
    """A repository as an API tells of it; `gone` says why it cannot be fetched, if that is so. What is `absent` has
    no repository."""

    name: str
    archived: bool
    fork: bool
    gone: str = ""
    absent: bool = False


class Place(Struct, frozen=True, kw_only=True):
    """One organisation, user or group: how it is called in `found_by`, and where it is asked."""

    scope: str
    asking: Asking


def listed(
    name: str, rest: Rest, places: Iterable[Place], web: str, said: AskedOptions, user: str,
    read: Callable[[Any], Listed | None],
) -> tuple[list[Target], list[Trouble]]:  # fmt: skip
    """What cannot be listed to its end is a trouble of its place. Addresses are made of names: those that an API
    tells of may lead anywhere, and the credential with them."""
    targets: list[Target] = []
    troubles: list[Trouble] = []
    wanted = Wanted(only=said.only, skip=said.skip)
    for place in places:
        unread = 0
        try:
            for page in rest.pages(place.asking, by_link):
                for one in _read(page, read):
                    if one is None:
                        unread += 1
                        continue
                    if not wanted.has(one.name) or (one.fork and not said.forks):
                        continue
                    if one.absent or (one.archived and not said.archived):
                        continue
                    if one.gone:
                        troubles.append(_trouble(name, one.name, one.gone, "It is not looked at."))
                        continue
                    targets.append(_target(name, place, one.name, web, said, user))
        except NoAnswer as error:
            troubles.append(
                _trouble(
                    name, place.scope, f"its repositories were not all listed ({error.code})",
                    "See that the credential of the lister may list them, and try again. Those known from before stay.",
                )
            )  # fmt: skip
        except KeymusterError as error:
            troubles.append(_trouble(name, place.scope, error.message, error.advice()))
        if unread:
            troubles.append(
                _trouble(
                    name, place.scope, f"{unread} of its repositories have names that nobody could fetch by",
                    "See that it is really the API that answers.",
                )
            )  # fmt: skip
    return targets, troubles


def _read(page: Any, read: Callable[[Any], Listed | None]) -> Iterator[Listed | None]:
    """None for what is no repository; NoAnswer for a page that is none."""
    if not isinstance(page, list):
        raise NoAnswer(200, "NoList")
    for one in page:
        found = read(one) if isinstance(one, dict) else None
        yield found if found is not None and _NAME.fullmatch(found.name) else None


_NAME = re.compile(r"(?!-)(?:(?!\.\.?(?:/|$))[\w.-]+/)+(?!\.\.?$)[\w.-]+", re.ASCII)


def _target(
    lister: str, place: Place, name: str, web: str, said: AskedOptions, user: str
) -> Target:
    url = f"{web}/{name}.git"
    if said.clone_by == "ssh":
        url = f"git@{urlsplit(web).hostname}:{name}.git"
    known = address(url).name
    credential = said.clone_credential or said.credential
    plain = {key: value for key, value in msgspec.to_builtins(credential).items() if value}
    return Target(
        id=f"repository:{known}", kind="repository", name=known, found_by=f"{lister}:{place.scope}",
        options={"url": url, "credential": plain, "user": said.user or user},
    )  # fmt: skip


def check_address(url: str, option: str) -> None:
    """ValueError for what is no address of an API, or has a credential in it."""
    try:
        parts = checked(url, option)
    except CollectError as error:
        raise ValueError(f"{option} is no address of an API to ask: https://HOST") from error
    if parts.username is not None or parts.password is not None or parts.query:
        raise ValueError(f"{option} has a user, a password or a query in it: name the credential")


def web_of(url: str, option: str) -> str:
    """Where repositories are cloned from, by the address of the API."""
    parts = checked(url, option)
    host = (parts.hostname or "").removeprefix("api.")
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


def _trouble(part: str, scope: str, message: str, advice: str) -> Trouble:
    return Trouble(part=part, scope=scope, message=message, advice=advice)


def check_installed(lister: str) -> None:
    """SettingsError if what asks is not there."""
    from importlib.util import find_spec

    if find_spec("requests") is None:
        raise SettingsError(
            f"the lister {lister} needs requests, which is not installed",
            "Install it: pip install 'keymuster[saas]'.",
        )
