"""Secrets, of which the cluster tells no value: those that hold a token of a service account, which has no end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.cluster.objects import told
from keymuster.collect.cluster.scope import Scope
from keymuster.collect.meanings.kubernetes.access import (
    MADE_BY_ITSELF,
    SERVICE_ACCOUNT,
    TRACKED_SINCE,
)

_SECRETS = "list secrets"
_TRACKING = "get configmaps"
_TRACKER = {
    "namespace": "kube-system", "name": "kube-apiserver-legacy-service-account-token-tracking",
}  # fmt: skip

_TYPE = "kubernetes.io/service-account-token"

_NOTED_SINCE = 26
"""From 1.26 on, a cluster may note when such tokens were used; from 1.28 on, each does."""
_MADE_UNTIL = 24
"""Before 1.24, a cluster made a token for every account."""


def tokens(ask: Scope) -> Iterator[Told]:
    minor = ask.session.minor
    since = _since(ask) if minor is None or minor >= _NOTED_SINCE else ""
    for one in ask.listed(_SECRETS):
        account = (one["metadata"].get("annotations") or {}).get(SERVICE_ACCOUNT)
        if not account:
            yield told(ask, "Secret", one)
            continue
        made = minor is not None and minor < _MADE_UNTIL and _is_made(one, account)
        more = {"type": _TYPE, MADE_BY_ITSELF: made or None, TRACKED_SINCE: since}
        yield told(ask, "Secret", one, more)


def _since(ask: Scope) -> str:
    found = ask.answer(_TRACKING, "404", **_TRACKER)
    data = found.get("data") if isinstance(found, dict) else None
    return str(data.get("since", "")) if isinstance(data, dict) else ""


def _is_made(one: dict[str, Any], account: str) -> bool:
    """Whether the cluster named it, after the account."""
    return (
        re.fullmatch(re.escape(account) + r"-token-[a-z0-9]{5}", one["metadata"]["name"])
        is not None
    )


SURFACES = (
    Surface(
        name="secrets", calls=(_SECRETS, _TRACKING), types=("Secret", "service-account-token"), look=tokens,
    ),
)  # fmt: skip
