"""Dockerfiles as a list of instructions with their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from keymuster import regex

_INSTRUCTION = regex.later(r"[ \t]{0,80}(?P<word>[A-Za-z]{2,20})(?:[ \t]+(?P<rest>.*))?", re.DOTALL)
_HEREDOC = regex.later(r"<<-?[ \t]{0,4}[\"']?(?P<end>[A-Za-z_]\w{0,40})")
_ESCAPE = regex.later(r"[ \t]*#[ \t]*escape[ \t]*=[ \t]*(?P<char>[\\`])[ \t]*", re.IGNORECASE)
_FLAG = regex.later(r"--[a-z][\w-]{0,40}(?:=\S{0,400})?[ \t]+")
_PAIR = regex.later(
    r"(?P<name>[A-Za-z_][\w.-]{0,200})(?:=(?P<value>\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|(?:\\.|[^\s\"'\\])*+))?"
)


class Instruction(Struct, frozen=True, kw_only=True):
    """One instruction: `RUN`, its `flags`, and the rest on one line, with what stood in a heredoc."""

    word: str
    flags: tuple[str, ...]
    rest: str
    line: int
    end_line: int
    end_column: int

    def __repr__(self) -> str:  # the rest may be a secret
        return f"Instruction({self.word} at {self.line})"


def parse(text: str) -> list[Instruction]:
    """The instructions; lines that are none are passed over."""
    lines = text.split("\n")
    escape = _escape(lines)
    found = []
    at = 0
    while at < len(lines):
        start = at
        joined, at = _joined(lines, at, escape)
        match = _INSTRUCTION.fullmatch(joined)
        if match is None or joined.lstrip().startswith("#"):
            continue
        word, rest = match["word"].upper(), match["rest"] or ""
        bodies = [rest]
        for heredoc in _HEREDOC.finditer(rest) if word in _WITH_HEREDOC else ():
            body, at = _heredoc(lines, at, heredoc["end"])
            bodies.append(body)
        rest = "\n".join(bodies)
        flags, begin = [], 0
        while flag := _FLAG.match(rest, begin):
            flags.append(flag[0].strip())
            begin = flag.end()
        rest = rest[begin:]
        last = lines[at - 1].rstrip("\r")
        found.append(
            Instruction(
                word=word, flags=tuple(flags), rest=rest.strip(), line=start + 1, end_line=at,
                end_column=len(last) + 1,
            )
        )  # fmt: skip
    return found


_WITH_HEREDOC = ("RUN", "COPY", "ADD")


def _escape(lines: list[str]) -> str:
    for line in lines[:10]:
        if found := _ESCAPE.fullmatch(line.rstrip("\r")):
            return found["char"]
        if not line.lstrip().startswith("#"):
            break
    return "\\"


def _joined(lines: list[str], at: int, escape: str) -> tuple[str, int]:
    """One line with those that continue it; comments and blank lines between them are left out."""
    pieces: list[str] = []
    while at < len(lines):
        line = lines[at].rstrip()
        at += 1
        if pieces and (not line or line.lstrip().startswith("#")):
            continue
        if not line.endswith(escape) or (not pieces and line.lstrip().startswith("#")):
            pieces.append(line)
            break
        pieces.append(line[:-1])
    return " ".join(pieces), at


def _heredoc(lines: list[str], at: int, end: str) -> tuple[str, int]:
    body = []
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.strip() == end:
            break
        body.append(line)
    return "\n".join(body), at


def pairs(rest: str) -> Iterator[tuple[str, str | None]]:
    """(name, value) of an ENV, ARG or LABEL; the value is None where there is none."""
    name, blank, value = rest.partition(" ")
    if blank and "=" not in name:  # the old form: ENV NAME all the rest
        yield name, value.strip()
        return
    for found in _PAIR.finditer(rest):
        value_ = found["value"]
        yield found["name"], None if value_ is None else _unquoted(value_)


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
