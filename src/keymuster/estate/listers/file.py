"""The repositories whose addresses stand in a file, which some other program writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from keymuster.errors import KeymusterError
from keymuster.estate.addresses import Address, address
from keymuster.estate.base import Target
from keymuster.estate.credentials import Reference
from keymuster.estate.definition import ListedLooks
from keymuster.estate.listers._choice import Wanted
from keymuster.model import Trouble

_MOST_CHARACTERS = 64 * 1024 * 1024


class FileOptions(ListedLooks, frozen=True, kw_only=True, tag_field="lister", tag="file"):
    """A file with the URL of a repository on each line; what begins with `#` is a comment. All are of one `host`: whoever
    may write the file leads the credential nowhere else. `only` and `skip` are globs of names."""

    path: Annotated[str, Meta(min_length=1)]
    host: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]*$")]
    credential: Reference | None = None
    user: str = "x-access-token"
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.credential is not None and self.credential.oidc:
            raise ValueError("a lister takes its credential by env or file")


class File:
    """For Bitbucket, Azure DevOps, Gitea and whatever else has no lister of its own."""

    name: ClassVar[str] = "file"
    options: ClassVar[type[FileOptions]] = FileOptions
    asks: ClassVar[bool] = False

    @staticmethod
    def scopes(options: dict[str, Any]) -> list[str]:
        return [str(options["path"])]

    def list(self, options: dict[str, Any]) -> tuple[list[Target], list[Trouble]]:
        said = msgspec.convert(options, type=FileOptions)
        try:
            with open(said.path, encoding="utf-8") as file:
                text = file.read(_MOST_CHARACTERS + 1)
        except (OSError, UnicodeDecodeError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or "it is no text"
            return [], [_trouble(said, f"it cannot be read: {reason}", "Make it readable for whoever lists it.")]  # fmt: skip
        targets: list[Target] = []
        troubles: list[Trouble] = []
        if len(text) > _MOST_CHARACTERS:
            troubles.append(_trouble(said, "it is too long to be read to its end", "Write several files."))  # fmt: skip
        wanted = Wanted(only=said.only, skip=said.skip)
        for number, url in _lines(text):
            try:
                found = address(url)
            except KeymusterError as error:
                troubles.append(_trouble(said, f"line {number} {error.message}", error.advice()))
                continue
            if problem := _problem(found, said):
                troubles.append(_trouble(said, f"line {number} {problem}", "Take it out, or list it by another entry."))  # fmt: skip
            elif wanted.has(found.name.partition("/")[2]):
                targets.append(_target(found, said))
        return targets, troubles


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if (url := line.strip()) and not url.startswith("#"):
            yield number, url


def _problem(found: Address, said: FileOptions) -> str:
    if found.host != said.host.lower():
        return "is of another host than the entry says"
    if found.scheme == "ssh" and said.credential is not None and not said.credential.file:
        return "is fetched by ssh, and the credential is no file with a key"
    return ""


def _target(found: Address, said: FileOptions) -> Target:
    options: dict[str, Any] = {"url": found.url}
    if said.credential is not None:
        plain = msgspec.to_builtins(said.credential).items()
        options |= {"credential": {key: value for key, value in plain if value}, "user": said.user}
    return Target(
        id=f"repository:{found.name}", kind="repository", name=found.name, options=options,
        found_by=f"{File.name}:{said.path}",
    )  # fmt: skip


def _trouble(said: FileOptions, message: str, advice: str) -> Trouble:
    return Trouble(part=File.name, scope=said.path, message=message, advice=advice)
