"""Secrets that Secret Manager keeps: never their text."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST
from keymuster.collect.gcp.objects import facts, last, picked, told
from keymuster.collect.gcp.policies import policy, policy_of
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_SECRET = "secretmanager.googleapis.com/Secret"
_SECRETS = "secretmanager.projects.secrets.list"
_POLICY = "secretmanager.projects.secrets.getIamPolicy"


def secrets(ask: Scope) -> Iterator[Told]:
    if ask.inventoried(_SECRET) is None:
        ask.lacks = (
            "secrets of one region, which the Cloud Asset Inventory tells, were not looked at"
        )
    for one in ask.listed(_SECRET, _SECRETS, "secrets", parent=ask.place.name):
        name = ask.by_id(one["name"])
        regional = "/locations/" in name
        yield told(
            "google_secret_manager_regional_secret" if regional else "google_secret_manager_secret",
            f"//secretmanager.googleapis.com/{name}",
            {
                "secret_id": last(name), "project": ask.project,
                **picked(one, ("labels", "rotation", "expireTime", "ttl", "versionDestroyTtl")),
                **facts(one, "createTime"),
            },
            account=ask.project,
        )  # fmt: skip
        if ask.policies() is None and (said := policy(ask, _POLICY, name)):
            yield policy_of(ask, f"//secretmanager.googleapis.com/{name}", _SECRET, said)


SURFACES = (
    Surface(
        name="secrets",
        calls=(LIST, _SECRETS, _POLICY),
        types=(
            "google_secret_manager_secret", "google_secret_manager_regional_secret",
            "google_secret_manager_secret_iam_policy",
        ),
        look=secrets,
        assets=(_SECRET,),
    ),
)  # fmt: skip
