"""The contracts of the collecting side: source, reader, service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

from msgspec import Struct

from keymuster.collect.line_hash import LineHashes
from keymuster.detect.loops import Kept, LineEnds, line_ends
from keymuster.detect.positions import Positions
from keymuster.detect.text import Text, as_text
from keymuster.model import Commit, Confidence, FileLocation, Looked, Observation, Storage, Trouble
from keymuster.model.location import SEPARATOR
from keymuster.model.secret import PUBLIC_KEY
from keymuster.rules.schema import Policy, RuleSet
from keymuster.settings import Containers, Exclude, size_in_bytes

if TYPE_CHECKING:
    from keymuster.collect.asking.unchanged import Answers
    from keymuster.collect.clean import CleanFiles
    from keymuster.collect.imports.base import Import
    from keymuster.collect.kept import Said
    from keymuster.collect.remembered import Remembered


TOLD_AS = "told_as"
"""The tag by which a secret that was found is known to have a hash that an imported report tells. What joins
the two takes it away."""


class Limits(Struct, frozen=True, kw_only=True):
    """How far containers are opened: archives, images, documents, databases. All but `depth` hold
    for one outermost container with everything in it.

    `depth` is how many may lie inside each other; 0 opens none. `bytes` is what may be unpacked, at
    all depths together, and `ratio` how many times the size of the file that may be.
    """

    depth: int = 3
    members: int = 100_000
    bytes: int = 2 * 1024 * 1024 * 1024
    ratio: int = 250
    seconds: float = 120


def limits(said: Containers, depth: int | None = None) -> Limits:
    """As settings say it; to another depth, if one is given."""
    return Limits(
        depth=said.depth if depth is None else depth,
        members=said.members,
        bytes=size_in_bytes(said.bytes, "containers.bytes"),
        ratio=said.ratio,
        seconds=said.seconds,
    )


class Host(Struct, frozen=True, kw_only=True):
    """Whose machine to look at: the folder of the user, and the system, which says where programs have
    their files. Those that are not the user's lie below `root`."""

    home: str
    system: Literal["linux", "macos", "windows"]
    root: str = ""


class Selection(Struct, frozen=True, kw_only=True):
    """What the user asked to look at. `root` is the folder that paths in the report are relative
    to; `paths` are absolute, as the file system has them; `range` names commits in words that
    `git rev-list` takes; `services` are those to ask through their APIs, each with its options."""

    root: str
    paths: tuple[str, ...] = ()
    include_ignored: bool = False
    exclude: tuple[str, ...] = ()
    max_file_bytes: int = 256 * 1024 * 1024
    since: str = ""
    range: tuple[str, ...] = ()
    unreachable: bool = False
    containers: Limits = Limits()
    host: Host | None = None
    services: Mapping[str, Mapping[str, Any]] = {}


class Option(NamedTuple):
    """What a service may be told on the command line: `--name VALUE`, a flag if `value` is empty. Of
    one with `several`, the values are separated by commas."""

    name: str
    value: str
    help: str
    several: bool = False


class Context(Struct, frozen=True, kw_only=True):
    """What a part is given; it reads nothing else from the outside. Nothing less sure than the
    `confidence` will be reported, so a reader may leave it out; a source need not read the `clean`
    files, nor what is `remembered` of a history, nor a service what none of the `wanted` policies
    asks for; without those, all are wanted. `imports` are reports of other scanners. What is learned for the
    next scan is kept in the folder `memory`, if it is not to lie with that of all others. A service need not tell
    again what stands in the `answers` to an earlier scan."""

    selection: Selection
    rules: RuleSet
    fingerprint_key: bytes = PUBLIC_KEY
    exclude: Exclude = Exclude()
    confidence: Confidence = Confidence.LOW
    clean: CleanFiles | None = None
    remembered: Remembered | None = None
    wanted: tuple[Policy, ...] | None = None
    imports: tuple[Import, ...] = ()
    memory: str = ""
    answers: Answers | None = None

    @property
    def policies(self) -> Sequence[Policy]:
        """Those that are wanted."""
        return self.rules.policies if self.wanted is None else self.wanted


class Blob(Struct, kw_only=True, dict=True):
    """One version of one file, or a piece of one too large to hold.

    The path of a `member` of a container is the container's, `!/` and the member's name. A container
    whose members were looked at before it is `opened`. `changed` are the line ranges (first, last) that count; None means all. A piece starts at `line`
    and `column` of its file, and only what starts inside `core` (offsets, end exclusive) is its own.

    Where a source knows which versions are made of others, readers may leave `notes` on a version, and
    have those on the version `before` with what was `kept` of it: so they need not look at that again.

    What is seen in it is noted for the `digests`; what is known to be `said` of it is not asked again.

    Where it matters who may read it, `mode` says so, as a file system does.
    """

    path: str
    data: bytes
    storage: Storage
    object: str | None = None
    commit: Commit | None = None
    changed: Sequence[tuple[int, int]] | None = None
    line: int = 1
    column: int = 1
    core: tuple[int, int] | None = None
    member: str = ""
    opened: bool = False
    notes: dict[str, Any] | None = None
    before: Mapping[str, Any] = {}
    kept: Kept = ()
    digests: tuple[bytes, ...] = ()
    said: Said | None = None
    mode: int | None = None
    shown: Text | None = None

    def __repr__(self) -> str:  # without its text
        return f"{type(self).__name__}({self.path!r}, {self.object!r})"

    @property
    def text(self) -> Text:
        """The content to search. A piece stays as it is: only the start of a file says what it is."""
        found = self.shown
        if found is None:
            found = self.shown = as_text(self.data) if self.core is None else Text(self.data)
        return found

    @cached_property
    def line_hashes(self) -> LineHashes:
        return LineHashes(self.text.content)

    def positions(self, count: LineEnds = line_ends) -> Positions:
        """A fresh cursor over `text.content`; see `Positions` for the order it wants."""
        return Positions(self.text.content, self.line, self.column, count)

    def owns(self, offset: int) -> bool:
        """Whether what starts at an offset is this piece's own, and not a neighbour's."""
        return self.core is None or self.core[0] <= offset < self.core[1]

    def changes(self) -> Sequence[tuple[int, int]] | None:
        """The line ranges that count, also of one that has to ask for them: for what is kept of it."""
        return self.changed

    def counts(self, first: int, last: int) -> bool:
        """Whether a span of lines touches what has changed."""
        return self.changed is None or any(a <= last and first <= b for a, b in self.changed)

    @property
    def outermost(self) -> str:
        """The path of the file; of a member, that of its container."""
        return self.path.removesuffix(f"{SEPARATOR}{self.member}") if self.member else self.path

    def location(
        self, begin: tuple[int, int], end: tuple[int, int], context: str = ""
    ) -> FileLocation:
        """The location of a span, given as (line, column) of its first byte and of the next one."""
        return FileLocation(
            path=self.outermost,
            member=self.member,
            line=begin[0],
            column=begin[1],
            end_line=end[0],
            end_column=end[1],
            commit=self.commit,
            object=self.object,
            line_hash=self.line_hashes.of(begin[0]) if self.core is None else "",
            context=context,
        )


class Batch(Struct, frozen=True, kw_only=True):
    """A part of the work of one source: cheap to make and to send to another process."""

    items: tuple[Any, ...]
    bytes: int

    def split(self) -> list[Batch]:
        """Smaller batches of the same, for when a process died of one: halves, or what an item has
        `parts`; none if there is nothing to split."""
        half = len(self.items) // 2
        if half:
            return [Batch(items=one, bytes=0) for one in (self.items[:half], self.items[half:])]
        parts = [part for item in self.items for part in getattr(item, "parts", tuple)()]
        return [Batch(items=tuple(parts), bytes=0)] if parts else []


Read: TypeAlias = Blob | Trouble
"""What reading gives: a file version, or the reason why there is none."""


class Fragment(Struct, frozen=True, kw_only=True):
    """What a reader saw in one file and can only explain when it has seen the others. The `origin` stands for
    that file and what it holds, if nothing else was read. One that `is_unread` says that there was something,
    which the file of this `path` still holds."""

    id: str
    reader: str
    content: Any
    origin: bytes = b""
    path: str = ""
    is_unread: bool = False


Observed: TypeAlias = Observation | Trouble | Fragment
"""What collecting gives."""


Seen: TypeAlias = Observation | Trouble | Looked
"""What a service gives."""


class Source(Protocol):
    """Where bytes come from. Listing happens once; batches are read in any process, in order. Of
    the `past`, what a file declares is of no interest any more. One that has a `close` lets go there of
    what it holds to read batches: a process is through with them."""

    name: ClassVar[str]
    past: ClassVar[bool] = False

    def __init__(self, context: Context) -> None: ...

    def batches(self) -> Iterator[Batch | Trouble]: ...

    def read(self, batch: Batch) -> Iterator[Read]: ...

    def finish(self, observed: Iterable[Observed]) -> Iterator[Observed]:
        """Complete what was observed with what only the whole shows."""
        ...

    def again(self, paths: Iterable[str]) -> Iterator[Batch | Trouble]:
        """The files of these paths, whatever is known of them."""
        return iter(())

    def counts(self) -> dict[str, int]:
        """How much there was to look at, for the report."""
        ...

    def folders(self) -> dict[str, int]:
        """How many files there were by the first folder of their paths, if that is known; of those in none, as `.`."""
        return {}


class Reader(Protocol):
    """What a file says. Pure: no network, no other files. One that also reads the `past` finds what
    matters in old versions of files, too; one that reads `programs` is asked about those as well as
    about files that may declare something by their names. One that has a `prepare` is told by it that
    processes will be forked, and whether it has `begun` to read: what it loads then, they share. One that has an
    `among` is asked by it for the numbers of those of some small files that it has to read (see `together`)."""

    name: ClassVar[str]
    past: ClassVar[bool] = False
    programs: ClassVar[bool] = False

    def __init__(self, context: Context) -> None: ...

    def reads(self, path: str) -> bool: ...

    def read(self, blob: Blob) -> Iterator[Observed]: ...

    def finish(self, fragments: Sequence[Any]) -> Iterator[Observation | Trouble]:
        """What the `content` of all its fragments says together."""
        return iter(())


class Service(Protocol):
    """What a service says through its API. Its module imports no SDK before it collects; `needs` is the
    package that must be there then, which an extra of the service's name installs, or the one that it
    names as its `extra`.

    CollectError if nobody lets it in at all; whatever else it cannot see is a Trouble, and what it
    looked at a Looked."""

    name: ClassVar[str]
    needs: ClassVar[str]
    options: ClassVar[tuple[Option, ...]]

    def __init__(self, context: Context, options: Mapping[str, Any]) -> None: ...

    def collect(self) -> Iterator[Seen]: ...

    def permissions(self) -> str:
        """The least that must be allowed, in the form that the vendor takes."""
        ...
