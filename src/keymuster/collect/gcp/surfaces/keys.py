"""Keys that are not of service accounts alone: of APIs, and of storage."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST
from keymuster.collect.gcp.objects import facts, last, picked, told
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_KEY = "apikeys.googleapis.com/Key"
_KEYS = "apikeys.projects.locations.keys.list"
_HMAC = "storage.projects.hmacKeys.list"


def api_keys(ask: Scope) -> Iterator[Told]:
    """Without their text, which another call would tell."""
    for one in ask.listed(_KEY, _KEYS, "keys", parent=f"{ask.place.name}/locations/global"):
        yield told(
            "google_apikeys_key", f"//apikeys.googleapis.com/{one['name']}",
            {
                "name": one.get("uid") or last(one["name"]), "project": ask.project,
                **picked(one, ("displayName", "serviceAccountEmail", "restrictions")),
                **facts(one, "createTime", "updateTime", "deleteTime"),
            },
            account=ask.project, name=one.get("displayName") or last(one["name"]),
        )  # fmt: skip


def hmac_keys(ask: Scope) -> Iterator[Told]:
    for one in ask.pages(_HMAC, "items", projectId=ask.project):
        yield told(
            "google_storage_hmac_key", f"gcp:hmac/{one['accessId']}",
            {
                "project": ask.project, **picked(one, ("accessId", "serviceAccountEmail", "state")),
                **facts(one, "timeCreated", "updated"),
            },
            account=ask.project, name=one["accessId"],
        )  # fmt: skip


SURFACES = (
    Surface(
        name="api-keys", calls=(LIST, _KEYS), types=("google_apikeys_key",), look=api_keys, assets=(_KEY,)
    ),
    Surface(
        name="hmac-keys", calls=(_HMAC,), types=("google_storage_hmac_key",), look=hmac_keys
    ),
)  # fmt: skip
