"""From tree to text, in the words that `re` and Hyperscan share."""

from __future__ import annotations

from keymuster.rules.re2.tree import (
    ANY,
    Anchor,
    Chars,
    Choice,
    Group,
    Node,
    Repeat,
    Sequence_,
)


def written(node: Node, secret: int) -> str:
    match node:
        case Chars(mask):
            return _set(mask)
        case Anchor(text):
            return text
        case Group(number, item, _):
            inside = written(item, secret)
            return f"(?P<secret>{inside})" if number == secret else f"(?:{inside})"
        case Sequence_(items):
            return "".join(_bracketed(item, secret, Choice) for item in items)
        case Choice(branches):
            return "|".join(written(branch, secret) for branch in branches)
        case Repeat(item, least, most, lazy):
            times = f"{{{least}}}" if least == most else f"{{{least},{most}}}"
            times = "?" if times == "{0,1}" else times
            several = _bracketed(item, secret, Anchor, Choice, Sequence_, Repeat)
            return several + times + "?" * lazy


def _bracketed(node: Node, secret: int, *kinds: type[Node]) -> str:
    text = written(node, secret)
    return f"(?:{text})" if isinstance(node, kinds) else text


def _set(mask: int) -> str:
    members = [byte for byte in range(256) if mask >> byte & 1]
    if len(members) == 1:
        return _byte(members[0])
    if len(members) > 128:
        inside = _ranges(ANY & ~mask)
        return f"[^{inside}]" if inside else r"[\x00-\xff]"
    return f"[{_ranges(mask)}]" if members else r"[^\x00-\xff]"


def _ranges(mask: int) -> str:
    text, byte = "", 0
    while mask >> byte:
        if not mask >> byte & 1:
            byte += 1
            continue
        last = byte
        while mask >> last + 1 & 1:
            last += 1
        text += _byte(byte)
        if last > byte:
            text += ("-" if last > byte + 1 else "") + _byte(last)
        byte = last + 1
    return text


def _byte(byte: int) -> str:
    char = chr(byte)
    if char.isascii() and char.isalnum():
        return char
    return "\\" + char if 32 < byte < 127 and char not in "_<>" else f"\\x{byte:02x}"
