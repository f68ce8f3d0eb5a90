"""`.gitleaksignore`."""

from __future__ import annotations

from imports.rows import rows, told
from keymuster.collect.imports.base import Unread
from other_scanners import COMMIT


def test_a_line_is_a_finding_that_somebody_accepted() -> None:
    [one] = rows("gitleaksignore", "src/a:b.env:github-pat:12\n")
    assert (one.path, one.rule, one.line, one.commit) == ("src/a:b.env", "github-pat", 12, None)
    assert one.accepted == "it is in .gitleaksignore"


def test_a_line_may_name_a_commit_and_a_comment_may_say_why() -> None:
    text = f"# a key of the sandbox\n{COMMIT}:a.env:github-pat:1\n\nb.env:jwt:2\n"
    one, other = rows("gitleaksignore", text)
    assert one.commit is not None
    assert (one.commit.id, one.accepted) == (COMMIT, ".gitleaksignore: a key of the sandbox")
    assert (other.path, other.accepted) == ("b.env", "it is in .gitleaksignore")


def test_another_line_is_told() -> None:
    found = told("gitleaksignore", "a.env:github-pat:1\nnot a fingerprint\n")
    assert [one.row for one in found if isinstance(one, Unread)] == ["line 2"]
