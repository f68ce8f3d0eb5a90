"""Text for Markdown as GitHub and GitLab read it: what others wrote stands in code spans, where nothing is
markup, and is not escaped: an escape for each mark would make of a masked name another text."""

from __future__ import annotations

import re

from keymuster.report._alike import without_middle
from keymuster.report.base import readable

_TICKS = re.compile("`+")
_MARKS = re.compile(r"[\\`*_\[\]<>|~$&]")
"""What may be markup within a line."""
_OURS = re.compile(r"(`[^`]+`|https?://[^\s<>`|\"\\]*[\w/])")
"""What is markup in a text of our own: code, and addresses."""


def code(text: str, most: int = 10_000) -> str:
    """A code span that shows the text, on one line: its fence is longer than any within. `most` characters are
    shown."""
    text = without_middle(readable(text), most)
    if not text:
        return ""
    fence = "`" * (max(map(len, _TICKS.findall(text)), default=0) + 1)
    # A space on both sides is taken off again by whoever reads it.
    pad = " " if "`" in (text[0], text[-1]) or (text.strip() and text[0] == text[-1] == " ") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def cell(text: str, most: int = 10_000) -> str:
    """The same for a table, which takes a bar for its own even in code, unless a backslash stands before it.
    Readers disagree on a bar that has one already, so these are told apart by a space."""
    return code(text, most).replace("\\|", "\\ |").replace("|", "\\|")


def prose(text: str) -> str:
    """A text of a rule, on one line: code and addresses in it are markup, and nothing else."""
    pieces = _OURS.split(" ".join(readable(text.replace("\n", " ")).split()))
    return "".join(
        _MARKS.sub(r"\\\g<0>", piece) if number % 2 == 0 else _ours(piece)
        for number, piece in enumerate(pieces)
    )


def _ours(piece: str) -> str:
    return piece if piece.startswith("`") else f"<{piece}>"
