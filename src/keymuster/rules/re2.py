"""Regular expressions in RE2's syntax (Go's, gitleaks'), in the words that our two engines share.

RE2 never backtracks, so people write in it what Python's `re` would take a night for. What comes
out of here is bounded: every repeat has an end, and `steps` says how often a backtracking matcher
may at worst try something from one start. Text is bytes: outside ASCII a length counts bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, reduce
from operator import or_
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

LONGEST = 4096
"""Where a repeat without an end (`*`, `+`, `{8,}`) ends."""

ANY = (1 << 256) - 1


class Chars(Struct, frozen=True):
    """One byte out of a set, given as a mask of 256 bits."""

    mask: int


class Anchor(Struct, frozen=True):
    """A place between bytes. `before` are the bytes that may follow it, None if any may."""

    text: str
    before: int | None = None


class Group(Struct, frozen=True):
    """What a pair of brackets captures, counted from 1."""

    number: int
    item: Node
    name: str = ""


class Sequence_(Struct, frozen=True):
    """One after the other."""

    items: tuple[Node, ...]


class Choice(Struct, frozen=True):
    """The first of several that fits."""

    branches: tuple[Node, ...]


class Repeat(Struct, frozen=True):
    """Between `least` and `most` times, as few as possible if `lazy`."""

    item: Node
    least: int
    most: int
    lazy: bool = False


Node: TypeAlias = Chars | Anchor | Group | Sequence_ | Choice | Repeat

NOTHING = Sequence_(())


def parse(text: str, longest: int = LONGEST) -> Node:
    """The expression as a tree; ValueError says what is not RE2, or what we cannot take over."""
    return _Parser(text, longest).whole()


def groups(node: Node) -> list[int]:
    """The numbers of the groups that may hold the secret: the one called so, or else the outermost
    ones, up to and with the first that takes part in every match."""
    for one in _every(node):
        if isinstance(one, Group) and one.name == "secret":
            return [one.number]
    found: list[int] = []
    for number, always in _outermost(node, True):
        found.append(number)
        if always:
            break
    return found


def secret(node: Node) -> int:
    """The number of the group called `secret`; ValueError if there is none."""
    for one in _every(node):
        if isinstance(one, Group) and one.name == "secret":
            return one.number
    raise ValueError("needs a group `secret` around the credential")


def pattern(node: Node, secret: int = 0) -> str:
    """The expression for `re` and Hyperscan alike, with the group `secret` around group number
    `secret` (0: around everything; -1: around nothing), and no other group."""
    return f"(?P<secret>{_text(node, -1)})" if secret == 0 else _text(node, secret)


def without_optional_start(node: Node) -> Node:
    """The same without what may be absent at its start and captures nothing: in a search it decides
    nothing, and costs much."""
    if not isinstance(node, Sequence_) or not node.items:
        return node
    first, *rest = node.items
    if isinstance(first, Repeat) and first.least == 0 and not list(_outermost(first, True)):
        return without_optional_start(Sequence_(tuple(rest)))
    return replace(node, items=(without_optional_start(first), *rest))


@cache
def for_a_search(text: str) -> str:
    """An expression that is only asked whether it occurs in a text of at most `SEARCHED` bytes;
    ValueError also for one that could take too long."""
    node = _trimmed(parse(text, SEARCHED))
    if steps(node) > MOST_STEPS:
        raise ValueError("could take too long on text made for it")
    return _text(node, -1)


SEARCHED = 1000


MOST_STEPS = 1_000_000
"""Some milliseconds of work."""


def steps(node: Node) -> int:
    """An upper bound of the bytes that a backtracking matcher looks at from one start."""
    return _effort(node, 0)[1]


def needs(node: Node, words: Sequence[str]) -> bool:
    """Whether every text that matches contains one of the words, in any case."""
    small = [word.lower() for word in words]
    return any(
        all(any(word in text for word in small) for text in texts) for texts in _runs(node)
    ) or any(_inside_needs(item, small) for item in _flat(node))


def gate(node: Node) -> Node | None:
    """What every match begins with, up to the first long repeat: little enough for Hyperscan to keep
    the start of a match in mind. None if that is the whole expression."""
    cut, ended = _cut(node)
    return cut if ended else None


def begins_with(node: Node) -> str:
    """The text that every match begins with, as far as it has one case."""
    text = ""
    for item in _flat(node):
        if isinstance(item, Anchor):
            continue
        letter = _single(item)
        if letter is None:
            break
        text += letter
    return text


def group(node: Node, number: int) -> Node:
    """The tree inside a group; the whole for 0."""
    if number == 0:
        return node
    return next(one.item for one in _every(node) if isinstance(one, Group) and one.number == number)


# --- reading -----------------------------------------------------------------------------------

_DIGIT = sum(1 << byte for byte in b"0123456789")
_WORD = sum(1 << byte for byte in range(128) if chr(byte).isalnum() or byte == 95)
_SPACE = sum(1 << byte for byte in b"\t\n\f\r ")
_NEWLINE = 1 << 10
_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_CLASSES |= {name.upper(): ANY & ~mask for name, mask in _CLASSES.items()}
_CONTROLS = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_POSIX: dict[str, Callable[[str], bool]] = {
    "alnum": str.isalnum,
    "alpha": str.isalpha,
    "ascii": lambda char: True,
    "blank": lambda char: char in "\t ",
    "cntrl": lambda char: not char.isprintable(),
    "digit": str.isdigit,
    "graph": lambda char: char.isprintable() and char != " ",
    "lower": str.islower,
    "print": str.isprintable,
    "punct": lambda char: char.isprintable() and not char.isalnum() and char != " ",
    "space": lambda char: char in "\t\n\v\f\r ",
    "upper": str.isupper,
    "word": lambda char: char.isalnum() or char == "_",
    "xdigit": lambda char: char in "0123456789abcdefABCDEF",
}
_REPEAT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_NAMED = re.compile(r"P?<(\w+)>")
_FLAGS = re.compile(r"([imsU]*)(?:-([imsU]+))?([:)])")
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
_OCTAL = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
_DEEPEST = 40
"""Brackets inside each other; each takes up to ten calls inside each other, of a thousand."""


class _Parser:
    """Reads from left to right; `_flags` are those in force."""

    def __init__(self, text: str, longest: int) -> None:
        self._rest = text
        self._longest = longest
        self._flags: frozenset[str] = frozenset()
        self._groups = 0
        self._depth = 0

    def whole(self) -> Node:
        tree = self._choice()
        if self._rest:
            raise ValueError("a ) that closes nothing")
        return tree

    def _take(self, text: str) -> bool:
        if not self._rest.startswith(text):
            return False
        self._rest = self._rest[len(text) :]
        return True

    def _match(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self._rest)
        if found is not None:
            self._rest = self._rest[found.end() :]
        return found

    def _next(self) -> str:
        if not self._rest:
            raise ValueError("ends in the middle")
        char, self._rest = self._rest[0], self._rest[1:]
        return char

    def _choice(self) -> Node:
        """Up to the bracket that closes; flags set inside end with it."""
        flags = self._flags
        branches = [self._sequence()]
        while self._take("|"):
            branches.append(self._sequence())
        self._flags = flags
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _sequence(self) -> Node:
        items: list[Node] = []
        while self._rest and self._rest[0] not in "|)":
            more = self._atom()
            if more is None:
                continue
            *before, last = more or [NOTHING]
            items += [*before, self._repeated(last)]
        return items[0] if len(items) == 1 else Sequence_(tuple(items))

    def _repeated(self, item: Node) -> Node:
        numbers = self._match(_REPEAT)
        if numbers is not None:
            least = int(numbers[1])
            most = int(numbers[3]) if numbers[3] else None if numbers[2] else least
        elif self._rest[:1] in ("*", "+", "?") and self._rest:
            sign = self._next()
            least, most = int(sign == "+"), 1 if sign == "?" else None
        else:
            return item
        if (most is not None and least > most) or max(least, most or 0) > self._longest:
            raise ValueError(f"a repeat that shrinks, or of more than {self._longest:,} times")
        lazy = self._take("?") != ("U" in self._flags)
        if self._match(_REPEAT) or self._rest[:1] in ("*", "+") or self._take("?"):
            raise ValueError("a repeat of a repeat")
        most = max(self._longest, least) if most is None else most
        if most == least == 1:
            return item
        return Repeat(item, least, most, lazy)

    def _atom(self) -> list[Node] | None:
        """What stands next, as one node or, for text, several; None for flags."""
        char = self._next()
        match char:
            case "(":
                return self._bracket()
            case "[":
                return [Chars(self._cased(self._class()))]
            case ".":
                return [Chars(ANY if "s" in self._flags else ANY & ~_NEWLINE)]
            case "^":
                return [Anchor("(?m:^)") if "m" in self._flags else Anchor(r"\A", 0)]
            case "$":
                return [Anchor("(?m:$)", _NEWLINE) if "m" in self._flags else Anchor(r"\Z", 0)]
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise ValueError(f"`{char}` repeats nothing")
        return self._literal(char)

    def _bracket(self) -> list[Node] | None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"brackets more than {_DEEPEST} deep")
        before, number, name = self._flags, 0, ""
        if not self._take("?"):
            self._groups += 1
            number = self._groups
        elif named := self._match(_NAMED):
            self._groups += 1
            number, name = self._groups, named[1]
        else:
            flags = self._match(_FLAGS)
            if flags is None:
                raise ValueError(f"`(?{self._rest[:2]}` is not RE2")
            self._flags = (self._flags | set(flags[1])) - set(flags[2] or "")
            if flags[3] == ")":
                self._depth -= 1
                return None
        inside = self._choice()
        if not self._take(")"):
            raise ValueError("missing ) for a (")
        self._flags = before
        self._depth -= 1
        return [Group(number, inside, name) if number else inside]

    def _escape(self) -> list[Node]:
        if self._take("Q"):
            text, _, self._rest = self._rest.partition("\\E")
            return [node for char in text for node in self._literal(char)]
        if self._rest[:1] in _CLASSES:
            return [Chars(_CLASSES[self._next()])]
        for name, anchor in (
            ("b", Anchor(r"\b")), ("B", Anchor(r"\B")), ("A", Anchor(r"\A", 0)), ("z", Anchor(r"\Z", 0)),
            ("Z", Anchor(r"\Z", 0)),  # Python's word for it, and what `pattern` writes
        ):  # fmt: skip
            if self._take(name):
                return [anchor]
        if self._take("C"):
            return [Chars(ANY)]
        code, is_byte = self._escaped()
        return [Chars(self._cased(1 << code))] if is_byte else self._literal(chr(code))

    def _escaped(self) -> tuple[int, bool]:
        """What an escape stands for, and whether that is a byte: `\\xNN` is, whatever its value."""
        if found := self._match(_HEX):
            return int(found[1] or found[2], 16), found[1] is not None
        if found := self._match(_OCTAL):
            return int(found[0], 8), False
        char = self._next()
        if char in "pP":
            raise ValueError("a Unicode class (`\\p`) is not taken over")
        if char in _CONTROLS:
            return _CONTROLS[char], False
        if char.isalnum() and char.isascii():
            raise ValueError(f"`\\{char}` is not RE2")
        return ord(char), False

    def _literal(self, char: str) -> list[Node]:
        if char.isascii():
            return [Chars(self._cased(1 << ord(char)))]
        return [Sequence_(tuple(Chars(1 << byte) for byte in char.encode()))]

    def _class(self) -> int:
        negated = self._take("^")
        mask, first = 0, True
        while first or not self._rest.startswith("]"):
            first = False
            if found := self._match(re.compile(r"\[:(\^?)(\w+):\]")):
                mask |= self._posix(found[2], bool(found[1]))
                continue
            if self._rest[:1] == "\\" and self._rest[1:2] in _CLASSES:
                mask |= _CLASSES[self._rest[1]]
                self._rest = self._rest[2:]
                continue
            low = high = self._member()
            if self._rest[:1] == "-" and self._rest[1:2] not in ("]", ""):
                self._next()
                high = self._member()
            if high < low:
                raise ValueError("a range that runs backwards")
            mask |= (1 << high + 1) - (1 << low)
        self._next()
        mask = self._cased(mask)
        return ANY & ~mask if negated else mask

    def _member(self) -> int:
        char = self._next()
        code, is_byte = self._escaped() if char == "\\" else (ord(char), False)
        if code > 127 and not is_byte:
            raise ValueError("a class with characters outside ASCII is not taken over")
        return code

    def _posix(self, name: str, negated: bool) -> int:
        if name not in _POSIX:
            raise ValueError(f"there is no class `[:{name}:]`")
        mask = sum(1 << byte for byte in range(128) if _POSIX[name](chr(byte)))
        return ANY & ~mask if negated else mask

    def _cased(self, mask: int) -> int:
        """The set with either case of its letters, where case does not count."""
        if "i" not in self._flags:
            return mask
        upper, lower = (mask >> 65) & (1 << 26) - 1, (mask >> 97) & (1 << 26) - 1
        return mask | upper << 97 | lower << 65


# --- writing -----------------------------------------------------------------------------------


def _text(node: Node, secret: int) -> str:
    match node:
        case Chars(mask):
            return _set(mask)
        case Anchor(text):
            return text
        case Group(number, item, _):
            inside = _text(item, secret)
            return f"(?P<secret>{inside})" if number == secret else f"(?:{inside})"
        case Sequence_(items):
            return "".join(_bracketed(item, secret, Choice) for item in items)
        case Choice(branches):
            return "|".join(_text(branch, secret) for branch in branches)
        case Repeat(item, least, most, lazy):
            times = f"{{{least}}}" if least == most else f"{{{least},{most}}}"
            times = "?" if times == "{0,1}" else times
            several = _bracketed(item, secret, Anchor, Choice, Sequence_, Repeat)
            return several + times + "?" * lazy


def _bracketed(node: Node, secret: int, *kinds: type[Node]) -> str:
    text = _text(node, secret)
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


# --- judging -----------------------------------------------------------------------------------


def _first(node: Node, after: int) -> int:
    """The bytes that a match of the node and what comes after it may begin with."""
    match node:
        case Chars(mask):
            return mask
        case Anchor(_, before):
            return after if before is None else before
        case Group(_, item, _):
            return _first(item, after)
        case Sequence_(items):
            return reduce(lambda then, item: _first(item, then), reversed(items), after)
        case Choice(branches):
            return reduce(or_, (_first(branch, after) for branch in branches))
        case Repeat(item, least, most, _):
            inside = _first(item, after) if most else 0
            return inside if least else inside | after


def _effort(node: Node, after: int) -> tuple[int, int]:
    """(ways on, steps): in how many ways at most a match may go on to one of the bytes `after`, and
    how many steps all of them take. Where what follows cannot begin with what is repeated, there is
    one way on, however long the repeat."""
    match node:
        case Chars() | Anchor():
            return 1, 1
        case Group(_, item, _):
            return _effort(item, after)
        case Sequence_(items):
            return _effort_in_a_row(items, after)
        case Choice(branches):
            efforts = [_effort(branch, after) for branch in branches]
            starts = [_first(branch, after) for branch in branches]
            open_to = (  # of all branches, those that the next byte leaves open
                sum(
                    ways
                    for (ways, _), start in zip(efforts, starts, strict=True)
                    if start >> byte & 1
                )
                for byte in range(256)
            )
            empty = sum(
                ways
                for (ways, _), branch in zip(efforts, branches, strict=True)
                if not _shortest(branch)
            )  # open even where an anchor lets no byte follow
            return _capped(max(1, empty, *open_to)), _capped(sum(steps for _, steps in efforts))
        case Repeat(item, least, most, _):
            start = _first(item, 0)
            ways, cost = _effort(item, start | after)
            if ways == 1:
                certain = least == most or not (start & after or not _shortest(item))
                return (1 if certain else _capped(most - least + 1)), _capped(most * cost)
            onward = total = 0
            grown = 1
            for count in range(1, most + 1):
                total = _capped(total + grown * max(1, cost))  # what is empty is tried, too
                grown = _capped(grown * ways)
                if grown > _CAP:
                    return grown, grown
                onward += grown if count >= least else 0
            return _capped(onward + (least == 0)), total


def _shortest(node: Node) -> int:
    """How short a match may be."""
    return _length(node, min)


def _width(node: Node) -> int:
    """How long a match may get."""
    return _length(node, max)


def _length(node: Node, end: Callable[[Iterable[int]], int]) -> int:
    """The length of a match, at one `end` of what is possible."""
    match node:
        case Chars():
            return 1
        case Anchor():
            return 0
        case Group(_, item, _):
            return _length(item, end)
        case Sequence_(items):
            return sum(_length(item, end) for item in items)
        case Choice(branches):
            return end(_length(branch, end) for branch in branches)
        case Repeat(item, least, most, _):
            return end((least, most)) * _length(item, end)


_CAP = 10**12


def _capped(number: int) -> int:
    return min(number, _CAP + 1)


def _effort_in_a_row(items: Sequence[Node], after: int) -> tuple[int, int]:
    follows = [after]
    for item in reversed(items):
        follows.append(_first(item, follows[-1]))
    ways, total = 1, 0
    for item, follow in zip(items, reversed(follows[:-1]), strict=True):
        more, cost = _effort(item, follow)
        total = _capped(total + ways * cost)
        ways = _capped(ways * more)
    return ways, total


def _trimmed(node: Node, left: bool = True, right: bool = True) -> Node:
    """For a yes or no, repeats at either end need not go on past their least. `left` and `right`
    say at which ends of the whole this stands."""
    if not (left or right):
        return node
    match node:
        case Repeat(item, least, _, _):
            if least < 2:
                return _trimmed(item, left, right) if least else NOTHING
            return Repeat(item, least, least)
        case Group(_, item, _):
            return _trimmed(item, left, right)
        case Choice(branches):
            return Choice(tuple(_trimmed(branch, left, right) for branch in branches))
        case Sequence_((first, *middle, last)):
            return Sequence_((_trimmed(first, left, False), *middle, _trimmed(last, False, right)))
        case Sequence_((only,)):
            return _trimmed(only, left, right)
        case _:
            return node


def _outermost(node: Node, always: bool) -> Iterator[tuple[int, bool]]:
    """(number of a group that is in no other, whether it takes part in every match)."""
    match node:
        case Group(number, _, _):
            yield number, always
        case Sequence_(items):
            for item in items:
                yield from _outermost(item, always)
        case Choice(branches):
            for branch in branches:
                yield from _outermost(branch, False)
        case Repeat(item, least, _, _):
            yield from _outermost(item, always and least > 0)
        case _:
            return


def _every(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case Group(_, item, _) | Repeat(item, _, _, _):
            yield from _every(item)
        case Sequence_(items) | Choice(items):
            for item in items:
                yield from _every(item)
        case _:
            return


def _flat(node: Node) -> Iterator[Node]:
    """What a match consists of for certain, one after the other."""
    match node:
        case Group(_, item, _):
            yield from _flat(item)
        case Sequence_(items):
            for item in items:
                yield from _flat(item)
        case _:
            yield node


def _runs(node: Node) -> Iterator[set[str]]:
    """Every stretch of text that is fixed but for a few choices, as all it may be, in lower case."""
    run = {""}
    for item in _flat(node):
        texts = _texts(item)
        longer = {text + more for text in run for more in texts or ()}
        if not 0 < len(longer) <= _FEW:
            yield run
            longer = texts or {""}
        run = longer
    yield run


_FEW = 64


def _texts(node: Node) -> set[str] | None:
    """All that a node matches, in lower case, if that is little."""
    match node:
        case Chars(mask) if mask.bit_count() <= 8:
            return {chr(byte).lower() for byte in range(256) if mask >> byte & 1}
        case Group(_, item, _):
            return _texts(item)
        case Choice(branches):
            several = [_texts(branch) for branch in branches]
            return None if None in several else _few(set().union(*filter(None, several)))
        case Repeat(item, 0, 1, _):
            texts = _texts(item)
            return texts and texts | {""}
        case Sequence_(items):
            run = {""}
            for item in items:
                texts = _texts(item)
                if texts is None or len(run) * len(texts) > _FEW:
                    return None
                run = {text + more for text in run for more in texts}
            return run
        case _:
            return None


def _few(texts: set[str]) -> set[str] | None:
    return texts if len(texts) <= _FEW else None


def _single(node: Node) -> str | None:
    if not isinstance(node, Chars) or node.mask.bit_count() != 1:
        return None
    return chr(node.mask.bit_length() - 1)


def _cut(node: Node) -> tuple[Node, bool]:
    """The node, and whether it was cut so that nothing may follow."""
    match node:
        case Group(number, item, name):
            cut, ended = _cut(item)
            return Group(number, cut, name), ended
        case Sequence_(items):
            kept: list[Node] = []
            for item in items:
                cut, ended = _cut(item)
                kept.append(cut)
                if ended:
                    return Sequence_(tuple(kept)), True
            return node, False
        case Choice(branches):
            cuts = [_cut(branch) for branch in branches]
            return Choice(tuple(cut for cut, _ in cuts)), any(ended for _, ended in cuts)
        case Repeat(item, least, most, _) if most * _width(item) > _GATE:
            times = min(least, max(1, _GATE // max(1, _width(item))))
            return (Repeat(item, times, times) if times else NOTHING), True
        case _:
            return node, False


_GATE = 64
"""Bytes up to which a gate repeats something."""


def _inside_needs(node: Node, words: Sequence[str]) -> bool:
    match node:
        case Choice(branches):
            return all(needs(branch, words) for branch in branches)
        case Repeat(item, least, _, _):
            return least > 0 and needs(item, words)
        case _:
            return False
