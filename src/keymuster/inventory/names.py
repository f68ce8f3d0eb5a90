"""Names of which there is but one in the world."""

from __future__ import annotations

from keymuster import regex

_UNIQUE = regex.later(r"@|:\d{12}:")
"""What is part of them: a domain, an account."""


def is_unique(name: str) -> bool:
    """Whether there is but one thing of this name in the world."""
    return _UNIQUE.search(name) is not None
