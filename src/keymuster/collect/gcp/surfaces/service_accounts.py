"""Service accounts, their keys, and when each was last used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST
from keymuster.collect.gcp.objects import facts, last, picked, told
from keymuster.collect.gcp.policies import policy, policy_of
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_ACCOUNT = "iam.googleapis.com/ServiceAccount"
_KEY = "iam.googleapis.com/ServiceAccountKey"
_ACCOUNTS = "iam.projects.serviceAccounts.list"
_KEYS = "iam.projects.serviceAccounts.keys.list"
_POLICY = "iam.projects.serviceAccounts.getIamPolicy"
_USED = "policyanalyzer.projects.locations.activityTypes.activities.query"


def accounts(ask: Scope) -> Iterator[Told]:
    used = _used(ask, "serviceAccountLastAuthentication")
    found = list(ask.listed(_ACCOUNT, _ACCOUNTS, "accounts", name=ask.place.name))
    for one in found:
        email = one["email"]
        yield told(
            "google_service_account", f"gcp:{email}",
            {
                "account_id": email.partition("@")[0], "project": ask.project, "email": email,
                "unique_id": one.get("uniqueId"), "disabled": one.get("disabled", False),
                **picked(one, ("displayName", "description")), **facts(one, "oauth2ClientId"),
                **(used.get(email) or used.get(one.get("uniqueId", "")) or {}),
            },
            account=ask.project, name=email.partition("@")[0],
        )  # fmt: skip
        if ask.policies() is None and (
            said := policy(ask, _POLICY, f"projects/-/serviceAccounts/{email}")
        ):
            name = f"//iam.googleapis.com/{ask.place.name}/serviceAccounts/{email}"
            yield policy_of(ask, name, _ACCOUNT, said)
    yield from _keys(ask, found)


def _keys(ask: Scope, accounts: list[dict[str, Any]]) -> Iterator[Told]:
    used = _used(ask, "serviceAccountKeyLastAuthentication")
    known = ask.inventoried(_KEY)
    if known is None:
        known = [
            key
            for one in accounts
            for key in ask.pages(
                _KEYS, "keys", *_GONE, name=_name(one["email"]), keyTypes="USER_MANAGED"
            )
        ]
    emails = {one.get("uniqueId"): one["email"] for one in accounts}
    asked: dict[str, dict[str, dict[str, Any]]] = {}
    for key in known:
        if key.get("keyType") == "SYSTEM_MANAGED":
            continue
        of, _, id = key["name"].partition("/serviceAccounts/")[2].partition("/keys/")
        email = emails.get(of, of)
        if (
            key.get("disabled")
            and not key.get("disableReason")
            and ask.inventoried(_KEY) is not None
        ):
            if email not in asked:  # the inventory may not say why
                asked[email] = _by_id(ask, email)
            key = asked[email].get(id, key)
        yield told(
            "google_service_account_key", f"gcp:{email}/keys/{id}",
            {
                "service_account_id": email, "project": ask.project, **picked(key, ("keyAlgorithm",)),
                **facts(
                    key, "name", "validAfterTime", "validBeforeTime", "keyOrigin", "keyType", "disableReason",
                    "extendedStatus",
                ),
                "disabled": key.get("disabled", False), **used.get(id, {}),
            },
            account=ask.project, name=id,
        )  # fmt: skip


_GONE = ("NOT_FOUND",)
"""An account that was deleted since it was listed."""


def _by_id(ask: Scope, email: str) -> dict[str, dict[str, Any]]:
    found = ask.pages(_KEYS, "keys", *_GONE, name=_name(email), keyTypes="USER_MANAGED")
    return {last(one["name"]): one for one in found}


def _name(email: str) -> str:
    return f"projects/-/serviceAccounts/{email}"


def _used(ask: Scope, type: str) -> dict[str, dict[str, Any]]:
    """What the end of a resource's name was last used at, and since when that is watched."""
    found: dict[str, dict[str, Any]] = {}
    parent = f"{ask.place.name}/locations/global/activityTypes/{type}"
    for one in ask.pages(_USED, "activities", parent=parent):
        activity = one.get("activity") or {}
        said = {
            "observationPeriod": one.get("observationPeriod"),
            "lastAuthenticatedTime": activity.get("lastAuthenticatedTime"),
        }
        found[last(one.get("fullResourceName", ""))] = said
        unique = (activity.get("serviceAccount") or {}).get("serviceAccountId")
        if unique:
            found[unique] = said
    return found


SURFACES = (
    Surface(
        name="service-accounts",
        calls=(LIST, _ACCOUNTS, _KEYS, _POLICY, _USED),
        types=(
            "google_service_account", "google_service_account_key", "google_service_account_iam_policy",
        ),
        look=accounts,
        assets=(_ACCOUNT, _KEY),
        always=True,
    ),
)  # fmt: skip
