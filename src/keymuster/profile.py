"""What a scan spends, for `scan --profile`: processor seconds by stage, and counts of the work done.

No other module knows of this one, so it costs nothing when it is not asked for. When it is, the
functions in `SEAMS` are replaced by ones that look at the clock before and after, and count what
they give. What looking costs is in the seconds, not in the counts. A stage has its own seconds,
without those of the stages that it calls.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from keymuster import registry

Count = Callable[[Counter[str], Any], None]
"""Adds to the counts what one result, or one item of a generator, stands for."""


def _blob(counts: Counter[str], item: Any) -> None:
    if hasattr(item, "data"):
        counts["blobs read"] += 1
        counts["bytes read"] += len(item.data)


def _object(counts: Counter[str], item: Any) -> None:
    if item[2] is not None:
        counts["objects inflated"] += 1


def _member(counts: Counter[str], item: Any) -> None:
    if getattr(item, "member", ""):
        counts["members unpacked"] += 1
        counts["bytes unpacked"] += len(item.data)


def _piece(counts: Counter[str], item: Any) -> None:
    counts["pieces decoded"] += 1
    counts["bytes decoded"] += len(item.text)


def _values(counts: Counter[str], result: Any) -> None:
    counts["values seen"] += result[3]
    counts["values weighed"] += result[4]


def _each(name: str) -> Count:
    def count(counts: Counter[str], _: Any) -> None:
        counts[name] += 1

    return count


class Seam(Struct, frozen=True):
    """A function, by module and name in it, and the stage its seconds belong to; without a stage, it
    is only counted."""

    stage: str
    place: str
    count: Count | None = None


SEAMS = (
    Seam("rules", "keymuster.pipeline:load_rules"),
    Seam("read", "keymuster.collect.git:cat_file", _object),
    Seam("read", "keymuster.collect.contents:Contents.of", _object),
    Seam("inflate", "keymuster.collect.packs.reading:Reading._made", _each("objects inflated")),
    Seam("", "keymuster.collect.git:Git._done", _each("git started")),
    Seam("", "keymuster.collect.git:Git.started", _each("git started")),
    Seam("", "keymuster.collect.git:Git.writing", _each("git started")),
    Seam("unpack", "keymuster.collect.unpack:Unpacker.__call__", _member),
    Seam("decode", "keymuster.detect.nested:Nested.scan"),
    Seam("decode", "keymuster.detect.nested:Nested.read"),
    Seam("decode", "keymuster.detect.nested:Nested._pieces", _piece),
    Seam("confirm", "keymuster.detect.engine:Engine.scan"),
    Seam("confirm", "keymuster.detect.engine:Engine.read"),
    Seam("", "keymuster.detect.engine:_candidates", _each("candidates")),
    Seam("", "keymuster.detect.engine:Engine._judged", _each("candidates confirmed")),
    Seam("weigh", "keymuster.detect.recognizers.values:likely", _values),
    Seam("evaluate", "keymuster.inventory.build:build"),
    Seam("evaluate", "keymuster.evaluate.engine:evaluate"),
    Seam("evaluate", "keymuster.redaction:redacted"),
    Seam("report", "keymuster.pipeline:write"),
)
"""Besides these, the parts of the registry: see `_every_seam`."""

OPEN_DATABASE = "keymuster.detect.database:open_database"
FUNCTIONS = "keymuster.collect.packs.functions:fastest"
OBSERVE, RUN = "keymuster.work:observe", "keymuster.work:run"

STAGES = (
    "start-up", "rules", "database", "list", "read", "inflate", "expand", "unpack", "match", "decode", "confirm",
    "weigh", "place", "attribute", "evaluate", "report", "git, forks", "other",
)  # fmt: skip
"""In the order of the table. `start-up` is all before the options were read; `match`, what the pattern
databases take; `place`, what makes observations of matches; `git, forks`, processes that others are."""

COUNTS = (
    "git started", "objects inflated", "deltas expanded", "blobs read", "bytes read", "members unpacked", "bytes unpacked",
    "searches", "bytes searched", "hits", "candidates", "candidates confirmed", "values seen",
    "values weighed", "pieces decoded", "bytes decoded",
)  # fmt: skip
"""In the order of the table. A byte is searched once by each database."""

_START, _DATABASE, _MATCH, _CHILDREN, _OTHER = (
    "start-up",
    "database",
    "match",
    "git, forks",
    "other",
)


def _every_seam() -> Iterator[Seam]:
    yield from SEAMS
    for part in registry.builtin("source").values():
        where = f"{part.__module__}:{part.__name__}"
        yield Seam("list", f"{where}.batches")
        yield Seam("read", f"{where}.read", _blob)
        yield Seam("attribute", f"{where}.finish")
    for part in registry.builtin("reader").values():
        yield Seam("place", f"{part.__module__}:{part.__name__}.read")


class Spent(Struct, frozen=True):
    """What a worker spent on a batch; it comes back behind the batch's observations. `cpu` is all
    that the worker used, with the processes it started."""

    pid: int
    seconds: dict[str, float]
    counts: dict[str, int]
    cpu: float


class Profile:
    """Seconds and counts of this process and, as they come back, of its workers."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self.counts: Counter[str] = Counter()
        self.workers: set[int] = set()
        self.wall = 0.0
        self._owner = self._pid = os.getpid()
        self._began = time.perf_counter()
        self._since = time.process_time()
        self._children = _children_seconds()
        self._stack = [_OTHER]
        self._workers_cpu = 0.0
        self.seconds[_START] = self._since

    def table(self) -> str:
        """For a person."""
        total = sum(self.seconds.values())
        lines = [f"{'stage':<14}{'CPU s':>9}{'share':>9}"]
        lines += [
            f"{stage:<14}{self.seconds[stage]:>9.3f}{self.seconds[stage] / total:>9.1%}"
            for stage in STAGES
            if self.seconds[stage] >= 0.0005
        ]
        lines.append(f"{'total':<14}{total:>9.3f}{1:>9.0%}")
        processes = f"{1 + len(self.workers)} process{'es' if self.workers else ''}"
        lines.append(f"{self.wall:.3f} s by the clock after start-up, {processes}")
        counted = [name for name in COUNTS if self.counts[name]]
        lines += ["", *(f"{name:<22}{self.counts[name]:>18,}" for name in counted)]
        return "\n".join(lines).rstrip()

    def stop(self) -> None:
        """Add what is still open, and the processes that were started and have ended."""
        self._pass()
        children = _children_seconds() - self._children - self._workers_cpu
        self.seconds[_CHILDREN] += max(0.0, children)
        self.wall = time.perf_counter() - self._began

    def _pass(self) -> None:
        now = time.process_time()
        self.seconds[self._stack[-1]] += now - self._since
        self._since = now

    @contextmanager
    def _stage(self, stage: str) -> Iterator[None]:
        self._pass()
        self._stack.append(stage or self._stack[-1])
        try:
            yield
        finally:
            self._pass()
            self._stack.pop()

    # --- what takes the place of functions ---

    def seam(self, seam: Seam, original: Callable[..., Any]) -> Callable[..., Any]:
        """The function with a clock; of a generator, one for each item."""

        @functools.wraps(original)
        def timed(*args: Any, **words: Any) -> Any:
            with self._stage(seam.stage):
                result = original(*args, **words)
            if isinstance(result, Generator):
                return self._each(seam, result)
            if seam.count:
                seam.count(self.counts, result)
            return result

        return timed

    def _each(self, seam: Seam, items: Generator[Any, Any, Any]) -> Iterator[Any]:
        try:
            while True:
                with self._stage(seam.stage):
                    item = next(items, _END)
                if item is _END:
                    return
                if seam.count:
                    seam.count(self.counts, item)
                yield item
        finally:
            items.close()

    def opened(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """What opens a database then opens one that counts."""

        @functools.wraps(original)
        def open_database(*args: Any, **words: Any) -> Any:
            with self._stage(_DATABASE):
                database, *more = original(*args, **words)
            return _Database(self, database), *more

        return open_database

    def chosen(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """The inner loops of the reader of packs, of which one is worth a stage of its own."""

        @functools.wraps(original)
        def fastest() -> Any:
            chosen = original()
            expand = self.seam(Seam("expand", FUNCTIONS, _each("deltas expanded")), chosen.expand)
            return replace(chosen, expand=expand)

        return fastest

    def search(self, scan: Callable[..., Any], text: Any, words: dict[str, Any]) -> Any:
        """A search of a text; each hit counts."""
        keep = words.get("match_event_handler")
        hits = 0

        def counted(*hit: Any) -> Any:
            nonlocal hits
            hits += 1
            return keep(*hit) if keep is not None else None

        try:
            with self._stage(_MATCH):
                return scan(text, **words | {"match_event_handler": counted})
        finally:
            self.counts.update({"searches": 1, "bytes searched": len(text), "hits": hits})

    def observed(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Where a batch is read in a worker, what that took comes last."""

        @functools.wraps(original)
        def observe(*args: Any, **words: Any) -> Iterator[Any]:
            if os.getpid() != self._pid:
                self._begin_worker()
            yield from original(*args, **words)
            if self._pid != self._owner:
                yield self._taken()

        return observe

    def ran(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """And is picked out where the batches come together."""

        @functools.wraps(original)
        def run(*args: Any, **words: Any) -> Iterator[Any]:
            for one in original(*args, **words):
                if isinstance(one, Spent):
                    self.workers.add(one.pid)
                    for stage, seconds in one.seconds.items():
                        self.seconds[stage] += seconds
                    self.counts.update(one.counts)
                    self._workers_cpu += one.cpu
                else:
                    yield one

        return run

    def _begin_worker(self) -> None:
        """In a process that was forked: it has spent nothing yet, its clocks begin at 0."""
        self._pid = os.getpid()
        self._since = self._children = 0.0
        self._stack = [_OTHER]
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self.counts.clear()

    def _taken(self) -> Spent:
        self._pass()
        children = _children_seconds()
        self.seconds[_CHILDREN] = children - self._children
        self._children = children
        spent = Spent(self._pid, dict(self.seconds), dict(self.counts), sum(self.seconds.values()))
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self.counts.clear()
        return spent


class _Database:
    """A pattern database that is watched."""

    def __init__(self, profile: Profile, database: Any) -> None:
        self._profile = profile
        self._database = database

    def scan(self, text: Any, **words: Any) -> Any:
        return self._profile.search(self._database.scan, text, words)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


_END = object()


@contextmanager
def measuring() -> Iterator[Profile]:
    """Watch everything that happens inside, in this process and in what it forks."""
    profile = Profile()
    places: list[tuple[str, Callable[..., Any]]] = [
        (seam.place, functools.partial(profile.seam, seam)) for seam in _every_seam()
    ]
    places += [
        (OPEN_DATABASE, profile.opened), (FUNCTIONS, profile.chosen),
        (OBSERVE, profile.observed), (RUN, profile.ran),
    ]  # fmt: skip
    found = [(*_found(place), wrap) for place, wrap in places]  # imports all before it changes any
    replaced: list[tuple[Any, str, Any, Any]] = []
    try:
        for owner, name, wrap in found:
            original = vars(owner)[name]
            wrapped = wrap(original)
            replaced.append((owner, name, original, wrapped))
            _replace(owner, name, original, wrapped)
        yield profile
    finally:
        for owner, name, original, wrapped in reversed(replaced):
            _replace(owner, name, wrapped, original)
        profile.stop()


def _found(place: str) -> tuple[Any, str]:
    """The module or class that holds a function, and its name there."""
    module, _, name = place.partition(":")
    owner: Any = import_module(module)
    *outer, last = name.split(".")
    for word in outer:
        owner = getattr(owner, word)
    return owner, last


def _replace(owner: Any, name: str, old: Any, new: Any) -> None:
    """One function by another, also where modules have it by import."""
    setattr(owner, name, new)
    if isinstance(owner, type):
        return
    for module in [one for key, one in sys.modules.items() if key.startswith("keymuster.")]:
        for known in [key for key, value in vars(module).items() if value is old]:
            setattr(module, known, new)


def _children_seconds() -> float:
    """Processor seconds of the processes that this one started and that have ended."""
    try:
        import resource
    except ImportError:  # Windows does not say
        return 0.0
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
