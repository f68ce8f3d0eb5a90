"""Go templates of YAML files, masked so that what is left is YAML with the same lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

_OPEN, _CLOSE = "{{", "}}"
_INSIDE = re.compile(r"[^\w.$@|()/,-]+")
_TEXT = re.compile(r"\"[^\"]*+\"|'[^']*+'|`[^`]*+`")
"""What stands in quotation marks may be a secret, and what a value depends on is printed."""

_CALL = re.compile(r"(?:template|include)\s+\"([\w./-]{1,200})\"(?:\s|\Z)")
_LONGEST = 80
"""Characters that are kept of what a value depends on."""


def masked(text: str) -> str:
    """Lines that hold nothing but templates become blank; what else a template gives becomes an
    unknown: `${.Values.name}`."""
    spans = list(_spans(text))
    pieces = [text[begin:end] for begin, end in _between(spans, len(text))]
    alone = _alone(pieces)
    out = [pieces[0]]
    for number, (start, stop) in enumerate(spans):
        inside, after = text[start + len(_OPEN) : stop - len(_CLOSE)], pieces[number + 1]
        quote = '"' if _is_whole(pieces[number], after) else ""
        out.append(_replaced(inside, alone[number], quote))
        out.append(after)
    return "".join(out)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while (start := text.find(_OPEN, at)) >= 0:
        stop = text.find(_CLOSE, start)
        if stop < 0:
            return
        at = stop + len(_CLOSE)
        yield start, at


def _between(spans: list[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """What stands before, between and behind the templates."""
    at = 0
    for start, stop in spans:
        yield at, start
        at = stop
    yield at, size


def _alone(pieces: list[str]) -> list[bool]:
    """Of each template, whether its line holds nothing else but templates."""
    alone: list[bool] = []
    first, is_blank = 0, not pieces[0].rpartition("\n")[2].strip()
    for number, piece in enumerate(pieces[1:], 1):
        head, newline, rest = piece.partition("\n")
        is_blank = is_blank and not head.strip()
        if newline or number == len(pieces) - 1:
            alone += [is_blank] * (number - first)
            first, is_blank = number, not rest.rpartition("\n")[2].strip()
    return alone


def _is_whole(before: str, after: str) -> bool:
    """Whether a template is a whole value: without quotation marks, its braces would end a map."""
    return (
        before.endswith((" ", "[", ","))
        and before.rstrip(" ").endswith((":", ",", "[", "-"))
        and (not after or after.lstrip(" ")[:1] in ("\n", "\r", ",", "}", "]"))
    )


def _replaced(inside: str, is_alone: bool, quote: str) -> str:
    newlines = "\n" * inside.count("\n")
    if is_alone or inside.lstrip("- ").startswith("/*"):
        return newlines
    inside = inside.strip("- \t\n")
    if called := _CALL.match(inside):  # the same, however it is called
        name = called[1]
    else:
        name = _INSIDE.sub(" ", _TEXT.sub(" ", inside)).strip()
    return f"{quote}${{{name[:_LONGEST] or 'template'}}}{quote}{newlines}"
