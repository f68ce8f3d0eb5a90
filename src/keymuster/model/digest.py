"""Digests of text that is no secret."""

from __future__ import annotations

from keymuster.digests import sha256


def digest(text: str, length: int = 32) -> str:
    """The first hexadecimal digits of the SHA-256 of a text, whatever it holds."""
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:length]
