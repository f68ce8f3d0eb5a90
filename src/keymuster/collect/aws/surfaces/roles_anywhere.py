"""IAM Roles Anywhere: machines outside that get roles for their certificates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def machines(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("rolesanywhere:ListTrustAnchors", "trustAnchors"):
        yield told(
            "AWS::RolesAnywhere::TrustAnchor", one["trustAnchorArn"],
            {
                "Name": one.get("name"), "Enabled": one.get("enabled"), "Source": _source(one.get("source", {})),
                "CreateDate": one.get("createdAt"),
            },
        )  # fmt: skip
    for one in ask.pages("rolesanywhere:ListProfiles", "profiles"):
        yield told(
            "AWS::RolesAnywhere::Profile", one["profileArn"],
            {
                "Name": one.get("name"), "Enabled": one.get("enabled"), "RoleArns": one.get("roleArns"),
                "SessionPolicy": one.get("sessionPolicy"), "ManagedPolicyArns": one.get("managedPolicyArns"),
                "DurationSeconds": one.get("durationSeconds"), "CreateDate": one.get("createdAt"),
                "AcceptRoleSessionName": one.get("acceptRoleSessionName"),
                "RequireInstanceProperties": one.get("requireInstanceProperties"),
            },
        )  # fmt: skip


def _source(one: dict[str, Any]) -> dict[str, Any]:
    """Without the certificate itself: nobody judges it."""
    authority = one.get("sourceData", {}).get("acmPcaArn")
    return {
        "SourceType": one.get("sourceType"),
        **({"SourceData": {"AcmPcaArn": authority}} if authority else {}),
    }


SURFACES = (
    Surface(
        name="roles-anywhere",
        calls=("rolesanywhere:ListTrustAnchors", "rolesanywhere:ListProfiles"),
        types=("AWS::RolesAnywhere::TrustAnchor", "AWS::RolesAnywhere::Profile"),
        look=machines,
    ),
)
