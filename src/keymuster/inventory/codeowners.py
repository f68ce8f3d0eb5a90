"""Whom a CODEOWNERS file names for a path, by the rules of GitHub or of GitLab.

GitHub takes the last line that matches, as in a `.gitignore` but without `!`, `[ ]` and `\\#`, and `docs/*` does
not mean what lies deeper. A line without owners takes them away again.
https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners

GitLab takes the last line of each section, and all sections together. A section may have owners for the lines
that name none; `!` takes a path out of its section. A path without a slash at its end is no folder.
https://docs.gitlab.com/user/project/codeowners/reference/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from keymuster import regex
from keymuster.model import Resource

TYPE = "codeowners"
"""The type of the resource that such a file becomes."""

BEGIN = "# keymuster:begin"
END = "# keymuster:end"
"""Around the lines that `keymuster owners --write-codeowners` has written."""

Form = Literal["github", "gitlab"]

_SECTION = regex.later(
    r"(?P<optional>\^?)\[(?P<name>[^\]]+)\](?:\[(?P<approvals>\d+)\])?(?P<owners>(?:\s.*)?)"
)
_OWNER = regex.later(r"@[\w.-]+(?:/[\w.-]+)*|[^@\s]+@[^@\s]+\.[^@\s]+")
_WORD = regex.later(r"(?:\\.|[^\s\\])+")
_FOLDERS = "(?:[^/]+/)*"
_MOST_DEPTHS = 4
"""Of `**` in one line."""


class Line(Struct, frozen=True, kw_only=True):
    """One that says who owns what. `number` counts from 1; one that `excludes` takes paths out of its section,
    and `ours` were written by keymuster."""

    number: int
    pattern: str
    owners: tuple[str, ...]
    section: str = ""
    excludes: bool = False
    ours: bool = False


class Matched(Struct, frozen=True, kw_only=True):
    """The owners of a path, and the line that says so."""

    owners: tuple[str, ...]
    line: Line

    @property
    def is_for_all(self) -> bool:
        """Whether the line means every file: it says little of any."""
        return self.line.pattern.strip("/") in ("*", "**", "**/*", "")


class Codeowners:
    """A file of either form."""

    def __init__(self, text: str, form: Form) -> None:
        self.form = form
        self.lines = list(_lines(text, form))
        self._patterns = [
            (one, re.compile(_expression(one.pattern, form), re.DOTALL)) for one in self.lines
        ]

    def of(self, path: str, *, with_ours: bool = True) -> list[Matched]:
        """Whom the file names for a path relative to its repository: one answer, or of GitLab one for each
        section. Without ours, what keymuster has written there says nothing."""
        last: dict[str, Line] = {}
        for line, pattern in self._patterns:
            if (with_ours or not line.ours) and pattern.fullmatch(path):
                if line.section in last and last[line.section].excludes:
                    continue  # what was taken out of a section cannot be put in again
                last[line.section] = line
        return [
            Matched(owners=line.owners, line=line) for line in last.values() if line.owners
        ]  # fmt: skip


def in_force(resources: Iterable[Resource]) -> list[tuple[str, Resource, Codeowners]]:
    """Those among what was collected, each with the beginning of the paths that it is about: the innermost
    repository first."""
    found = []
    for one in resources:
        if one.type == TYPE:
            form: Form = "gitlab" if one.settings["form"] == "gitlab" else "github"
            text = str(one.settings["text"])
            found.append((str(one.settings["base"]), one, Codeowners(text, form)))
    return sorted(found, key=lambda one: -len(one[0]))


def _lines(text: str, form: Form) -> Iterator[Line]:
    section, ours = "", False
    default: tuple[str, ...] = ()
    defaults: dict[str, tuple[str, ...]] = {}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        ours = (ours or line.startswith(BEGIN)) and not line.startswith(END)
        if not line or line.startswith("#"):
            continue
        if form == "gitlab" and (found := _SECTION.fullmatch(line)) is not None:
            section = found["name"].strip().casefold()
            default = _owners(found["owners"].split()) or defaults.get(section, ())
            defaults[section] = default
            continue
        words = _WORD.findall(line)
        if not words or words[0].count("**") > _MOST_DEPTHS:
            continue
        pattern, rest = words[0], words[1:]
        comment = next((at for at, word in enumerate(rest) if word.startswith("#")), len(rest))
        excludes = form == "gitlab" and pattern.startswith("!")
        if form == "github" and not _is_understood(pattern):
            continue
        owners = () if excludes else _owners(rest[:comment])
        yield Line(
            number=number, pattern=pattern.removeprefix("!") if excludes else pattern,
            owners=owners or (() if excludes else default), section=section, excludes=excludes,
            ours=ours,
        )  # fmt: skip


def _owners(words: list[str]) -> tuple[str, ...]:
    """The people and groups among words. A role of GitLab (`@@maintainer`) is nobody in particular."""
    return tuple(dict.fromkeys(word for word in words if _OWNER.fullmatch(word)))


def _is_understood(pattern: str) -> bool:
    """GitHub leaves out lines in forms of `.gitignore` that it does not know."""
    return not pattern.startswith(("!", "\\#")) and "[" not in pattern


def _expression(pattern: str, form: Form) -> str:
    """What matches the paths that are meant."""
    text = re.sub(r"\\(.)", r"\1", pattern)
    anchored = text.startswith("/")
    text = text.removeprefix("/")
    is_folder = text.endswith("/") or not text
    text = text.rstrip("/")
    if form == "github":
        anchored = anchored or "/" in text
    segments = text.split("/") if text else []
    if is_folder:
        segments.append("**")
    before = "" if anchored or segments[:1] == ["**"] else _FOLDERS
    return before + _joined(segments, form)


def _joined(segments: list[str], form: Form) -> str:
    parts, last = [], len(segments) - 1
    for at, segment in enumerate(segments):
        if segment == "**":
            parts.append(".+" if at == last else _FOLDERS)
            continue
        parts.append(_segment(segment))
        if at < last:
            parts.append("/")
    is_whole = bool(segments) and segments[-1] not in ("*", "**")
    # `docs` is a folder, too, with all that is in it; `docs/*` is not what lies deeper
    below = r"(?:/.*)?" if form == "github" and (is_whole or segments == ["*"]) else ""
    return "".join(parts) + below


def _segment(text: str) -> str:
    """A part between slashes. What stands before the last `*` is taken where it first fits and never looked
    for again: the answer is the same, and a hostile pattern costs no more than others."""
    pieces = [
        "".join("[^/]" if char == "?" else re.escape(char) for char in piece)
        for piece in re.split(r"\*+", text)
    ]
    if len(pieces) == 1:
        return pieces[0]
    first, *middle, last = pieces
    return first + "".join(f"(?>[^/]*?{piece})" for piece in middle) + f"[^/]*{last}"
