"""Functions of Lambda: the roles that they run as, their environments, and who may call them."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def functions(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("lambda:ListFunctions", "Functions"):
        if problem := one.get("Environment", {}).get("Error"):
            ask.withheld("kms:Decrypt", problem.get("ErrorCode", "AccessDeniedException"))
        yield told("AWS::Lambda::Function", one["FunctionArn"], one)


def addresses(ask: Scope) -> Iterator[Told]:
    """Functions that have an address of their own: Lambda tells only of one function at a time."""
    for one in ask.pages("lambda:ListFunctions", "Functions"):
        name = one["FunctionName"]
        for url in ask.pages(
            "lambda:ListFunctionUrlConfigs", "FunctionUrlConfigs", FunctionName=name
        ):
            yield told(
                "AWS::Lambda::Url", f"{url['FunctionArn']}/url",
                {
                    "TargetFunctionArn": url["FunctionArn"], "AuthType": url.get("AuthType"),
                    "Cors": url.get("Cors"), "FunctionUrl": url.get("FunctionUrl"),
                },
                name=name,
            )  # fmt: skip


SURFACES = (
    Surface(
        name="lambda",
        calls=("lambda:ListFunctions",),
        types=("AWS::Lambda::Function",),
        look=functions,
    ),
    Surface(
        name="lambda-urls",
        calls=("lambda:ListFunctions", "lambda:ListFunctionUrlConfigs"),
        types=("AWS::Lambda::Url",),
        look=addresses,
    ),
)
