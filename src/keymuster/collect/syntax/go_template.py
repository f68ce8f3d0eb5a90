"""Go templates of YAML files, masked so that what is left is YAML with the same lines."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster import regex

_OPEN, _CLOSE = "{{", "}}"
_INSIDE = regex.later(r"[^\w.$@|()/,-]+")
_TEXT = regex.later(r"\"[^\"]*+\"|'[^']*+'|`[^`]*+`")
"""What stands in quotation marks may be a secret, and what a value depends on is printed."""

_CALL = regex.later(r"(?:template|include)\s+\"([\w./-]{1,200})\"(?:\s|\Z)")
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
        is_whole = _is_whole(pieces[number], after, is_last=number == len(spans) - 1)
        if is_whole and _goes_on(text, start, stop):
            out.append("\n" * inside.count("\n"))
        else:
            out.append(_replaced(inside, alone[number], '"' if is_whole else ""))
        out.append(after)
    return "".join(out)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    at, last_comment_end = 0, text.rfind("*/")
    while (start := text.find(_OPEN, at)) >= 0:
        inside = start
        if start < last_comment_end and (comment := _COMMENT.match(text, start)):
            inside = text.find("*/", comment.end())  # a comment may hold templates
        stop = text.find(_CLOSE, max(inside, start))
        if stop < 0:
            return
        at = stop + len(_CLOSE)
        yield start, at


_COMMENT = regex.later(r"\{\{-?\s{0,20}/\*")


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


def _is_whole(before: str, after: str, *, is_last: bool) -> bool:
    """Whether a template is a whole value: without quotation marks, its braces would end a map."""
    return (
        before.endswith((" ", "[", ","))
        and before.rstrip(" ").endswith((":", ",", "[", "-"))
        and ((is_last and not after) or after.lstrip(" ")[:1] in tuple("\n\r,}]"))
    )


def _goes_on(text: str, start: int, stop: int) -> bool:
    """Whether lines below belong to the same key as a template: it makes a part of a map or list, as in
    `labels: {{- include "labels" . | nindent 4 }}`, and a text in its place would stand in their way."""
    begin = max(0, start - _LONGEST_LINE)
    head = text[max(text.rfind("\n", begin, start) + 1, begin) : start]
    bare = head.lstrip(" -")
    column = len(head) - len(bare)  # of the key, or of the item of a list
    at = text.find("\n", stop, stop + _LONGEST_LINE)
    for _ in range(_MOST_LINES):
        if at < 0:
            return False
        end = text.find("\n", at + 1)
        line = text[at + 1 : min(len(text) if end < 0 else end, at + _LONGEST_LINE)]
        if line.strip() and not _ALONE.fullmatch(line) and not line.lstrip().startswith("#"):
            indent = len(line) - len(line.lstrip(" "))
            return indent > column or (not bare and indent == column)
        at = end
    return False


_LONGEST_LINE = 500
_MOST_LINES = 40
"""Lines that a template is followed over: others are templates, blank or comments."""

_ALONE = regex.later(r"\s*+(?:\{\{(?:[^{}]|\{(?!\{)|\}(?!\}))*+\}\}\s*+)+")


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
