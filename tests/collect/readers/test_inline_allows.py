"""Comments that accept a finding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from keymuster.collect.base import Blob
from keymuster.collect.readers.inline_allows import InlineAllows
from keymuster.model import InlineAllow, Storage
from keymuster.rules.schema import RuleSet
from scans import context

Read = Callable[[str | bytes], list[InlineAllow]]
MARK = "key" + "muster:"
GOOD = f"{MARK} allow[secret-in-tree] until=2027-01-31 reason=key of a test"


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> Read:
    reader = InlineAllows(context(rules, tmp_path))

    def read(content: str | bytes) -> list[InlineAllow]:
        data = content if isinstance(content, bytes) else content.encode()
        return list(reader.read(Blob(path="a", data=data, storage=Storage.TREE)))

    return read


@pytest.mark.parametrize(
    "line",
    [
        "# {}",
        "key = 1  # {}",
        "// {}",
        "/* {} */",
        "/* {}*/",
        "<!-- {} -->",
        "<!--{}-->",
        "<%-- {} --%>",
        "-- {}",
        "--[[ {} ]]>",
        "; {}",
        "% {}",
        '""" {} """',
        "''' {} '''",
        "{{# {} #}}",
        "{{% comment {} %}}",
        "{{- {} -}}",
        "(* {} *)",
        "#= {} =#",
        "REM {}",
        "! {}",
        "' {}",
        "dnl {}",
        "\t#{}\t ",
        "# {}\r",
        "#{}",
    ],
)
def test_it_is_read_in_any_comment_syntax(read: Read, line: str) -> None:
    [allow] = read("first\n" + line.format(GOOD) + "\nlast\n")

    assert allow.problem == ""
    assert allow.rules == ("secret-in-tree",)
    assert allow.until == date(2027, 1, 31)
    assert allow.reason.rstrip(" ]") == "key of a test"
    assert allow.location.line == 2


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[github-pat]", ("github-pat",)),
        ("[github-pat,npm-access-token]", ("github-pat", "npm-access-token")),
        (
            "[ github-pat , secret-in-tree/jwt  generic-secret ]",
            ("github-pat", "secret-in-tree/jwt", "generic-secret"),
        ),
    ],
)
def test_it_may_name_several_rules(read: Read, text: str, named: tuple[str, ...]) -> None:
    [allow] = read(f"# {MARK} allow{text} until=2027-01-31 reason=test")

    assert (allow.rules, allow.problem) == (named, "")


@pytest.mark.parametrize(
    "rest",
    [
        "until=2027-01-31 reason=why not",
        'until=2027-01-31 reason="why not"',
        "until=2027-01-31, reason=why not",
        "reason=why not until=2027-01-31",
        "until=2027-01-31; reason=why not",
    ],
)
def test_date_and_reason_may_be_written_in_several_ways(read: Read, rest: str) -> None:
    [allow] = read(f"# {MARK} allow[github-pat] {rest}")

    assert (allow.until, allow.reason, allow.problem) == (date(2027, 1, 31), "why not", "")


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        (" until=2027-01-31 reason=test", "names no rule"),
        ("[] until=2027-01-31 reason=test", "names no rule"),
        ("[a until=2027-01-31 reason=test", "names no rule"),
        ("[a] reason=test", "no date"),
        ("[a]", "no date"),
        ("[a] until=soon reason=test", "date is not one"),
        ("[a] until=2027-02-30 reason=test", "date is not one"),
        ("[a] until=31.01.2027 reason=test", "date is not one"),
        ("[a] until=2027-01-31", "no reason"),
        ("[a] until=2027-01-31 reason=", "no reason"),
        ("[a] until=2027-01-31 reason=ok", "no reason"),
        ("[a] until=2027-01-31 reason=...", "no reason"),
        ("[a] until=2027-01-31 reason= */", "no reason"),
    ],
)
def test_it_is_refused_with_a_reason(read: Read, rest: str, problem: str) -> None:
    [allow] = read(f"# {MARK} allow{rest}")

    assert problem in allow.problem


@pytest.mark.parametrize(
    "text",
    [
        f"# {MARK} allowed values are listed below",
        f"# {MARK} allow-list",
        f"# {MARK} ignore",
        f"# my{GOOD}",
        f"# {MARK}\nallow[a] until=2027-01-31 reason=test",
        "# another: allow[a] until=2027-01-31 reason=test",
    ],
)
def test_other_words_are_no_comment_of_ours(read: Read, text: str) -> None:
    assert read(text) == []


def test_every_one_of_a_file_is_read_with_its_place(read: Read) -> None:
    allows = read(f"# {GOOD}\nü = 1  # {GOOD}\n")

    places = [(one.location.line, one.location.column) for one in allows]
    assert places == [(1, 3), (2, 10)]
    assert len({one.id for one in allows}) == 2


def test_a_utf16_file_is_read(read: Read) -> None:
    assert [one.problem for one in read(f"# {GOOD}\n".encode("utf-16"))] == [""]


def test_a_binary_file_holds_none(read: Read) -> None:
    assert read(b"\0\1\2" + GOOD.encode()) == []


def test_a_line_of_megabytes_is_read_in_no_time(read: Read) -> None:
    [allow] = read(f"# {GOOD}" + " " * 4_000_000 + "x")

    assert allow.reason == "key of a test"


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ("secret-in-tree", ""),
        ("github-pat", ""),
        ("secret-in-tree/github-pat", ""),
        ("secret-in-tre", "there is no rule `secret-in-tre`; did you mean `secret-in-tree`?"),
        ("github-pat, xyzzy-9", "there is no rule `xyzzy-9`"),
        ("secret-in-tree/github-pta", "there is no rule `secret-in-tree/github-pta`"),
        ("secret-*", "there is no rule `secret-*`"),
    ],
)
def test_a_comment_that_names_a_rule_there_is_not_is_refused(
    named: str, problem: str, read: Read
) -> None:
    [allow] = read(f"# {MARK} allow[{named}] until=2027-01-31 reason=key of a test")
    assert allow.problem.startswith(problem)
    assert bool(allow.problem) == bool(problem)
