"""Who has become a service account lately, by the audit logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.objects import told
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_ENTRIES = "logging.entries.list"
_DAYS = 30
_MOST = 5_000
"""Entries of a project that are looked at, the newest first."""

_WHO = "protoPayload.authenticationInfo"
_FILTER = (
    'logName:"cloudaudit.googleapis.com" AND '
    f'{_WHO}.serviceAccountDelegationInfo.firstPartyPrincipal.principalEmail:"@" AND timestamp>="{{since}}"'
)


def becoming(ask: Scope) -> Iterator[Told]:
    """The newest time that each person or account became each."""
    since = (datetime.now(UTC) - timedelta(days=_DAYS)).isoformat(timespec="seconds")
    body = {
        "resourceNames": [ask.place.name], "filter": _FILTER.format(since=since),
        "orderBy": "timestamp desc", "pageSize": 1000,
    }  # fmt: skip
    seen: set[str] = set()
    number = 0
    for entry in islice(ask.pages(_ENTRIES, "entries", body=body), _MOST):
        number += 1
        said = entry.get("protoPayload") or {}
        info = said.get("authenticationInfo") or {}
        account, chain = (
            info.get("principalEmail", ""),
            info.get("serviceAccountDelegationInfo") or (),
        )
        for one in chain:
            person = (one.get("firstPartyPrincipal") or {}).get("principalEmail", "")
            key = f"gcp:{account}#impersonated/{person}"
            if not person or person == account or key in seen:
                continue
            seen.add(key)
            agent = (said.get("requestMetadata") or {}).get("callerSuppliedUserAgent")
            yield told(
                "cloudaudit.googleapis.com/AuditLog", key,
                {
                    "serviceAccount": account, "timestamp": entry.get("timestamp"),
                    "authenticationInfo": {
                        "principalEmail": account,
                        "serviceAccountDelegationInfo": [{"firstPartyPrincipal": {"principalEmail": person}}],
                    },
                    "requestMetadata": {"callerSuppliedUserAgent": agent},
                },
                account=ask.project, name=person,
            )  # fmt: skip
    if number == _MOST:
        ask.unseen(
            f"only the newest {_MOST} entries of {_DAYS} days were looked at", "Look at the logs."
        )


SURFACES = (
    Surface(
        name="audit-logs",
        calls=(_ENTRIES,),
        types=("cloudaudit.googleapis.com/AuditLog",),
        look=becoming,
        option="audit_logs",
    ),
)
