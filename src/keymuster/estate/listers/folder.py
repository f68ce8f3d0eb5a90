"""The repositories in a folder of this machine: bare mirrors, checkouts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from keymuster.collect.repository import is_bare
from keymuster.estate.addresses import called
from keymuster.estate.base import Target
from keymuster.estate.definition import ListedLooks
from keymuster.estate.listers._choice import Wanted
from keymuster.model import Trouble


class FolderOptions(ListedLooks, frozen=True, kw_only=True, tag_field="lister", tag="folder"):
    """A folder and how deep below it repositories may lie. Of those in a repository nobody is told: they are its
    own matter."""

    path: Annotated[str, Meta(min_length=1)]
    depth: Annotated[int, Meta(ge=1, le=50)] = 6
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()


class Folder:
    """Looks at names only. Links are not followed."""

    name: ClassVar[str] = "folder"
    options: ClassVar[type[FolderOptions]] = FolderOptions
    asks: ClassVar[bool] = False

    @staticmethod
    def scopes(options: dict[str, Any]) -> list[str]:
        return [str(options["path"])]

    def list(self, options: dict[str, Any]) -> tuple[list[Target], list[Trouble]]:
        said = msgspec.convert(options, type=FolderOptions)
        top = os.path.abspath(said.path)
        troubles: list[Trouble] = []
        wanted = Wanted(only=said.only, skip=said.skip)
        targets = [
            Target(
                id=f"repository:{path}", kind="repository", name=called(path), options={"path": path},
                found_by=f"{self.name}:{said.path}",
            )
            for path in _repositories(top, said.depth, said.path, troubles)
            if wanted.has(os.path.relpath(path, top).replace(os.sep, "/"))
        ]  # fmt: skip
        return targets, troubles


def _repositories(folder: str, depth: int, scope: str, troubles: list[Trouble]) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        troubles.append(
            Trouble(
                part=Folder.name, scope=scope, message=f"{folder} cannot be listed: {error.strerror}",
                advice="Make it readable for whoever lists it.",
            )
        )  # fmt: skip
        return
    for entry in entries:
        if not entry.is_dir(follow_symlinks=False):
            continue
        if is_bare(entry.path) or os.path.lexists(os.path.join(entry.path, ".git")):
            yield entry.path
        elif depth > 1:
            yield from _repositories(entry.path, depth - 1, scope, troubles)
