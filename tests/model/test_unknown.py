"""Values that a declaration does not tell."""

from __future__ import annotations

from typing import Any

import pytest

from keymuster.model.unknown import depends_on, holds_unknown, is_unknown, reference


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("${var.region}", ["var.region"]),
        ("arn:aws:s3:::${aws_s3_bucket.a.id}/*", ["aws_s3_bucket.a.id"]),
        ("${AWS::AccountId}", ["AWS::AccountId"]),
        ("arn:aws:iam::1:user/${aws:username}", []),
        ("${*}${?}${$}", []),
        ("${saml:sub}-${var.x}", ["var.x"]),
        ("$HOME and {x}", []),
    ],
)
def test_a_text_depends_on_what_is_in_its_braces_but_not_on_variables_of_iam(
    value: str, names: list[str]
) -> None:
    assert depends_on(value) == names
    assert is_unknown(value) == bool(names)


@pytest.mark.parametrize("value", [None, True, 3, ["${var.x}"], {"a": "${var.x}"}])
def test_only_text_is_unknown_itself(value: Any) -> None:
    assert not is_unknown(value)
    assert holds_unknown(value) == isinstance(value, list | dict)


def test_a_reference_is_the_whole_of_a_text() -> None:
    assert reference("${aws_iam_role.ci.arn}") == "aws_iam_role.ci.arn"
    assert reference("x${aws_iam_role.ci.arn}") == ""
    assert reference("${aws:username}") == ""
    assert reference(7) == ""
