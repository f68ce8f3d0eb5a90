"""Why Google gave no answer, in words that say what would help."""

from __future__ import annotations

from typing import Any

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.gcp.methods import METHODS

_DISABLED = "SERVICE_DISABLED"


def code_of(body: Any) -> str:
    """What Google calls its refusal: the reason in its details, if it tells one, else the status. An API
    that is not enabled is told with the project that would have to: `SERVICE_DISABLED iam.googleapis.com
    projects/1`."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return error if isinstance(error, str) else ""
    for one in _maps(error.get("details")):
        reason, more = one.get("reason"), one.get("metadata")
        if reason == _DISABLED and isinstance(more, dict):
            return " ".join(
                (_DISABLED, str(more.get("service", "")), str(more.get("consumer", "")))
            )
        if isinstance(reason, str) and reason:
            return reason
    for one in _maps(error.get("errors")):
        if one.get("reason") == "accessNotConfigured":
            return _DISABLED
    status = error.get("status")
    return status if isinstance(status, str) else str(error.get("code", ""))


def _maps(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def is_disabled(one: Refused) -> bool:
    """Whether whoever scans has not enabled the API."""
    return one.code.startswith(_DISABLED)


_WHERE_ENABLED = frozenset(
    (
        "compute",
        "container",
        "sqladmin",
        "run",
        "cloudfunctions",
        "secretmanager",
        "aiplatform",
        "storage",
    )
)
"""APIs of which a project has nothing unless they are enabled there. Of others it may have much: they have to
be enabled where calls are counted."""


def is_off(call: str, code: str, projects: tuple[str, ...]) -> bool:
    """Whether an API is not enabled in one of these projects (`projects/acme`, `projects/4711`), so that
    there is nothing of it there."""
    parts = code.split(" ")
    if parts[0] != _DISABLED or METHODS[call].host not in _WHERE_ENABLED:
        return False
    return len(parts) < 3 or parts[2] in projects


_OF_GCLOUD = ("764086051850", "32555940559")
"""The numbers of the projects that `gcloud auth` signs in with."""

_DENIED = {
    "PERMISSION_DENIED",
    "IAM_PERMISSION_DENIED",
    "forbidden",
    "insufficientPermissions",
    "AUTH_PERMISSION_DENIED",
    "403",
}
_SCOPES = {"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
_ENDED = {
    "UNAUTHENTICATED",
    "ACCESS_TOKEN_EXPIRED",
    "CREDENTIALS_MISSING",
    "ACCESS_TOKEN_TYPE_UNSUPPORTED",
    "RefreshError",
    "authError",
    "required",
    "401",
}
_PERIMETER = {"SECURITY_POLICY_VIOLATED", "vpcServiceControls"}
_CONSUMER = {"USER_PROJECT_DENIED", "CONSUMER_INVALID", "USER_PROJECT_MISSING"}
_THROTTLED = {
    "RESOURCE_EXHAUSTED",
    "RATE_LIMIT_EXCEEDED",
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "429",
}
_BROKEN_STATUSES = (0, 500, 502, 503, 504)
_UNKNOWN = {"UNIMPLEMENTED", "NOT_FOUND", "notFound", "501", "404"}


def refused(call: str, status: int, code: str) -> Refused:
    why, advice = _words(call, status, code)
    return Refused(call=call, code=code, why=why, advice=advice, ends_session=code in _ENDED)


def _words(call: str, status: int, code: str) -> tuple[str, str]:
    needed = f"Allow {permission(call)}; `keymuster services permissions gcp`."
    parts = code.split(" ")
    if parts[0] == _DISABLED:
        service, consumer = (*parts[1:], "", "")[:2]
        api = service or f"{call.partition('.')[0]}.googleapis.com"
        project = consumer.removeprefix("projects/")
        if project in _OF_GCLOUD:
            return (
                "failed: the calls of a person are counted on a project of Google's own, unless another is named",
                f"Name a project with --quota-project, and enable {api} there.",
            )
        return (
            "failed: the API is not enabled"
            + (f" in {consumer}, the project that the calls are counted on" if project else ""),
            f"gcloud services enable {api}" + (f" --project {project}" if project else ""),
        )
    if code in _DENIED:
        return f"was denied ({code})", needed
    if code in _SCOPES:
        return (
            f"was denied ({code})",
            "Sign in with the scope https://www.googleapis.com/auth/cloud-platform.",
        )
    if code in _ENDED:
        return (
            f"failed: the session has expired, or is not valid ({code})",
            "Sign in again, and scan again.",
        )
    if code in _PERIMETER:
        return (
            f"was kept back by a perimeter of VPC Service Controls ({code})",
            "Let whoever scans into the perimeter, with a rule of ingress.",
        )
    if code in _CONSUMER:
        return (
            f"failed: the calls may not be counted on this project ({code})",
            "Name another with --quota-project, and allow serviceusage.services.use there.",
        )
    if code in _THROTTLED:
        return (
            f"was throttled until it was given up ({code})",
            "Scan again later, or fewer projects.",
        )
    if status in _BROKEN_STATUSES:
        return (
            f"was not answered ({code})",
            "Scan again; see that nothing between here and Google answers in its place.",
        )
    if code in _UNKNOWN:
        return f"is not known ({code})", "Update keymuster, or tell its authors."
    return f"failed ({code})", needed


def permission(call: str) -> str:
    """What a call needs, in words."""
    return (
        " and ".join(METHODS[call].permissions)
        if call in METHODS
        else "the permission of that call"
    )
