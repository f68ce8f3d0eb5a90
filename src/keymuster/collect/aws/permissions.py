"""Which IAM action a call needs. Most have the names of the call; these have others.

Source: Service Authorization Reference of AWS, by service."""

from __future__ import annotations

_PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "apigatewayv2": "apigateway",
    "bedrock-agent": "bedrock",
    "bedrock-agentcore-control": "bedrock-agentcore",
    "cognito-idp": "cognito-idp",
    "efs": "elasticfilesystem",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "es": "es",
    "events": "events",
    "opensearch": "es",
    "sesv2": "ses",
    "sso-admin": "sso",
    "stepfunctions": "states",
}
"""Service in botocore's words -> what begins its actions, where that differs."""

_ACTIONS: dict[str, tuple[str, ...]] = {
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "accessanalyzer:GetFindingV2": ("access-analyzer:GetFinding",),
    "accessanalyzer:ListFindingsV2": ("access-analyzer:ListFindings",),
    "s3control:GetPublicAccessBlock": ("s3:GetAccountPublicAccessBlock",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "lambda:ListFunctions": ("lambda:ListFunctions",),
    "sts:GetCallerIdentity": (),
}
"""Calls that need other actions than one of their own name, or none."""


def actions(call: str) -> tuple[str, ...]:
    """The IAM actions that a call needs."""
    if call in _ACTIONS:
        return _ACTIONS[call]
    service, _, operation = call.partition(":")
    if service in ("apigateway", "apigatewayv2"):
        return ("apigateway:GET",)
    return (f"{_PREFIXES.get(service, service)}:{operation}",)


def permission(call: str) -> str:
    """The same in words."""
    return " and ".join(actions(call)) or "no permission"
