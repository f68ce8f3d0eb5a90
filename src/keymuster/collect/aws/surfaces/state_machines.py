"""State machines of Step Functions: the roles that they run as, and what is written in their steps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def machines(ask: Scope) -> Iterator[Told]:
    for listed in ask.pages("stepfunctions:ListStateMachines", "stateMachines"):
        arn = listed["stateMachineArn"]
        one = ask.answer(
            "stepfunctions:DescribeStateMachine", "StateMachineDoesNotExist", stateMachineArn=arn
        )
        if one is not None:
            yield told(
                "AWS::StepFunctions::StateMachine", arn,
                {
                    "StateMachineName": one.get("name"), "RoleArn": one.get("roleArn"),
                    "StateMachineType": one.get("type"), "CreationDate": one.get("creationDate"),
                    **_definition(one.get("definition", "")),
                },
            )  # fmt: skip


def _definition(text: str) -> dict[str, Any]:
    """As the map that it is; one that was written wrong, or is encrypted, is a text."""
    try:
        found = json.loads(text)
    except ValueError:
        return {"DefinitionString": text}
    return {"Definition": found}


SURFACES = (
    Surface(
        name="stepfunctions",
        calls=("stepfunctions:ListStateMachines", "stepfunctions:DescribeStateMachine"),
        types=("AWS::StepFunctions::StateMachine",),
        look=machines,
    ),
)
