"""Instructions of Dockerfiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.syntax.dockerfile import pairs, parse


def test_instructions_have_their_words_flags_and_lines() -> None:
    text = (
        "# syntax=docker/dockerfile:1\n"
        "FROM --platform=linux/amd64 node:22 AS build\r\n"
        "run --mount=type=secret,id=npm --network=none \\\n"
        "    # a comment between\n"
        "\n"
        "    npm ci && \\\n"
        "    npm test\n"
        "USER app"
    )
    assert [(one.word, one.flags, one.rest, one.line, one.end_line) for one in parse(text)] == [
        ("FROM", ("--platform=linux/amd64",), "node:22 AS build", 2, 2),
        ("RUN", ("--mount=type=secret,id=npm", "--network=none"), "npm ci &&      npm test", 3, 7),
        ("USER", (), "app", 8, 8),
    ]


def test_a_heredoc_belongs_to_its_instruction() -> None:
    found = parse("RUN <<EOF\nENV A=1\nEOF\nENV B=2\n")
    assert [(one.word, one.rest, one.line, one.end_line) for one in found] == [
        ("RUN", "<<EOF\nENV A=1", 1, 3),
        ("ENV", "B=2", 4, 4),
    ]


def test_windows_may_escape_with_a_backtick() -> None:
    found = parse("# escape=`\nRUN a `\n  b\nCOPY a C:\\\nUSER x\n")
    assert [(one.word, one.line) for one in found] == [("RUN", 2), ("COPY", 4), ("USER", 5)]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("A=1 B='2 3' C=\"4 5\"", [("A", "1"), ("B", "2 3"), ("C", "4 5")]),
        ("A all the rest = that", [("A", "all the rest = that")]),
        ("A", [("A", None)]),
        ("A=", [("A", "")]),
        (r"A=a\ b", [("A", r"a\ b")]),
    ],
)
def test_variables_are_told_apart(rest: str, expected: list[tuple[str, str | None]]) -> None:
    assert list(pairs(rest)) == expected


def test_flags_and_heredocs_without_end_take_no_longer_than_their_length() -> None:
    [one] = parse("RUN " + "--a " * 200_000 + "x")
    assert (len(one.flags), one.rest) == (200_000, "x")
    [one] = parse("RUN " + "<<A " * 100_000 + "\n" + "x\n" * 1000)
    assert one.end_line == 1002


@given(st.text(alphabet="RUNENV <\\\n=\"'#-AB\r`EOF"))
def test_anything_is_read(text: str) -> None:
    for one in parse(text):
        list(pairs(one.rest))
        assert 1 <= one.line <= one.end_line <= text.count("\n") + 1
