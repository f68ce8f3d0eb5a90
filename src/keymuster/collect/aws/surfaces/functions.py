"""Functions of Lambda: the roles that they run as, and their environments."""

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


SURFACES = (
    Surface(
        name="lambda",
        calls=("lambda:ListFunctions",),
        types=("AWS::Lambda::Function",),
        look=functions,
    ),
)
