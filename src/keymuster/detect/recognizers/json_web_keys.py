"""Private and secret keys as JSON Web Keys (RFC 7517, RFC 7518): the member `d`, or `k` of `oct`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keymuster.detect.candidates import Candidate, Recognized, Recognizer

_FURTHEST = 6000
"""Bytes from the key type to the secret member; an RSA key of 8192 bits has 5,500."""

_LEAST_VARIETY = 8

_GATE = r"\bkty\\{0,3}[\"']?\s{0,3}[:=]\s{0,3}\\{0,3}[\"'](?:RSA|EC|OKP|oct)\b"
_TYPE = re.compile(_GATE.replace("(?:", "(?P<type>", 1).encode(), re.IGNORECASE)
_MEMBER = {
    name: re.compile(
        rb"[\s,{\"'](?:%b)\\{0,3}[\"']?\s{0,3}[:=]\s{0,3}\\{0,3}[\"'](?P<secret>[A-Za-z0-9_+/=-]{16,2000})"
        % name
    )
    for name in (b"d", b"k")
}


def _recognize(content: bytes, start: int, _: int, __: str) -> Recognized:
    return _members(content, start), start - _FURTHEST, start + _FURTHEST


def _members(content: bytes, start: int) -> Iterator[Candidate]:
    said = _TYPE.match(content, start)
    if said is None:
        return
    floor = max(0, start - _FURTHEST)
    begin = content.rfind(b"{", floor, start)
    stop = content.find(b"}", start, start + _FURTHEST)
    member = _MEMBER[b"k" if said["type"].lower() == b"oct" else b"d"]
    found = member.search(
        content, begin if begin >= 0 else floor, stop if stop >= 0 else start + _FURTHEST
    )
    if found is not None and len(set(found["secret"])) >= _LEAST_VARIETY:
        yield Candidate(
            start=found.start("secret"),
            end=found.end("secret"),
            facts={"key_type": said["type"].decode()},
        )


JSON_WEB_KEY = Recognizer(gates=(_GATE,), recognize=_recognize, from_start=True)
