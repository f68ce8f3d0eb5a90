"""What each call needs: a role in the group or project, beside the scope `read_api`."""

from __future__ import annotations

import json
from collections.abc import Iterable

DEVELOPER, MAINTAINER, OWNER, ADMINISTRATOR = 30, 40, 50, 60

NEEDS: dict[str, int] = {
    "GET /groups/{id}/descendant_groups": DEVELOPER,
    "GET /groups/{id}/projects": DEVELOPER,
    "GET /groups/{id}/access_tokens": OWNER,
    "GET /groups/{id}/deploy_tokens": OWNER,
    "GET /groups/{id}/variables": OWNER,
    "GET /groups/{id}/hooks": OWNER,
    "GET /groups/{id}/runners": OWNER,
    "GET /groups/{id}/service_accounts": OWNER,
    "GET /groups/{id}/service_accounts/{user_id}/personal_access_tokens": OWNER,
    "GET /projects/{id}/access_tokens": MAINTAINER,
    "GET /projects/{id}/deploy_tokens": MAINTAINER,
    "GET /projects/{id}/deploy_keys": MAINTAINER,
    "GET /projects/{id}/variables": MAINTAINER,
    "GET /projects/{id}/hooks": MAINTAINER,
    "GET /projects/{id}/runners": MAINTAINER,
    "GET /projects/{id}/job_token_scope": MAINTAINER,
    "GET /runners/{id}": MAINTAINER,
    "GET /personal_access_tokens": ADMINISTRATOR,
    "GET /service_accounts": ADMINISTRATOR,
    "GET /applications": ADMINISTRATOR,
    "GET /admin/ci/variables": ADMINISTRATOR,
    "GET /runners/all": ADMINISTRATOR,
}
"""Call -> the least role, by GitLab's own numbers; an administrator's has none."""

_NAMES = {
    DEVELOPER: "the role Developer", MAINTAINER: "the role Maintainer", OWNER: "the role Owner",
    ADMINISTRATOR: "an administrator of the server",
}  # fmt: skip


def needed(call: str) -> str:
    return f"{_NAMES[NEEDS[call]]} and the scope read_api"


def token(calls: Iterable[str]) -> str:
    """All that calls need, as the body that makes an access token of a group."""
    levels = [NEEDS[call] for call in calls]
    level = max((one for one in levels if one < ADMINISTRATOR), default=DEVELOPER)
    server = (
        " On a server of your own, an administrator's token sees what is of the whole server, too."
    )
    return json.dumps(
        {
            "//": "POST /groups/:id/access_tokens, for each group."
            + (server if ADMINISTRATOR in levels else ""),
            "name": "keymuster",
            "scopes": ["read_api"],
            "access_level": level,
        },
        indent=2,
    )
