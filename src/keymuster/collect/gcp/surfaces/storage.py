"""Buckets, and databases of Cloud SQL with who signs in to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST
from keymuster.collect.gcp.objects import facts, picked, told
from keymuster.collect.gcp.policies import policy, policy_of
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_BUCKET = "storage.googleapis.com/Bucket"
_BUCKETS = "storage.buckets.list"
_POLICY = "storage.buckets.getIamPolicy"
_INSTANCE = "sqladmin.googleapis.com/Instance"
_INSTANCES = "sql.instances.list"
_USERS = "sql.users.list"


def buckets(ask: Scope) -> Iterator[Told]:
    for one in ask.listed(_BUCKET, _BUCKETS, "items", project=ask.project):
        rules = one.get("iamConfiguration") or {}
        uniform = (rules.get("uniformBucketLevelAccess") or {}).get("enabled")
        name = f"//storage.googleapis.com/{one['name']}"
        yield told(
            "google_storage_bucket", name,
            {
                "name": one["name"], "project": ask.project,
                "uniform_bucket_level_access": uniform,
                "public_access_prevention": rules.get("publicAccessPrevention"),
                **picked(one, ("location", "labels")), **facts(one, "timeCreated"),
            },
            account=ask.project,
        )  # fmt: skip
        if not uniform:
            yield from _lists(ask, one, name)
        if ask.policies() is None and (said := policy(ask, _POLICY, one["name"], "bucket")):
            yield policy_of(ask, name, _BUCKET, said)


def _lists(ask: Scope, one: dict[str, Any], name: str) -> Iterator[Told]:
    """Its access control lists, which the inventory alone tells: a list of buckets leaves them out."""
    for field, type in _LISTS.items():
        entries = [f"{each['role']}:{each['entity']}" for each in one.get(field) or ()]
        if entries:
            yield told(
                type, f"{name}#{field}", {"bucket": one["name"], "role_entity": entries},
                account=ask.project, name=one["name"],
            )  # fmt: skip


_LISTS = {
    "acl": "google_storage_bucket_acl",
    "defaultObjectAcl": "google_storage_default_object_acl",
}


def databases(ask: Scope) -> Iterator[Told]:
    """Users of an instance that does not run cannot be listed."""
    for one in ask.listed(_INSTANCE, _INSTANCES, "items", project=ask.project):
        key = f"//sqladmin.googleapis.com/{ask.place.name}/instances/{one['name']}"
        yield told(
            "google_sql_database_instance", key,
            {
                "name": one["name"], "project": ask.project,
                "settings": picked(one.get("settings") or {}, ("tier", "databaseFlags")),
                **picked(one, ("databaseVersion", "region")), **facts(one, "state", "createTime"),
            },
            account=ask.project,
        )  # fmt: skip
        for user in ask.pages(
            _USERS, "items", *_STOPPED, project=ask.project, instance=one["name"]
        ):
            host = user.get("host", "")
            yield told(
                "google_sql_user", f"{key}/users/{user['name']}@{host}",
                {
                    "name": user["name"], "instance": one["name"], "project": ask.project,
                    **picked(user, ("type", "host", "passwordPolicy")),
                },
                account=ask.project, name=user["name"],
            )  # fmt: skip


_STOPPED = ("invalidRequest", "notRunning", "instanceDoesNotExist")

SURFACES = (
    Surface(
        name="storage-buckets",
        calls=(LIST, _BUCKETS, _POLICY),
        types=("google_storage_bucket", "google_storage_bucket_iam_policy", *_LISTS.values()),
        look=buckets,
        assets=(_BUCKET,),
    ),
    Surface(
        name="sql-databases",
        calls=(LIST, _INSTANCES, _USERS),
        types=("google_sql_database_instance", "google_sql_user"),
        look=databases,
        assets=(_INSTANCE,),
    ),
)
