"""Values of expressions, as Terraform would have them, and what is not known."""

from __future__ import annotations

import pytest

from keymuster.collect.declared import Declared
from keymuster.model import Trouble
from terraforming import everything, objects, settings, value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"a-${1 + 2}-${true}"', "a-3-true"),
        ('"${[1, 2]}"', [1, 2]),
        ("10 / 4", 2.5),
        ("7 % 3 == 1 && !false", True),
        ('"x" != "y" ? "same" : "other"', "same"),
        ("[for i, x in [5, 6] : i * x if x > 5]", [6]),
        ('{for k, v in {a = 1, b = 2} : v => k}', {"1": "a", "2": "b"}),
        ('{for x in ["a", "b", "a"] : x => 1...}', {"a": [1, 1], "b": [1]}),
        ("[{a = 1}, {a = 2}][*].a", [1, 2]),
        ("{a = {b = [1, 2]}}.a.b[1]", 2),
        ('format("%s-%03d-%%-%q", "a", 7, "q")', 'a-007-%-"q"'),
        ('join(",", concat(["a"], ["b", "c"]))', "a,b,c"),
        ('merge({a = 1}, {a = 2, b = 3}, null)', {"a": 2, "b": 3}),
        ('lookup({a = 1}, "z", 9)', 9),
        ('replace(lower("A-B"), "-", "_")', "a_b"),
        ('replace("arn:x:oidc-provider/h.io/id", "/^(.*provider/)/", "")', "h.io/id"),
        ('replace("a_b.c", "/[^a-z]/", "-")', "a-b-c"),
        ('toset(["b", "a", "b"])', ["b", "a"]),
        ("flatten([[1], [[2], 3]])", [1, 2, 3]),
        ('split("/", "a/b")', ["a", "b"]),
        ('jsondecode("{\\"a\\": [1]}").a[0]', 1),
        ('jsondecode(jsonencode({a = "x"})).a', "x"),
        ('jsonencode({b = [1, null], a = true})', '{"b":[1,null],"a":true}'),
        ('yamldecode("a: [1, x]").a[1]', "x"),
        ('try({}.a.b, "else")', "else"),
        ("can(tonumber(\"x\"))", False),
        ('coalesce(null, "", "c")', "c"),
        ('element(["a", "b"], 3)', "b"),
        ("keys({b = 1, a = 2})", ["a", "b"]),
        ("values({b = 1, a = 2})", [2, 1]),
        ('zipmap(["a"], [1])', {"a": 1}),
        ("setproduct([1, 2], [3])", [[1, 3], [2, 3]]),
        ('formatlist("%s-x", ["a", "b"])', ["a-x", "b-x"]),
        ('base64decode(base64encode("é"))', "é"),
        ('substr("hello", 1, 3)', "ell"),
        ('trimprefix("arn:x", "arn:")', "x"),
        ('contains(["a"], "a")', True),
        ('one(["x"])', "x"),
        ('"%{ for x in ["a", "b"] }${x};%{ endfor }%{ if false }no%{ else }yes%{ endif }"', "a;b;yes"),
        ('max([1, 5]...)', 5),
        ('startswith("abc", "ab")', True),
        ('alltrue([true, "true"])', True),
        ('slice(["a", "b", "c"], 1, 2)', ["b"]),
        ('title("big dog")', "Big Dog"),
        ('{(upper("k")) = 1}', {"K": 1}),
        ('regex("^arn:[^:]+:iam::([0-9]+):", "arn:aws:iam::123456789012:root")[0]', "123456789012"),
        ('regex("[a-z]+", "12ab")', "ab"),
        ('regexall("[a-z]", "a1b")', ["a", "b"]),
        ('regexall("x", "a1b")', []),
        ('can(regex("^x$", "y"))', False),
    ],
)  # fmt: skip
def test_what_can_be_known_is(expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("var.r", "${var.r}"),
        ('"arn:aws:s3:::${var.b}/*"', "arn:aws:s3:::${var.b}/*"),
        ("aws_iam_role.ci.arn", "${aws_iam_role.ci.arn}"),
        ('aws_iam_role.ci["k"].arn', '${aws_iam_role.ci["k"].arn}'),
        ("data.aws_caller_identity.me.account_id", "${data.aws_caller_identity.me.account_id}"),
        ("module.far.role_arn", "${module.far.role_arn}"),
        ('"$${aws:username}"', "${aws:username}"),
        ("upper(var.r)", "${upper(var.r)}"),
        ('var.r ? "a" : "a"', "a"),
        ('var.r ? "a" : "b"', "${conditional(var.r)}"),
        ("var.r || true", True),
        ('replace("aaa", "/(a+)+$/", "b")', "${replace()}"),
        ("resource.x_b.y.arn", "${x_b.y.arn}"),
        ("[var.r, 1]", ["${var.r}", 1]),
        ("length([var.r, 1])", 2),
        ('merge({a = 1}, var.r)', "${merge(var.r)}"),
        ('contains(["a", var.r], "a")', True),
        ('contains(["a", var.r], "b")', "${contains(var.r)}"),
        ("[1][3]", "${expression()}"),
        ("each.key", "${each.key}"),
        ("terraform.workspace", "${terraform.workspace}"),
        ("timestamp()", "${timestamp()}"),
        ('file("key.pem")', "${file(key.pem)}"),
        ('regex("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")', "${regex()}"),
        ('regex("a", var.x)', "${regex(var.x)}"),
    ],
)  # fmt: skip
def test_what_cannot_names_what_it_depends_on(expression: str, expected: object) -> None:
    assert value(expression) == expected


def test_locals_and_defaults_and_automatic_variables_are_followed() -> None:
    files = {
        "main.tf": 'variable "a" { default = "d" }\nvariable "b" { default = "d" }\n'
        'locals { c = "${var.a}-${var.b}" }\nresource "x_y" "z" { v = local.c }\n',
        "terraform.tfvars": 'a = "t"\n',
        "prod.tfvars": 'b = "p"\n',
        "x.auto.tfvars.json": '{"b": "j"}',
    }
    assert settings(files, "x_y.z") == {"v": "t-j"}


def test_optional_attributes_have_their_defaults() -> None:
    before = """
variable "a" {
  type = map(object({ name = string, keep = optional(bool, true), rest = optional(string) }))
  default = { x = { name = "n" } }
}
"""
    assert value("var.a.x", before) == {"name": "n", "keep": True, "rest": None}


def test_a_cycle_is_not_known() -> None:
    before = "locals {\n  a = local.b\n  b = local.a\n}\n"
    assert value("local.a", before) == "${local.a}"


def test_attributes_of_other_resources_are_what_they_are_set_to() -> None:
    files = """
resource "aws_iam_role" "ci" { name = "ci" }
resource "aws_iam_role" "open" { name = "ci-${var.env}" }
resource "x_y" "z" {
  a = aws_iam_role.ci.name
  b = aws_iam_role.ci.arn
  c = aws_iam_role.open.name
}
"""
    assert settings(files, "x_y.z") == {
        "a": "ci",
        "b": "${aws_iam_role.ci.arn}",
        "c": "${aws_iam_role.open.name}",
    }
    assert settings(files, "aws_iam_role.open")["RoleName"] == "ci-${var.env}"


@pytest.mark.parametrize(
    "local",
    [
        'a{n} = "${{local.a{m}}}${{local.a{m}}}"',
        "a{n} = [local.a{m}, local.a{m}]",
        "a{n} = concat(local.a{m}, local.a{m})",
    ],
)
def test_a_bomb_is_a_trouble_and_hides_nothing_else(local: str) -> None:
    lines = [local.format(n=n + 1, m=n) for n in range(60)]
    first = "a0 = " + ('"xxxxxxxxxx"' if "$" in local else '["x"]')
    found = everything(
        "locals {\n" + "\n".join((first, *lines)) + "\n}\n"
        'resource "x_y" "bomb" { v = local.a60 }\nresource "x_y" "z" { v = 1 }\n'
    )
    assert any(isinstance(one, Trouble) for one in found)
    assert "x_y.z" in [one.name for one in found if isinstance(one, Declared)]


def test_chains_that_are_too_long_are_a_trouble() -> None:
    lines = [f"a{n + 1} = local.a{n}" for n in range(500)]
    found = everything('locals {\n  a0 = "x"\n' + "\n".join(lines) + "\n}\nresource \"x_y\" \"z\" {\n v = local.a500\n}\n")  # fmt: skip
    assert [one.message for one in found if isinstance(one, Trouble)]


def test_a_key_that_is_wrong_does_not_cost_the_others() -> None:
    assert settings('resource "x_y" "z" {\n  a = [][1]\n  b = 2\n}\n', "x_y.z")["b"] == 2


def test_objects_are_told_of_without_their_settings() -> None:
    (one,) = objects('resource "x_y" "z" { note = "not shown" }\n').values()
    assert "not shown" not in repr(one) + repr(one.settings)


def test_a_heredoc_loses_its_margin_between_directives_too() -> None:
    text = """<<-EOT
    top:
    %{ for x in ["a", "b"] ~}
      - ${x}
    %{ endfor ~}
    %{ if true }
    yes
    %{ endif ~}
    EOT"""
    assert value(text) == "top:\n- a\n- b\n\nyes\n"
