"""Rows of reports in JSON: arrays and lines, each row by itself, so that a broken one costs only itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from keymuster.collect.imports.base import Told, Unread
from keymuster.model import Commit, Secret

_T = TypeVar("_T")

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def document(data: bytes, kind: type[_T]) -> _T:
    """All of a report; ValueError without its words if it is no such report."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise ValueError(_shape(error)) from None
    except msgspec.DecodeError as error:
        cut = "truncated" in str(error)
        raise ValueError("it ends too early" if cut else f"it is no JSON: {error}") from None
    except (UnicodeDecodeError, RecursionError):
        raise ValueError("it is no JSON") from None


def rows(
    several: list[Raw], kind: type[_T], told: Callable[[_T], Iterator[Told]], name: str = "row"
) -> Iterator[Told]:
    """What each row tells, or that it cannot be read."""
    for number, raw in enumerate(several, 1):
        yield from row(raw, kind, told, f"{name} {number}")


def row(
    raw: Raw | bytes, kind: type[_T], told: Callable[[_T], Iterator[Told]], name: str
) -> Iterator[Told]:
    try:
        one = msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        yield Unread(row=name, why=_shape(error))
    except _UNREADABLE:
        yield Unread(row=name, why="it is no JSON, or ends too early")
    else:
        yield from told(one)


def lines(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Lines that say something, with what to call them."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if stripped := line.strip():
            yield f"line {number}", stripped


def first(data: bytes) -> dict[str, Any]:
    """The JSON object that a report begins with, or the one that its array begins with; empty if there is
    none. Only a beginning is looked at, so that of a large report not all is read twice."""
    text = data[:_BEGINNING].lstrip()
    head = text[1:].lstrip() if text.startswith(b"[") else text
    if not head.startswith(b"{"):
        return {}
    end = _end_of_object(head)
    try:
        found = msgspec.json.decode(head[:end])
    except _UNREADABLE:
        return {}
    return found if isinstance(found, dict) else {}


_BEGINNING = 1 << 20


def _end_of_object(text: bytes) -> int:
    depth, inside, at = 0, False, 0
    while at < len(text):
        byte = text[at]
        if inside:
            at += byte == 0x5C  # a backslash takes the next with it
            inside = byte != 0x22
        elif byte == 0x22:
            inside = True
        elif byte == 0x7B:
            depth += 1
        elif byte == 0x7D:
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return len(text)


def secret(text: str | None) -> Secret | None:
    """The text of a secret; None if there is none, or somebody took it out."""
    if not text or text.strip("*xX. ") == "" or "REDACTED" in text[:40]:
        return None
    return Secret(text.encode("utf-8", "surrogateescape"))


def commit(id: str, author: str = "", email: str = "", date: str = "") -> Commit | None:
    from datetime import datetime

    if not id:
        return None
    try:
        moment = datetime.fromisoformat(date) if date else None
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is None:
        moment = None
    who = f"{author} <{email}>" if email and "<" not in author else author
    return Commit(id=id, author=who.strip(), date=moment)


def _shape(error: msgspec.ValidationError) -> str:
    """What msgspec says of the types; of a value that it quotes, nothing."""
    problem, _, path = str(error).partition(" - at ")
    kind = problem if problem.startswith(("Expected", "Object missing")) else "a value is wrong"
    return f"{kind} ({path.strip('`$.') or 'the row'})"
