"""`matches` without a runtime: expressions whose meaning is the same in RE2, which CEL uses, and in Python's
`re`, on texts that no expression takes long for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from keymuster import regex

Matches = Callable[[str], bool | None]
"""Whether an expression is found in a text; None for what only the runtime can say."""


Translated = tuple[str, int, bool]
"""An expression for Python, how many repeats without an end may share a text, and whether case is ignored."""


@cache
def matcher(pattern: str, effort: int, ignores_case: bool) -> Matches:
    """Of an expression that was `translated`."""
    flags = _ASCII | (_IGNORECASE if ignores_case else 0)
    found, longest = regex.later(pattern, flags), _LONGEST[effort]

    def matches(text: str) -> bool | None:
        if len(text) > longest or not text.isascii() or "\v" in text:
            return None
        return found.search(text) is not None

    return matches


_ASCII, _IGNORECASE = 256, 2
_LONGEST = {0: 20_000, 1: 20_000, 2: 2_000, 3: 200, 4: 80}
"""Characters of a text, by how many repeats without an end may share it: all places where each may end are
tried, one inside the other."""

_TOKEN = regex.later(
    r"""(?xs)
    (?P<case>\(\?i\)) | (?P<open>\((?:\?:)?(?!\?)) | (?P<close>\)) | (?P<or>\|) |
    (?P<set>\[\^?\]?(?:[^\]\[\\]|\[(?!:)|\\[\w.$/\[\]-])*\]) |
    (?P<repeat>[*+?]\??|\{\d{1,3}(?:,\d{0,3})?\}\??) |
    (?P<begin>\^) | (?P<end>\$) | (?P<any>\.) |
    \\(?P<class>[wdb]) | \\(?P<escaped>[^\w\s]) | (?P<literal>[^\\\[\](){*+?.^$|])"""
)
_OPENING = regex.later(r"(?<!\\)\[")
_TWICE = ("--", "&&", "~~", "||")
"""What Python keeps for more than it means in a set today."""


def translated(pattern: str) -> Translated | None:
    """None for an expression that may mean something else to Python, or keep it busy."""
    if not pattern.isascii():
        return None
    said: list[str] = []
    at, ignores_case = 0, False
    efforts = [[0]]  # of each open group, that of its branches so far
    last: int | None = None  # the effort of what may be repeated
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            return None
        text, kind, begin, at = token[0], token.lastgroup, at, token.end()
        if kind == "case":
            if begin and (not ignores_case or len(efforts) > 1):
                return None
            ignores_case, text, last = True, "", None
        elif kind == "open":
            efforts.append([0])
            last = None
        elif kind == "close":
            if len(efforts) == 1:
                return None
            last = max(efforts.pop())
            efforts[-1][-1] += last
            last = _GROUP + last
        elif kind == "or":
            efforts[-1].append(0)
            last = None
        elif kind == "repeat":
            if last is None or (last >= _GROUP and text not in ("?", "??")):
                return None
            efforts[-1][-1] += text not in ("?", "??")
            last = None
        elif kind in ("begin", "end"):
            text, last = ("^" if kind == "begin" else r"\Z"), None
        elif kind == "set":
            if any(two in text for two in _TWICE):
                return None
            text, last = "[" + _OPENING.sub(r"\\[", text[1:]), 0
        elif kind == "class":
            last = None if token["class"] == "b" else 0
        else:
            last = 0
        said.append(text)
    if len(efforts) > 1:
        return None
    effort = max(efforts[0]) + (not pattern.startswith(("^", "(?i)^")) or len(efforts[0]) > 1)
    return ("".join(said), effort, ignores_case) if effort in _LONGEST else None


_GROUP = 1000
"""Added to the effort of a group: it may be there or not, but not come again, for how often may depend on how
much each time."""
