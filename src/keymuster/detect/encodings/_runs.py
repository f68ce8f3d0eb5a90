"""How far encoded text reaches that is written on one line or wrapped over several."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from keymuster import regex

_BREAK = (
    rb"(?:\\?\r?\n[ \t]{0,200}|(?:\\r)?\\n[ \t]{0,200}|"
    rb"[\"'][ \t]{0,8}[+.,&\\]?[ \t]{0,8}\r?\n[ \t]{0,200}(?:[+.&][ \t]{0,8})?[\"'])"
)
"""A line break, a written one (`\\n`), or the joint of string literals on consecutive lines."""

_WRAP = regex.later(_BREAK)
_AFTER = regex.later(rb"[\s\"'`<,;)\]}\\]|\Z")
_LEAST_WIDTH = 40
_USUAL_WIDTHS = (60, 64, 72, 76)


class Run(Struct, frozen=True):
    """Encoded text from `start` to `end`; `letters` is it without what wraps and pads it."""

    start: int
    end: int
    letters: bytes

    def __repr__(self) -> str:  # without its text
        return f"Run({self.start}, {self.end})"


def run(text: bytes, start: int, alphabet: str, unit: int) -> Run:
    """The longest run that starts here. Wrapped lines have one width, save the first, which may
    stand behind a name, and the last. `unit` letters (and `=` for missing ones) make a group."""
    end = _line_end(text, start, alphabet)
    letters = text[start:end]
    if len(letters) >= _LEAST_WIDTH and (wrap := _WRAP.match(text, end)):
        width = max(len(letters), _line_end(text, wrap.end(), alphabet) - wrap.end())
        body = _lines(alphabet, width).match(text, end)
        if body is not None:
            end = body.end()
            letters += _unwrapped(body[0])
        if wrap := _WRAP.match(text, end):
            last = _line_end(text, wrap.end(), alphabet)
            size, padding = last - wrap.end(), _padding(text, last)
            whole = (len(letters) + size + padding) % unit == 0
            if body is None or not body[0]:  # then it may as well be a word on the next line
                whole &= width in _USUAL_WIDTHS or bool(padding or len(letters) % unit)
            if 0 < size < width and whole and _AFTER.match(text, last + padding):
                end = last
                letters += text[wrap.end() : last]
    return Run(start, end + _padding(text, end), letters)


def _unwrapped(lines: bytes) -> bytes:
    if lines.translate(None, b"\\\"'") == lines:
        return lines.translate(None, b"\r\n\t ")
    return _WRAP.sub(b"", lines)


def _line_end(text: bytes, start: int, alphabet: str) -> int:
    found = _lines(alphabet, 0).match(text, start)
    assert found is not None
    return found.end()


@lru_cache(maxsize=256)
def _lines(alphabet: str, width: int) -> re.Pattern[bytes]:
    """All the letters that follow, or all further lines of just that width."""
    if not width:
        return re.compile(f"[{alphabet}]*+".encode())
    line = f"[{alphabet}]{{{width}}}(?![{alphabet}])".encode()
    return re.compile(b"(?:" + _BREAK + line + b")*+")


def _padding(text: bytes, end: int) -> int:
    return 2 if text[end : end + 2] == b"==" else int(text[end : end + 1] == b"=")
