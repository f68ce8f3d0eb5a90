"""SARIF of any scanner."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from imports.rows import rows, text, told
from keymuster.collect.imports.base import Unread, Verdict
from other_scanners import COMMIT, sarif, sarif_result

Token = Callable[..., str]


def test_a_result_of_gitleaks_has_its_secret_and_its_commit(token: Token) -> None:
    secret = token("github-pat")
    result = sarif_result(
        "github-pat", line=3, snippet=secret, partialFingerprints={"commitSha": COMMIT}
    )
    [one] = rows("sarif", sarif("gitleaks", result))
    assert (one.tool, one.rule, one.path, one.line) == ("gitleaks", "github-pat", "a.env", 3)
    assert one.commit is not None
    assert (text(one), one.commit.id) == (secret, COMMIT)


def test_the_snippet_of_another_scanner_is_what_stands_around_it(token: Token) -> None:
    result = sarif_result("x", snippet=f"key = {token('github-pat')}")
    [one] = rows("sarif", sarif("Some Scanner 2", result))
    assert (one.tool, one.secret) == ("some-scanner-2", None)
    assert one.around is not None


@pytest.mark.parametrize(
    ("suppressions", "why"),
    [
        ([{"kind": "inSource", "justification": "a sample"}], "a sample"),
        ([{"kind": "external", "status": "accepted"}], "it is suppressed in the report"),
        ([{"kind": "external", "status": "underReview"}], None),
        ([{"kind": "inSource"}, {"kind": "external", "status": "rejected"}], None),
        ([], None),
    ],
)
def test_what_is_suppressed_is_accepted(
    suppressions: list[dict[str, str]], why: str | None
) -> None:
    [one] = rows("sarif", sarif("x", sarif_result("x", suppressions=suppressions)))
    assert one.accepted == why


def test_a_scanner_may_say_that_a_secret_works() -> None:
    result = sarif_result("x", properties={"validation_outcome": "verified_active"})
    assert rows("sarif", sarif("x", result))[0].verdict is Verdict.LIVE


def test_paths_are_addresses() -> None:
    found = [
        rows("sarif", sarif("x", sarif_result("x", file=uri)))[0].path
        for uri in ("a%20b.env", "file:///builds/shop/a%20b.env")
    ]
    assert found == ["a b.env", "/builds/shop/a b.env"]


def test_a_result_without_a_file_stands_in_a_service() -> None:
    place = {"logicalLocations": [{"fullyQualifiedName": "arn:aws:iam::1:user/ci"}]}
    [one] = rows("sarif", sarif("x", {"ruleId": "x", "locations": [place]}))
    assert one.service is not None
    assert one.service.resource == "arn:aws:iam::1:user/ci"


def test_a_broken_result_is_told() -> None:
    broken = {"ruleId": "x", "locations": "here"}
    found = told("sarif", sarif("x", sarif_result("x"), broken))
    assert [isinstance(one, Unread) for one in found] == [False, True]
