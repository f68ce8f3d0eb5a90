"""Where in a history the secrets came from that were found in file versions without a path."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from keymuster.collect.introduction import Introduction
from keymuster.model import Credential, FileLocation, InlineAllow, Storage
from keymuster.model.location import covers


def placed(
    introduced: Iterable[Introduction],
    found: Mapping[str, Sequence[Credential]],
    head: Mapping[str, str],
    excluded: Callable[[str], bool],
    *,
    narrow: bool,
) -> Iterator[Credential]:
    """One observation per secret, path and place in the version that brought it there first. If
    `narrow`, not all commits were walked: what the version before had came with none of them."""
    seen: set[tuple[str, str]] = set()
    for one in introduced:
        if one.object not in found or excluded(one.path):
            continue
        before = {old.id for id in one.replaced for old in found.get(id, ())} if narrow else ()
        current = {now.id for now in found.get(head.get(one.path, ""), ())}
        here = [
            new
            for new in found[one.object]
            if (new.id, one.path) not in seen and new.id not in before
        ]
        yield from (_at(new, one, still=new.id in current) for new in here)
        seen.update((new.id, one.path) for new in here)


def renamed(credential: Credential, path: str) -> Credential:
    """A credential in a file version that no commit has."""
    return replace(credential, location=replace(credential.location, path=path))


def current(
    allows: Mapping[str, Collection[InlineAllow]], head: Mapping[str, str]
) -> Iterator[InlineAllow]:
    """Every comment, with its path where HEAD has it; one of an older version covers that version
    only and is not judged itself."""
    paths = {id: path for path, id in head.items()}
    for id in sorted(allows):
        for allow in allows[id]:
            yield replace(allow, location=replace(allow.location, path=paths.get(id, "")))


def inherited(
    placed: Credential,
    found: Mapping[str, Sequence[Credential]],
    allows: Mapping[str, Sequence[InlineAllow]],
    head: Mapping[str, str],
) -> Iterator[InlineAllow]:
    """A comment that accepts a secret in HEAD accepts it where it first stood at that path."""
    assert isinstance(placed.location, FileLocation)
    now = head.get(placed.location.path, "")
    for allow in allows.get(now, ()):
        if any(
            one.id == placed.id and covers(allow.location, one.location)
            for one in found.get(now, ())
        ):
            moved = replace(placed.location, path="")
            id = f"{allow.id}@{moved.object}:{moved.line}:{moved.column}"
            yield replace(allow, id=id, location=moved)


def _at(credential: Credential, one: Introduction, *, still: bool) -> Credential:
    location = replace(credential.location, path=one.path, commit=one.commit, in_head=still)
    storage = Storage.TREE if still else Storage.HISTORY
    return replace(credential, location=location, storage=storage)
