"""Which commit brought which file version to which path, oldest first."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone

from msgspec import Struct

from keymuster.collect.git import Git, lines
from keymuster.errors import Unreadable
from keymuster.model import Commit

_FILE_MODES = ("100644", "100755", "100664", "120000")


class Introduction(Struct, frozen=True, kw_only=True):
    """One file version that a commit has at a path where none of its parents has it. `replaced`
    are the versions that the parents have there."""

    commit: Commit
    path: str
    object: str
    replaced: tuple[str, ...]


def introductions(
    git: Git,
    revisions: Sequence[str],
    commits: Sequence[str] = (),
    only: Collection[str] | None = None,
) -> Iterator[Introduction]:
    """One pass over the commits that the revisions and the ids in `commits` reach. Merges count
    where they differ from every parent. Unreadable, after what came before, when git gives up."""
    words: tuple[str, ...] = (
        "log", "--reverse", "--date-order", "-c", "--raw", "-z", "--no-abbrev", "--no-renames",
        "--root", "--no-show-signature", "--format=%x01%H%x02%an <%ae>%x02%at %ad", "--date=raw",
    )  # fmt: skip
    words = (*words, "--stdin", *revisions, "--")
    with lines(commits) as more, git.running(*words, stdin=more) as process:
        assert process.stdout is not None
        commit = Commit(id="")
        fields = _fields(process.stdout)
        for field in fields:
            field = field.lstrip(b"\n")  # git puts line ends between commits
            if field.startswith(b"\x01"):
                commit = _commit(field[1:])
            elif field.startswith(b":"):
                new, replaced, mode = _raw(field)
                path = next(fields, b"")
                if mode in _FILE_MODES and (only is None or new in only):
                    yield Introduction(
                        commit=commit, path=os.fsdecode(path), object=new, replaced=replaced
                    )
        if process.wait():
            raise Unreadable("could not be walked to its end: an object is missing or damaged")


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
        if kind == "blob":
            yield f"<{rest[-1]}>", id
        elif kind == "tree":
            yield from ((f"<{rest[-1]}>/{path}", one) for path, one in files(git, id).items())


def files(git: Git, tree: str) -> dict[str, str]:
    """Path -> object id of every file of a commit or tree; empty where there is none."""
    listing = git.ask("ls-tree", "-r", "-z", "--full-tree", tree) or ""
    entries = (entry.partition("\t") for entry in listing.split("\0") if entry)
    return {path: about.split()[2] for about, _, path in entries}


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


def _commit(field: bytes) -> Commit:
    id, _, rest = field.partition(b"\x02")
    author, _, when = rest.rpartition(b"\x02")  # a name may hold anything
    return Commit(
        id=id.decode(), author=author.decode("utf-8", "replace"), date=_moment(when.split())
    )


def _moment(words: Sequence[bytes]) -> datetime | None:
    """`<seconds> <seconds> <zone>` as git prints it; None for dates that no calendar knows."""
    try:
        seconds, zone = int(words[0]), int(words[2])
        hours, minutes = divmod(abs(zone), 100)
        offset = timedelta(hours=hours, minutes=minutes) * (1 if zone >= 0 else -1)
        return datetime.fromtimestamp(seconds, UTC).astimezone(timezone(offset))
    except (ValueError, IndexError, OverflowError, OSError):
        return None


def _raw(field: bytes) -> tuple[str, tuple[str, ...], str]:
    """(new object, objects of the parents, new mode) of `:<modes> <objects> <status>`."""
    parents = len(field) - len(field.lstrip(b":"))
    words = field.lstrip(b":").decode("ascii", "replace").split()
    objects = words[parents + 1 : 2 * parents + 2]
    replaced = tuple(one for one in objects[:-1] if one.strip("0"))
    return objects[-1], replaced, words[parents]
