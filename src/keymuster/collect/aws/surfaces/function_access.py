"""Who may call functions of Lambda, at which addresses, and who may take layers. Policies of aliases
are not asked for: each would be a call of its own, and their addresses are told with the function."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told

_GONE = "ResourceNotFoundException"


def functions(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("lambda:ListFunctions", "Functions"):
        arn, name = one["FunctionArn"], one["FunctionName"]
        found = ask.answer("lambda:GetPolicy", _GONE, FunctionName=name)
        if found:
            yield from _permissions(
                "AWS::Lambda::Permission", arn, found["Policy"], "FunctionName", name
            )
        for url in ask.pages(
            "lambda:ListFunctionUrlConfigs", "FunctionUrlConfigs", FunctionName=name
        ):
            yield told(
                "AWS::Lambda::Url", f"{url['FunctionArn']}:url",
                {
                    "TargetFunctionArn": url["FunctionArn"], "AuthType": url["AuthType"],
                    "InvokeMode": url.get("InvokeMode"), "CreationTime": url.get("CreationTime"),
                },
                name=name,
            )  # fmt: skip


def layers(ask: Scope) -> Iterator[Told]:
    """Each version has a policy of its own, and an old one may still be open."""
    for layer in ask.pages("lambda:ListLayers", "Layers"):
        name = layer["LayerName"]
        for one in ask.pages("lambda:ListLayerVersions", "LayerVersions", LayerName=name):
            found = ask.answer(
                "lambda:GetLayerVersionPolicy", _GONE, LayerName=name, VersionNumber=one["Version"]
            )
            if found:
                yield from _permissions(
                    "AWS::Lambda::LayerVersionPermission", one["LayerVersionArn"], found["Policy"],
                    "LayerVersionArn", name,
                )  # fmt: skip


def _permissions(type: str, arn: str, policy: str, of: str, name: str) -> Iterator[Told]:
    """The statements of a policy, each as the permission that made it."""
    for index, one in enumerate(_statements(policy)):
        label = one.get("Sid") or str(index)
        for number, who in enumerate(_principals(one.get("Principal"))):
            yield told(
                type, f"{arn}:permission/{label}" + (f"/{number}" if number else ""),
                {
                    of: arn, "Principal": who, "Action": one.get("Action"),
                    "Condition": _condition(one.get("Condition")),
                },
                name=name,
            )  # fmt: skip


def _statements(policy: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(policy)
    except ValueError:
        return []
    listed = found.get("Statement", []) if isinstance(found, dict) else []
    return [one for one in (listed if isinstance(listed, list) else [listed]) if isinstance(one, dict)]  # fmt: skip


def _principals(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for one in node.values() for text in _principals(one)]
    return [one for one in (node if isinstance(node, list) else [node]) if isinstance(one, str)]


def _condition(node: Any) -> dict[str, Any]:
    """With the keys as they are written everywhere else: Lambda has `AWS:SourceArn`."""
    return {
        operator: {key.replace("AWS:", "aws:"): value for key, value in keys.items()}
        for operator, keys in (node.items() if isinstance(node, dict) else ())
        if isinstance(keys, dict)
    }


SURFACES = (
    Surface(
        name="lambda-access",
        calls=("lambda:ListFunctions", "lambda:GetPolicy", "lambda:ListFunctionUrlConfigs"),
        types=("AWS::Lambda::Permission", "AWS::Lambda::Url"),
        look=functions,
    ),
    Surface(
        name="lambda-layers",
        calls=("lambda:ListLayers", "lambda:ListLayerVersions", "lambda:GetLayerVersionPolicy"),
        types=("AWS::Lambda::LayerVersionPermission",),
        look=layers,
    ),
)
