"""Opens the containers among the files, and the containers inside them, within limits.

The path of a member is that of its container, `!/` and its name: `app.tar.gz!/lib/x.jar!/a.env`.
Nothing is written to disk, so a name is only a name, whatever it points at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from keymuster.collect.base import Blob, Limits, Read
from keymuster.collect.containers.base import (
    CHUNK,
    DAMAGED,
    UNSUPPORTED,
    Budget,
    Container,
    Content,
    Form,
    Skipped,
    Stopped,
)
from keymuster.collect.magic import may_be_container
from keymuster.model import Trouble
from keymuster.model.location import SEPARATOR

_SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".zstd")
_LONGEST_NAME = 1024
_ADVICE = (
    "Unpack it and scan what is inside; the limits are under `containers` in the settings file."
)


class Unpacker:
    """Gives, for a file, the members of the containers in it, the innermost first, and then the
    file. What could not be read of one file is one trouble. `ours` are the kinds whose first bytes
    `may_be_container` knows, `others` those of extensions."""

    def __init__(
        self,
        ours: Sequence[Container],
        others: Sequence[Container],
        limits: Limits,
        most_bytes_of_a_member: int,
        excluded: Callable[[str], bool],
    ) -> None:
        self._ours = ours
        self._others = others
        self._limits = limits
        self._most = most_bytes_of_a_member
        self._excluded = excluded

    def __call__(self, blob: Blob) -> Iterator[Read]:
        if blob.core is None and self._kind(blob.data) is not None:
            budget = Budget(self._limits, len(blob.data), self._most)
            walk = _Walk(blob, self._kind, budget, self._excluded)
            blob.opened = True
            limit = ""
            try:
                yield from walk.outermost()
            except Stopped as stopped:
                limit = stopped.message
            if limit or budget.left_out:
                yield _trouble(blob, budget, limit)
        yield blob

    def _kind(self, data: bytes) -> Container | None:
        kinds = (*self._ours, *self._others) if may_be_container(data) else self._others
        return next((kind for kind in kinds if kind.recognizes(data)), None)


class _Walk:
    """The way through one outermost container. Names begin at that: `x.jar!/a.env`."""

    def __init__(
        self,
        file: Blob,
        kind: Callable[[bytes], Container | None],
        budget: Budget,
        excluded: Callable[[str], bool],
    ) -> None:
        self._file = file
        self._kind = kind
        self._budget = budget
        self._excluded = excluded
        self._failed = ""

    def outermost(self) -> Iterator[Blob]:
        kind = self._kind(self._file.data)
        assert kind is not None
        yield from self._members("", kind, Content.of(self._file.data), depth=1)

    def _members(
        self, prefix: str, kind: Container, content: Content, depth: int
    ) -> Iterator[Blob]:
        """Everything inside a container, whose depth this is. What is inside has the prefix."""
        try:
            for member in kind.members(content, self._budget):
                self._budget.member()
                inner = Content(member.content, self._budget)
                yield from self._member(prefix, kind, member.name, inner, depth)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - libraries raise anything at what strangers made
            if _reason(error) != self._failed:  # of its last member: that is the same damage
                self._leave_out(_reason(error), prefix)

    def _member(
        self, prefix: str, outer: Container, given: str, content: Content, depth: int
    ) -> Iterator[Blob]:
        self._failed = ""
        name = _joined(prefix, given or self._plain_name(prefix))
        if self._excluded(f"{self._file.path}{SEPARATOR}{name}"):
            return
        try:
            head = content.peek()
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            self._leave_out(_reason(error), name)
            return
        kind = self._kind(head) if outer.form is not Form.VIEW else None
        if kind is not None and kind.streams and (level := self._level(kind, outer, depth)):
            inside = prefix if outer.form is Form.COMPRESSED else name
            yield from self._members(inside, kind, content, level)
        elif (data := self._whole(name, content)) is not None:
            yield from self._held(prefix, name, outer, data, depth)

    def _held(
        self, prefix: str, name: str, outer: Container, data: bytes, depth: int
    ) -> Iterator[Blob]:
        """A member that is in memory: what is inside, if it is a container, and itself."""
        kind = self._kind(data) if outer.form is not Form.VIEW else None
        if kind is not None:
            level = self._level(kind, outer, depth)
            if level:
                shared = outer.form is Form.COMPRESSED and kind.form is not Form.VIEW
                yield from self._members(prefix if shared else name, kind, Content.of(data), level)
            else:
                kind = None
                most = self._budget.limits.depth
                self._leave_out(f"nested deeper than the limit of {most}", name)
        file = self._file
        yield Blob(
            path=f"{file.path}{SEPARATOR}{name}",
            member=name,
            data=data,
            storage=file.storage,
            object=file.object,
            commit=file.commit,
            opened=kind is not None,
        )

    def _level(self, kind: Container, outer: Container, depth: int) -> int:
        """The depth that a container inside another would have; 0 if that is too deep. A view is no
        depth, and what was compressed is as deep as the compressed file."""
        free = kind.form is Form.VIEW or (
            outer.form is Form.COMPRESSED and kind.form is not Form.COMPRESSED
        )
        level = depth if free else depth + 1
        return level if level <= self._budget.limits.depth else 0

    def _whole(self, name: str, content: Content) -> bytes | None:
        """All bytes of a member, or those before the damage; None if they are too many."""
        parts: list[bytes] = []
        size = 0
        try:
            while part := content.read(CHUNK):
                parts.append(part)
                size += len(part)
                if size > self._budget.most:
                    self._leave_out(f"larger than {self._budget.most:,} bytes", name)
                    return None
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            self._leave_out(_reason(error), name)
            if not parts:
                return None
        return b"".join(parts)

    def _leave_out(self, reason: str, name: str) -> None:
        self._failed = reason
        self._budget.leave_out(reason, name)

    def _plain_name(self, prefix: str) -> str:
        """What a compressed file is called when it is not: `a.log` in `a.log.gz`."""
        name = (prefix or self._file.path).rpartition("/")[2]
        for suffix in _SUFFIXES:
            if name.lower().endswith(suffix):
                return name[: -len(suffix)]
        return "content"


def _joined(prefix: str, name: str) -> str:
    """A name for reports: without what makes it absolute, of a bearable length, and encodable."""
    name = name[:_LONGEST_NAME].removeprefix("./").lstrip("/") or "unnamed"
    try:
        name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        name = name.encode("utf-8", "replace").decode()
    return f"{prefix}{SEPARATOR}{name}" if prefix else name


def _reason(error: Exception) -> str:
    if isinstance(error, Skipped):
        return error.message
    return UNSUPPORTED if isinstance(error, ImportError) else DAMAGED


def _trouble(file: Blob, budget: Budget, limit: str) -> Trouble:
    said = [_counted(reason, *about) for reason, about in budget.left_out.items()]
    if limit:
        said.append(f"{limit}, and the rest was not opened")
    return Trouble(
        part="containers",
        scope=file.path or f"object {file.object}",
        message=f"was not looked at in full: {'; '.join(said)}",
        advice=_ADVICE,
    )


def _counted(reason: str, count: int, first: str) -> str:
    if count == 1:
        return f"{first} is {reason}" if first else f"it is {reason}"
    return f"{count:,} members are {reason}, the first is {first or 'the file itself'}"
