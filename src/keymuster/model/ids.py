"""Ids of what stands in files: a word, the path and a name, with colons between, as `terraform:infra/prod:aws_iam_role.ci`.

A path may have a colon, too, or a `#`, which begins a part of a thing. In an id it is written so that it has neither: then
whoever takes an id apart knows where the path ends, whichever path it is.
"""

from __future__ import annotations

import re

_ODD = re.compile(r"[:#]|%(?=3A|23|25)")
_BRACKETS = re.compile(r"\[[^\[\]]*\]")


def in_id(path: str) -> str:
    """A path as ids have it: most as they are, and no two as one."""
    if ":" not in path and "#" not in path and "%" not in path:  # as nearly all
        return path
    return _ODD.sub(lambda found: f"%{ord(found[0]):02X}", path)


def file_in(id: str) -> str:
    """The word and the path: `terraform:infra/prod`."""
    return ":".join(id.split(":", 2)[:2])


def scope(id: str) -> str:
    """All before the name of an object, which holds there. A key in the name may have colons:
    `terraform:infra/prod:aws_iam_role.ci["a:b"]`."""
    plain = _BRACKETS.sub(lambda found: "_" * len(found[0]), id) if "[" in id else id
    return id[: max(plain.rfind(":"), 0)]
