"""Go templates of YAML files, masked so that what is left is YAML with the same lines."""

from __future__ import annotations

import re

_OPEN, _CLOSE = "{{", "}}"
_CONTROL = re.compile(
    r"-?\s*(?:/\*|if\b|else\b|end\b|range\b|with\b|define\b|block\b|template\b|break\b|continue\b|"
    r"\$[\w.]{0,80}\s{0,8}:?=(?!=))"
)
_INSIDE = re.compile(r"[^\w.$@|()/,-]+")
_LONGEST = 80
"""Characters that are kept of what a value depends on."""


def is_template(text: str) -> bool:
    return _OPEN in text


def masked(text: str) -> str:
    """Steps of the template, and lines that are nothing but a template, become blank; what a value
    takes from the template becomes an unknown: `${.Values.name}`."""
    pieces: list[str] = []
    at = 0
    while (start := text.find(_OPEN, at)) >= 0:
        stop = text.find(_CLOSE, start)
        if stop < 0:
            break
        pieces.append(text[at:start])
        pieces.append(_replaced(text, start, stop))
        at = stop + len(_CLOSE)
    pieces.append(text[at:])
    return "".join(pieces)


def _replaced(text: str, start: int, stop: int) -> str:
    inside = text[start + len(_OPEN) : stop]
    newlines = "\n" * inside.count("\n")
    if _CONTROL.match(inside) or _is_alone(text, start, stop + len(_CLOSE)):
        return newlines
    name = _INSIDE.sub(" ", inside.strip("- \t\n")).strip()[:_LONGEST]
    return f"${{{name or 'template'}}}{newlines}"


def _is_alone(text: str, start: int, end: int) -> bool:
    """Whether a template is all that its lines hold."""
    before = text[max(0, start - _INDENT) : start].rpartition("\n")
    after = text[end : end + _INDENT].partition("\n")
    begins = before[1] or start <= _INDENT
    ends = after[1] or end + _INDENT >= len(text)
    return bool(begins and ends and not before[2].strip() and not after[0].strip())


_INDENT = 200
"""Characters of a line that are looked at on either side."""
