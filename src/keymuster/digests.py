"""Digests without what `hashlib` loads beside them: OpenSSL, which takes longer than all digests of a scan."""

from __future__ import annotations

TYPE_CHECKING = False  # that of `typing` takes as long to import as all else that a hook needs
if TYPE_CHECKING:
    from hashlib import blake2b, sha256
else:
    try:
        from _blake2 import blake2b
    except ImportError:  # a Python that keeps it elsewhere
        from hashlib import blake2b
    try:
        from _sha256 import sha256
    except ImportError:
        try:
            from _sha2 import sha256  # since Python 3.12
        except ImportError:
            from hashlib import sha256

__all__ = ["blake2b", "hmac_sha256", "sha256"]

_BLOCK = 64
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


def hmac_sha256(key: bytes, text: bytes) -> str:
    """What `hmac.new(key, text, "sha256").hexdigest()` gives (RFC 2104)."""
    key = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner = sha256(key.translate(_INNER) + text).digest()
    return sha256(key.translate(_OUTER) + inner).hexdigest()
