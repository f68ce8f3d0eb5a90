"""Expressions in RE2's syntax: what is taken over, both engines take, and they agree about it."""

from __future__ import annotations

import re
import time
from random import Random
from zlib import crc32

from keymuster.detect.database import compile_database
from keymuster.detect.patterns import Pattern
from keymuster.errors import RuleError
from keymuster.rules import re2

_MOST_OF_A_PATTERN = 1_500
_MOST_OF_A_TEXT = 4_000
_MOST_SECONDS_OF_A_MATCH = 0.5


def check(data: bytes) -> None:
    text = data.decode("utf-8", "replace")[:_MOST_OF_A_PATTERN]
    try:
        tree = re2.parse(text)
    except ValueError:
        return
    if re2.steps(tree) > re2.MOST_STEPS:
        return
    numbers = re2.groups(tree) or [0]
    tree = re2.without_optional_start(tree) if numbers != [0] else tree
    whole = re2.pattern(tree, numbers[0])
    confirm = re.compile(whole.encode())
    random = Random(crc32(data))
    subjects = [_subject(tree, random) for _ in range(3)]
    again = re2.parse(whole)
    written = re.compile(re2.pattern(again, re2.secret(again)).encode())
    for subject in subjects:
        assert _spans(written, subject) == _spans(confirm, subject), "is read as something else"
    _agree(tree, confirm, subjects)
    _searched(text, subjects)
    _needed(tree, confirm, subjects, random)


def _agree(tree: re2.Node, confirm: re.Pattern[bytes], subjects: list[bytes]) -> None:
    """What the gate finds covers what the confirm does, and a confirm is quick."""
    try:
        gate = Pattern(format=0, gate=re2.pattern(re2.gate(tree) or tree, -1))
        database = compile_database({0: gate})
    except RuleError:
        return
    for subject in subjects:
        hits: set[int] = set()
        database.scan(subject, match_event_handler=lambda _, begin, *__: hits.add(begin))  # noqa: B023
        taken = []
        for begin in sorted(hits):
            started = time.process_time()
            found = confirm.match(subject, begin)
            took = time.process_time() - started
            assert took < _MOST_SECONDS_OF_A_MATCH, "takes longer than its steps say"
            if found:
                taken.append(found.span())
        first = next((found for found in confirm.finditer(subject) if found[0]), None)
        assert first is None or first.span() in taken, "no gate for it"


def _spans(expression: re.Pattern[bytes], subject: bytes) -> list[tuple[int, int]]:
    return [found.span("secret") for found in expression.finditer(subject)]


def _searched(text: str, subjects: list[bytes]) -> None:
    """An expression cut down to a yes or no says what the whole one says."""
    try:
        short = re.compile(re2.for_a_search(text).encode())
    except ValueError:
        return
    tree = re2.parse(text, re2.SEARCHED)
    if re2.steps(tree) > re2.MOST_STEPS:
        return
    whole = re.compile(re2.pattern(tree, -1).encode())
    for subject in subjects:
        line = subject[: re2.SEARCHED]
        assert bool(short.search(line)) == bool(whole.search(line)), "another answer when cut down"


def _needed(
    tree: re2.Node, confirm: re.Pattern[bytes], subjects: list[bytes], random: Random
) -> None:
    start = re2.begins_with(tree).encode("latin-1")
    words = ["".join(random.choices("abck_-", k=random.randint(1, 3))) for _ in range(2)]
    needed = re2.needs(tree, words)
    for subject in subjects:
        for found in confirm.finditer(subject):
            assert found[0].startswith(start), "begins with something else"
            small = found[0].decode("latin-1").lower()
            assert not needed or any(word in small for word in words), "does without the words"


def _subject(tree: re2.Node, random: Random) -> bytes:
    """Text with what matches in it, and what nearly does."""
    made = b""
    for _ in range(random.randint(1, 4)):
        one = _sample(tree, random)
        if random.random() < 0.4 and one:
            at = random.randrange(len(one))
            one = one[:at] + random.choice((b"", b"a", b"\n", one[at:] * 2)) + one[at + 1 :]
        made += random.choice((b"", b" ", b"\n", b"a", b"x=", one[:5])) + one
    return made[:_MOST_OF_A_TEXT]


def _sample(node: re2.Node, random: Random) -> bytes:
    match node:
        case re2.Chars(mask):
            members = [byte for byte in range(256) if mask >> byte & 1]
            likely = [byte for byte in members if byte in b"ab1_=\n"]
            return bytes([random.choice(likely or members)]) if members else b""
        case re2.Group(_, item, _):
            return _sample(item, random)
        case re2.Sequence_(items):
            return b"".join(_sample(item, random) for item in items)
        case re2.Choice(branches):
            return _sample(random.choice(branches), random)
        case re2.Repeat(item, least, most, _):
            times = random.choice((least, least + 1, least + 3, 64, 65, 300))
            times = max(least, min(most, times))
            return b"".join(_sample(item, random) for _ in range(min(times, _MOST_OF_A_TEXT)))[
                :_MOST_OF_A_TEXT
            ]
        case _:
            return b""


# --- expressions -------------------------------------------------------------------------------

_ATOMS = (
    "a", "b", "k", "_", "-", "=", "1", "é", "a", "bc", "key", r"\.", r"\d", r"\w", r"\s", r"\S", r"\D",
    r"\W", "[a-z]", "[A-Z0-9_]", "[^a]", "[^\\n]", "[[:alnum:]]", "[[:^digit:]]", "[a\\-]", "[]a]",
    "[\\w.-]", ".", "(?s:.)", r"\b", r"\B", "^", "$", r"\A", r"\z", "(?i)", "(?-i)", "(?m)", "(?U)",
    r"\x41", r"\x{e9}", r"\101", r"\Qa.b\E", r"\n", r"\C", "(?i:k)", "['\"]", "[ \\t]",
)  # fmt: skip
_REPEATS = (
    "", "", "", "", "?", "*", "+", "??", "*?", "+?", "{2}", "{0,1}", "{0}", "{1,3}", "{3,}", "{64}", "{65}",
    "{20,200}", "{65,}?", "{0,70}", "{100}", "{1}",
)  # fmt: skip


def _expression(random: Random, depth: int) -> str:
    branches = random.choice((1, 1, 1, 2, 3))
    return "|".join(_row(random, depth) for _ in range(branches))


def _row(random: Random, depth: int) -> str:
    return "".join(_part(random, depth) for _ in range(random.choice((0, 1, 2, 3, 4, 6))))


def _part(random: Random, depth: int) -> str:
    if depth and random.random() < 0.35:
        opened = random.choice(("(", "(", "(?:", "(?:", "(?i:", "(?P<secret>", "(?s:", "(?m:"))
        return f"{opened}{_expression(random, depth - 1)}){random.choice(_REPEATS)}"
    return random.choice(_ATOMS) + random.choice(_REPEATS)


def mutated(data: bytes, random: Random) -> bytes:
    if random.random() < 0.5:
        return _expression(random, random.randint(1, 4)).encode()
    text = data.decode("utf-8", "replace")
    at = random.randint(0, len(text))
    end = at + random.choice((0, 0, 1, 3))
    return (text[:at] + _part(random, 1) + text[end:]).encode()[:_MOST_OF_A_PATTERN]


def seeds() -> list[bytes]:
    random = Random(3)
    nested = "(a|b" * 90 + ")+" * 90
    return [_expression(random, 3).encode() for _ in range(100)] + [nested.encode()]
