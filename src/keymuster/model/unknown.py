"""Values that a declaration does not tell. They are text that names what they depend on:
`${var.region}`, `arn:aws:s3:::${aws_s3_bucket.logs.id}/*`."""

from __future__ import annotations

import re
from typing import Any

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")

_IAM_VARIABLE = re.compile(r"[A-Za-z][\w.-]*:[^:].*|[*?$]")
"""Variables of IAM policies, which are filled in when a request is made: `${aws:username}`."""


def is_unknown(value: Any) -> bool:
    """Whether a value is text that is not wholly known."""
    return isinstance(value, str) and "${" in value and bool(depends_on(value))


def depends_on(text: str) -> list[str]:
    """The names of what a text depends on."""
    return [name for name in _REFERENCE.findall(text) if not _IAM_VARIABLE.fullmatch(name)]


def reference(text: Any) -> str:
    """The name of the one thing that a value is wholly taken from; empty if it is more or less than
    that."""
    whole = _REFERENCE.fullmatch(text) if isinstance(text, str) else None
    return whole[1] if whole and not _IAM_VARIABLE.fullmatch(whole[1]) else ""


def holds_unknown(value: Any) -> bool:
    """Whether anything in a value is not known, however deep."""
    match value:
        case dict():
            return any(map(holds_unknown, value.values()))
        case list() | tuple():
            return any(map(holds_unknown, value))
        case _:
            return is_unknown(value)
