"""What reads the files of a scan, and what opens those that hold others: made when the first file is for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property

from keymuster import registry, work
from keymuster.collect.base import Blob, Context, Read, Reader, Source
from keymuster.collect.exclude import excluder
from keymuster.collect.magic import may_be_container
from keymuster.collect.readers import PAST, PROGRAMS
from keymuster.model import Storage


class Readers(work.Chosen):
    """What reads files, made for the first of them: often there is nothing new to read."""

    def __init__(self, context: Context, extensions: Sequence[str], source: Source) -> None:
        self._context = context
        self._others = registry.installed("reader", extensions)
        self._source = source.name
        self._past = source.past
        self._each: dict[str, Reader] = {}

    def __iter__(self) -> Iterator[Reader]:
        return iter(self._made)

    def of(self, blob: Blob) -> list[Reader]:
        """Those that a file may be for, by its name: of most it says that they declare nothing. What
        an agent wrote down declares nothing, whatever it quotes."""
        if self._past:
            return self._made
        if blob.storage is Storage.AGENT_TRANSCRIPT:
            return self._everywhere
        if self._source not in ("worktree", "staged"):  # few files, or few readers
            return self._made
        return self._made if self._may_declare(blob.path) else self._of_programs

    @cached_property
    def _may_declare(self) -> Callable[[str], bool]:
        from keymuster.collect.declaring import may_declare

        return may_declare

    @cached_property
    def _everywhere(self) -> list[Reader]:
        return self._of(PAST)

    @cached_property
    def _of_programs(self) -> list[Reader]:
        return self._of(PAST if self._past else sorted((*PAST, *PROGRAMS)))

    @cached_property
    def _made(self) -> list[Reader]:
        return self._of(PAST if self._past else registry.names("reader"))

    def _of(self, names: Iterable[str]) -> list[Reader]:
        """The built-in ones of these names, and what others offer."""
        others = (
            name
            for name, part in self._others.items()
            if not self._past or getattr(part, "past", False)
        )
        return [self._one(name) for name in (*names, *others)]

    def _one(self, name: str) -> Reader:
        if name not in self._each:
            part = self._others.get(name) or registry.part("reader", name)
            self._each[name] = part(self._context)
        return self._each[name]


def unpacking(context: Context, extensions: Sequence[str]) -> work.Unpack | None:
    """What opens containers. Nearly no file is one, so its parts are loaded for the first that is."""
    selection = context.selection
    if not selection.containers.depth:
        return None
    others = [part() for part in registry.installed("container", extensions).values()]

    @cache
    def unpacker() -> work.Unpack:
        from keymuster.collect.unpack import Unpacker

        ours = [part() for part in registry.builtin("container").values()]
        return Unpacker(
            ours, others, selection.containers, selection.max_file_bytes,
            excluder(selection.exclude),
        )  # fmt: skip

    def unpack(blob: Blob) -> Iterable[Read]:
        return unpacker()(blob) if others or may_be_container(blob.data) else (blob,)

    return unpack
