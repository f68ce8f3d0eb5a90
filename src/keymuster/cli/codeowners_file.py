"""The lines of a CODEOWNERS file that keymuster writes: between two marks, and nothing else of it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from keymuster.cli.output import replacing
from keymuster.collect.owners.standing import codeowners_file, form_of
from keymuster.collect.repository import toplevel
from keymuster.errors import SettingsError
from keymuster.inventory.codeowners import BEGIN, END

_NEW = {"github": ".github/CODEOWNERS", "gitlab": "CODEOWNERS"}
_SECTION = "^[Identities]"
"""Of GitLab: what stands below belongs to the section above it, so ours have one; nobody has to approve."""


def updated(
    root: str, lines: Sequence[tuple[str, tuple[str, ...]]], within: Sequence[str] = ("",)
) -> str:
    """Put these lines (path, owners) into the CODEOWNERS of a repository, in the place of those that were put there
    before; what was done, in a sentence. Only the files and folders `within` were looked at: lines about others
    stay. SettingsError if it is not a plain file of the repository."""
    if toplevel(root) != os.path.abspath(root):
        raise SettingsError(f"{root} is not a repository", "CODEOWNERS is read at the top of one.")
    found = codeowners_file(root)
    name, form = found if found is not None else (_NEW[form_of(root)], form_of(root))
    path = os.path.join(root, *name.split("/"))
    _check_plain(root, name)
    before = _read(path) if found is not None else ""
    written = {f"/{_escaped(path)}": " ".join(owners) for path, owners in lines}
    after = _put(before, sorted((_kept(before, within) | written).items()), form)
    if after == before:
        return f"{name}: nothing to change"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with replacing(path) as out:
        out.write(after)
    return f"{name}: {len(lines)} line{'' if len(lines) == 1 else 's'} written"


def _check_plain(root: str, name: str) -> None:
    """That it lies in the repository and no part of its path is a link."""
    place = root
    for part in name.split("/"):
        place = os.path.join(place, part)
        if os.path.islink(place):
            raise SettingsError(
                f"{name}: {part} is a symbolic link, and is not written through",
                "Put a file in its place.",
            )
    if os.path.lexists(place) and not os.path.isfile(place):
        raise SettingsError(f"{name} is not a file", "Put a file in its place.")


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read().decode()
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8", "Save it as UTF-8 first.") from None


def _kept(before: str, within: Sequence[str]) -> dict[str, str]:
    """Pattern -> owners of the lines between the marks that are about something else."""
    block = before.partition(BEGIN)[2].partition(END)[0]
    found = {}
    for line in block.splitlines()[1:]:
        pattern, _, owners = line.replace("\\ ", "\0").partition(" ")
        path = pattern.removeprefix("/").replace("\0", " ")
        if line.startswith("/") and not any(_is_in(path, one) for one in within):
            found[pattern.replace("\0", "\\ ")] = owners
    return found


def _is_in(path: str, within: str) -> bool:
    return not within or path == within or path.startswith(f"{within}/")


def _put(before: str, lines: Sequence[tuple[str, str]], form: str) -> str:
    end = "\r\n" if "\r\n" in before else "\n"
    marks = [one for one in (BEGIN, END) if before.count(one) > 1]
    first, last = before.find(BEGIN), before.find(END)
    if marks or (first < 0) is not (last < 0) or last < first:
        raise SettingsError(
            f"CODEOWNERS: `{BEGIN}` and `{END}` do not stand there once each, in this order",
            "Take both out, with the lines between them.",
        )
    block = _block(lines, form, end) if lines else ""
    if first < 0:
        if not block:
            return before
        gap = end if before and not before.endswith("\n") else ""
        return f"{before}{gap}{end if before else ''}{block}"
    rest = before[last:].partition("\n")[2]
    if not block:
        kept = before[:first].rstrip("\r\n")
        return f"{kept}{end if kept else ''}{rest}"
    return f"{before[:first]}{block}{rest}"


def _block(lines: Sequence[tuple[str, str]], form: str, end: str) -> str:
    written = [f"{BEGIN} (by keymuster owners --write-codeowners; changes here are lost)"]
    if form == "gitlab":
        written.append(_SECTION)
    written += [f"{pattern} {owners}" for pattern, owners in lines]
    return end.join([*written, END, ""])


def _escaped(path: str) -> str:
    """A path that means this file alone. What no form can say means the file by `?`."""
    return re.sub(r"[*?\[\]!#\\]|[^\x21-\x7e\xa0-\U0010ffff]", _sign, path)


def _sign(found: re.Match[str]) -> str:
    return "\\ " if found[0] == " " else "?"
