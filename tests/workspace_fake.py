"""A customer of Google Workspace: its users, whom they let in, and the log of that. Many calls may come in one."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qs, urlsplit

from faking import Fake, Reply, Request

AUTH = "https://www.googleapis.com/auth/"
ROUTES = {
    "GET /admin/directory/v1/users": "directory.users.list",
    "GET /admin/directory/v1/users/{userKey}/tokens": "directory.tokens.list",
    "GET /admin/directory/v1/users/{userKey}/asps": "directory.asps.list",
    "GET /admin/reports/v1/activity/users/{userKey}/applications/{applicationName}": "reports.activities.list",
    "GET /v1/policies": "cloudidentity.policies.list",
}
SCOPES = {
    "directory.users.list": f"{AUTH}admin.directory.user.readonly",
    "directory.tokens.list": f"{AUTH}admin.directory.user.security",
    "directory.asps.list": f"{AUTH}admin.directory.user.security",
    "reports.activities.list": f"{AUTH}admin.reports.audit.readonly",
    "cloudidentity.policies.list": f"{AUTH}cloud-identity.policies.readonly",
}
QUERIES = {
    "directory.users.list": {"customer", "maxResults", "projection", "fields", "pageToken"},
    "directory.tokens.list": set[str](),
    "directory.asps.list": set[str](),
    "reports.activities.list": {"eventName", "maxResults", "filters", "startTime", "pageToken"},
    "cloudidentity.policies.list": {"pageSize", "filter", "pageToken"},
}
BATCH, TOKEN = "POST /batch", "POST /token"


def user(id: str, email: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "primaryEmail": email, "isAdmin": False, "isDelegatedAdmin": False, "suspended": False,
        "archived": False, "isEnrolledIn2Sv": True, "customerId": "C01acme", **more,
    }  # fmt: skip


def token(client: str, name: str, *scopes: str, **more: Any) -> dict[str, Any]:
    every = [one if ":" in one or one == "openid" else f"{AUTH}{one}" for one in scopes]
    return {
        "clientId": client, "displayText": name, "anonymous": False, "nativeApp": False, "scopes": every,
        "userKey": "0", **more,
    }  # fmt: skip


NOTES, SHADY, OLD = (
    "11.apps.googleusercontent.com",
    "22.apps.googleusercontent.com",
    "33.apps.googleusercontent.com",
)


def _policy(number: int, type: str, **value: Any) -> dict[str, Any]:
    return {
        "name": f"policies/p{number}", "customer": "customers/C01acme", "type": "ADMIN",
        "policyQuery": {"orgUnit": "orgUnits/root", "sortOrder": 1},
        "setting": {"type": f"settings/{type}", "value": value},
    }  # fmt: skip


SEEDED: dict[str, Any] = {
    "users": [
        user("u1", "root@acme.example", isAdmin=True),
        user("u2", "jo@acme.example", suspended=True),
        user("u3", "kim@acme.example"),
        user("u4", "lou@acme.example", isEnrolledIn2Sv=False),
    ],
    "tokens": {
        "u1": [token(NOTES, "Notes", "openid", "calendar")],
        "u2": [token(NOTES, "Notes", "openid", "drive.readonly")],
        "u3": [token(SHADY, "Shady", "drive", anonymous=True), token(OLD, "Old", "openid")],
    },
    "asps": {
        "u3": [
            {"codeId": 1, "name": "printer", "creationTime": "1700000000000", "lastTimeUsed": "0", "userKey": "u3"}
        ]
    },
    "used": {NOTES: "2026-11-20T10:00:00.000Z"},
    "authorized": {
        "104200000000000000001": "https://www.googleapis.com/auth/gmail.modify,https://www.googleapis.com/auth/drive"
    },
    "policies": [
        _policy(1, "api_controls.unconfigured_third_party_apps", accessLevel="ACCESS_LEVEL_UNSPECIFIED"),
        _policy(2, "chat.chat_apps_access", enableApps=True, enableWebhooks=True),
    ],
}  # fmt: skip


def error(status: int, reason: str, **headers: str) -> Reply:
    body = {
        "error": {"code": status, "message": "as the test says", "errors": [{"reason": reason}]}
    }
    return Reply(body, status, headers)


class Workspace(Fake):
    calls = (*ROUTES, BATCH, TOKEN)

    def __init__(self, tenant: dict[str, Any] | None = None, page: int = 500) -> None:
        super().__init__()
        self.tenant = deepcopy(SEEDED if tenant is None else tenant)
        self.page = page
        self.scopes = set(SCOPES.values())
        self.subjects: set[str] = set()
        self.inside: list[str] = []
        """The calls that came in others."""

    def answer(self, call: str, parts: dict[str, str], request: Request) -> Reply:
        if call == TOKEN:
            return self._signed_in(request)
        signed = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if call == BATCH:
            return self._batch(request)
        name = ROUTES[call]
        if signed != SCOPES[name]:
            return error(401, "authError")
        if strange := set(request.query) - QUERIES[name]:
            return error(400, f"unknown {strange}")
        return self.state(name, parts, request.query)

    def _signed_in(self, request: Request) -> Reply:
        """A token of which the text is its scope."""
        claims = _claims(request.body.decode())
        self.subjects.add(claims.get("sub", ""))
        if not set(claims["scope"].split()) <= self.scopes:
            return Reply({"error": "unauthorized_client", "error_description": "no"}, status=401)
        return Reply({"access_token": claims["scope"], "expires_in": 3600, "token_type": "Bearer"})

    def state(self, name: str, parts: dict[str, str], query: dict[str, str]) -> Reply:
        all = self.tenant
        match name:
            case "directory.users.list":
                return self._paged("users", all["users"], query.get("maxResults"), query)
            case "directory.tokens.list" | "directory.asps.list":
                if parts["userKey"] not in {one["id"] for one in all["users"]}:
                    return error(404, "notFound")
                kind = name.split(".")[1]
                found = all[kind].get(parts["userKey"], [])
                return Reply(
                    {"kind": f"admin#directory#{kind}", **({"items": found} if found else {})}
                )
            case "reports.activities.list":
                found = self._activities(parts["applicationName"], query)
                return self._paged("items", found, query.get("maxResults"), query)
            case _:
                asked = re.search(r"matches\('(.*)'\)", query["filter"])
                form = re.compile(asked[1] if asked else ".*")
                found = [one for one in all["policies"] if form.search(one["setting"]["type"])]
                return self._paged("policies", found, query.get("pageSize"), query)

    def _activities(self, application: str, query: dict[str, str]) -> list[dict[str, Any]]:
        if application == "admin":
            return [_authorized(*one) for one in self.tenant["authorized"].items()]
        client = query["filters"].removeprefix("client_id==")
        used = self.tenant["used"].get(client)
        return [_activity(client, used)] if used else []

    def _paged(self, key: str, found: list[Any], most: Any, query: dict[str, str]) -> Reply:
        size = min(self.page, int(most or 100))
        start = int(query.get("pageToken", 0))
        body: dict[str, Any] = {key: found[start : start + size]} if found else {}
        if start + size < len(found):
            body["nextPageToken"] = str(start + size)
        return Reply(body)

    def _batch(self, request: Request) -> Reply:
        """Each part is answered as if it had come alone, in any order."""
        kind = request.headers["Content-Type"]
        boundary = re.search(r'boundary="(.+)"', kind)
        assert boundary is not None
        answers = []
        for piece in request.body.decode().split(f"--{boundary[1]}")[1:-1]:
            number = re.search(r"Content-ID: <(\d+)>", piece)
            line = re.search(r"^(GET) (\S+) HTTP/1.1\r$", piece, re.M)
            assert number is not None
            assert line is not None
            answers.append((number[1], self._inside(line[2], request.headers)))
        pieces = [
            f"--answers\r\nContent-Type: application/http\r\nContent-ID: <response-{number}>\r\n\r\n"
            f"HTTP/1.1 {reply.status} Word\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
            f"{json.dumps(reply.body)}\r\n"
            for number, reply in reversed(answers)
        ]
        body = "".join([*pieces, "--answers--\r\n"]).encode()
        return Reply(body, headers={"Content-Type": "multipart/mixed; boundary=answers"})

    def _inside(self, target: str, headers: dict[str, str]) -> Reply:
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        request = Request("GET", parts.path, query, headers)
        call, found = self.named(request)
        if not call:
            return error(501, "notPlayed")
        self.inside.append(ROUTES[call])
        return self._fault(f"inside {ROUTES[call]} {parts.path}") or self.answer(
            call, found, request
        )


def _claims(form: str) -> dict[str, Any]:
    from google.auth import jwt

    decode: Any = jwt.decode
    claims: dict[str, Any] = decode(parse_qs(form)["assertion"][0], verify=False)
    return claims


def _activity(client: str, time: str) -> dict[str, Any]:
    return {
        "kind": "admin#reports#activity", "id": {"time": time, "applicationName": "token", "customerId": "C01acme"},
        "actor": {"email": "kim@acme.example"},
        "events": [{"type": "auth", "name": "activity", "parameters": [{"name": "client_id", "value": client}]}],
    }  # fmt: skip


def _authorized(client: str, scopes: str) -> dict[str, Any]:
    parameters = [
        {"name": "API_CLIENT_NAME", "value": client},
        {"name": "API_SCOPES", "value": scopes},
    ]
    return {
        "kind": "admin#reports#activity",
        "id": {"time": "2026-10-01T10:00:00.000Z", "applicationName": "admin", "customerId": "C01acme"},
        "actor": {"email": "root@acme.example"},
        "events": [{"type": "DOMAIN_SETTINGS", "name": "AUTHORIZE_API_CLIENT_ACCESS", "parameters": parameters}],
    }  # fmt: skip
