"""One declaration, many objects."""

from __future__ import annotations

import pytest

from keymuster.model.declaration import calls, declaration, object_name, without_calls


@pytest.mark.parametrize(
    ("id", "called"),
    [
        ("terraform:.:aws_iam_role.ci", "aws_iam_role.ci"),
        ("terraform:env/prod:module.a.aws_iam_role.ci#trust/0/*", "aws_iam_role.ci"),
        ('terraform:.:module.a["x"].module.b[0].aws_iam_role.ci["a.b:c"]', "aws_iam_role.ci"),
        ("resource:terraform:main.tf:aws_iam_user.u[0]", "aws_iam_user.u"),
        ('terraform:.:module.a["x"]', "module.a"),
        ("cloudformation:a.yaml:Role", ""),
        ("secret:0123", ""),
    ],
)
def test_an_object_is_called_as_it_is_declared(id: str, called: str) -> None:
    assert declaration(id) == called


def test_an_object_is_what_its_records_are_about() -> None:
    assert object_name("resource:terraform:.:a_b.c#policy/0") == "terraform:.:a_b.c"


def test_a_text_says_the_same_of_every_call_and_key() -> None:
    texts = {
        without_calls(f'terraform:{root}:module.{name}.aws_iam_user.u["{name}"] is a user')
        for root in ("a", "b")
        for name in ("one", "two")
    }
    assert texts == {"aws_iam_user.u is a user"}


@pytest.mark.parametrize(
    ("id", "by"),
    [
        (
            'terraform:env:module.a["x.y"].module.b.aws_iam_role.ci#trust/0',
            ["terraform:env", 'module.a["x.y"]', "module.b"],
        ),
        ("resource:terraform:.:aws_iam_role.ci", ["terraform:."]),
        ("cloudformation:a.yaml:Role", ["cloudformation:a.yaml"]),
        ("secret", []),
    ],
)
def test_calls_lead_to_an_object(id: str, by: list[str]) -> None:
    assert calls(id) == by
