"""The organisation: its accounts and the units they are in, the policies that limit them, and the
accounts that act for the management account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told
from keymuster.collect.declared import Declared

_ALONE = "AWSOrganizationsNotInUseException"

_LIMITING = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
"""The types of policies that say what principals and resources of an account may do at most."""


def organization(ask: Scope) -> Iterator[Told]:
    found = ask.answer("organizations:DescribeOrganization", _ALONE)
    if found is None:
        return
    one = found["Organization"]
    arn = one["Arn"]
    tree = _Tree(ask)
    yield from tree.accounts(one.get("MasterAccountId", ""))
    read: list[str] = []
    for type in _LIMITING:
        before = ask.failures
        yield from _policies(ask, type, tree.limited_by)
        if tree.whole and ask.failures == before:
            read.append(type)
    yield from _delegated(ask, arn)
    yield from _shared_rights(ask, arn)
    yield from _features(ask, arn)
    yield _object("AWS::Organizations::Organization", arn, one["MasterAccountId"], {
        "Id": one["Id"], "FeatureSet": one.get("FeatureSet"), "ManagementAccountId": one.get("MasterAccountId"),
        "RootId": tree.root, "AccountsRead": tree.listed, "PoliciesRead": read,
    })  # fmt: skip


class _Tree(Struct):
    """The units of an organisation. It is `whole` if nothing of it was refused; what was `listed` are its
    accounts, wherever they are in it."""

    ask: Scope
    root: str = ""
    limited_by: tuple[str, ...] = ()
    whole: bool = True
    listed: bool = True

    def accounts(self, management: str) -> Iterator[Told]:
        """Its accounts and units. Where the list of accounts tells their paths, it is not asked of each
        unit which accounts are in it."""
        before = self.ask.failures
        listed = list(self.ask.pages("organizations:ListAccounts", "Accounts"))
        self.listed = self.ask.failures == before
        parents = {
            one["Id"]: place for one in listed if (place := _last(one.get("Paths", ()), one["Id"]))
        }
        is_told = len(parents) == len(listed)
        for root in self.ask.pages("organizations:ListRoots", "Roots"):
            self.root = root["Id"]
            types = root.get("PolicyTypes", ())
            self.limited_by = tuple(one["Type"] for one in types if one.get("Status") == "ENABLED")
            yield from self._below(root["Id"], management, None if is_told else parents)
        self.whole = self.ask.failures == before
        for one in listed:
            yield _account(self.ask, one, parents.get(one["Id"], ""), management)

    def _below(
        self, parent: str, management: str, parents: dict[str, str] | None
    ) -> Iterator[Told]:
        ask = self.ask
        if parents is not None:
            found = ask.pages("organizations:ListAccountsForParent", "Accounts", ParentId=parent)
            parents |= {one["Id"]: parent for one in found}
        call = "organizations:ListOrganizationalUnitsForParent"
        for one in ask.pages(call, "OrganizationalUnits", ParentId=parent):
            yield _object(
                "AWS::Organizations::OrganizationalUnit", one["Arn"], management,
                {"Id": one["Id"], "Name": one.get("Name"), "ParentId": parent},
            )  # fmt: skip
            yield from self._below(one["Id"], management, parents)


def _last(paths: list[str] | tuple[str, ...], account: str) -> str:
    """The unit that an account is in: `ou-2` of `o-1/r-1/ou-1/ou-2/111122223333/`."""
    for path in paths:
        parts = [part for part in path.split("/") if part]
        if parts[-1:] == [account]:
            parts.pop()
        if len(parts) > 1:
            return parts[-1]
    return ""


def _account(ask: Scope, one: dict[str, Any], parent: str, management: str) -> Told:
    """Its tags are told one account at a time, and of those in use only."""
    state = one.get("State") or one.get("Status")
    tags: list[Any] = []
    if state == "ACTIVE":
        call = "organizations:ListTagsForResource"
        tags = list(ask.pages(call, "Tags", ResourceId=one["Id"]))
    return _object(
        "AWS::Organizations::Account", one["Arn"], management,
        {
            "AccountId": one["Id"], "AccountName": one.get("Name"), "ParentIds": [parent] if parent else [],
            "Status": state, "JoinedMethod": one.get("JoinedMethod"), "JoinedTimestamp": one.get("JoinedTimestamp"),
            "Tags": tags,
        },
    )  # fmt: skip


def _policies(ask: Scope, type: str, enabled: tuple[str, ...]) -> Iterator[Told]:
    """Those of a type, with what they say and whom they are attached to. One type that is not enabled
    limits nobody."""
    if type not in enabled:
        return
    for one in ask.pages("organizations:ListPolicies", "Policies", Filter=type):
        found = ask.answer("organizations:DescribePolicy", PolicyId=one["Id"])
        targets = ask.pages("organizations:ListTargetsForPolicy", "Targets", PolicyId=one["Id"])
        yield _object(
            "AWS::Organizations::Policy", one["Arn"], ask.account,
            {
                "Id": one["Id"], "Name": one.get("Name"), "Description": one.get("Description"), "Type": type,
                "AwsManaged": one.get("AwsManaged"), "TargetIds": [each["TargetId"] for each in targets],
                "Content": found["Policy"].get("Content") if found else None,
            },
        )  # fmt: skip


def _delegated(ask: Scope, arn: str) -> Iterator[Told]:
    """Accounts that act for the management account, with the services that they do it in."""
    for one in ask.pages("organizations:ListDelegatedAdministrators", "DelegatedAdministrators"):
        call = "organizations:ListDelegatedServicesForAccount"
        for service in ask.pages(call, "DelegatedServices", AccountId=one["Id"]):
            name = service["ServicePrincipal"]
            yield told(
                "aws_organizations_delegated_administrator", f"{arn}/delegated/{one['Id']}/{name}",
                {
                    "account_id": one["Id"], "name": one.get("Name"), "service_principal": name,
                    "delegation_enabled_date": service.get("DelegationEnabledDate"),
                },
            )  # fmt: skip


def _shared_rights(ask: Scope, arn: str) -> Iterator[Told]:
    """The policy by which the management account lets others manage the organisation."""
    found = ask.answer("organizations:DescribeResourcePolicy", "ResourcePolicyNotFoundException")
    if found is not None and (one := found.get("ResourcePolicy")):
        key = one.get("ResourcePolicySummary", {}).get("Arn") or f"{arn}/resource-policy"
        yield told("AWS::Organizations::ResourcePolicy", key, {"Content": one.get("Content")})


_NOT_SWITCHED_ON = "ServiceAccessNotEnabledException"


def _features(ask: Scope, arn: str) -> Iterator[Told]:
    """Whether the root users of its accounts are managed in one place."""
    before = ask.failures
    found = ask.answer("iam:ListOrganizationsFeatures", _NOT_SWITCHED_ON)
    if ask.failures == before:
        yield told(
            "aws_iam_organizations_features", f"{arn}/iam-features",
            {"enabled_features": (found or {}).get("EnabledFeatures")},
        )  # fmt: skip


def _object(type: str, arn: str, account: str, settings: dict[str, Any]) -> Declared:
    one = told(type, arn, settings)
    one.account = account
    if name := settings.get("Name") or settings.get("AccountName"):
        one.name = name
    return one


SURFACES = (
    Surface(
        name="organization",
        calls=(
            "organizations:DescribeOrganization", "organizations:ListAccounts", "organizations:ListRoots",
            "organizations:ListOrganizationalUnitsForParent", "organizations:ListAccountsForParent",
            "organizations:ListTagsForResource", "organizations:ListPolicies", "organizations:DescribePolicy",
            "organizations:ListTargetsForPolicy", "organizations:ListDelegatedAdministrators",
            "organizations:ListDelegatedServicesForAccount", "organizations:DescribeResourcePolicy",
            "iam:ListOrganizationsFeatures",
        ),
        types=(
            "AWS::Organizations::Organization", "AWS::Organizations::OrganizationalUnit", "AWS::Organizations::Account",
            "AWS::Organizations::Policy", "AWS::Organizations::ResourcePolicy",
            "aws_organizations_delegated_administrator", "aws_iam_organizations_features",
        ),
        look=organization,
        regional=False,
        once=True,
    ),
)  # fmt: skip
