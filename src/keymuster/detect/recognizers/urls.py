"""Passwords in the userinfo of a URL (RFC 3986): `scheme://user:password@host`."""

from __future__ import annotations

import re

from keymuster.detect.candidates import Candidate, Recognizer
from keymuster.detect.placeholders import is_placeholder
from keymuster.model import Confidence, CredentialStatus

_USER, _PASSWORD = 100, 200
_GATE = rf"://[^\s/?#:@\"'`<>\\]{{0,{_USER}}}:[^\s/?#@\"'`<>\\]{{3,{_PASSWORD}}}@[\w\[]"
_URL = re.compile(
    rb"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{1,24})://(?P<user>[^\s/?#:@\"'`<>\\]*):(?P<password>.*)@",
    re.DOTALL,
)
_HOST = re.compile(rb"\[[\w.:%-]+\]?|[\w.:%-]+")
_NO_SECRET = re.compile(
    rb"(?i)^[$%{<\[(*]|\$[{(]|\{[\w.-]+\}|%(?![0-9A-F]{2})|<|\*{3}|^(?:pass|password|passwd|pwd|passphrase|secret|user|username|token|key|"
    rb"api[_-]?key|p4ss|pw|mypass(?:word)?|hunter2|x+|\.+|-+|redacted|masked|test|foo|bar|baz|abc|"
    rb"1234?5?6?|credentials?|auth|login)$"
)
_LOCAL = re.compile(
    rb"(?i)(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|host\.docker\.internal|(?:[\w-]+\.)*example(?:\.\w+)?|"
    rb"(?:[\w-]+\.)*(?:test|invalid|localdomain|local)|host|hostname|server|domain)(?:$|:)"
)


def _recognize(content: bytes, end: int) -> Candidate | None:
    at = end - 2
    floor = max(0, at - _USER - _PASSWORD - 32)
    scheme_end = content.rfind(b"://", floor, at)
    if scheme_end < 0:
        return None
    found = _URL.search(content, max(floor, scheme_end - 25), end - 1)
    if found is None or found.end() != end - 1:
        return None
    user, password = found["user"], found["password"]
    host = _HOST.match(content, end - 1, end + 255)
    if host is None or _NO_SECRET.search(password) or is_placeholder(password):
        return None
    sample = user == password or _LOCAL.match(host[0]) is not None
    scheme = found["scheme"].lower()
    return Candidate(
        start=found.start("password"),
        end=at,
        status=CredentialStatus.SAMPLE if sample else None,
        confidence=Confidence.MEDIUM,
        facts={"scheme": scheme.decode("ascii")},
    )


URL_PASSWORD = Recognizer((_GATE,), _recognize)
