"""Files in which a team says what it has decided to live with."""

from __future__ import annotations

from datetime import date

import pytest

from keymuster.collect.base import Blob, Context, Selection
from keymuster.collect.readers.exceptions import Exceptions
from keymuster.model import RiskException, Storage
from keymuster.rules.schema import RuleSet

PATH = ".keymuster/exceptions/vendor.yaml"
WHOLE = """covers: {rule: aws-any-action, identity: "arn:aws:iam::111122223333:role/ci"}
bound_to: {actions: ["s3:*"]}
reason: the vendor has roles from May on
owner: platform
approver: jane@acme.example
created: 2026-01-01
expires: 2026-03-01
compensating_control: an alarm on use
seen_in: aws
"""


@pytest.fixture
def reader(rules: RuleSet) -> Exceptions:
    return Exceptions(Context(selection=Selection(root=""), rules=rules))


def read(reader: Exceptions, text: str) -> RiskException:
    blob = Blob(path=PATH, data=text.encode(), storage=Storage.TREE)
    (found,) = reader.read(blob)
    assert isinstance(found, RiskException)
    return found


@pytest.mark.parametrize(
    ("path", "is_read"),
    [
        (PATH, True), (".keymuster/exceptions/deep/a.yml", True), ("sub/.keymuster/exceptions/a.yaml", False),
        (".keymuster/exceptions/readme.md", False), (".keymuster/agents.yaml", False),
    ],
)  # fmt: skip
def test_only_those_of_the_root_count(reader: Exceptions, path: str, is_read: bool) -> None:
    assert reader.reads(path) is is_read


def test_everything_that_a_file_says(reader: Exceptions) -> None:
    found = read(reader, WHOLE)
    assert found.problem == ""
    assert (found.rule, found.identity, found.seen_in) == (
        "aws-any-action", "arn:aws:iam::111122223333:role/ci", "aws",
    )  # fmt: skip
    assert (found.created, found.expires) == (date(2026, 1, 1), date(2026, 3, 1))
    assert found.bound_to == {"actions": ("s3:*",)}
    assert (found.owner, found.approver, found.compensating_control) == (
        "platform", "jane@acme.example", "an alarm on use",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("rule: aws-any-action, ", "", "nothing definite"),
        ("covers: {", "covers: {finding: 0011, ", "a finding and more"),
        ("reason: the vendor has roles from May on", "reason: x", "no reason"),
        ("owner: platform", "owner: ''", "an owner and an approver"),
        ("expires: 2026-03-01", "expires: 2025-03-01", "before it begins"),
        ("expires: 2026-03-01\n", "", "expires"),
        ("expires: 2026-03-01", "expires: soon", "expires"),
        ("owner:", "owners:", "owners"),
        ("covers:", "covers: [", "covers"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    reader: Exceptions, before: str, after: str, problem: str
) -> None:
    assert before in WHOLE
    found = read(reader, WHOLE.replace(before, after))
    assert problem in found.problem or (before == "covers:" and found.problem)
