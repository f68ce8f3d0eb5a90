"""Which accounts and regions are looked at, and as whom."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from keymuster.collect.aws.access import Access, own_session, signed_in
from keymuster.collect.aws.refusals import errors, refused
from keymuster.collect.aws.scope import PART
from keymuster.errors import CollectError, SettingsError
from keymuster.model import Trouble
from keymuster.nearest import hint

if TYPE_CHECKING:
    from boto3 import Session

_FIRST_REGION = "us-east-1"

Door: TypeAlias = Callable[[], Access | Trouble]
"""How to get into an account. Nothing is called before."""


class Asked(Struct, frozen=True, kw_only=True):
    """What the user asked for."""

    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    organization: bool = False
    accounts: tuple[str, ...] = ()
    role_name: str = "OrganizationAccountAccessRole"
    regions: tuple[str, ...] = ()
    key_ids: bool = False
    last_accessed: bool = False

    @property
    def wants(self) -> frozenset[str]:
        """The options that cost more calls than most would have made."""
        return frozenset(name for name in ("key_ids", "last_accessed") if getattr(self, name))


_ACCOUNT = re.compile(r"[0-9]{12}")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+")
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+){1,3}-[0-9]{1,2}")


def check(asked: Asked) -> None:
    """SettingsError for what can be no account, role or region anywhere."""
    for account in asked.accounts:
        if not _ACCOUNT.fullmatch(account):
            raise SettingsError(
                f"--accounts {account}: not an account id", "They have twelve digits."
            )
    if asked.role_arn and not _ROLE.fullmatch(asked.role_arn):
        raise SettingsError(
            f"--role-arn {asked.role_arn}: not the ARN of a role",
            "Example: arn:aws:iam::111122223333:role/audit",
        )
    for region in asked.regions:
        if not _REGION.fullmatch(region):
            raise SettingsError(f"--regions {region}: not a region", "Example: eu-west-1")


def first(asked: Asked) -> Access:
    """The account that the user signs in to; CollectError if nobody lets them in."""
    check(asked)
    session = _session(asked)
    region = _first_region(asked, session)
    try:
        access = signed_in(session, region)
    except errors() as error:
        raise _nobody(asked, error) from None
    if asked.role_arn:
        try:
            access = access.into(asked.role_arn, asked.external_id, region)
        except errors() as error:
            trouble = refused("sts:AssumeRole", error).trouble(PART, PART, "sign-in")
            raise CollectError(
                f"{trouble.message}: {asked.role_arn}",
                f"Let {access.arn} assume that role, or name another one with --role-arn.",
            ) from None
    _check_regions(asked, access)
    access.leads = True
    return access


def _session(asked: Asked) -> Session:
    from botocore.exceptions import BotoCoreError, ProfileNotFound

    try:
        return own_session(asked.profile)
    except ProfileNotFound as error:
        name = str(error.kwargs.get("profile", ""))
        raise CollectError(
            f"sign-in: the AWS configuration has no profile `{name}`", _profiles(name)
        ) from None
    except BotoCoreError as error:
        raise _nobody(asked, error) from None


def _profiles(name: str) -> str:
    from botocore.session import Session as Base

    known = sorted(Base().full_config.get("profiles", {}))
    if not known:
        return "It has none at all: `aws configure sso`, or set AWS_CONFIG_FILE."
    return f"It has {', '.join(known[:_MOST_NAMED])}{hint(name, known)}"


_MOST_NAMED = 20


def _nobody(asked: Asked, error: Exception) -> CollectError:
    said = refused("sts:GetCallerIdentity", error)
    if said.code == "NoCredentialsError":
        return CollectError(
            "sign-in: there are no AWS credentials; tried the environment, "
            f"{f'the profile {asked.profile}' if asked.profile else 'the default profile'}, single sign-on, "
            "and the metadata of a container or instance",
            "Sign in (`aws sso login`), name a profile with --profile, or set AWS_PROFILE.",
        )
    trouble = said.trouble(PART, PART, "sign-in")
    return CollectError(trouble.message, trouble.advice)


def _first_region(asked: Asked, session: Session) -> str:
    """Where to sign in: a region named by the user if the SDK knows it, as it may not be one at all."""
    known = {
        region
        for one in session.get_available_partitions()
        for region in session.get_available_regions("ec2", one)
    }
    named = (*asked.regions, session.region_name or "")
    return next((one for one in named if one in known), _FIRST_REGION)


def _check_regions(asked: Asked, access: Access) -> None:
    """SettingsError for a region that neither the SDK nor the account knows."""
    unknown = set(asked.regions) - access.known_regions()
    if not unknown:
        return
    known = {*access.known_regions(), *_states(access)}
    for region in asked.regions:
        if region not in known:
            raise SettingsError(
                f"--regions {region}: {access.partition} has no such region{hint(region, known)}"
            )


def others(asked: Asked, access: Access) -> Iterator[Door | Trouble]:
    """The accounts that are to be looked at: the first, those that are named, or all of the organisation."""
    if not asked.organization and not asked.accounts:
        yield lambda: access
        return
    wanted = dict.fromkeys(asked.accounts)
    if asked.organization:
        members: list[str] = []
        whole = True
        for one in _of_organization(access):
            if isinstance(one, Trouble):
                yield one
                whole = False
            else:
                members.append(one)
        strange = [one for one in wanted if whole and one not in members]
        for account in strange:
            yield Trouble(
                part=PART, scope=account,
                message="the organisation has no active account of this id; nothing of it was looked at",
                advice="Leave --organization out to look at an account outside.",
            )  # fmt: skip
        wanted = {one: None for one in wanted or members if one not in strange}
    for account in wanted:
        if account == access.account:
            yield lambda: access
        else:
            yield partial(_member, asked, access, account)


def _of_organization(access: Access) -> Iterator[str | Trouble]:
    client = access.client("organizations", access.home)
    try:
        for page in client.get_paginator("list_accounts").paginate():
            # `State` takes the place of `Status`, which goes away in 2026
            yield from (
                one["Id"]
                for one in page["Accounts"]
                if (one.get("State") or one.get("Status")) == "ACTIVE"
            )
    except errors() as error:
        yield access.account
        yield refused("organizations:ListAccounts", error).trouble(PART, access.account, "accounts")


def _member(asked: Asked, access: Access, account: str) -> Access | Trouble:
    arn = f"arn:{access.partition}:iam::{account}:role/{asked.role_name}"
    try:
        return access.into(arn, asked.external_id)
    except errors() as error:
        said = refused("sts:AssumeRole", error)
        return Trouble(
            part=PART, scope=account,
            message=f"the account lets nobody in as {asked.role_name} ({said.code}); nothing of it was looked at",
            advice=f"Let {access.arn} assume {arn}, or name another role with --role-name.",
        )  # fmt: skip


_OFF = "not-opted-in"


def regions(asked: Asked, access: Access) -> Iterator[str | Trouble]:
    """Those that are named, or those that are enabled in the account."""
    if asked.regions:
        yield from _named(asked.regions, access)
        return
    try:
        states = _asked_states(access)
    except errors() as error:
        said = refused("ec2:DescribeRegions", error)
        yield from _always_on(access)
        yield Trouble(
            part=PART, scope=access.account,
            message=f"regions: {said.call} {said.why}; regions that an account must turn on were not looked at",
            advice=f"{said.advice} Or name them with --regions.",
        )  # fmt: skip
        return
    yield from sorted(region for region, state in states.items() if state != _OFF)


def _named(wanted: Iterable[str], access: Access) -> Iterator[str | Trouble]:
    states = _states(access)
    for region in wanted:
        if states.get(region) != _OFF:
            yield region
            continue
        yield Trouble(
            part=PART, scope=f"{access.account}/{region}",
            message="the region is not enabled in the account; nothing in it was looked at",
            advice="Leave it out of --regions, or enable it.",
        )  # fmt: skip


def _states(access: Access) -> dict[str, str]:
    """Region -> whether it is enabled in the account; nothing if that was refused, as the calls in a
    region that is not will say it, too."""
    try:
        return _asked_states(access)
    except errors():
        return {}


def _asked_states(access: Access) -> dict[str, str]:
    found = access.client("ec2", access.home).describe_regions(AllRegions=True)["Regions"]
    return {one["RegionName"]: one.get("OptInStatus", "") for one in found}


def _always_on(access: Access) -> list[str]:
    """Those that no account can turn off."""
    return list(_DEFAULT) if access.partition == "aws" else sorted(access.known_regions())


_DEFAULT = (
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
    "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
    "us-west-2",
)  # fmt: skip
"""https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html"""
