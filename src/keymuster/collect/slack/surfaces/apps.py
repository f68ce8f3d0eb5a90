"""Apps that are let in, kept out, or asked for; who installed them; and what there was before there were apps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from keymuster.collect.asking.several import each
from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.declared import Declared
from keymuster.collect.slack.calls import APPROVED, LOGS, REQUESTED, RESTRICTED, USER, USERS
from keymuster.collect.slack.objects import moment, refused_value, told
from keymuster.collect.slack.scope import Scope

_LISTS = (
    (APPROVED, "approved_apps", "approved"),
    (RESTRICTED, "restricted_apps", "restricted"),
    (REQUESTED, "app_requests", "requested"),
)

MOST_ASKED = 100
"""People who are looked up one by one; for more, everybody is listed."""

_GONE = ("removed", "disabled")


def look(ask: Scope) -> Iterator[Told]:
    logs = () if ask.place.is_organization else _logs(ask)
    apps, services = _latest(logs, "app_id"), _latest(logs, "service_id")
    people = _people(
        ask, {one["user_id"] for one in (*apps.values(), *services.values()) if one.get("user_id")}
    )
    known: set[str] = set()
    for call, key, status in _LISTS:
        if call == REQUESTED and ask.place.is_organization:
            continue
        for one in ask.pages(call, key, limit=100, **ask.place.parameters):
            id = (one.get("app") or {}).get("id")
            if id and id not in known:
                known.add(id)
                yield _app(ask, id, one, status, _installer(apps.get(id), people))
    for id, one in apps.items():
        if id not in known and one.get("change_type") not in _GONE:
            yield _installed(ask, id, one, _installer(one, people))
    for id, one in services.items():
        if one.get("change_type") != "removed":
            yield _integration(ask, id, one, _installer(one, people))


def _logs(ask: Scope) -> list[dict[str, Any]]:
    return list(ask.pages(LOGS, "logs", count=1000, **ask.place.parameters))


def _latest(logs: Iterable[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    """Of each thing what became of it last: the log begins with the newest. Who added it, and its scopes,
    stand in the newest line that says so."""
    found: dict[str, dict[str, Any]] = {}
    for one in logs:
        if id := str(one.get(key) or ""):
            last = found.setdefault(id, dict(one))
            if one.get("change_type") == "added" and "added_by" not in last:
                last.update(
                    added_by=one.get("user_id"),
                    added=one.get("date"),
                    user_name=one.get("user_name"),
                )
            if not last.get("scope") and one.get("scope"):
                last["scope"] = one["scope"]
    for last in found.values():
        last["user_id"] = last.get("added_by") or last.get("user_id")
        last["date"] = last.get("added") or last.get("date")
    return found


def _people(ask: Scope, ids: set[str]) -> dict[str, Any]:
    """User -> whether they have left; a value that nobody knows where that was refused."""
    if len(ids) <= MOST_ASKED:
        asked = sorted(ids)
        answers = each(ask, asked, lambda id: ask.answer_or_empty(USER, "user_not_found", user=id))
        return {id: _left(None if found is None else found.get("user")) for id, found in answers}
    every = ask.whole(USERS, "members", limit=500, **ask.place.parameters)
    if every is None:
        return dict.fromkeys(ids, refused_value("users"))
    members = {one.get("id"): one for one in every}
    return {id: _left(members.get(id, {"deleted": True})) for id in ids}


def _left(user: dict[str, Any] | None) -> Any:
    if user is None:
        return refused_value("users")
    return bool(user.get("deleted"))


def _installer(log: dict[str, Any] | None, people: dict[str, Any]) -> dict[str, Any] | None:
    if log is None or not log.get("user_id"):
        return None
    found = {
        "user_id": log["user_id"], "name": log.get("user_name"), "date": moment(log.get("date")),
        "deleted": people.get(log["user_id"]),
    }  # fmt: skip
    return {key: value for key, value in found.items() if value not in (None, "")}


def _app(
    ask: Scope, id: str, one: dict[str, Any], status: str, installer: dict[str, Any] | None
) -> Declared:
    app, resolved = one.get("app") or {}, one.get("last_resolved_by") or {}
    wanted_by = one.get("user") or {}
    return told(
        "slack:App", ask.account, f"app/{id}",
        {
            **{word: app.get(word) for word in _OF_APP}, "id": id, "status": status,
            "scopes": [_scope(scope) for scope in one.get("scopes") or ()],
            "date_updated": moment(one.get("date_updated")),
            "last_resolved_by": resolved or None, "installer": installer,
            "requested_by": wanted_by.get("name") or wanted_by.get("id"),
        },
        app.get("name") or id,
    )  # fmt: skip


_OF_APP = (
    "name", "description", "app_homepage_url", "app_directory_url", "privacy_policy_url",
    "is_app_directory_approved", "is_internal", "developer_type",
)  # fmt: skip


def _scope(scope: dict[str, Any]) -> dict[str, Any]:
    return {word: scope[word] for word in ("name", "is_sensitive", "token_type") if word in scope}


def _installed(
    ask: Scope, id: str, log: dict[str, Any], installer: dict[str, Any] | None
) -> Declared:
    """An app that is told by the log alone: by its scopes, without what sort of token has them."""
    name = log.get("app_type") or id
    scopes = [{"name": one.strip()} for one in (log.get("scope") or "").split(",") if one.strip()]
    return told(
        "slack:App", ask.account, f"app/{id}",
        {"id": id, "name": name, "status": "installed", "scopes": scopes, "installer": installer},
        name,
    )  # fmt: skip


def _integration(
    ask: Scope, id: str, log: dict[str, Any], installer: dict[str, Any] | None
) -> Declared:
    name = log.get("service_type") or id
    return told(
        "slack:Integration", ask.account, f"service/{id}",
        {
            "service_id": id, "service_type": name, "channel": log.get("channel"),
            "change_type": log.get("change_type"), "reason": log.get("reason"),
            "scope": log.get("scope"), "installer": installer,
        },
        name,
    )  # fmt: skip


SURFACES = [
    Surface(
        name="apps",
        calls=(APPROVED, RESTRICTED, REQUESTED, LOGS, USER, USERS),
        types=("slack:App", "slack:Integration"),
        look=look,
    )
]
