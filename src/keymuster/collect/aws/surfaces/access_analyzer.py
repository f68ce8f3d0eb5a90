"""What IAM Access Analyzer has found: access from outside, access that nobody uses, and who inside
reaches what is critical. What CloudFormation has no word for has the API's: a finding of an analyzer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told

_ACTIVE = {"status": {"eq": ["ACTIVE"]}}

_OUTSIDE = ("ACCOUNT", "ORGANIZATION")
"""Analyzers of access from outside. The first version of the call tells more of each of their findings."""


def findings(ask: Scope) -> Iterator[Told]:
    """Analyzers of the account and region, what they have found, and which kinds there are none of."""
    before = ask.failures
    analyzers = list(ask.pages("accessanalyzer:ListAnalyzers", "analyzers"))
    if ask.failures == before:
        active = {one["type"] for one in analyzers if one.get("status") == "ACTIVE"}
        yield told(
            "aws:access-analyzers", ask.arn("access-analyzer", "analyzers"),
            {"Region": ask.region, "LooksOutside": bool(active & {*_OUTSIDE}), "Kinds": sorted(active)},
            name=f"{ask.account} in {ask.region}",
        )  # fmt: skip
    for one in analyzers:
        yield told(
            "AWS::AccessAnalyzer::Analyzer", one["arn"],
            {
                "AnalyzerName": one["name"], "Type": one["type"], "Status": one.get("status"),
                "LastResourceAnalyzedAt": one.get("lastResourceAnalyzedAt"),
            },
        )  # fmt: skip
        if one["type"] in _OUTSIDE:
            yield from _outside(ask, one["arn"])
        else:
            yield from _others(ask, one["arn"])


def _outside(ask: Scope, analyzer: str) -> Iterator[Told]:
    for one in ask.pages(
        "accessanalyzer:ListFindings", "findings", analyzerArn=analyzer, filter=_ACTIVE
    ):
        more = {
            "FindingType": "ExternalAccess", "IsPublic": one.get("isPublic"),
            "Principal": one.get("principal"), "Action": one.get("action"), "Condition": one.get("condition"),
        }  # fmt: skip
        yield _finding(analyzer, one, more)


def _others(ask: Scope, analyzer: str) -> Iterator[Told]:
    """Of access from inside only each finding by itself tells who has it, and what limits that."""
    for one in ask.pages(
        "accessanalyzer:ListFindingsV2", "findings", analyzerArn=analyzer, filter=_ACTIVE
    ):
        more = {"FindingType": one["findingType"]}
        if one["findingType"] == "InternalAccess":
            more |= _internal(ask, analyzer, one["id"])
        yield _finding(analyzer, one, more)


def _internal(ask: Scope, analyzer: str, id: str) -> dict[str, Any]:
    details = list(
        ask.pages("accessanalyzer:GetFindingV2", "findingDetails", analyzerArn=analyzer, id=id)
    )
    internal = [one["internalAccessDetails"] for one in details if "internalAccessDetails" in one]
    if not internal:
        return {}
    found = internal[0]
    return {
        "Principal": found.get("principal"), "Action": found.get("action"),
        "AccessType": found.get("accessType"), "PrincipalType": found.get("principalType"),
        "PrincipalOwnerAccount": found.get("principalOwnerAccount"),
        "ServiceControlPolicyRestriction": found.get("serviceControlPolicyRestriction"),
        "ResourceControlPolicyRestriction": found.get("resourceControlPolicyRestriction"),
    }  # fmt: skip


def _finding(analyzer: str, one: dict[str, Any], more: dict[str, Any]) -> Told:
    resource = one.get("resource", "")
    return told(
        "aws:access-analyzer-finding", f"{analyzer}/finding/{one['id']}",
        {
            "Resource": resource, "ResourceType": one.get("resourceType"),
            "ResourceOwnerAccount": one.get("resourceOwnerAccount"), "Status": one.get("status"),
            "CreatedAt": one.get("createdAt"), "AnalyzedAt": one.get("analyzedAt"), **more,
        },
        name=resource,
    )  # fmt: skip


SURFACES = (
    Surface(
        name="access-analyzer",
        calls=(
            "accessanalyzer:ListAnalyzers",
            "accessanalyzer:ListFindings",
            "accessanalyzer:ListFindingsV2",
            "accessanalyzer:GetFindingV2",
        ),
        types=(
            "aws:access-analyzers",
            "aws:access-analyzer-finding",
            "AWS::AccessAnalyzer::Analyzer",
        ),
        look=findings,
    ),
)
