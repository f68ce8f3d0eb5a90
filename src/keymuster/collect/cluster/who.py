"""As whom a cluster is asked: what it says itself, and what the credential says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from keymuster.collect.asking.rest import Asking
from keymuster.collect.cluster import kubeconfig
from keymuster.collect.cluster.entrance import Entrance, told


class Who(Struct, frozen=True, kw_only=True):
    """As whom a cluster is asked. `static` is what does not end by itself; `may_write` is None where the cluster
    does not tell."""

    name: str
    method: str
    static: bool
    expires_at: str = ""
    groups: tuple[str, ...] = ()
    may_write: bool | None = None


_LOOKING = {"get", "list", "watch"}
_REVIEWS = ("authentication.k8s.io", "authorization.k8s.io")


def who(one: Entrance) -> Who:
    method, static, expires = _credential(one)
    user = _myself(one)
    groups = user.get("groups")
    return Who(
        name=str(user.get("username") or one.name), method=method, static=static, expires_at=expires,
        groups=tuple(map(str, groups)) if isinstance(groups, list) else (),
        may_write=_may_write(one),
    )  # fmt: skip


def _myself(one: Entrance) -> dict[str, Any]:
    """Since 1.26 a cluster tells who asks it; before, a token may."""
    for version in ("v1", "v1beta1"):
        body = {"apiVersion": f"authentication.k8s.io/{version}", "kind": "SelfSubjectReview"}
        url = f"apis/authentication.k8s.io/{version}/selfsubjectreviews"
        found = told(one, Asking(url=url, method="POST", body=body))
        status = found.get("status")
        user = status.get("userInfo") if isinstance(status, dict) else None
        if isinstance(user, dict):
            return user
    return {"username": _claims(one).get("sub")}


def _may_write(one: Entrance) -> bool | None:
    """Whether it may do more than look, and ask who it is."""
    kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview"}
    found = told(
        one,
        Asking(
            url="apis/authorization.k8s.io/v1/selfsubjectrulesreviews", method="POST",
            body={**kind, "spec": {"namespace": "default"}},
        ),
    )  # fmt: skip
    status = found.get("status")
    rules = status.get("resourceRules") if isinstance(status, dict) else None
    if not isinstance(rules, list):
        return None
    return any(_writes(rule) for rule in rules if isinstance(rule, dict))


def _writes(rule: dict[str, Any]) -> bool:
    verbs = set(map(str, rule.get("verbs") or ()))
    groups = set(map(str, rule.get("apiGroups") or ()))
    return not verbs <= _LOOKING and not groups <= set(_REVIEWS)


def _credential(one: Entrance) -> tuple[str, bool, str]:
    """How it signs in, whether that never ends, and when it does."""
    user = one.user
    if "exec" in user or "auth-provider" in user:
        return ("exec" if "exec" in user else "auth-provider"), False, ""
    if one.config.api_key:
        if "password" in user and "token" not in user and "tokenFile" not in user:
            return "password", True, ""
        end = _claims(one).get("exp")
        ends = isinstance(end, int) and 0 < end < _FAR
        expires = datetime.fromtimestamp(end, UTC).isoformat() if ends and end else ""
        return ("token-file" if "tokenFile" in user else "token"), not ends, expires
    return ("certificate" if one.config.cert_file else "none"), False, ""


_FAR = 10**11
"""Seconds since 1970: what is later is no time."""


def _claims(one: Entrance) -> dict[str, Any]:
    """What a token says of itself, if it says anything."""
    from keymuster.detect.checksums import unbase64

    token = kubeconfig.token_of(one.config).partition(" ")[2].strip()
    parts = token.split(".")
    try:
        found = json.loads(unbase64(parts[1].encode())) if len(parts) == 3 else {}
    except (ValueError, OverflowError):
        return {}
    return found if isinstance(found, dict) else {}
