"""Digests of text that is no secret."""

from __future__ import annotations


def digest(text: str, length: int = 32) -> str:
    """The first hexadecimal digits of the SHA-256 of a text, whatever it holds."""
    from keymuster.model.sha256 import sha256  # most scans find nothing

    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:length]
