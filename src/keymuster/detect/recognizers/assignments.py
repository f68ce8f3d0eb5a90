"""A literal assigned to a name that speaks of a secret: cautious, and never sure."""

from __future__ import annotations

import re

from keymuster.detect.candidates import Candidate, Recognizer
from keymuster.detect.placeholders import entropy, is_placeholder

_NAMES = (
    r"passw(?:or)?d|passphrase|pwd|secret|token|api[_.-]?key|access[_.-]?key|auth[_.-]?key|"
    r"private[_.-]?key|encryption[_.-]?key|signing[_.-]?key|client[_.-]?secret|credential"
)
_TYPE = r"(?::?[ \t]{1,4}(?:string|str))?"
_SIGN = rf"[\"'`\]]{{0,2}}{_TYPE}[ \t]{{0,10}}(?::{{0,3}}=|[?.+]=|\|\|=|=>|:)[ \t]{{0,10}}"
_COMMA = r"[\"'][ \t]{0,4},[ \t]{0,4}"
"""In a call: `setenv("API_TOKEN", "...")`."""

_VALUE = r"[^\s\"'`,;(){}<>]"
_SEEN = 10
"""Bytes of the value that the gate demands."""

_LONGEST_NAME, _LONGEST_JOIN = 120, 44
_LONGEST = 200
_LEAST_ENTROPY = 3.2

_GATES = (
    rf"(?:{_NAMES})[\w.-]{{0,30}}{_SIGN}[\"'`]?{_VALUE}{{{_SEEN}}}",
    rf"(?:{_NAMES})[\w.-]{{0,30}}{_COMMA}[\"']{_VALUE}{{{_SEEN}}}",
)
_JOIN = re.compile(rf"(?:{_SIGN}|{_COMMA}(?=[\"']))(?P<quote>[\"'`]?)\Z".encode(), re.IGNORECASE)
_IN_NAMES = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz.-"
_SPEAKS = re.compile(rf"(?:{_NAMES})[\w.-]{{0,30}}\Z".encode(), re.IGNORECASE)
_QUOTED = re.compile(rb"[^\s\"'`\\]{10,200}(?=[\"'`])")
_BARE = re.compile(rb"[^\s\"'`\\,;(){}<>]{10,200}(?=[\s,;]|\Z)")
_ABOUT_THE_SECRET = re.compile(
    rb"(?i)(?:name|id|type|path|file|dir|url|uri|field|label|prefix|suffix|regex|pattern|length|"
    rb"size|count|hash|digest|sha\d*|md5|expir\w*|ttl|policy|rule|class|kind|header|param|arn|"
    rb"version|format|alg\w*|public\w*|endpoint|host|list|ref|key_?name|env|var|placeholder|hint|"
    rb"title|message|text|description|example|test)s?$|public|^(?:csrf|xsrf)"
)
_NO_LITERAL = re.compile(
    rb"^(?:https?|file|s3|arn|/|\./|\.\./|~|\$|%|@|#|&|\*|\[|urn:|vault:|ssm:|env:|secret:|enc\[|!)|"
    rb"\.(?:\w+\.)+[a-z]\w*$|->|::|\[|==|^[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+$|[A-Za-z]:\\|"
    rb"^[A-Z][A-Z0-9_]+$|^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$|^sha\d+[-:]|^\d+(?:\.\d+)*$"
)


def _recognize(content: bytes, end: int) -> Candidate | None:
    start = end - _SEEN
    floor = max(0, start - _LONGEST_JOIN)
    join = _JOIN.search(content, floor, start)
    if join is None:
        return None
    before = content[max(0, join.start() - _LONGEST_NAME) : join.start()]
    name = before[len(before.rstrip(_IN_NAMES)) :]
    if not _SPEAKS.search(name) or _ABOUT_THE_SECRET.search(name):
        return None
    ending = _QUOTED if join["quote"] else _BARE
    value = ending.match(content, start, start + _LONGEST + 1)
    if value is None or not _is_random(value[0], quoted=bool(join["quote"])):
        return None
    return Candidate(start=start, end=value.end(), facts={"name": _plain(name)})


def _is_random(value: bytes, *, quoted: bool) -> bool:
    digits = sum(48 <= byte <= 57 for byte in value)
    letters = sum(65 <= byte & 0xDF <= 90 for byte in value)
    least = 1 if quoted else 2
    return (
        digits >= least
        and letters >= 2
        and not _NO_LITERAL.search(value)
        and not is_placeholder(value)
        and entropy(value) >= _LEAST_ENTROPY
    )


def _plain(name: bytes) -> str:
    return name.decode("ascii", "replace")


ASSIGNMENT = Recognizer(_GATES, _recognize)
