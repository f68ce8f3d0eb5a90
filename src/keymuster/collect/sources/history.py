"""Every version of every file that the repository's commits hold, each read once."""

from __future__ import annotations

import contextlib
import os
from binascii import unhexlify
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import ClassVar

from keymuster.collect.base import Batch, Blob, Context, Observed, Read, Source
from keymuster.collect.batching import batched
from keymuster.collect.contents import Contents
from keymuster.collect.exclude import outsider
from keymuster.collect.git import Git, sizes
from keymuster.collect.introduction import Introduction
from keymuster.collect.learned import learned
from keymuster.collect.log import Log, files, named, named_directly, tips
from keymuster.collect.order import Rank
from keymuster.collect.packs.base import WIDTHS, Damaged, Family, TooLarge, Unsupported
from keymuster.collect.packs.store import MEMORY, Store
from keymuster.collect.past import FAMILY_BYTES, Versions
from keymuster.collect.placing import current, inherited, placed, renamed
from keymuster.collect.resumed import Resumed
from keymuster.collect.revisions import revisions
from keymuster.collect.successions import Chain, chains, listing
from keymuster.errors import Unreadable
from keymuster.model import Credential, FileLocation, InlineAllow, Storage, Trouble

_ABOUT = (
    "--is-shallow-repository", "--show-object-format", "--git-common-dir", "--git-path", "objects",
    "--revs-only", "HEAD",
)  # fmt: skip
"""What `git rev-parse` says of a repository, one a line; two words are one question, twice. There is no answer to the
last one before the first commit."""

_LINES = 4
"""Without the last."""

_STASH = "--glob=refs/stas[h]"
"""One more question, whose answer is a line only where there is one: nearly nobody has a stash, and each
git costs milliseconds."""

_ID_LENGTHS = {2 * width for width in WIDTHS.values()}

_MEND = "Run git fsck --full. What is cloned from elsewhere: clone it again."

_FEW = 20
"""Objects of a damaged pack that are told of one by one."""

_LOST = "is missing"

_KNOWN = None
"""Stands in a batch for all file versions that are needed and not read."""

_BATCH_OBJECTS = 4096
_BATCH_BYTES = 32 * 1024 * 1024
_CHAIN_BYTES = 8 * 1024 * 1024, 64 * 1024 * 1024
"""For each chain a git is started."""


class History(Source):
    """All refs, stashes and notes; or, with a range, what its commits bring in.

    Blobs are scanned without a path: content is what counts. `finish` then gives each secret, for
    each path, the first commit that brought it there and whether it is still in HEAD.
    """

    name: ClassVar[str] = "history"
    past: ClassVar[bool] = True

    def __init__(self, context: Context) -> None:
        self._selection = context.selection
        self._excluded = outsider(context.selection)
        self._git = Git(context.selection.root)
        self._contents = Contents(self._git)
        self._counts = {"objects": 0, "bytes": 0, "commits": 0}
        self._narrow = bool(context.selection.since or context.selection.range)
        self._introduced: list[Introduction] = []
        self._named: list[str] = []
        self._tips: list[str] = []
        self._log: Log | None = None
        self._store: Store | None = None
        self._cut_short = False
        self._has_stash = False
        self._has_caveats = False
        self._doubts: list[str] = []
        self._remembered = context.remembered
        self._resumed: Resumed | None = None
        self._late: Mapping[bytes, Rank] = {}
        self._head_id = ""
        self._read = bytearray()
        self._large: list[str] = []
        self._asked: set[bytes] = set()

    def counts(self) -> dict[str, int]:
        return self._counts

    def batches(self) -> Iterator[Batch | Trouble]:
        # says why, if git refuses the repository
        said = self._git.run("rev-parse", _STASH, *_ABOUT)
        about = os.fsdecode(said).removesuffix("\n").split("\n")
        if len(about[0]) in _ID_LENGTHS:
            self._has_stash = True
            del about[0]
        if len(about) > _LINES and len(about[-1]) in _ID_LENGTHS:
            self._head_id = about.pop()
        caveats = list(self._caveats(is_shallow=about[0] == "true"))
        self._has_caveats = bool(caveats)
        yield from caveats
        if self._narrow:
            yield from self._introductions(self._walk())
            head = files(self._git, "HEAD")
            ids = {id for one in self._introduced for id in (one.object, *one.replaced)}
            ids |= {head[one.path] for one in self._introduced if one.path in head}
            yield from self._batched(sizes(self._git, sorted(ids)))
            return
        self._named = named(self._git)  # before the objects are listed, which then hold it all
        self._tips = [*self._named, *self._others(unreachable=self._selection.unreachable)]
        if self._has_caveats or not self._named:
            self._remembered = None
        if len(about) == _LINES:
            self._open(*about[1:])
        if self._resumed is None or self._resumed.news is None:
            self._log = self._walk()
        try:
            if self._store is None:
                yield from self._batched(self._everything())
                if self._cut_short:
                    message = "could not be listed to its end: an object is damaged"
                    yield self._trouble("history", self._because(message), _MEND)
                    yield from self._batched(sizes(self._git, self._unlisted()))
            else:
                for doubt in self._doubts:
                    name, _, what = doubt.partition(" ")
                    message = f"{what}: it is damaged; what can be read of it was scanned"
                    yield Trouble(part=self.name, scope=name, message=message, advice=_MEND)
                yield from self._families(self._store)
        except BaseException:
            if self._log is not None:
                self._log.close()
            self._log = None
            raise

    def read(self, batch: Batch) -> Iterator[Read]:
        versions = Versions(
            self._contents, self._store, self._selection.max_file_bytes, self._unread,
            is_doubted=bool(self._doubts), is_noted=self._remembered is not None,
        )  # fmt: skip
        asked: dict[str, str] = {}
        for item in batch.items:
            if item is _KNOWN:
                assert self._resumed is not None
                for id, said in self._resumed.said.items():
                    yield Blob(path="", data=b"", storage=Storage.HISTORY, object=id, said=said)
            elif isinstance(item, Family):
                yield from versions.of_family(item)
            elif isinstance(item, Chain):
                yield from versions.of_chain(item)
            else:
                asked[item] = ""
        yield from versions.by_git(asked)

    def close(self) -> None:
        self._contents.close()

    def finish(self, observed: Iterable[Observed]) -> Iterator[Observed]:
        """Everything that is no file version passes; the others are given their place in history."""
        found: dict[str, list[Credential]] = defaultdict(list)
        allows: dict[str, list[InlineAllow]] = defaultdict(list)
        troubles: list[Trouble] = []
        for one in observed:
            match one:
                case Credential(location=FileLocation(object=str(id))):
                    found[id].append(one)
                case InlineAllow(location=FileLocation(object=str(id))):
                    allows[id].append(one)
                case Trouble():
                    troubles.append(one)
                case _:
                    yield one
        head = self._head() if found or allows or self._resumed is not None else {}
        yield from current(allows, head)
        if not self._narrow:
            troubles += self._attributed(found)
        if self._doubts:
            troubles = self._together(troubles)
        # in an order that does not tell what was read when
        yield from sorted(troubles, key=lambda one: (one.part, one.scope, one.message))
        self._introduced.sort(key=lambda one: (one.rank, one.commit.id))
        placing: set[str] = set()
        for one in placed(self._introduced, found, head, self._excluded, narrow=self._narrow):
            assert isinstance(one.location, FileLocation)
            placing.add(one.location.object or "")
            yield one
            yield from inherited(one, found, allows, head)
        if not self._narrow:
            yield from self._without_commit(found)
            self._learn(found, allows, troubles, placing, head)
        self.close()
        if self._store is not None:
            self._store.close()

    def _head(self) -> Mapping[str, str]:
        """The files of HEAD. What was resumed has asked for them."""
        if self._resumed is not None and self._resumed.news is not None:
            return self._resumed.news.head
        return files(self._git, self._head_id or "HEAD")

    def _learn(
        self,
        found: Collection[str],
        allows: Collection[str],
        troubles: Collection[Trouble],
        placing: Collection[str],
        head: Mapping[str, str],
    ) -> None:
        """Prepare what a later scan may start from, if there was nothing that could not be read."""
        if self._remembered is None or self._store is None:
            return
        about = {one.scope.removeprefix("object ") for one in troubles}
        if any(
            one.part == self.name and one.scope.removeprefix("object ") not in self._large
            for one in troubles
        ):
            return
        seen = {*self._remembered.seen_in(self._read, self._store.width), *self._large}
        self._remembered.learn(
            learned(
                self._remembered,
                self._resumed,
                listing=self._store.listing,
                seen=seen,
                # what is in a container has a name of its own
                plain={*found}.difference(allows, about) if about <= seen else (),
                placed=placing,
                introduced=self._introduced,
                tips=self._tips,
                commits=self._counts["commits"],
                late=self._late,
                head=self._head_id,
                files=head,
            )
        )

    def _without_commit(self, found: dict[str, list[Credential]]) -> Iterator[Credential]:
        """File versions that a tag names, and those that nothing names: of these the object id is
        the only place. They count if they were asked for, or if the walk was not complete."""
        brought = {one.object for one in self._introduced}
        if self._resumed is not None:
            brought |= self._resumed.brought()
        left = {id: found[id] for id in sorted(found) if id not in brought}
        if not left:
            return
        for path, id in named_directly(self._git):
            brought.add(id)
            yield from (renamed(one, path) for one in left.get(id, ()))
        if self._selection.unreachable or self._cut_short:
            for id, credentials in left.items():
                if id not in brought:
                    yield from (renamed(one, f"<object {id}>") for one in credentials)

    def _attributed(self, found: Collection[str]) -> Iterator[Trouble]:
        """Learn which commits brought the objects in that something was found in, and which objects
        commits name that nobody has."""
        wanted = {*found, *self._large}
        if self._remembered is not None and self._store is not None:
            wanted.update(self._remembered.seen_in(self._read, self._store.width))
        if self._resumed is not None and (news := self._resumed.news) is not None:
            self._introduced = [one for one in news.introduced if one.object in wanted]
            self._counts["commits"], self._late = news.commits, news.late
            assert self._store is not None
            doubtful = self._store.lacks_blobs(news.objects)
        else:
            log, self._log = self._log, None
            if log is None or log.was_stopped():
                if log is not None:
                    log.close()
                log = self._walk(by_git=True)
            yield from self._introductions(log, wanted)
            doubtful, self._late = log.lacking(self._store), log.late
        if self._asked:
            doubtful = doubtful - self._asked
        if self._resumed is not None:
            doubtful = {id for id in doubtful if id not in self._resumed}
        for id, kind, length in sizes(self._git, sorted(one.hex() for one in doubtful)):
            if length is None:
                yield self._trouble(id, "is missing; it was not scanned", "Run git fsck.")
            elif kind != "blob":
                message = f"is a {kind}, which commits have as a file; it was not scanned"
                yield self._trouble(id, message, "Run git fsck --full.")
            elif self._store is not None:
                yield self._trouble(
                    id, "came while the repository was read; it was not scanned", "Scan again."
                )

    def _others(self, *, unreachable: bool = False) -> list[str]:
        """Commits that no ref reaches."""
        if not (self._has_stash or unreachable):
            return []
        return tips(self._git, unreachable=unreachable)

    def _walk(self, *, by_git: bool = False) -> Log:
        """Begin to walk over the commits that were selected."""
        if self._narrow:
            stashes = [] if self._selection.range else self._others()
            return Log(self._git, revisions(self._git, self._selection), stashes)
        if not self._named:
            return Log(self._git, ("--all",), self._tips)
        is_whole = not (by_git or self._has_caveats or self._doubts)
        store = self._store if is_whole and self._store and self._store.walks else None
        return Log(self._git, (), self._tips, store=store)

    def _introductions(self, log: Log, only: Collection[str] | None = None) -> Iterator[Trouble]:
        """Fill `_introduced` as far as git can walk."""
        try:
            self._introduced.extend(log.introductions(only))
        except Unreadable as error:
            if not self._cut_short:
                yield self._trouble("history", self._because(error.message), _MEND)
            self._cut_short = True
        finally:
            self._counts["commits"] = log.commits
            log.close()

    def _open(self, format: str, shared: str, objects: str) -> None:
        """Open the object store, if it is of a kind that can be read without git, and recall what is
        known of it. `shared` is the folder that all worktrees have in common."""
        memory = None
        if self._remembered is not None:
            repository = os.path.realpath(os.path.join(self._git.folder, shared))
            memory = self._remembered.recall(repository, format)
        place = os.path.join(self._git.folder, objects)
        most = max(MEMORY, 3 * self._selection.max_file_bytes)
        known = None if memory is None else memory.listing
        try:
            self._store = Store.open(place, format, memory=most, known=known)
        except Unsupported as error:
            self._doubts = [str(error)]
            with contextlib.suppress(Unsupported):  # git reads no pack that we doubt
                self._store = Store.open(place, format, memory=most, doubting=True)
                self._doubts = self._store.doubts
                self._remembered = None
            return
        if memory is not None:
            self._resumed = Resumed(self._git, memory, self._store, self._tips, self._head_id)
            self._counts["known"] = self._resumed.known

    def _families(self, store: Store) -> Iterator[Batch | Trouble]:
        if self._log is not None and self._resumed is None and not store.expands_quickly:
            listed = None if self._doubts else listing(self._git, store)
            if listed is not None:
                yield from self._chained(store, self._log, listed)
                return
        damaged: list[str] = []
        without = () if self._resumed is None else self._resumed.left_out()
        if self._resumed is not None and self._resumed.said:
            self._read += b"".join(map(unhexlify, self._resumed.said))
            yield Batch(items=(_KNOWN,), bytes=0)
        for one in store.families(self._selection.max_file_bytes, FAMILY_BYTES, without):
            match one:
                case Family():
                    self._counts["objects"] += one.count
                    self._counts["bytes"] += one.bytes
                    if self._remembered is not None:
                        self._read += one.ids()
                    yield Batch(items=(one,), bytes=one.bytes)
                case TooLarge():
                    yield self._too_large(one.id, one.size)
                case Damaged():
                    damaged.append(one.id)
                    self._asked.add(unhexlify(one.id))
        asked = [] if self._resumed is None else self._resumed.asked()
        if damaged or asked:
            yield from self._batched(sizes(self._git, damaged + asked))

    def _chained(
        self, store: Store, log: Log, sizes: dict[bytes, int]
    ) -> Iterator[Batch | Trouble]:
        """All file versions, for git to read, each behind one that took its place."""
        store.listed({*map(unhexlify, sizes)})
        largest = self._selection.max_file_bytes
        for id in [id for id, size in sizes.items() if size > largest]:
            yield self._too_large(id.decode("ascii"), sizes.pop(id))
        self._counts["objects"] += len(sizes)
        self._counts["bytes"] += sum(sizes.values())
        if self._remembered is not None:
            self._read += unhexlify(b"".join(sizes))
        for chain in chains(sizes, log.replacements(), *_CHAIN_BYTES):
            yield Batch(items=(chain,), bytes=chain.bytes)

    def _everything(self) -> Iterator[tuple[str, str, int | None]]:
        """(id, type, bytes) of all objects, in the order of the packs; `_cut_short` if git gave up."""
        with self._git.running(
            "cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)",
            "--batch-all-objects", "--unordered", "--buffer",
        ) as process:  # fmt: skip
            assert process.stdout is not None
            yield from _parsed(process.stdout)
            self._cut_short |= process.wait() != 0

    def _unlisted(self) -> list[str]:
        """The file versions that commits name, without those that git listed before it gave up."""
        log = self._walk()
        with contextlib.suppress(Unreadable):
            for _ in log.introductions(()):
                pass
        log.close()
        listed = {*map(unhexlify, self._large)}
        width = len(next(iter(log.objects), b"1"))
        listed.update(bytes(self._read[at : at + width]) for at in range(0, len(self._read), width))
        self._asked = log.objects - listed
        return sorted(one.hex() for one in self._asked)

    def _batched(self, objects: Iterable[tuple[str, str, int | None]]) -> Iterator[Batch | Trouble]:
        return batched(self._weighed(objects), _BATCH_OBJECTS, _BATCH_BYTES)

    def _weighed(
        self, objects: Iterable[tuple[str, str, int | None]]
    ) -> Iterator[tuple[str, int] | Trouble]:
        """The file versions among them that are not too large, with their bytes."""
        for id, kind, length in objects:
            if length is None:
                yield self._trouble(
                    id, "is missing; it was not scanned", "Fetch it, then scan again."
                )
                continue
            if kind != "blob":
                continue
            if length > self._selection.max_file_bytes:
                yield self._too_large(id, length)
                continue
            self._counts["objects"] += 1
            self._counts["bytes"] += length
            if not self._narrow and self._resumed is None:
                self._counts["read_by_git"] = self._counts.get("read_by_git", 0) + 1
            self._read += bytes.fromhex(id)
            yield id, length

    def _caveats(self, *, is_shallow: bool) -> Iterator[Trouble]:
        """What this clone does not hold."""
        if is_shallow:
            yield self._trouble(
                "history",
                "is cut off: this is a shallow clone",
                "git fetch --unshallow, then scan again.",
            )
        if self._git.ask("config", "--get-regexp", r"^remote\..*\.(promisor|partialclonefilter)$"):
            yield self._trouble(
                "history",
                "may lack file versions: this is a partial clone, and nothing is fetched while scanning",
                "Scan a full clone: git clone without --filter.",
            )

    def _too_large(self, id: str, size: int) -> Trouble:
        self._large.append(id)
        return self._trouble(
            id,
            f"is {size:,} bytes, more than the limit of {self._selection.max_file_bytes:,}",
            "Raise --max-file-size to scan it.",
        )

    def _because(self, message: str) -> str:
        """With what is wrong with a pack, if that is known."""
        return f"{message} ({'; '.join(self._doubts)})" if self._doubts else message

    def _unread(self, id: str, reason: str) -> Trouble:
        message = "is missing or damaged; it was not scanned"
        return self._trouble(id, f"{message} ({reason})" if reason else message, "Run git fsck.")

    def _together(self, troubles: list[Trouble]) -> list[Trouble]:
        """Many objects that were lost with one pack, as one."""
        lost = [one for one in troubles if one.scope.startswith("object ") and _LOST in one.message]
        if len(lost) <= _FEW:
            return troubles
        message = f"{len(lost):,} are missing or damaged; they were not scanned"
        ids = {one.scope for one in lost}
        kept = [one for one in troubles if one.scope not in ids]
        return [*kept, self._trouble("objects", message, _MEND)]

    def _trouble(self, scope: str, message: str, advice: str) -> Trouble:
        scope = f"object {scope}" if len(scope) >= 40 else scope
        return Trouble(part=self.name, scope=scope, message=message, advice=advice)


def _parsed(lines: Iterable[bytes]) -> Iterator[tuple[str, str, int | None]]:
    for line in lines:
        id, kind, *size = os.fsdecode(line).split()
        yield id, kind, int(size[0]) if size else None
