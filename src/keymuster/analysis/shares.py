"""What outsiders are given in AWS without a policy or a trust: shares of resources, rights for a while."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from shlex import quote
from typing import Any

from msgspec import Struct

from keymuster.analysis.scopes import Grade, gravest, of_aws_action
from keymuster.analysis.third_parties import YES, Holder, ThirdParties
from keymuster.model import Resource


class Share(Struct, frozen=True, kw_only=True):
    """What is given to one holder, and how that is ended."""

    kind: str
    to: str
    on: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    grade: Grade = Grade.UNKNOWN
    granted_by: str = ""
    granted_at: str = ""
    revoke: str = ""


def shares(resource: Resource, parties: ThirdParties) -> Iterator[tuple[Holder, Share]]:
    """To whom outside, and what."""
    if found := _OF_TYPE.get(resource.type):
        yield from found(resource, parties)


def _shared(one: Resource, parties: ThirdParties) -> Iterator[tuple[Holder, Share]]:
    """https://docs.aws.amazon.com/ram/latest/userguide/working-with-sharing-update.html"""
    external = set(_texts(one.settings.get("ExternalPrincipals")))
    for principal in _texts(one.settings.get("Principals")):
        account = _ACCOUNT.fullmatch(principal)
        if account is None:
            continue
        holder = parties.of_account(account[1], outside=YES if principal in external else "")
        if holder is None:
            continue
        arn = one.id.removeprefix("resource:")
        arn = arn if arn.startswith("arn:") else "SHARE_ARN"
        yield (
            holder,
            Share(
                kind="resource_share", to=principal, on=tuple(_texts(one.settings.get("ResourceArns"))) or (one.name,),
                granted_at=str(one.settings.get("CreationTime") or ""),
                revoke=f"aws ram disassociate-resource-share --resource-share-arn {quote(arn)} --principals {principal}",
            ),
        )  # fmt: skip


def _delegated(one: Resource, parties: ThirdParties) -> Iterator[tuple[Holder, Share]]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-temporary-delegation.html"""
    account = _ACCOUNT.fullmatch(str(one.settings.get("RequestorId") or ""))
    if account is None or one.settings.get("State") in ("REJECTED", "EXPIRED"):
        return
    holder = parties.of_account(account[1], outside=YES)
    if holder is None:
        return
    is_granted = one.settings.get("State") in ("ACCEPTED", "FINALIZED")
    actions = _actions(one.settings.get("PermissionPolicy"))
    yield (
        holder,
        Share(
            kind="temporary_delegation" if is_granted else "delegation_request",
            to=str(one.settings.get("RequestorName") or account[1]), actions=actions,
            grade=gravest(map(of_aws_action, actions)) if actions else Grade.UNKNOWN,
            granted_by=str(one.settings.get("ApproverId") or ""),
            granted_at=str(one.settings.get("CreateDate") or ""),
            revoke=f"aws iam reject-delegation-request --delegation-request-id {quote(one.name)}",
        ),
    )  # fmt: skip


_ACCOUNT = re.compile(r"(?:arn:[a-z-]{1,20}:iam::)?([0-9]{12})(?::[\w+=,.@/-]{1,600})?")
_OF_TYPE: dict[str, Callable[[Resource, ThirdParties], Iterator[tuple[Holder, Share]]]] = {
    "AWS::RAM::ResourceShare": _shared,
    "iam:DelegationRequest": _delegated,
}


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _actions(policy: Any) -> tuple[str, ...]:
    """What the statements of a policy allow, given as JSON; nothing if it is none."""
    try:
        document = json.loads(policy) if isinstance(policy, str) else policy
    except (ValueError, RecursionError):
        return ()
    said = document.get("Statement") if isinstance(document, dict) else None
    statements = said if isinstance(said, list) else [said]
    found: dict[str, None] = {}
    for one in statements:
        if isinstance(one, dict) and one.get("Effect") == "Allow":
            action = one.get("Action")
            found |= dict.fromkeys(_texts(action) or ([action] if isinstance(action, str) else []))
    return tuple(found)
