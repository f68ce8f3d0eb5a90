"""Bare clones of what lies on servers. They are whole: a history is its file versions, and `--filter=blob:none` would
leave those out, so that git would ask for each. Where the files of HEAD are all that is wanted, one commit is enough.

An interrupted clone has another name, and is not one. What does not look like a repository any more is made again.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Sequence

from keymuster.collect.git import Git
from keymuster.collect.repository import is_bare
from keymuster.errors import Unreachable, Unreadable
from keymuster.estate.remote import Refs, Remote
from keymuster.estate.surroundings import surroundings

_CLONE = "clone.git"
_NEW = "new-"
_DETACHED = "refs/keymuster/HEAD"
_DAMAGED = re.compile(
    r"bad object|corrupt|unable to read|does not match index|missing|invalid|loose object|broken|not a git repository"
    r"|unresolved deltas|not a (?:tree|commit|valid) object|bad (?:tree|sha1|pack|ref)|inflate|did not send all necessary objects",
    re.IGNORECASE,
)
"""What git says where what we have is not what it was; to make it again is never wrong."""

_MOST_PACKS = 200
"""Every fetch leaves one."""


def clone(
    place: str, remote: Remote, refs: Refs, patterns: Sequence[str], most_bytes: int, *,
    shallow: bool = False,
) -> str:  # fmt: skip
    """The folder of a clone that has these refs and HEAD, in a place of the cache; of HEAD alone, and that without what
    came before it, if it is `shallow`."""
    folder = os.path.join(place, _CLONE)
    for name in os.listdir(place):
        if name.startswith(_NEW):
            shutil.rmtree(os.path.join(place, name), ignore_errors=True)
    if is_whole(folder, refs, shallow=shallow):
        _tidy(folder)
        try:
            _fetch(folder, remote, refs, patterns, most_bytes, shallow)
        except (Unreachable, Unreadable) as error:
            if not is_damage(error):
                raise
        else:
            return folder
    drop(place)
    made = os.path.join(place, f"{_NEW}{os.getpid()}")
    try:
        _create(made, refs)
        _fetch(made, remote, refs, patterns, most_bytes, shallow)
        os.rename(made, folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return folder


def drop(place: str) -> None:
    """Let go of a clone, so that it is made again."""
    shutil.rmtree(os.path.join(place, _CLONE), ignore_errors=True)


def is_damage(error: Unreachable | Unreadable) -> bool:
    """Whether git says that what we have is not what it was."""
    return _DAMAGED.search(error.message) is not None


def has_clone(place: str) -> bool:
    return os.path.isdir(os.path.join(place, _CLONE))


def refs_in(folder: str, seconds: float | None = None) -> Refs:
    """What refs a repository on this machine has. Unreadable if git refuses it, or takes longer."""
    git = Git(folder, seconds=seconds, given=surroundings((), os.environ))
    said = os.fsdecode(git.run("for-each-ref", "--format=%(objectname) %(refname)"))
    ids = {name: id for id, _, name in (line.partition(" ") for line in said.splitlines())}
    branch = git.ask("symbolic-ref", "--quiet", "HEAD") or ""
    if branch in ids:
        ids["HEAD"] = ids[branch]
    elif head := git.ask("rev-parse", "--verify", "--quiet", "HEAD"):
        ids["HEAD"] = head
    return Refs(ids=ids, head=branch)


def is_whole(folder: str, refs: Refs, *, shallow: bool = False) -> bool:
    """Whether there is a clone, by its looks, of a repository with ids of this kind, and with all that is wanted."""
    if not is_bare(folder) or os.path.exists(os.path.join(folder, "shallow")) > shallow:
        return False
    packs = os.path.join(folder, "objects", "pack")
    try:
        if sum(name.endswith(".pack") for name in os.listdir(packs)) > _MOST_PACKS:
            return False
        kind = Git(folder).ask("rev-parse", "--show-object-format")
    except (OSError, Unreadable):
        return False
    return kind == _format(refs)


def _fetch(
    folder: str, remote: Remote, refs: Refs, patterns: Sequence[str], most_bytes: int, shallow: bool
) -> None:
    """HEAD is fetched whether one of the patterns is for it or not."""
    patterns = () if shallow else patterns
    specs = [f"+{one}:{one}" for one in patterns]
    is_branch = refs.head != "" and refs.head in refs.ids
    if is_branch and refs.head not in refs.of(patterns):
        specs.append(f"+{refs.head}:{refs.head}")
    elif not is_branch and "HEAD" in refs.ids:
        specs.append(f"+HEAD:{_DETACHED}")
    if not specs:  # there is nothing
        return
    remote.fetch(folder, specs, most_bytes, shallow=shallow)
    git = Git(folder)
    if is_branch:
        git.run("symbolic-ref", "HEAD", refs.head)
    elif id := git.ask("rev-parse", "--verify", "--quiet", _DETACHED):
        git.run("update-ref", "--no-deref", "HEAD", id)


def _create(folder: str, refs: Refs) -> None:
    """An empty repository with nothing of templates, hooks or anybody's settings."""
    os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
    Git(os.path.dirname(folder)).run(
        "init", "--quiet", "--bare", "--template=", f"--object-format={_format(refs)}", "--initial-branch=main",
        os.path.basename(folder),
    )  # fmt: skip


def _format(refs: Refs) -> str:
    return "sha256" if any(len(id) == 64 for id in refs.ids.values()) else "sha1"


def _tidy(folder: str) -> None:
    """Take away what a fetch left behind that was killed. Nobody else is at work here."""
    for inner in ("objects/pack", "."):
        place = os.path.join(folder, inner)
        for name in os.listdir(place):
            if name.startswith("tmp_") or name.endswith(".lock"):
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(place, name))
    for place, _, names in os.walk(os.path.join(folder, "refs")):
        for name in names:
            if name.endswith(".lock"):
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(place, name))
