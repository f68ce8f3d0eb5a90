"""Who may do what: the IAM policy of each place, and of all that lies in it where the inventory tells; and
what is denied whatever else is granted."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST, AssetPolicy
from keymuster.collect.gcp.objects import facts, picked, told
from keymuster.collect.gcp.policies import TYPES, policy, policy_of
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_CALLS = {
    "organization": "cloudresourcemanager.organizations.getIamPolicy",
    "folder": "cloudresourcemanager.folders.getIamPolicy",
    "project": "cloudresourcemanager.projects.getIamPolicy",
}
_ACCOUNT = "iam.googleapis.com/ServiceAccount"
_ACCOUNTS = "iam.projects.serviceAccounts.list"


def policies(ask: Scope) -> Iterator[Told]:
    known, place = ask.policies(), ask.place
    if known is None:
        if place.level == "project":
            ask.lacks = "policies that the Cloud Asset Inventory alone tells were not looked at"
        if said := policy(ask, _CALLS[place.level], place.name):
            kind = f"cloudresourcemanager.googleapis.com/{place.level.capitalize()}"
            yield policy_of(ask, place.name, kind, said)
        return
    emails: dict[str, str] = {}
    if place.level == "project" and any(map(_is_by_number, known)):
        accounts = ask.listed(_ACCOUNT, _ACCOUNTS, "accounts", name=place.name)
        emails = {one.get("uniqueId", ""): one["email"] for one in accounts}
    for one in known:
        email = emails.get(one.resource.rpartition("/")[2], "") if one.type == _ACCOUNT else ""
        yield policy_of(ask, one.resource, one.type, one.policy, email)


def _is_by_number(one: AssetPolicy) -> bool:
    return one.type == _ACCOUNT and "@" not in one.resource


def denials(ask: Scope) -> Iterator[Told]:
    """A list tells only their names."""
    point = f"cloudresourcemanager.googleapis.com/{ask.place.name}"
    parent = f"policies/{quote(point, safe='')}/denypolicies"
    for listed in ask.pages("iam.policies.listPolicies", "policies", parent=parent):
        one = ask.answer("iam.policies.get", "NOT_FOUND", name=listed["name"])
        if one is None:
            continue
        yield told(
            "google_iam_deny_policy", f"//iam.googleapis.com/{one['name']}",
            {
                "name": one["name"], "parent": point, **picked(one, ("displayName", "rules")),
                **facts(one, "createTime", "deleteTime"),
            },
            account=ask.account,
        )  # fmt: skip


SURFACES = (
    Surface(
        name="iam-policies",
        calls=(LIST, _ACCOUNTS, *_CALLS.values()),
        types=TYPES,
        look=policies,
        levels=("organization", "folder", "project"),
        assets=(_ACCOUNT,),
        always=True,
    ),
    Surface(
        name="iam-deny-policies",
        calls=("iam.policies.listPolicies", "iam.policies.get"),
        types=("google_iam_deny_policy",),
        look=denials,
        levels=("organization", "folder", "project"),
        always=True,
    ),
)
