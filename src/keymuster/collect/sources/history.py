"""Every version of every file that the repository's commits hold, each read once."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from keymuster.collect.base import Batch, Blob, Context, Observed, Read, Source
from keymuster.collect.exclude import outsider
from keymuster.collect.git import Git, cat_file, sizes
from keymuster.collect.log import Introduction, Log, files, named, named_directly, tips
from keymuster.collect.packs.base import Damaged, Family, TooLarge, Unsupported
from keymuster.collect.packs.store import MEMORY, Store
from keymuster.errors import SettingsError, Unreadable
from keymuster.model import Credential, FileLocation, InlineAllow, Storage, Trouble
from keymuster.model.location import covers

_DATE = re.compile(
    r"\d{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])([T ]\d{1,2}:\d{2}(:\d{2})?( ?([+-]\d{2}:?\d{2}|Z))?)?"
    r"|\d+[. ](second|minute|hour|day|week|month|year)s?[. ]ago|yesterday|@\d+"
)
"""Dates as git reads them. It reads anything: a misspelt tag would be the present."""

_LEAST_KEPT = 160
"""Bytes of a stretch from which something is to be had that was seen in another version."""

_BATCH_OBJECTS = 4096
_BATCH_BYTES = 32 * 1024 * 1024
_FAMILY_BYTES = 16 * 1024 * 1024
"""A family is read to its end, whatever the user does meanwhile."""


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
        self._counts = {"objects": 0, "bytes": 0, "commits": 0}
        self._narrow = bool(context.selection.since or context.selection.range)
        self._introduced: list[Introduction] = []
        self._named: list[str] = []
        self._log: Log | None = None
        self._store: Store | None = None
        self._cut_short = False

    def counts(self) -> dict[str, int]:
        return self._counts

    def batches(self) -> Iterator[Batch | Trouble]:
        self._git.run("rev-parse", "--git-dir")  # says why, if git refuses the repository
        yield from self._caveats()
        if self._narrow:
            yield from self._introductions(self._walk())
            head = files(self._git, "HEAD")
            ids = {id for one in self._introduced for id in (one.object, *one.replaced)}
            ids |= {head[one.path] for one in self._introduced if one.path in head}
            yield from self._batched(sizes(self._git, sorted(ids)))
            return
        self._named = named(self._git)  # before the objects are listed, which then hold it all
        self._store = self._opened()
        self._log = self._walk()
        try:
            if self._store is None:
                yield from self._batched(self._everything())
                if self._cut_short:
                    yield self._trouble(
                        "history",
                        "could not be listed to its end: an object is damaged",
                        "Run git fsck --full.",
                    )
            else:
                yield from self._families(self._store)
        except BaseException:
            self._log.close()
            self._log = None
            raise

    def read(self, batch: Batch) -> Iterator[Read]:
        asked: dict[str, str] = {}
        for item in batch.items:
            if isinstance(item, Family):
                assert self._store is not None
                yield from self._versions(self._store, item)
            else:
                asked[item] = ""
        yield from self._by_git(asked)

    def _versions(self, store: Store, family: Family) -> Iterator[Read]:
        """The versions of a family, with what readers noted of those they were made of."""
        notes: dict[str, tuple[dict[str, Any], int]] = {}
        damaged: dict[str, str] = {}
        for one in store.read(family, _LEAST_KEPT):
            before: dict[str, Any] = {}
            if one.base is not None:
                before, left = notes.pop(one.base)
                if left > 1:
                    notes[one.base] = before, left - 1
            if isinstance(one, Damaged):
                if one.is_too_much:
                    yield self._unread(one.id, one.reason)
                else:
                    damaged[one.id] = one.reason
                continue
            noted: dict[str, Any] = {}
            yield Blob(
                path="", data=one.data, storage=Storage.HISTORY, object=one.id,
                notes=noted, before=before, kept=one.kept,
            )  # fmt: skip
            if one.children:
                notes[one.id] = noted, one.children
        yield from self._by_git(damaged)

    def _by_git(self, reasons: Mapping[str, str]) -> Iterator[Read]:
        """Objects that git is asked for, each with the reason why it was not read here, if it was to
        be."""
        for id, kind, content in cat_file(self._git, [*reasons]):
            if content is None:
                yield self._unread(id, reasons[id])
            elif kind == "blob":
                yield Blob(path="", data=content, storage=Storage.HISTORY, object=id)

    def finish(self, observed: Iterable[Observed]) -> Iterator[Observed]:
        """Everything that is no file version passes; the others are given their place in history."""
        found: dict[str, list[Credential]] = defaultdict(list)
        allows: dict[str, list[InlineAllow]] = defaultdict(list)
        for one in observed:
            match one:
                case Credential(location=FileLocation(object=str(id))):
                    found[id].append(one)
                case InlineAllow(location=FileLocation(object=str(id))):
                    allows[id].append(one)
                case _:
                    yield one
        head = files(self._git, "HEAD") if found or allows else {}
        yield from _current(allows, head)
        if not self._narrow:
            yield from self._attributed(found)
        if self._store is not None:
            self._store.close()
        if not found:
            return
        for placed in self._placed(self._introduced, found, head):
            yield placed
            yield from _inherited(placed, found, allows, head)
        if not self._narrow:
            yield from self._without_commit(found)

    def _placed(
        self,
        introduced: Sequence[Introduction],
        found: dict[str, list[Credential]],
        head: dict[str, str],
    ) -> Iterator[Credential]:
        """One observation per secret, path and place in the version that brought it there first."""
        seen: set[tuple[str, str]] = set()
        for one in introduced:
            if one.object not in found or self._excluded(one.path):
                continue
            before = {old.id for id in one.replaced for old in found.get(id, ())}
            current = {now.id for now in found.get(head.get(one.path, ""), ())}
            here = [
                new
                for new in found[one.object]
                if (new.id, one.path) not in seen and not (self._narrow and new.id in before)
            ]
            yield from (_at(new, one, still=new.id in current) for new in here)
            seen.update((new.id, one.path) for new in here)

    def _without_commit(self, found: dict[str, list[Credential]]) -> Iterator[Credential]:
        """File versions that a tag names, and those that nothing names: of these the object id is
        the only place. They count if they were asked for, or if the walk was not complete."""
        placed = {one.object for one in self._introduced}
        left = {id: found[id] for id in found if id not in placed}
        if not left:
            return
        for path, id in named_directly(self._git):
            placed.add(id)
            yield from (_renamed(one, path) for one in left.get(id, ()))
        if self._selection.unreachable or self._cut_short:
            for id, credentials in left.items():
                if id not in placed:
                    yield from (_renamed(one, f"<object {id}>") for one in credentials)

    def _attributed(self, found: Collection[str]) -> Iterator[Trouble]:
        """Learn which commits brought the objects in that something was found in, and which objects
        commits name that nobody has."""
        log, self._log = self._log, None
        if log is None or log.was_stopped():
            if log is not None:
                log.close()
            log = self._walk()
        yield from self._introductions(log, found)
        doubtful = log.objects if self._store is None else self._store.lacks(log.objects)
        for id, _, length in sizes(self._git, sorted(one.hex() for one in doubtful)):
            if length is None:
                yield self._trouble(id, "is missing; it was not scanned", "Run git fsck.")
            elif self._store is not None:
                yield self._trouble(
                    id, "came while the repository was read; it was not scanned", "Scan again."
                )

    def _walk(self) -> Log:
        """Let git walk over the commits that were selected."""
        if self._narrow:
            stashes = [] if self._selection.range else tips(self._git, unreachable=False)
            return Log(self._git, self._revisions(), stashes)
        others = tips(self._git, unreachable=self._selection.unreachable)
        revisions = () if self._named else ("--all",)
        return Log(self._git, revisions, [*self._named, *others])

    def _introductions(self, log: Log, only: Collection[str] | None = None) -> Iterator[Trouble]:
        """Fill `_introduced` as far as git can walk."""
        try:
            self._introduced.extend(log.introductions(only))
        except Unreadable as error:
            if not self._cut_short:
                yield self._trouble("history", error.message, "Run git fsck --full.")
            self._cut_short = True
        finally:
            self._counts["commits"] = log.commits
            log.close()

    def _revisions(self) -> list[str]:
        selection = self._selection
        if selection.range:
            if self._git.ask("rev-list", "--max-count=1", *selection.range, "--") is None:
                raise SettingsError(
                    f"`{' '.join(selection.range)}` is not a range of commits in {selection.root}",
                    "Write A..B with two revisions that exist; in CI, fetch enough history for both.",
                )
            return list(selection.range)
        since = self._git.ask("rev-parse", "--verify", "--quiet", f"{selection.since}^{{commit}}")
        if since:
            return ["--all", f"^{since}"]
        if not _DATE.fullmatch(selection.since):
            raise SettingsError(
                f"`{selection.since}` is neither a revision nor a date",
                "Write a revision (v1.2) or a date (2026-01-31, 2026-01-31T12:00, 3.weeks.ago).",
            )
        # git takes a bare date for the present time of that day
        day = re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", selection.since)
        return ["--all", f"--since={selection.since}{' 00:00:00' if day else ''}"]

    def _opened(self) -> Store | None:
        """The object store, if it is of a kind that can be read without git."""
        folder = self._git.ask("rev-parse", "--git-path", "objects")
        format = self._git.ask("rev-parse", "--show-object-format")
        if folder is None or format is None:
            return None
        try:
            return Store.open(
                os.path.join(self._git.folder, folder), format,
                memory=max(MEMORY, 3 * self._selection.max_file_bytes),
            )  # fmt: skip
        except Unsupported:
            return None

    def _families(self, store: Store) -> Iterator[Batch | Trouble]:
        damaged: list[str] = []
        for one in store.families(self._selection.max_file_bytes, _FAMILY_BYTES):
            match one:
                case Family():
                    self._counts["objects"] += one.count
                    self._counts["bytes"] += one.bytes
                    yield Batch(items=(one,), bytes=one.bytes)
                case TooLarge():
                    yield self._too_large(one.id, one.size)
                case Damaged():
                    damaged.append(one.id)
        if damaged:
            yield from self._batched(sizes(self._git, damaged))

    def _everything(self) -> Iterator[tuple[str, str, int | None]]:
        """(id, type, bytes) of all objects, in the order of the packs; `_cut_short` if git gave up."""
        with self._git.running(
            "cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)",
            "--batch-all-objects", "--unordered", "--buffer",
        ) as process:  # fmt: skip
            assert process.stdout is not None
            yield from _parsed(process.stdout)
            self._cut_short |= process.wait() != 0

    def _batched(self, objects: Iterable[tuple[str, str, int | None]]) -> Iterator[Batch | Trouble]:
        ids: list[str] = []
        size = 0
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
            if not self._narrow:
                self._counts["read_by_git"] = self._counts.get("read_by_git", 0) + 1
            ids.append(id)
            size += length
            if len(ids) >= _BATCH_OBJECTS or size >= _BATCH_BYTES:
                yield Batch(items=tuple(ids), bytes=size)
                ids, size = [], 0
        if ids:
            yield Batch(items=tuple(ids), bytes=size)

    def _caveats(self) -> Iterator[Trouble]:
        """What this clone does not hold."""
        if self._git.ask("rev-parse", "--is-shallow-repository") == "true":
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
        return self._trouble(
            id,
            f"is {size:,} bytes, more than the limit of {self._selection.max_file_bytes:,}",
            "Raise --max-file-size to scan it.",
        )

    def _unread(self, id: str, reason: str) -> Trouble:
        message = "is missing or damaged; it was not scanned"
        return self._trouble(id, f"{message} ({reason})" if reason else message, "Run git fsck.")

    def _trouble(self, scope: str, message: str, advice: str) -> Trouble:
        scope = f"object {scope}" if len(scope) >= 40 else scope
        return Trouble(part=self.name, scope=scope, message=message, advice=advice)


def _at(credential: Credential, one: Introduction, *, still: bool) -> Credential:
    location = msgspec.structs.replace(
        credential.location, path=one.path, commit=one.commit, in_head=still
    )
    storage = Storage.TREE if still else Storage.HISTORY
    return msgspec.structs.replace(credential, location=location, storage=storage)


def _renamed(credential: Credential, path: str) -> Credential:
    location = msgspec.structs.replace(credential.location, path=path)
    return msgspec.structs.replace(credential, location=location)


def _current(allows: dict[str, list[InlineAllow]], head: dict[str, str]) -> Iterator[InlineAllow]:
    """Every comment, with its path where HEAD has it; one of an older version covers that version
    only and is not judged itself."""
    paths = {id: path for path, id in head.items()}
    for id, comments in allows.items():
        for allow in comments:
            yield msgspec.structs.replace(
                allow, location=msgspec.structs.replace(allow.location, path=paths.get(id, ""))
            )


def _inherited(
    placed: Credential,
    found: dict[str, list[Credential]],
    allows: dict[str, list[InlineAllow]],
    head: dict[str, str],
) -> Iterator[InlineAllow]:
    """A comment that accepts a secret in HEAD accepts it where it first stood at that path."""
    assert isinstance(placed.location, FileLocation)
    now = head.get(placed.location.path, "")
    for allow in allows.get(now, ()):
        if any(
            one.id == placed.id and covers(allow.location, one.location)
            for one in found.get(now, ())
        ):
            moved = msgspec.structs.replace(placed.location, path="")
            id = f"{allow.id}@{moved.object}:{moved.line}:{moved.column}"
            yield msgspec.structs.replace(allow, id=id, location=moved)


def _parsed(lines: Iterable[bytes]) -> Iterator[tuple[str, str, int | None]]:
    for line in lines:
        id, kind, *size = os.fsdecode(line).split()
        yield id, kind, int(size[0]) if size else None
