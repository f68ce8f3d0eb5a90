"""Whom a CODEOWNERS file names for a path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.inventory.codeowners import BEGIN, END, Codeowners, Form


def _names(text: str, path: str, form: Form = "github") -> list[str]:
    return [name for one in Codeowners(text, form).of(path) for name in one.owners]


@pytest.mark.parametrize(
    ("pattern", "path", "is_meant"),
    [
        ("*", "a/b/c.tf", True),
        ("*.tf", "a/b/c.tf", True),
        ("*.tf", "a/b/c.tfvars", False),
        ("/*.tf", "c.tf", True),
        ("/*.tf", "a/c.tf", False),
        ("/build/logs/", "build/logs/a/b.log", True),
        ("/build/logs/", "x/build/logs/b.log", False),
        ("docs/*", "docs/a.md", True),
        ("docs/*", "docs/a/b.md", False),
        ("docs/*", "x/docs/a.md", False),
        ("apps/", "x/apps/a/b.py", True),
        ("apps/", "apps", False),
        ("/docs/", "docs/a.md", True),
        ("/scripts", "scripts/a/b.sh", True),
        ("scripts", "x/scripts/b.sh", True),
        ("scripts/build", "scripts/build/a", True),
        ("scripts/build", "x/scripts/build/a", False),
        ("**/logs", "build/logs/a", True),
        ("**/logs", "logs/a", True),
        ("/apps/**/test.tf", "apps/test.tf", True),
        ("/apps/**/test.tf", "apps/a/b/test.tf", True),
        ("/apps/**", "apps/a/b", True),
        ("a?.tf", "ab.tf", True),
        ("a?.tf", "a/.tf", False),
        (r"with\ space/", "with space/a", True),
        ("!a.tf", "a.tf", False),
        ("[ab].tf", "a.tf", False),
        ("A.tf", "a.tf", False),
        ("a.tf", "aXtf", False),
    ],
)
def test_what_a_line_of_github_means(pattern: str, path: str, is_meant: bool) -> None:
    assert _names(f"{pattern} @ada\n", path) == (["@ada"] if is_meant else [])


def test_the_last_line_that_matches_wins_and_one_without_owners_takes_them_away() -> None:
    text = "* @all\n# a comment\n*.tf @acme/infra ops@acme.example # both\n/apps/github\n"
    assert _names(text, "a.py") == ["@all"]
    assert _names(text, "a.tf") == ["@acme/infra", "ops@acme.example"]
    assert _names(text, "apps/github/a.tf") == []


def test_words_that_are_nobody_are_left_out() -> None:
    assert _names("* @ada nobody me@home @@maintainer\n", "a") == ["@ada"]
    assert _names("[Section] @ada\n* @bob\n", "a") == ["@bob"]


GITLAB = """\
* @all
[Infra] @acme/infra
*.tf
/special.tf @ada
!/out.tf
^[Docs][2]
/docs/ @docs
docs @nobody-below
[infra]
/late.tf
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("a.py", ["@all"]),
        ("x/a.tf", ["@all", "@acme/infra"]),
        ("special.tf", ["@all", "@ada"]),
        ("out.tf", ["@all"]),
        ("docs/a/b.md", ["@all", "@docs"]),
        ("docs/a.tf", ["@all", "@acme/infra", "@docs"]),
        ("late.tf", ["@all", "@acme/infra"]),
        ("x/docs/a", ["@all"]),
    ],
)
def test_sections_of_gitlab_add_up(path: str, owners: list[str]) -> None:
    assert _names(GITLAB, path, "gitlab") == owners


def test_what_is_taken_out_of_a_section_of_gitlab_stays_out() -> None:
    text = "[A] @ada\n*\n!*.tf\nmain.tf\n[B] @bob\nmain.tf\n"
    assert _names(text, "main.tf", "gitlab") == ["@bob"]
    assert _names(text, "a.py", "gitlab") == ["@ada"]


def test_a_relative_path_of_gitlab_is_meant_anywhere() -> None:
    assert _names("internal/README.md @ada", "a/internal/README.md", "gitlab") == ["@ada"]
    assert _names("/internal/*.md @ada", "internal/a/b.md", "gitlab") == []


def test_what_keymuster_wrote_can_be_left_out() -> None:
    text = f"* @all\n{BEGIN}\n/a.tf @ada\n{END}\n/b.tf @bob\n"
    found = Codeowners(text, "github")
    assert [one.owners for one in found.of("a.tf")] == [("@ada",)]
    assert [one.owners for one in found.of("a.tf", with_ours=False)] == [("@all",)]
    assert [one.owners for one in found.of("b.tf", with_ours=False)] == [("@bob",)]


def test_a_hostile_pattern_costs_no_more_than_others() -> None:
    assert _names(f"{'*a' * 40}*b @ada\n", "a" * 200) == []
    assert _names(f"{'**/a/' * 4}*b @ada\n", "a/" * 60 + "c") == []
    assert _names("a*b*c*d @ada\n", "aXbbXcdXcd") == ["@ada"]


@given(st.text(alphabet="ab*/?\\[]!#@ .\n^", max_size=40), st.text(alphabet="ab/.", max_size=12))
def test_any_text_is_read_without_a_fault(text: str, path: str) -> None:
    forms: tuple[Form, ...] = ("github", "gitlab")
    for form in forms:
        Codeowners(text, form).of(path)
