"""Terraform's IAM made real: what our own reader of Terraform declares, as calls of AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import terraforming
from keymuster.collect.declared import Declared

_REFERENCE = re.compile(r"\$\{([\w-]+\.[\w-]+)\.(\w+)\}")

_KINDS = {
    "AWS::IAM::User": ("user", "UserName"),
    "AWS::IAM::Group": ("group", "GroupName"),
    "AWS::IAM::Role": ("role", "RoleName"),
    "AWS::IAM::ManagedPolicy": ("policy", "ManagedPolicyName"),
}


class Applied:
    """One module, in an account. `given` are texts that stand for others, as variables would."""

    def __init__(
        self, files: Mapping[str, str] | str, account: str, given: Mapping[str, str]
    ) -> None:
        self._objects = list(terraforming.objects(files).values())
        self._account = account
        self._given = given
        self._arns = {
            one.name: self._arn(one) for one in self._objects if one.type in _KINDS
        }  # fmt: skip

    def _arn(self, one: Declared) -> str:
        kind, key = _KINDS[one.type]
        path = one.text("Path") or "/"
        return f"arn:aws:iam::{self._account}:{kind}{path}{one.text(key)}"

    def to(self, iam: Any) -> None:
        """Call by call; what a module declares that is not of IAM is left out."""
        for type in _ORDER:
            for one in self._objects:
                if one.type == type:
                    getattr(self, f"_{_ORDER[type]}")(iam, self._settings(one))

    def _settings(self, one: Declared) -> dict[str, Any]:
        found: dict[str, Any] = self._resolved(one.settings.plain())
        return found

    def _resolved(self, value: Any) -> Any:
        match value:
            case dict():
                return {key: self._resolved(one) for key, one in value.items()}
            case list():
                return [self._resolved(one) for one in value]
            case str():
                return _REFERENCE.sub(self._meant, self._given.get(value, value))
            case _:
                return value

    def _meant(self, found: re.Match[str]) -> str:
        arn = self._arns[found[1]]
        return arn if found[2] == "arn" else arn.rpartition("/")[2]

    def _policy(self, iam: Any, said: dict[str, Any]) -> None:
        iam.create_policy(
            PolicyName=said["ManagedPolicyName"], Path=said.get("Path", "/"),
            PolicyDocument=_document(said["PolicyDocument"]),
        )  # fmt: skip

    def _group(self, iam: Any, said: dict[str, Any]) -> None:
        iam.create_group(GroupName=said["GroupName"], Path=said.get("Path", "/"))

    def _user(self, iam: Any, said: dict[str, Any]) -> None:
        iam.create_user(UserName=said["UserName"], Path=said.get("Path", "/"), **_boundary(said))

    def _role(self, iam: Any, said: dict[str, Any]) -> None:
        iam.create_role(
            RoleName=said["RoleName"], Path=said.get("Path", "/"), **_boundary(said),
            AssumeRolePolicyDocument=_document(said["AssumeRolePolicyDocument"]),
        )  # fmt: skip
        for arn in said.get("ManagedPolicyArns", ()):
            iam.attach_role_policy(RoleName=said["RoleName"], PolicyArn=arn)

    def _own(self, iam: Any, said: dict[str, Any]) -> None:
        for kind in ("User", "Group", "Role"):
            if name := said.get(f"{kind}Name"):
                put = getattr(iam, f"put_{kind.lower()}_policy")
                put(
                    **{f"{kind}Name": name}, PolicyName=said["PolicyName"],
                    PolicyDocument=_document(said["PolicyDocument"]),
                )  # fmt: skip

    def _attachment(self, iam: Any, said: dict[str, Any]) -> None:
        for kind in ("user", "group", "role"):
            if name := said.get(kind):
                attach = getattr(iam, f"attach_{kind}_policy")
                attach(**{f"{kind.capitalize()}Name": name}, PolicyArn=said["policy_arn"])

    def _members(self, iam: Any, said: dict[str, Any]) -> None:
        for user in said["Users"]:
            iam.add_user_to_group(GroupName=said["GroupName"], UserName=user)

    def _key(self, iam: Any, said: dict[str, Any]) -> None:
        iam.create_access_key(UserName=said["UserName"])


def _document(said: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", **said})


def _boundary(said: Mapping[str, Any]) -> dict[str, str]:
    given = said.get("PermissionsBoundary")
    return {"PermissionsBoundary": given} if given else {}


_ORDER = {
    "AWS::IAM::ManagedPolicy": "policy",
    "AWS::IAM::Group": "group",
    "AWS::IAM::User": "user",
    "AWS::IAM::Role": "role",
    "AWS::IAM::UserPolicy": "own",
    "AWS::IAM::GroupPolicy": "own",
    "AWS::IAM::RolePolicy": "own",
    "aws_iam_user_policy_attachment": "attachment",
    "aws_iam_group_policy_attachment": "attachment",
    "aws_iam_role_policy_attachment": "attachment",
    "AWS::IAM::UserToGroupAddition": "members",
    "AWS::IAM::AccessKey": "key",
}
"""What is made, in order: what others name comes first."""
