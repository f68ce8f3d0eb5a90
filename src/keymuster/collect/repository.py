"""Where a repository is, and how git is started in one that nobody vouches for.

Nothing a repository's settings say may make git start a program, ask for a password or open a
connection; nothing is written, not even the index. A hook needs this first, so it imports nothing.
"""

from __future__ import annotations

import os

_SAFE = {
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.hooksPath": os.devnull,
    "core.sshCommand": "false",
    "core.askPass": "",
    "core.pager": "",
    "core.quotePath": "false",
    "core.alternateRefsCommand": "true",
    "credential.helper": "",
    "diff.external": "",
    "diff.renames": "false",
    "diff.noprefix": "false",
    "diff.mnemonicPrefix": "false",
    "diff.relative": "false",
    "diff.orderFile": os.devnull,
    "diff.ignoreSubmodules": "none",
    "diff.interHunkContext": "0",
    "diff.suppressBlankEmpty": "false",
    "gpg.program": "false",
    "i18n.logOutputEncoding": "UTF-8",
    "log.showSignature": "false",
    "log.mailmap": "false",
    "protocol.allow": "never",
    "submodule.recurse": "false",
}
_KEPT = ("GIT_INDEX_FILE", "GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")
"""What git sets for a hook so that it sees the commit being made."""

_CONFIGURING = (
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_EXEC_PATH",
    "GIT_CEILING_DIRECTORIES",
)


def prefix(folder: str) -> list[str]:
    """The start of every git command line."""
    settings = [word for name, value in _SAFE.items() for word in ("-c", f"{name}={value}")]
    return ["git", "--no-pager", "--no-replace-objects", "-C", folder, *settings]


def environment(given: dict[str, str] | None = None, *, in_hook: bool = False) -> dict[str, str]:
    """The environment of every git process, made from ours or from what of it is `given`; `in_hook` keeps git's word on
    what is being committed."""
    kept = (*_KEPT, *_CONFIGURING) if in_hook else _CONFIGURING
    plain = {
        name: value
        for name, value in (os.environ if given is None else given).items()
        if not name.startswith("GIT_") or name in kept
    }
    return plain | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": "none",  # unlike protocol.allow, no repository can overrule it
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "LC_ALL": "C",
    }


def toplevel(folder: str) -> str | None:
    """The root of the repository a folder lies in, by looking only; None outside of any."""
    place = os.path.abspath(folder)
    while not (os.path.exists(os.path.join(place, ".git")) or is_bare(place)):
        above = os.path.dirname(place)
        if above == place:
            return None
        place = above
    return place


def is_bare(folder: str) -> bool:
    """Whether a folder is a repository without a working tree, by its looks."""
    return all(os.path.exists(os.path.join(folder, part)) for part in ("HEAD", "objects", "refs"))
