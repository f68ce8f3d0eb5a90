"""Files of one CI system that are put together: what was kept of each, and how a path in one finds another."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Iterator, Mapping
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct

from keymuster.collect.base import Blob
from keymuster.collect.ci.places import Places
from keymuster.collect.ci.reading import LARGEST, written_secrets
from keymuster.collect.ci.things import Seen, Thing, resources
from keymuster.collect.syntax.node import Broken, File, Node
from keymuster.collect.syntax.yaml import parse
from keymuster.model import FileLocation, Location, Observation, Trouble

Things: TypeAlias = Callable[[Node, Places], Iterator[Thing]]
Written: TypeAlias = Callable[[Node], Iterator[tuple[str, Node, str]]]


class Kept(Struct, frozen=True, eq=False, dict=True):
    """A file that was read. One that `is_sure` is of the system; another is looked at if one of those
    takes it in."""

    path: str
    file: File
    text: str
    seen: Seen
    is_sure: bool

    def __repr__(self) -> str:  # its text may hold secrets
        return f"Kept({self.path!r})"

    @classmethod
    def of(cls, blob: Blob, *, is_sure: bool) -> Kept | None:
        """What is kept of a file; None for one that is too large, which is Broken if it `is_sure`."""
        if len(blob.text.content) > LARGEST:
            if is_sure:
                raise Broken(1, "is too large to be read as a whole")
            return None
        text = blob.text.content.decode("utf-8", "replace")
        return cls(blob.path, File.of(blob), text, Seen.of(blob), is_sure)

    @cached_property
    def documents(self) -> list[Node]:
        """Its maps; Broken if it is not well-formed."""
        return [one for one in parse(self.text, self.file) if isinstance(one.value, dict)]

    @cached_property
    def readable(self) -> list[Node]:
        """The same; none if it is not well-formed."""
        try:
            return self.documents
        except Broken:
            return []

    @cached_property
    def places(self) -> Places:
        return Places(self.text)


class PlacesOfAll(Places):
    """Places in several files: of each value in the file that it stands in."""

    def __init__(self, files: Mapping[str, Kept]) -> None:
        super().__init__("")
        self._files = {kept.file: kept for kept in files.values()}

    def _of(self, node: Node) -> Places:
        kept = self._files.get(node.file)
        return kept.places if kept is not None else Places("")

    def path(self, node: Node) -> str:
        """The path of the file that a value stands in."""
        kept = self._files.get(node.file)
        return kept.path if kept is not None else node.file.path

    def count(self, place: Location) -> bool:
        """Whether a place is among the lines that count."""
        if not isinstance(place, FileLocation):
            return True
        file = File(path=place.path, member=place.member, object=place.object)
        kept = self._files.get(file)
        return kept is None or kept.seen.counts(place.line, place.end_line)

    def head(self, node: Node) -> FileLocation:
        return self._of(node).head(node)

    def from_to(self, first: Node, last: FileLocation) -> FileLocation:
        return self._of(first).from_to(first, last)

    def line(self, node: Node, index: int) -> FileLocation:
        return self._of(node).line(node, index)

    def expression(self, node: Node, index: int) -> FileLocation:
        return self._of(node).expression(node, index)


def found(start: str, written: str, paths: Container[str]) -> str:
    """The file that a path from the root of the repository means: of the roots, the nearest folder above
    that has it. Empty if there is none."""
    relative = written.lstrip("/").removeprefix("./")
    for folder in above(start):
        path = posixpath.normpath(posixpath.join(folder, relative))
        if path in paths:
            return path
    return ""


def matching(start: str, written: str, paths: Iterator[str] | list[str]) -> list[str]:
    """The files that a path with `*` or `**` means, from the nearest folder above that has any."""
    every = list(paths)
    pattern = _pattern(written.lstrip("/").removeprefix("./"))
    for folder in above(start):
        base = f"{folder}/" if folder else ""
        hits = [
            one for one in every if one.startswith(base) and pattern.fullmatch(one[len(base) :])
        ]
        if hits:
            return hits
    return []


def above(path: str) -> Iterator[str]:
    """The folders that a file lies in, the nearest first."""
    folder = posixpath.dirname(path)
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _pattern(glob: str) -> re.Pattern[str]:
    """`**` is any folders, `*` any part of a name. More stars than people write mean nothing."""
    parts = re.split(r"(\*{2,}/?|\*)", glob)
    if len(parts) > 2 * _MOST_STARS + 1:
        return re.compile(r"(?!)")
    said = (
        ("(?:[^/]+/)*[^/]*" if not one.endswith("/") else "(?:[^/]+/)*")
        if one.startswith("**")
        else "[^/]*"
        if one == "*"
        else re.escape(one)
        for one in parts
    )
    return re.compile("".join(said))


_MOST_STARS = 4


def said(
    kept: Kept, scope: str, things: Things, written: Written, wanted: Container[str], key: bytes,
    part: str,
) -> Iterator[Observation | Trouble]:  # fmt: skip
    """What one of the files says by itself; a Trouble if it is not well-formed."""
    try:
        documents = kept.documents
    except Broken as error:
        yield Trouble(part=part, scope=kept.path, message=error.message, advice=error.advice())
        return
    for root in documents:
        yield from resources(scope, things(root, kept.places), wanted, kept.seen)
        yield from written_secrets(written(root), kept.seen, key)
