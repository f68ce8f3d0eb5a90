"""Which commit brought which file version to which path."""

from __future__ import annotations

import contextlib
import os
import re
from binascii import unhexlify
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import IO, TYPE_CHECKING, NoReturn

from keymuster import temporary
from keymuster.collect.forked import beside
from keymuster.collect.git import Git, lines
from keymuster.collect.introduction import Introduction, moment
from keymuster.collect.order import Order, Rank
from keymuster.collect.packs.store import Store
from keymuster.collect.spawned import Process
from keymuster.collect.successions import Replacement
from keymuster.collect.walked import STARTED, Marks, Walked
from keymuster.errors import Unreadable
from keymuster.model import Commit

if TYPE_CHECKING:
    import subprocess

_FILE_MODES = (b"100644", b"100755", b"100664", b"120000")


_CHANGE = re.compile(
    rb":[0-7]{6}(?: [0-7]{6})+ ([0-9a-f]{40,64}) (?:[0-9a-f]{40,64} )*?([0-9a-f]{40,64}) [A-Z]+\0([^\0]+)\0"
)
_LONGEST_CHANGE = 16 * 1024

_ABOUT = "%x01%m%H%x02%P%x02%ct%x02%an <%ae>%x02%at %ad"
"""Of a commit: whether it is only where the walk ends, its id and parents, when it was made, who wrote
it and when."""

_AS_WE_READ = ("--no-show-signature", f"--format={_ABOUT}", "--date=raw")

_SMALL = (
    "-c", "core.packedGitLimit=128m", "-c", "core.packedGitWindowSize=1m",
    "-c", "core.deltaBaseCacheLimit=24m",
)  # fmt: skip
"""How much of packs git holds at a time. As it is wont to, it takes twice as much memory for a large history as
all else does, and is not faster."""


class Log:
    """What the commits that some revisions and commits reach brought in, in one pass over them; all
    but what others reach, `without` them. Merges count where they differ from every parent. git goes
    through the commits while others use the time: it writes into a file, because nobody listens yet.

    With a `store`, of all that some commits reach, a copy of this process does it without git, in half of the
    time; it becomes git where there is anything that it does not know.
    """

    def __init__(
        self, git: Git, revisions: Sequence[str], commits: Sequence[str] = (),
        without: Sequence[str] = (), late: Mapping[bytes, Rank] | None = None, store: Store | None = None,
    ) -> None:  # fmt: skip
        self.commits = 0
        self.objects: set[bytes] = set()
        self._git = git
        self._order = Order(late)
        self._marks: Marks | None = None
        self._width = 0 if store is None else store.width
        self._stack = contextlib.ExitStack()
        self._file = self._stack.enter_context(temporary.unnamed())
        more = self._stack.enter_context(lines([*commits, *(f"^{one}" for one in without)]))
        words = (
            *_SMALL, "log", "--reverse", "--date-order", "-c", "--raw", "-z", "--no-abbrev", "--no-renames",
            "--root", *_AS_WE_READ, *(["--boundary"] if without else []), "--stdin", *revisions, "--",
        )  # fmt: skip
        become = partial(git.become, *words, stdin=more, stdout=self._file)
        process = store and beside(partial(_walk, store, commits, self._file, become))
        self._process: subprocess.Popen[bytes] | Process
        if process:
            self._stack.callback(process.wait)
            self._process = process
        else:
            self._process = self._stack.enter_context(
                git.writing(*words, stdin=more, stdout=self._file)
            )

    @property
    def late(self) -> dict[bytes, Rank]:
        """See `Order`."""
        return self._order.late

    def introductions(self, only: Collection[str] | None = None) -> Iterator[Introduction]:
        """Every file version that came to a path, or those of some objects; those of a commit together, in git's order
        of paths. Unreadable, after what came before, when git gave up. When they are through, `commits` is how many
        there were, and `lacking` knows all file versions."""
        status = self._process.wait()
        self._file.seek(0)
        if self._file.read(len(STARTED)) == STARTED:
            if status:
                raise Unreadable("could not be walked to its end: the process died")
            walked = Walked(self._file, self._width)
            self.commits, self._marks, self._order = (
                walked.commits,
                walked.marks,
                Order(walked.late),
            )
            yield from walked.introductions(only, self._abouts)
            return
        yield from self._by_git(only, is_cut_short=status != 0)
        if status:
            raise Unreadable("could not be walked to its end: an object is missing or damaged")

    def _by_git(
        self, only: Collection[str] | None, *, is_cut_short: bool
    ) -> Iterator[Introduction]:
        """The same from what git has written; if it is cut short, as on a full disk, that may end anywhere."""
        wanted = None if only is None else {id.encode() for id in only}
        self._file.seek(0)
        about: list[bytes] = []
        commit = Commit(id="")
        rank: Rank = (0, 0)
        is_outside = False
        fields = _fields(self._file)
        objects = self.objects
        for field in fields:
            first = field[:1]
            if first == b"\n":  # git puts line ends between commits
                field = field.lstrip(b"\n")
                first = field[:1]
            if first == b"\x01":
                about = field.split(b"\x02", 3)
                if is_cut_short and len(about) <= 3:
                    return
                is_outside = field.startswith(b"-", 1)
                id, time = unhexlify(about[0][2:]), _seconds(about[2])
                if is_outside:
                    self._order.begin_behind(id, time)
                    continue
                self.commits += 1
                rank = self._order.add(id, map(unhexlify, about[1].split()), time)
            elif first == b":":
                path = next(fields, b"")
                if is_cut_short and not path:
                    return
                if is_outside:
                    continue
                new, mode = _new(field)
                if mode not in _FILE_MODES:
                    continue
                objects.add(unhexlify(new))
                if wanted is not None and new not in wanted:
                    continue
                if about:
                    commit, about = _commit(about), []
                yield Introduction(
                    commit=commit, path=os.fsdecode(path), object=new.decode(), rank=rank,
                    replaced=_replaced(field),
                )  # fmt: skip

    def replacements(self) -> Iterator[Replacement]:
        """Every file version that came to a path, with the one that it took the place of there: no more
        than a hint, as a name may read like what git prints."""
        self._process.wait()
        self._file.seek(0)
        rest = b""
        while chunk := self._file.read(1 << 20):
            rest += chunk
            end = 0
            for found in _CHANGE.finditer(rest):
                end = found.end()
                yield found[2], found[1], found[3]
            rest = rest[max(end, len(rest) - _LONGEST_CHANGE) :]

    def lacking(self, store: Store | None) -> set[bytes]:
        """The file versions that are no blobs that were listed in the store; without one, all."""
        if store is None:
            return self.objects
        if self._marks is None:
            return store.lacks_blobs(self.objects)
        return store.lacks_marked(self._marks.objects, self._marks.strangers)

    def was_stopped(self) -> bool:
        """Whether a signal ended it before it was through, such as an interrupt that it shared."""
        return self._process.wait() < 0

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._stack.close()

    def _abouts(self, commits: Sequence[str]) -> dict[str, Commit]:
        """What git says of some commits."""
        words = ("log", "--no-walk=unsorted", "-z", *_AS_WE_READ, "--stdin")
        said = self._git.run(*words, input="".join(f"{one}\n" for one in commits).encode())
        told = (_commit(field.split(b"\x02", 3)) for field in said.split(b"\0") if field)
        return {one.id: one for one in told}


def _walk(
    store: Store, commits: Sequence[str], file: IO[bytes], become_git: Callable[[], NoReturn]
) -> None:
    with contextlib.suppress(Exception):  # then git says what is wrong
        if store.walk(commits, file.fileno()):
            return
    os.ftruncate(file.fileno(), 0)
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    become_git()


def are_reached(git: Git, commits: Sequence[str], tips: Sequence[str]) -> bool:
    """Whether commits are, or are ancestors of, some others; not if one is missing."""
    if not commits:
        return True
    with (
        lines([*commits, *(f"^{tip}" for tip in tips)]) as asked,
        git.running("rev-list", "--max-count=1", "--stdin", stdin=asked) as process,
    ):
        assert process.stdout is not None
        unreached = process.stdout.read()
        return not process.wait() and not unreached


def named_directly(git: Git) -> Iterator[tuple[str, str]]:
    """(path, object) of files that a ref names without a commit, as a tag may."""
    refs = git.ask(
        "for-each-ref",
        "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname)",
    )
    for line in (refs or "").splitlines():
        kind, id, *rest = line.split(" ", 4)
        if kind == "tag":
            kind, id = rest[:2]
        if kind == "tag":  # of a tag
            id = git.ask("rev-parse", "--verify", "--quiet", f"{rest[-1]}^{{}}") or id
            kind = git.ask("cat-file", "-t", id) or kind
        if kind == "blob":
            yield f"<{rest[-1]}>", id
        elif kind == "tree":
            yield from ((f"<{rest[-1]}>/{path}", one) for path, one in files(git, id).items())


def files(git: Git, tree: str) -> dict[str, str]:
    """Path -> object id of every file of a commit or tree; empty where there is none."""
    listing = git.ask("ls-tree", "-r", "-z", "--full-tree", tree) or ""
    entries = (entry.partition("\t") for entry in listing.split("\0") if entry)
    return {path: about.split()[2] for about, _, path in entries}


def changes(git: Git, old: str, new: str) -> dict[str, str] | None:
    """Path -> object id of every file that is another one in a commit than in an older one; empty where it is gone.
    None where git cannot tell."""
    told = git.ask("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", old, new, "--")
    if told is None:
        return None
    fields = told.split("\0")
    return {
        path: "" if (object := about.split(" ")[3]).strip("0") == "" else object
        for about, path in zip(fields[::2], fields[1::2], strict=False)
    }


def named(git: Git) -> list[str]:
    """The commits that refs and the HEADs of all worktrees name now; none if git cannot tell."""
    return (git.ask("rev-list", "--all", "--no-walk") or "").split()


def tips(git: Git, *, unreachable: bool) -> list[str]:
    """Commits that no ref reaches: those of older stashes, and, if asked for, all there are."""
    found = git.ask("rev-list", "--walk-reflogs", "refs/stash", "--") or ""
    stashes = [line for line in found.split("\n") if line]
    if not unreachable:
        return stashes
    listing = git.run(
        "cat-file",
        "--batch-all-objects",
        "--unordered",
        "--batch-check=%(objecttype) %(objectname)",
    )
    commits = [line[7:].decode() for line in listing.splitlines() if line.startswith(b"commit ")]
    return [*stashes, *_dangling(git, commits)]


def _dangling(git: Git, commits: Sequence[str]) -> list[str]:
    """Those of the commits that no ref reaches; all of them where git cannot tell."""
    with (
        lines(commits) as asked,
        git.running("rev-list", "--ignore-missing", "--stdin", "--not", "--all", stdin=asked) as process,
    ):  # fmt: skip
        assert process.stdout is not None
        answer = process.stdout.read().decode().split()
        return list(commits) if process.wait() else answer


def _fields(stream: object) -> Iterator[bytes]:
    """The NUL-separated fields of a stream."""
    rest = b""
    while chunk := stream.read(1 << 20):  # type: ignore[attr-defined]
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _commit(about: Sequence[bytes]) -> Commit:
    author, _, when = about[3].rpartition(b"\x02")  # a name may hold anything
    return Commit(
        id=about[0][2:].decode(),
        author=author.decode("utf-8", "replace"),
        date=moment(when.split()),
    )


def _seconds(word: bytes) -> int:
    """The time of a commit; 0 if git could not read it."""
    return int(word) if word.isdigit() else 0


def _new(field: bytes) -> tuple[bytes, bytes]:
    """(new object, new mode) of `:<modes> <objects> <status>`, with one more colon, mode and object
    for each further parent."""
    words = field.split(b" ")
    if not field.startswith(b":", 1):  # nearly all have one
        return words[3], words[1]
    parents = len(field) - len(field.lstrip(b":"))
    return words[2 * parents + 1], words[parents]


def _replaced(field: bytes) -> tuple[str, ...]:
    """The objects of the parents."""
    parents = len(field) - len(field.lstrip(b":"))
    objects = field.decode("ascii", "replace").split()[parents + 1 : 2 * parents + 1]
    return tuple(one for one in objects if one.strip("0"))
