"""What a scan of a whole history leaves for the next one in the same repository: ids, paths, authors, and what was
seen, without any secret's text (see `kept.py`). A file version is what its id says, so none needs to be read again of
which that is known; the report often needs only those that brought a secret to a path.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from msgspec import MsgspecError, Struct, msgpack
from msgspec.structs import replace

from keymuster import cache
from keymuster.collect.clean import named
from keymuster.collect.kept import MOST_BYTES, fitting, packed
from keymuster.collect.order import Rank
from keymuster.collect.packs.base import WIDTHS, Listing

if TYPE_CHECKING:
    from keymuster.collect.base import Context
    from keymuster.collect.kept import Notes, Said


class Memory(Struct, frozen=True, kw_only=True):
    """What was learned of a history.

    Of the file versions in the listed packs and files, `clean` are those in which nothing was seen, as
    sorted ids. Of all others, `telling` are those that a report needs whatever happens, and `silent`
    those of which it needs nothing unless a new commit, a ref or HEAD names them: each secret in them
    stood at the same path before. `unbrought` are those of both that no commit has.

    `brought` are the (commit, path, object) by which the telling ones came; who wrote those commits is in `authors`.
    All that commits brought up to the `tips` is in it; so many `commits` there are, of which some are `late`: see
    `order.py`. `said` is what readers said of those versions that the next report needs, where that may be kept.

    `here` are those of the noted ones that the commit `head` has, by path.
    """

    listing: Listing
    clean: bytes
    telling: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    unbrought: frozenset[str] = frozenset()
    brought: tuple[tuple[str, bytes, str], ...] = ()
    tips: frozenset[str] = frozenset()
    commits: int = 0
    late: dict[bytes, Rank] = {}
    authors: dict[str, tuple[str, str, Rank]] = {}
    said: dict[str, bytes] = {}
    head: str = ""
    here: dict[bytes, str] = {}

    @property
    def noted(self) -> frozenset[str]:
        """The file versions in which something was seen."""
        return self.telling | self.silent


class Ids(Container[bytes]):
    """Sorted ids of one width."""

    def __init__(self, ids: bytes, width: int) -> None:
        self._ids = ids
        self._width = width

    def __len__(self) -> int:
        return len(self._ids) // self._width

    def __iter__(self) -> Iterator[bytes]:
        return map(self._at, range(len(self)))

    def __contains__(self, id: object) -> bool:
        return isinstance(id, bytes) and self._at(self._place(id)) == id

    def with_more(self, ids: Iterable[bytes]) -> bytes:
        """All of them, sorted."""
        pieces = []
        end = 0
        for id in sorted({id for id in ids if id not in self}):
            begin, end = end, self._place(id) * self._width
            pieces += [self._ids[begin:end], id]
        return b"".join([*pieces, self._ids[end:]])

    def _place(self, id: bytes) -> int:
        return bisect_left(range(len(self)), id, key=self._at)

    def _at(self, number: int) -> bytes:
        return self._ids[number * self._width : (number + 1) * self._width]


class Remembered:
    """The memory of one repository. What is learned is written only when it is known that nothing of
    the scan was cut off."""

    def __init__(self, context: Context) -> None:
        self._named = partial(named, "history", context)
        self._within = context.memory
        self.name = ""
        self._clean: set[bytes] = set()
        self._said: dict[bytes, Said] = {}
        self._old: Memory | None = None
        self._new: Memory | None = None

    def recall(self, repository: str, algorithm: str) -> Memory | None:
        """What is known of a repository, named by the folder that its worktrees share."""
        self.name = self._named(f"{algorithm}:{repository}")
        stored = cache.read(self.name, self._within)
        if stored is not None and algorithm in WIDTHS:
            try:
                self._old = msgpack.decode(stored, type=Memory)
            except MsgspecError:
                return None  # written by another version of a dependency
        return self._old

    def note(self, notes: Notes) -> None:
        """In these file versions nothing was seen, and that in others."""
        self._clean.update(notes.unseen)
        self._said.update((ids[0], said) for ids, said in notes.said)

    def seen_in(self, read: bytes | bytearray, width: int) -> list[str]:
        """Those of the file versions that were read in which something was seen."""
        ids = {bytes(read[at : at + width]) for at in range(0, len(read), width)}
        return [id.hex() for id in ids - self._clean]

    def cleaned(self, known: Ids | None) -> bytes:
        """All file versions in which nothing was seen, with those known from before."""
        return b"".join(sorted(self._clean)) if known is None else known.with_more(self._clean)

    def learn(self, memory: Memory) -> None:
        self._new = memory

    def save(self, may_be_kept: Callable[[Said], bool] = lambda said: False) -> None:
        """Write what was learned; of what was seen only what may be kept, and no more than there is room for."""
        if self._new is None:
            return
        known = {} if self._old is None else self._old.said
        packs: dict[str, bytes] = {}
        for id in sorted({*self._new.telling, *self._new.here.values()}):
            if id in known:
                packs[id] = known[id]
            elif (said := self._said.get(bytes.fromhex(id))) is not None and may_be_kept(said):
                packs[id] = packed(said)
        new = replace(self._new, said=fitting(packs, MOST_BYTES))
        if new != self._old:
            cache.write(self.name, msgpack.encode(new), self._within)


def remembered(context: Context) -> Remembered | None:
    """A memory for what the context asks of a history; None if it asks for a part of it, or for more
    than its commits have, or if the rules cannot be told from others."""
    chosen = context.selection
    if chosen.since or chosen.range or chosen.unreachable or not context.rules.key:
        return None
    return Remembered(context)
