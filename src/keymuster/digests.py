"""BLAKE2b without what `hashlib` loads beside it: OpenSSL, which takes longer than all digests here."""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:  # a Python that keeps it elsewhere
    from hashlib import blake2b

__all__ = ["blake2b"]
