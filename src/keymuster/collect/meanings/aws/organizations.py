"""Organisations: accounts, the units that they are in, and policies that say what may be done there at
most. Analysis reads them in the types of `keymuster.model.organizations`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.aws import documents
from keymuster.collect.meanings.aws.names import tags
from keymuster.model import Observation, Resource, organizations
from keymuster.model.unknown import is_unknown


def organization(one: Declared) -> Iterator[Observation]:
    yield _resource(one, organizations.ORGANIZATION, {
        "number": one.known("Id"), "management": one.known("ManagementAccountId"),
        "listed": one.known("AccountsRead") == "true", "read": one.texts("PoliciesRead"),
    })  # fmt: skip


def unit(one: Declared) -> Iterator[Observation]:
    number, parent = one.known("Id"), _meant(one, one.text("ParentId"))
    yield _resource(one, organizations.UNIT, {"number": number, "parent": parent})


def account(one: Declared) -> Iterator[Observation]:
    parents = one.texts("ParentIds") or one.texts("ParentId")
    yield _resource(one, organizations.ACCOUNT, {
        "number": one.known("AccountId"), "parent": _meant(one, parents[0]) if parents else "", "tags": tags(one),
    })  # fmt: skip


def policy(one: Declared) -> Iterator[Observation]:
    document = documents.read(one.get("Content"))
    yield _resource(one, organizations.POLICY, {
        "number": one.known("Id"), "kind": one.known("Type") or "SERVICE_CONTROL_POLICY",
        "targets": [_meant(one, text) for text in one.texts("TargetIds")],
        "document": document.plain() if document is not None else None,
    })  # fmt: skip


def attachment(one: Declared) -> Iterator[Observation]:
    """Terraform's object that attaches a policy."""
    yield _resource(one, organizations.ATTACHMENT, {
        "policy": _meant(one, one.text("policy_id")), "targets": [_meant(one, one.text("target_id"))],
    })  # fmt: skip


def _meant(one: Declared, text: str) -> str:
    """The id of what is declared beside it, or that of the vendor."""
    return one.target(text) or text


def _resource(one: Declared, type: str, settings: dict[str, Any]) -> Resource:
    name = one.known("Name") or one.known("AccountName")
    return Resource(
        id=one.id, type=type, name=one.name if is_unknown(name) else name or one.name,
        location=one.location, settings=settings,
    )  # fmt: skip


TYPES = {
    "AWS::Organizations::Organization": organization,
    "AWS::Organizations::OrganizationalUnit": unit,
    "AWS::Organizations::Account": account,
    "AWS::Organizations::Policy": policy,
    "aws_organizations_policy_attachment": attachment,
}
