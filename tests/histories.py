"""Histories made at random, as object stores: what git would make, and what it would not."""

from __future__ import annotations

import zlib
from pathlib import Path
from random import Random
from typing import TypeAlias

import packing
from packing import BLOB, COMMIT, TREE, Entry, identity

Tree: TypeAlias = dict[bytes, "tuple[bytes, bytes | Tree]"]
"""By names: a mode, and the id of what is there, or a folder."""

_NAMES = (
    b"a",
    b"a.b",
    b"a-b",
    b"a0",
    b"b",
    b"dir",
    b"lib",
    b"\xff\xfe",
    b"new\nline",
    b":100644 x",
    b"\xc3\xa4",
)
_MODES = (b"100644", b"100644", b"100644", b"100755", b"120000", b"160000", b"100664", b"100600")
_FOLDERS = (b"40000", b"40000", b"40000", b"040000")
_TYPES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob"}
_AUTHORS = (
    b"Ada Author <ada@example.org> %d +0100", b"Ada Author <ada@example.org> %d +0100", b" <> %d -0830",
    b"J\xf6rg  <j@example.org> %d +0000", b"A <a> b <c> %d +0100", b"A <a@b>%d +0100", b"no address %d",
    b"A <a@b> %d", b"<a@b> 99999999999%d +0000", b"A <a@b> %d +99999",
)  # fmt: skip


class Made:
    """Objects of a history, and the commits that nothing follows."""

    def __init__(self, random: Random, algorithm: str = "sha1", *, odd: float = 0.0) -> None:
        self.objects: dict[bytes, tuple[int, bytes]] = {}
        self.tips: list[str] = []
        self._random = random
        self._algorithm = algorithm
        self._odd = odd
        self._width = 20 if algorithm == "sha1" else 32
        self._blobs = [self.add(BLOB, b"text %d\n" % number) for number in range(12)]
        self._blobs.append(random.randbytes(self._width))  # which nobody has
        self._blobs.append(self.add(TREE, b""))  # which is no file
        commits: list[tuple[bytes, Tree]] = []
        for number in range(random.choice((3, 12, 25, 40))):
            count = min(len(commits), random.choice((0, 1, 1, 1, 1, 2, 2, 3, 5)))
            parents = random.sample(commits[-8:], min(count, len(commits[-8:])))
            tree = self._mixed([tree for _, tree in parents])
            for _ in range(random.choice((0, 1, 3, 9))):
                tree = self._changed(tree, 4)
            commits.append((self._commit(number, tree, [id for id, _ in parents]), tree))
        named = {
            line
            for kind, text in self.objects.values()
            if kind == COMMIT
            for line in text.split(b"\n")
        }
        self.tips = [id.hex() for id, _ in commits if b"parent " + id.hex().encode() not in named]

    def add(self, kind: int, text: bytes) -> bytes:
        id = identity(text, kind, self._algorithm)
        self.objects[id] = kind, text
        return id

    def _is_odd(self) -> bool:
        return self._random.random() < self._odd

    def _mixed(self, trees: list[Tree]) -> Tree:
        """Of each name what one of the trees has, as merges are."""
        mixed: Tree = {}
        for name in sorted({name for tree in trees for name in tree}):
            having = [tree[name] for tree in trees if name in tree]
            folders = [one for _, one in having if isinstance(one, dict)]
            if len(folders) == len(trees) and self._random.random() < 0.7:
                mixed[name] = having[0][0], self._mixed(folders)
            elif len(having) == len(trees) or self._random.random() < 0.7:
                mixed[name] = self._random.choice(having)
        return mixed

    def _changed(self, tree: Tree, depth: int) -> Tree:
        random = self._random
        tree = dict(tree)
        name = random.choice(_NAMES)
        mode, content = tree.get(name, (b"", b""))
        match random.randrange(8):
            case 0:
                tree.pop(name, None)
            case 1 if depth:
                tree[name] = (
                    random.choice(_FOLDERS),
                    self._changed(self._changed({}, depth - 1), depth - 1),
                )
            case 2 | 3 | 4 if isinstance(content, dict):
                tree[name] = mode, self._changed(content, depth - 1)
            case 5 if isinstance(content, bytes) and content:
                tree[name] = random.choice(_MODES), content
            case 6 if tree:
                tree[name] = tree[random.choice(sorted(tree))]  # the same under another name
            case _:
                tree[name] = random.choice(_MODES), random.choice(self._blobs)
        return tree

    def _tree(self, tree: Tree) -> bytes:
        entries = []
        for name, (mode, content) in tree.items():
            id = self._tree(content) if isinstance(content, dict) else content
            entries.append(
                (name + b"/" * isinstance(content, dict), b"%b %b\0%b" % (mode, name, id))
            )
        entries.sort()
        if self._is_odd():
            self._random.shuffle(entries)
        if self._is_odd():
            entries *= 2
        text = b"".join(entry for _, entry in entries)
        if self._is_odd():
            text = text[: self._random.randint(0, len(text))]
        return self.add(TREE, text)

    def _commit(self, number: int, tree: Tree, parents: list[bytes]) -> bytes:
        random = self._random
        when = 1_767_225_600 + 60 * (number + random.choice((0, 0, 0, -9, 9)))
        author, committer = (
            (random.choice(_AUTHORS) if self._is_odd() else _AUTHORS[0]).replace(
                b"%d", b"%d" % when
            )
            for _ in range(2)
        )
        lines = [b"tree " + self._tree(tree).hex().encode()]
        lines += [b"parent " + one.hex().encode() for one in parents]
        if self._is_odd() and parents:
            lines.append(lines[-1])
        lines += [b"author " + author, b"committer " + committer]
        if self._is_odd():
            lines.append(b"encoding " + random.choice((b"ISO-8859-1", b"UTF-8", b"x")))
        if self._is_odd():
            lines.append(b"gpgsig x\n author me")
        return self.add(COMMIT, b"\n".join([*lines, b"", b"change\n"]))

    def write(self, folder: Path) -> None:
        """Into packs, most trees as deltas, and some objects in files of their own."""
        random = self._random
        packs: list[list[Entry]] = [[] for _ in range(random.choice((1, 1, 2, 4)))]
        held: list[list[tuple[int, bytes]]] = [[] for _ in packs]
        loose = random.choice((0.0, 0.1, 1.0)) if random.random() < 0.3 else 0.0
        for id in reversed(self.objects):  # the newest first, as git does it
            kind, text = self.objects[id]
            if random.random() < loose:
                path = folder / id.hex()[:2] / id.hex()[2:]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(zlib.compress(b"%b %d\0%b" % (_TYPES[kind], len(text), text)))
                continue
            which = random.randrange(len(packs))
            bases = [place for place, (other, _) in enumerate(held[which]) if other == kind]
            if bases and random.random() < 0.7:
                base = random.choice(bases[-5:])
                named: bytes | int = base if random.random() < 0.8 else packs[which][base].id
                packs[which].append(
                    packing.made(text, named, changed(held[which][base][1], text), id=id)
                )
            else:
                packs[which].append(packing.whole(text, kind, id=id))
            held[which].append((kind, text))
        packing.store(folder, *filter(None, packs), algorithm=self._algorithm)


def changed(base: bytes, text: bytes) -> bytes:
    """A delta that keeps what both begin and end with."""
    least = min(len(base), len(text))
    begin = next((at for at in range(least) if base[at] != text[at]), least)
    end = next((at for at in range(least - begin) if base[-1 - at] != text[-1 - at]), least - begin)
    steps: list[bytes | tuple[int, int]] = [(0, begin)] if begin else []
    steps += [text[begin : len(text) - end]] if len(text) - end > begin else []
    steps += [(len(base) - end, end)] if end else []
    return packing.delta(len(base), len(text), *steps)
