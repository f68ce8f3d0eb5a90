"""Values of a Kubernetes Secret that nothing else explains: that they are in one says enough."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keymuster.detect import kubernetes
from keymuster.detect.candidates import ANYWHERE, Candidate, Recognized, Recognizer
from keymuster.detect.encodings.base import is_text
from keymuster.detect.values import obvious

_LEAST = 6
_LEAST_BINARY = 16
"""Bytes of a value that is worth a word, if it is text and if not."""

_WRITTEN = re.compile(rb"[A-Za-z0-9+/]+={0,2}")

_NO_SECRET = re.compile(
    rb"(?i)(?:user(?:name)?|login|e?-?mail|host(?:name)?|port|ur[li]|endpoint|server|address|region|zone|"
    rb"namespace|database|db(?:_?name)?|name|type|version|env(?:ironment)?|"
    rb"(?:ca|tls|cert(?:ificate)?|(?:ssh[._-]?)?pub(?:lic)?[._-]?(?:key)?)(?:[._-](?:crt|pem|cert))?|"
    rb"[\w.-]*\.(?:crt|cer|cert|pub))\Z"
)
"""Keys of what stands beside a secret."""

_PUBLIC = re.compile(rb"\s*-----BEGIN (?:CERTIFICATE|PUBLIC|X509|TRUSTED)")
_REFERENCE = re.compile(
    rb"(?:vault|secret|ref|arn|op|gs|s3|https?|file):|[/#]?[a-z0-9_-]+(?:/[a-z0-9_.-]+){2,}(?:#\w+)?\Z"
)
"""Where a value is to be had; a path has no capitals, of which base64 is full."""


_BEFORE = 1024 * 1024
_KIND = re.compile(kubernetes.GATE.encode(), re.IGNORECASE)


def _is_read_already(content: bytes, at: int) -> bool:
    """Whether another kind before this one stands in the same document, whose entries it gave. The
    nearest text is looked at first: where kinds stand close, that is all."""
    end, size = at - len(b"secret"), 256
    while True:
        floor = max(0, at - size)
        begin = max(floor, content.rfind(b"\n---", floor, at))
        if _KIND.search(content, begin, end):
            return True
        if begin > floor or floor == 0 or size >= _BEFORE:
            return False
        size *= 8


def _recognize(content: bytes, at: int, _: int, __: str) -> Recognized:
    # the last value of a document may be of any length
    return _values(content, at), at - _BEFORE - kubernetes.BEFORE, ANYWHERE


def _values(content: bytes, at: int) -> Iterator[Candidate]:
    if _is_read_already(content, at):
        return
    for entry in kubernetes.entries(content, [at]):
        value = entry.content.strip()
        letters = b"".join(content[entry.start : entry.end].split())
        if not _WRITTEN.fullmatch(letters) or len(letters) % 4:
            continue
        if len(value) >= (_LEAST if is_text(value) else _LEAST_BINARY) and not (
            _NO_SECRET.match(entry.key)
            or _PUBLIC.match(value)
            or _REFERENCE.match(value)
            or obvious.says_so(value)
        ):
            yield Candidate(
                start=entry.start,
                end=entry.end,
                facts={"key": entry.key.decode("utf-8", "replace")},
            )


KUBERNETES_SECRET = Recognizer(gates=(kubernetes.GATE,), recognize=_recognize)
