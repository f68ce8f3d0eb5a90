"""Objects that files declare."""

from __future__ import annotations

import pytest

from keymuster.collect.declared import Declared
from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import File


def _declared(settings: str, scope: str = "terraform:infra") -> Declared:
    [node] = yaml.parse(settings, File(path="a.yaml"))
    return Declared(type="AWS::IAM::Role", name="aws_iam_role.ci", scope=scope, settings=node)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("${aws_iam_role.ci.arn}", "s:aws_iam_role.ci"),
        ("${aws_iam_role.ci}", "s:aws_iam_role.ci"),
        ('${aws_iam_role.ci["a.b"].arn}', 's:aws_iam_role.ci["a.b"]'),
        ("${module.x.aws_iam_role.ci[0].id}", "s:module.x.aws_iam_role.ci[0]"),
        ("${module.x.module.y.out}", "s:module.x.module.y.out"),
        ("${data.aws_iam_role.ci.arn}", "s:data.aws_iam_role.ci"),
        ("${Role.Arn}", "s:Role"),
        ("${Role}", "s:Role"),
        ("a${Role}", ""),
        ("ci", ""),
    ],
)
def test_a_reference_means_an_object(text: str, target: str) -> None:
    assert _declared("{}", "s").target(text) == target


def test_settings_as_text() -> None:
    one = _declared("a: 1\nb: [x, '${var.y}', {}]\nc: ${var.z}\nd: true")
    assert (one.text("a"), one.text("d"), one.text("b"), one.text("no")) == ("1", "true", "", "")
    assert one.texts("b") == ["x", "${var.y}"]
    assert one.texts("a") == ["1"]
    assert (one.text("c"), one.known("c"), one.known("a")) == ("${var.z}", "", "1")
    assert one.targets("x${aws_a.b.c}${D.e}") == ["terraform:infra:aws_a.b", "terraform:infra:D"]


def test_what_a_function_makes_is_no_object() -> None:
    one = _declared("{}", "s")
    assert one.target("${coalesce(var.a, aws_iam_role.ci.arn)}") == ""
    assert one.targets("${can(identity.id)}/${a_b.c}") == ["s:a_b.c"]
    assert one.target('${aws_iam_role.ci["a(b)"].arn}') == 's:aws_iam_role.ci["a(b)"]'


def test_its_settings_are_never_shown() -> None:
    assert "hunter22" not in repr(_declared("password: hunter22"))
