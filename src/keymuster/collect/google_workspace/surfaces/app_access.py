"""What users may let in at all: third parties' apps, apps of the Marketplace, webhooks of Chat."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.google_workspace.calls import POLICIES
from keymuster.collect.google_workspace.objects import told
from keymuster.collect.google_workspace.scope import Scope

_PREFIX = "settings/"

_ASKED = (
    "api_controls.unconfigured_third_party_apps",
    "chat.chat_apps_access",
    "workspace_marketplace.apps_access_options",
)

_MARKETPLACE_DEFAULT = {"accessLevel": "ALLOW_ALL"}
"""What holds where nobody set it, and what Google then does not tell:
https://docs.cloud.google.com/identity/docs/concepts/supported-policy-api-settings"""


def look(ask: Scope) -> Iterator[Told]:
    names = "|".join(one.replace(".", "[.]") for one in _ASKED)
    found = ask.whole(
        POLICIES, "policies", pageSize=100, filter=f"setting.type.matches('^{_PREFIX}({names})$')"
    )
    if found is None:
        return
    for one in found:
        setting = one.get("setting") or {}
        query = one.get("policyQuery") or {}
        type = str(setting.get("type", "")).removeprefix(_PREFIX)
        yield told(
            "cloudidentity.googleapis.com/Policy", ask.account, one["name"],
            {
                "setting": type, "value": setting.get("value"), "type": one.get("type"),
                "orgUnit": query.get("orgUnit"), "group": query.get("group"),
            },
            type,
        )  # fmt: skip
    asked = {str((one.get("setting") or {}).get("type", "")) for one in found}
    if f"{_PREFIX}{_ASKED[2]}" not in asked:
        yield told(
            "cloudidentity.googleapis.com/Policy", ask.account, f"policies/default/{_ASKED[2]}",
            {"setting": _ASKED[2], "value": _MARKETPLACE_DEFAULT, "type": "SYSTEM"}, _ASKED[2],
        )  # fmt: skip


SURFACES = [
    Surface(
        name="app-access",
        calls=(POLICIES,),
        types=("cloudidentity.googleapis.com/Policy",),
        look=look,
    )
]
