"""What the next commit would add: the index against HEAD."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from keymuster import regex
from keymuster.collect.base import Batch, Blob, Context, Observed, Read, Source
from keymuster.collect.exclude import outsider
from keymuster.collect.git import Git, cat_file
from keymuster.model import Storage, Trouble

_FILES = ("100644", "100755", "120000")
"""Files and links: the text of a link is content, too."""
_HUNK = regex.later(rb"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


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
        self._counts = {"files": 0, "bytes": 0}

    def counts(self) -> dict[str, int]:
        return self._counts

    def finish(self, observed: Iterable[Observed]) -> Iterator[Observed]:
        yield from observed

    def batches(self) -> Iterator[Batch | Trouble]:
        listing = self._git.run(
            "diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff"
        )
        items: list[tuple[str, str]] = []  # without what was merely moved or changed its mode
        fields = os.fsdecode(listing).split("\0")
        entries = [about.split() for about in fields[:-1:2]]
        before = {entry[2] for entry in entries}
        for (_, mode, _, new, status), path in zip(entries, fields[1::2], strict=False):
            if status.startswith("U"):
                yield Trouble(
                    part=self.name, scope=path, message="is unmerged; it was not scanned",
                    advice="Resolve the conflict and stage the file.",
                )  # fmt: skip
            elif mode in _FILES and new not in before and not self._excluded(path):
                items.append((path, new))
        if items:
            yield Batch(items=tuple(items), bytes=0)

    def read(self, batch: Batch) -> Iterator[Read]:
        objects = cat_file(self._git, [new for _, new in batch.items])
        for (path, new), (_, _, content) in zip(batch.items, objects, strict=True):
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
                path=path, data=content, storage=Storage.STAGED, object=new, git=self._git
            )


class StagedBlob(Blob, kw_only=True, dict=True):
    """A staged file that asks for its changed lines only when something was found in it."""

    git: Git

    def counts(self, first: int, last: int) -> bool:
        if self.changed is None:
            self.changed = self._changed()
        return any(a <= last and first <= b for a, b in self.changed)

    def _changed(self) -> list[tuple[int, int]]:
        """The added line ranges; all of a file that git takes for binary."""
        patch = self.git.run(
            "diff", "--cached", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv",
            "--no-renames", "--no-indent-heuristic", "--", f":(top,literal){self.path}",
        )  # fmt: skip
        hunks = [(int(hunk[1]), int(hunk[2] or 1)) for hunk in _hunks(patch)]
        if not hunks:
            return [(1, len(self.data) + 1)]
        return [(first, first + count - 1) for first, count in hunks if count]


def _hunks(patch: bytes) -> Iterator[re.Match[bytes]]:
    """Hunk headers, not the lines of a file that look like one: those carry a + or - before."""
    return _HUNK.finditer(patch)
