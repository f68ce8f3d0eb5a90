"""What the next commit would add: the index against HEAD."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, NamedTuple

from keymuster import regex
from keymuster.collect.base import Batch, Blob, Context, Observed, Read, Source
from keymuster.collect.exclude import outsider
from keymuster.collect.git import Git, cat_file
from keymuster.collect.whole_patch import StagedFile, is_gone, kept, ranges
from keymuster.model import Storage, Trouble

_FILES = ("100644", "100755", "120000")
"""Files and links: the text of a link is content, too."""
_HUNK = regex.later(rb"@@ -\S+ \+(\d+)(?:,\d+)? @@")


class Staged(Source):
    """Whole staged files, each with the lines that the change adds. git's hook environment is
    honoured, so that `git commit -a` and partial commits are seen as they will be."""

    name: ClassVar[str] = "staged"

    def __init__(self, context: Context) -> None:
        selection = context.selection
        self._limit = selection.max_file_bytes
        self._excluded = outsider(selection)
        here = os.path.realpath(os.getcwd())
        inside = os.path.realpath(selection.root)
        self._git = Git(selection.root, in_hook=os.path.commonpath([here, inside]) == inside)
        self._given = kept(selection.root)
        self._counts = {"files": 0, "bytes": 0}

    def counts(self) -> dict[str, int]:
        return self._counts

    def finish(self, observed: Iterable[Observed]) -> Iterator[Observed]:
        yield from observed

    def batches(self) -> Iterator[Batch | Trouble]:
        entries = self._listed() if self._given is None else self._told(self._given)
        items: list[tuple[str, str]] = []  # without what was merely moved or changed its mode
        before = {entry.before for entry in entries}
        for path, mode, _, new, is_unmerged in entries:
            if is_unmerged:
                yield Trouble(
                    part=self.name, scope=path, message="is unmerged; it was not scanned",
                    advice="Resolve the conflict and stage the file.",
                )  # fmt: skip
            elif mode in _FILES and new not in before and not self._excluded(path):
                items.append((path, new))
        if items:
            yield Batch(items=tuple(items), bytes=0)

    def _listed(self) -> list[_Entry]:
        """The changed files, as git lists them."""
        listing = self._git.run(
            "diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff"
        )
        fields = os.fsdecode(listing).split("\0")
        abouts = [about.split() for about in fields[:-1:2]]
        return [
            _Entry(path, mode, old, new, status.startswith("U"))
            for (_, mode, old, new, status), path in zip(abouts, fields[1::2], strict=False)
        ]

    @staticmethod
    def _told(given: Iterable[StagedFile]) -> list[_Entry]:
        """The same of a patch."""
        return [
            _Entry(os.fsdecode(one.path), one.mode.decode(), one.before, one.after, False)
            for one in given
        ]

    def _contents(self, batch: Batch) -> Iterable[bytes | None]:
        if self._given is not None:
            known = {one.after: one.content for one in self._given}
            return [known[new] for _, new in batch.items]
        return (one[2] for one in cat_file(self._git, [new for _, new in batch.items]))

    def read(self, batch: Batch) -> Iterator[Read]:
        added = {os.fsdecode(one.path): one.added for one in self._given or () if not is_gone(one)}
        for (path, new), content in zip(batch.items, self._contents(batch), strict=True):
            if content is None:
                yield Trouble(
                    part=self.name, scope=path, message=f"object {new} is missing or damaged",
                    advice="Run git fsck.",
                )  # fmt: skip
                continue
            self._counts["files"] += 1
            self._counts["bytes"] += len(content)
            if len(content) > self._limit:
                yield Trouble(
                    part=self.name, scope=path,
                    message=f"is {len(content):,} bytes, more than the limit of {self._limit:,}; it was not scanned",
                    advice="Raise --max-file-size to scan it, or exclude it.",
                )  # fmt: skip
                continue
            yield StagedBlob(
                path=path, data=content, storage=Storage.STAGED, object=new, git=self._git,
                changed=added.get(path),
            )  # fmt: skip


class StagedBlob(Blob, kw_only=True, dict=True):
    """A staged file that asks for its changed lines only when something was found in it."""

    git: Git

    def changes(self) -> Sequence[tuple[int, int]]:
        if self.changed is None:
            self.changed = self._changed()
        return self.changed

    def counts(self, first: int, last: int) -> bool:
        return any(a <= last and first <= b for a, b in self.changes())

    def _changed(self) -> list[tuple[int, int]]:
        """The added line ranges; all of a file that git takes for binary."""
        # Without any line around a change, git sometimes takes another of two equal lines for the new one.
        patch = self.git.run(
            "diff", "--cached", "--unified=1", "--no-color", "--no-ext-diff", "--no-textconv",
            "--no-renames", "--no-indent-heuristic", "--", f":(top,literal){self.path}",
        )  # fmt: skip
        lines = patch.split(b"\n")
        if not any(map(_HUNK.match, lines)):
            return [(1, len(self.data) + 1)]
        return ranges(_added(lines))


def _added(patch: Iterable[bytes]) -> Iterator[int]:
    """The numbers of the added lines."""
    number = 0
    for line in patch:
        if line.startswith(b"diff --git "):  # its lines carry a mark before what they say
            number = 0
        elif hunk := _HUNK.match(line):
            number = int(hunk[1])
        elif number and line.startswith((b"+", b" ")):
            if line.startswith(b"+"):
                yield number
            number += 1


class _Entry(NamedTuple):
    """A changed file: its mode after the change, and what it holds before and after it."""

    path: str
    mode: str
    before: str
    after: str
    is_unmerged: bool
