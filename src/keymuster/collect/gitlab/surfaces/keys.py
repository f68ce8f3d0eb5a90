"""Deploy keys: SSH keys that open one project, or several."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.surface import Told
from keymuster.collect.gitlab import places
from keymuster.collect.gitlab.objects import picked, told
from keymuster.collect.gitlab.scope import Scope
from keymuster.collect.gitlab.surface import Surface
from keymuster.detect.ssh_keys import fingerprint

_KEYS = "GET /projects/{id}/deploy_keys"


def deploy_keys(ask: Scope) -> Iterator[Told]:
    for place in places.projects(ask, "deploy keys"):
        for one in ask.pages(_KEYS, "", id=place.id):
            settings = {
                **picked(one, "title", "can_push", "created_at", "expires_at"), "project": place.path,
                "fingerprint_sha256": one.get("fingerprint_sha256") or fingerprint(str(one.get("key", ""))),
            }  # fmt: skip
            yield told(
                "gitlab_deploy_key", ask.id("project", place.id, "deploy-key", one["id"]), ask.account,
                settings, f"{one.get('title')} of {place.path}",
            )  # fmt: skip


SURFACES = (
    Surface(
        name="deploy-keys", calls=(*places.CALLS, _KEYS), types=("gitlab_deploy_key",), look=deploy_keys,
    ),
)  # fmt: skip
