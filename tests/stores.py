"""What the pack reader says of a store, held against git's own word."""

from __future__ import annotations

import hashlib
from pathlib import Path

from keymuster.collect.packs.base import Damaged, Family, TooLarge, Version
from keymuster.collect.packs.functions import PLAIN, Functions
from keymuster.collect.packs.store import MEMORY, MOST, Store
from repositories import Repository

LARGEST = 1 << 20


def created(path: Path, algorithm: str) -> Repository:
    """A repository that does not wait for the disk."""
    repo = Repository.create(path, f"--object-format={algorithm}")
    with (path / ".git" / "config").open("a") as settings:
        settings.write("[core]\n\tfsync = none\n")
    return repo


class Seen:
    """Everything a store says. What it claims of bases is checked on the way."""

    def __init__(self) -> None:
        self.versions: dict[str, Version] = {}
        self.damaged: dict[str, Damaged] = {}
        self.large: dict[str, int] = {}
        self.families: list[Family] = []

    @property
    def ids(self) -> set[str]:
        return {*self.versions, *self.large}

    @property
    def reasons(self) -> str:
        return "; ".join(one.reason for one in self.damaged.values())

    def add(self, one: Version | Damaged | TooLarge) -> None:
        assert one.id not in self.versions, "said twice"
        assert one.id not in self.damaged, "said twice"
        assert one.id not in self.large, "said twice"
        match one:
            case Version():
                self.versions[one.id] = one
            case Damaged():
                self.damaged[one.id] = one
            case TooLarge():
                self.large[one.id] = one.size


def see(
    objects: Path,
    functions: Functions = PLAIN,
    algorithm: str = "sha1",
    *,
    largest: int = LARGEST,
    most: int = MOST,
    memory: int = MEMORY,
    least: int = 1,
) -> Seen:
    with Store.open(str(objects), algorithm, functions=functions, memory=memory) as store:
        return look(store, largest=largest, most=most, least=least)


def look(store: Store, *, largest: int = LARGEST, most: int = MOST, least: int = 1) -> Seen:
    seen = Seen()
    for one in store.families(largest, most):
        if isinstance(one, Family):
            seen.families.append(one)
        else:
            seen.add(one)
    for family in seen.families:
        _read(store, family, least, seen)
    return seen


def _read(store: Store, family: Family, least: int, seen: Seen) -> None:
    waiting: dict[str, int] = {}
    count = size = 0
    names = iter(family.parts())
    for one in store.read(family, least):
        assert one.id == next(names)
        seen.add(one)
        count += 1
        if one.base is not None:
            waiting[one.base] -= 1
        if isinstance(one, Damaged):
            continue
        waiting[one.id] = one.children
        size += len(one.data)
        base = b"" if one.base is None else seen.versions[one.base].data
        end = 0
        for here, there, length in one.kept:
            assert here >= end, "not in order"
            assert length >= max(1, least)
            assert there + length <= len(base)
            assert one.data[here : here + length] == base[there : there + length]
            end = here + length
        for (a, b, length), (after, other, _) in zip(one.kept, one.kept[1:], strict=False):
            assert (a + length, b + length) != (after, other), "not merged"
    assert not any(waiting.values()), "children that did not come"
    assert count == family.count
    assert size == family.bytes or seen.damaged


def same_as_git(repo: Repository, functions: Functions = PLAIN, **limits: int) -> Seen:
    """What is seen, which must be every blob git has, whole."""
    algorithm = repo.git("rev-parse", "--show-object-format")
    objects = Path(repo.git("rev-parse", "--path-format=absolute", "--git-path", "objects"))
    seen = see(objects, functions, algorithm, **limits)
    assert not seen.damaged
    assert seen.ids == blobs(repo)
    for id, one in seen.versions.items():
        whole = b"blob %d\0" % len(one.data) + one.data
        assert hashlib.new(algorithm, whole).hexdigest() == id
    return seen


def blobs(repo: Repository) -> set[str]:
    """The ids of all blobs, as git tells them."""
    listed = repo.git(
        "cat-file", "--batch-check=%(objectname) %(objecttype)", "--batch-all-objects"
    )
    return {line.split()[0] for line in listed.splitlines() if line.endswith(" blob")}
