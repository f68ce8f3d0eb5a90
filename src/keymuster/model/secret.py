"""The one type that may hold a secret's text."""

from __future__ import annotations

from typing import ClassVar, NoReturn

PUBLIC_KEY = b"keymuster"
"""The documented default key of fingerprints, for use within one repository."""

MASK = "****"
"""What stands in every output where a secret stood."""


_HEX = frozenset(b"0123456789abcdef")


def _check(digits: bytes) -> str:
    from binascii import crc_hqx

    return f"{crc_hqx(digits, 0xFFFF):04x}"


class Secret:
    """Bytes that must not reach a log, a report, a cache or an exception message.

    Ask it for `fingerprint` to compare secrets and for `preview` to show one. `reveal()` is the
    only way to the text, so a search for it lists every use. `public` is the number of leading
    bytes that anybody may know, because the format fixes them (`ghp_`).
    """

    __slots__ = ("_known", "_public", "_text")

    CHECK_DIGITS: ClassVar[int] = 4
    """At the end of a fingerprint."""

    def __init__(self, text: bytes, public: int = 0) -> None:
        self._text = text
        self._public = public
        self._known: tuple[bytes, str] | None = None

    def reveal(self) -> bytes:
        return self._text

    def fingerprint(self, key: bytes = PUBLIC_KEY) -> str:
        """32 hex digits, stable within one estate: keyed, so it cannot be looked up elsewhere. The last
        four check the others, so that a scan knows the fingerprints in our own reports for what they
        are."""
        if self._known is None or self._known[0] != key:  # versions of a file share what they hold
            from keymuster.model.sha256 import hmac_sha256  # only where there is a secret

            digits = hmac_sha256(key, self._text)[:28]
            self._known = key, digits + _check(digits.encode())
        return self._known[1]

    @property
    def is_fingerprint(self) -> bool:
        """Whether the text itself is one, or what reports call a secret after it (`secret:...`). Of other
        texts of 32 hex digits one in 65,536 is taken for one."""
        text = self._text.removeprefix(b"secret:")
        if len(text) != 32 or not _HEX.issuperset(text):
            return False
        return text[28:] == _check(text[:28]).encode()

    def digests(self) -> tuple[str, str]:
        """The plain hashes by which reports of other scanners know a secret. They can be looked up
        elsewhere, so they are compared and never kept."""
        import hashlib

        sha1 = hashlib.sha1(self._text, usedforsecurity=False)
        return f"sha1:{sha1.hexdigest()}", f"sha256:{hashlib.sha256(self._text).hexdigest()}"

    @property
    def preview(self) -> str:
        """The public prefix of the format and a few stars, e.g. `ghp_****`."""
        return self._text[: self._public].decode("ascii", "replace") + MASK

    def __repr__(self) -> str:
        return f"Secret({self.preview!r})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret does not leave the process that found it")
