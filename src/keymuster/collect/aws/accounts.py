"""Which accounts and regions are looked at, and as whom."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from keymuster.collect.aws.access import Access, own_session, signed_in
from keymuster.collect.aws.refusals import refused
from keymuster.collect.aws.scope import PART
from keymuster.errors import CollectError
from keymuster.model import Trouble

_FIRST_REGION = "us-east-1"


class Asked(Struct, frozen=True, kw_only=True):
    """What the user asked for."""

    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    organization: bool = False
    accounts: tuple[str, ...] = ()
    role_name: str = "OrganizationAccountAccessRole"
    regions: tuple[str, ...] = ()


def first(asked: Asked) -> Access:
    """The account that the user signs in to; CollectError if nobody lets them in."""
    from botocore.exceptions import BotoCoreError, ClientError

    region = _region(asked)
    try:
        access = signed_in(own_session(asked.profile), region)
        if asked.role_arn:
            access = signed_in(access.into(asked.role_arn, asked.external_id), region)
    except (BotoCoreError, ClientError) as error:
        call = "sts:AssumeRole" if asked.role_arn else "sts:GetCallerIdentity"
        trouble = refused(call, error).trouble(PART, PART, "sign-in")
        raise CollectError(trouble.message, trouble.advice) from None
    return access


def others(asked: Asked, access: Access) -> Iterator[Access | Trouble]:
    """The accounts that are to be looked at: the first, those that are named, or all of the organisation."""
    if not asked.organization and not asked.accounts:
        yield access
        return
    wanted = dict.fromkeys(asked.accounts)
    if asked.organization:
        for one in _of_organization(asked, access):
            if isinstance(one, Trouble):
                yield one
            elif not asked.accounts:
                wanted[one] = None
    for account in wanted:
        yield access if account == access.account else _member(asked, access, account)


def _of_organization(asked: Asked, access: Access) -> Iterator[str | Trouble]:
    from botocore.exceptions import BotoCoreError, ClientError

    client = access.client("organizations", _region(asked))
    try:
        for page in client.get_paginator("list_accounts").paginate():
            yield from (one["Id"] for one in page["Accounts"] if one["Status"] == "ACTIVE")
    except (BotoCoreError, ClientError) as error:
        yield access.account
        yield refused("organizations:ListAccounts", error).trouble(PART, access.account, "accounts")


def _member(asked: Asked, access: Access, account: str) -> Access | Trouble:
    from botocore.exceptions import BotoCoreError, ClientError

    arn = f"arn:{access.partition}:iam::{account}:role/{asked.role_name}"
    try:
        return signed_in(access.into(arn, asked.external_id), _region(asked))
    except (BotoCoreError, ClientError) as error:
        said = refused("sts:AssumeRole", error)
        return Trouble(
            part=PART, scope=account,
            message=f"the account lets nobody in as {asked.role_name} ({said.code}); nothing of it was looked at",
            advice=f"Let {access.arn} assume {arn}, or name another role with --role-name.",
        )  # fmt: skip


def regions(asked: Asked, access: Access) -> Iterator[str | Trouble]:
    """Those that are named, or those that are enabled in the account."""
    if asked.regions:
        yield from asked.regions
        return
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = access.client("ec2", _FIRST_REGION).describe_regions()["Regions"]
        yield from sorted(one["RegionName"] for one in found)
    except (BotoCoreError, ClientError) as error:
        yield _FIRST_REGION
        yield refused("ec2:DescribeRegions", error).trouble(PART, access.account, "regions")


def _region(asked: Asked) -> str:
    return asked.regions[0] if asked.regions else _FIRST_REGION
