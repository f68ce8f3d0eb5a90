"""An organisation of Okta: 20 months old, with what one finds in such."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from faking import Fake, Reply, Request

SCOPES = {
    "GET /api/v1/api-tokens": "okta.apiTokens.read",
    "GET /api/v1/users/{id}": "okta.users.read",
    "GET /api/v1/users/{userId}/roles": "okta.roles.read",
    "GET /api/v1/users": "okta.users.read",
    "GET /api/v1/users/{userId}/grants": "okta.users.read",
    "GET /api/v1/apps": "okta.apps.read",
    "GET /api/v1/apps/{appId}/credentials/secrets": "okta.apps.read",
    "GET /api/v1/apps/{appId}/credentials/jwks": "okta.apps.read",
    "GET /api/v1/apps/{appId}/grants": "okta.appGrants.read",
    "GET /api/v1/apps/{appId}/tokens": "okta.apps.read",
    "GET /oauth2/v1/clients/{clientId}/roles": "okta.roles.read",
    "GET /api/v1/logs": "okta.logs.read",
    "GET /integrations/api/v1/api-services": "okta.oauthIntegrations.read",
    "GET /integrations/api/v1/api-services/{apiServiceId}/credentials/secrets": "okta.oauthIntegrations.read",
    "GET /privileged-access/api/v1/service-accounts": "okta.serviceAccounts.read",
}
"""Call -> the scope that it needs: a test holds it against Okta's own description."""

QUERIES = {
    "GET /api/v1/users": {"search", "fields", "limit", "after"},
    "GET /api/v1/users/{userId}/grants": {"limit", "after"},
    "GET /api/v1/apps": {"limit", "after"},
    "GET /api/v1/apps/{appId}/tokens": {"limit", "after"},
    "GET /api/v1/logs": {"since", "filter", "limit", "sortOrder", "after"},
    "GET /integrations/api/v1/api-services": {"after"},
    "GET /privileged-access/api/v1/service-accounts": {"limit", "after"},
}
"""Call -> the parameters that it takes; others take none."""

TOKEN = "POST /oauth2/v1/token"
OLD, NEW, LATER = "2024-05-01T10:00:00.000Z", "2025-12-20T10:00:00.000Z", "2099-02-01T10:00:00.000Z"


def app(id: str, label: str, method: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "label": label, "name": "oidc_client", "signOnMode": "OPENID_CONNECT",
        "status": "ACTIVE", "created": OLD, "lastUpdated": OLD,
        "credentials": {
            "oauthClient": {
                "client_id": id, "token_endpoint_auth_method": method, "autoKeyRotation": True,
                "pkce_required": kind != "service",
            }
        },
        "settings": {
            "oauthClient": {
                "application_type": kind, "dpop_bound_access_tokens": False,
                "grant_types": ["client_credentials"] if kind == "service" else ["authorization_code", "refresh_token"],
                "response_types": ["token"] if kind == "service" else ["code"],
                "redirect_uris": [] if kind == "service" else ["https://app.acme.example/callback"],
                "consent_method": "REQUIRED",
            }
        },
        **more,
    }  # fmt: skip


def _secret(id: str, created: str, hash: str, status: str = "ACTIVE") -> dict[str, Any]:
    return {
        "id": id, "status": status, "created": created, "lastUpdated": created,
        "client_secret": f"{id}-{hash}-text", "secret_hash": hash,
    }  # fmt: skip


def _grant(id: str, client: str, scope: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "status": "ACTIVE", "created": OLD, "lastUpdated": OLD, "source": "ADMIN",
        "issuer": "https://acme.okta.com", "clientId": client, "scopeId": scope,
        "createdBy": {"id": "00u1", "type": "User"}, **more,
    }  # fmt: skip


def _token(id: str, client: str, user: str) -> dict[str, Any]:
    return {
        "id": id, "status": "ACTIVE", "created": OLD, "lastUpdated": OLD, "expiresAt": LATER,
        "issuer": "https://acme.okta.com/oauth2/default", "clientId": client, "userId": user,
        "scopes": ["offline_access", "openid"],
    }  # fmt: skip


def _user(id: str, login: str, status: str = "ACTIVE") -> dict[str, Any]:
    return {"id": id, "status": status, "created": OLD, "profile": {"login": login, "email": login}}


def _role(type: str, how: str, of: str) -> dict[str, Any]:
    return {
        "id": f"ra{of}{type}", "type": type, "label": type.replace("_", " ").title(), "status": "ACTIVE",
        "created": OLD, "lastUpdated": OLD, "assignmentType": how,
    }  # fmt: skip


def _api_token(id: str, name: str, user: str, used: str, connection: str) -> dict[str, Any]:
    return {
        "id": id, "name": name, "userId": user, "clientName": "Okta API", "created": OLD,
        "lastUpdated": used, "expiresAt": LATER, "tokenWindow": "P30D",
        "network": {"connection": connection},
    }  # fmt: skip


SEEDED: dict[str, Any] = {
    "users": [
        _user("00u1", "root@acme.example"),
        _user("00u2", "jo@acme.example", "DEPROVISIONED"),
        _user("00u3", "kim@acme.example"),
    ],
    "roles": {
        "00u1": [_role("SUPER_ADMIN", "GROUP", "00u1")],
        "00u2": [],
        "00u3": [_role("READ_ONLY_ADMIN", "USER", "00u3")],
    },
    "api_tokens": [
        _api_token("00T1", "backup", "00u1", NEW, "ANYWHERE"),
        _api_token("00T2", "sync", "00u2", OLD, "ZONE"),
        _api_token("00T3", "dashboard", "00u3", NEW, "ZONE"),
    ],
    "apps": [
        app("0oa1", "Billing", "client_secret_basic", "service"),
        app("0oa2", "Reports", "private_key_jwt", "service"),
        app("0oa3", "Mail", "client_secret_post", "web"),
        {"id": "0oa4", "label": "Wiki", "signOnMode": "SAML_2_0", "status": "ACTIVE", "created": OLD},
    ],
    "secrets": {
        "0oa1": [_secret("ocs1", OLD, "hash-one"), _secret("ocs2", NEW, "hash-two")],
        "0oa3": [_secret("ocs3", NEW, "hash-one")],
    },
    "keys": {
        "0oa2": [
            {"id": "pks1", "kid": "k1", "kty": "RSA", "status": "ACTIVE", "created": OLD, "lastUpdated": OLD,
             "e": "AQAB", "n": "n0"},
            {"id": "pks2", "kid": "k2", "kty": "RSA", "use": "enc", "status": "ACTIVE", "created": OLD, "e": "AQAB", "n": "n1"},
        ]
    },
    "grants": {
        "0oa1": [_grant("oag1", "0oa1", "okta.users.manage"), _grant("oag2", "0oa1", "okta.logs.read")],
        "0oa2": [_grant("oag3", "0oa2", "okta.users.read")],
        "0oa3": [],
    },
    "client_roles": {"0oa1": [_role("SUPER_ADMIN", "CLIENT", "0oa1")], "0oa2": []},
    "tokens": {"0oa3": [_token("oar1", "0oa3", "00u2"), _token("oar2", "0oa3", "00u3")]},
    "user_grants": {"00u2": [_grant("oag9", "0oa3", "email", source="END_USER", userId="00u2")]},
    "integrations": [
        {
            "id": "0oa9", "type": "vendor_sync", "name": "Vendor Sync", "createdAt": OLD, "createdBy": "00u1",
            "grantedScopes": ["okta.users.read", "okta.groups.manage"],
        },
    ],
    "integration_secrets": {"0oa9": [_secret("ocs9", OLD, "hash-nine")]},
    "service_accounts": [
        {
            "id": "sa1", "name": "sf-sync", "username": "sync@acme.example", "status": "UNSECURED", "created": OLD,
            "containerOrn": "orn:okta:idp:00o1:apps:salesforce:0oa5", "ownerUserIds": [], "ownerGroupIds": [],
        },
        {
            "id": "sa2", "name": "hr-sync", "username": "hr@acme.example", "status": "NO_ISSUES", "created": OLD,
            "containerOrn": "orn:okta:idp:00o1:apps:workday:0oa6", "ownerGroupIds": ["00g1"],
        },
    ],
    "used": ["0oa3"],
}  # fmt: skip
"""Users, apps and the rest, by id where they belong to something."""


class Okta(Fake):
    calls = (*SCOPES, TOKEN)

    def __init__(self, tenant: dict[str, Any] | None = None, page: int = 200) -> None:
        super().__init__()
        self.tenant = deepcopy(SEEDED if tenant is None else tenant)
        self.page = page
        self.scopes = set(SCOPES.values())
        self.accepts = {"SSWS right"}
        self.seconds = 3600
        """How long a token of a service app is good for."""

    def unknown(self) -> Reply:
        return Reply({"errorCode": "E0000022", "errorSummary": "not played"}, status=501)

    def answer(self, call: str, parts: dict[str, str], request: Request) -> Reply:
        if call == TOKEN:
            self.accepts.add("Bearer made")
            return Reply(
                {"access_token": "made", "token_type": "Bearer", "expires_in": self.seconds}
            )
        if request.headers.get("Authorization") not in self.accepts:
            return Reply({"errorCode": "E0000011", "errorSummary": "Invalid token"}, status=401)
        if SCOPES[call] not in self.scopes:
            return denied()
        if strange := set(request.query) - QUERIES.get(call, set()):
            return Reply({"errorCode": "E0000001", "errorSummary": str(strange)}, status=400)
        found = self.state(call, parts, request.query)
        if found is None:
            return Reply({"errorCode": "E0000007", "errorSummary": "Not found"}, status=404)
        pages = "after" in QUERIES.get(call, ())
        return self._paged(found, request) if pages else Reply(found)

    def state(self, call: str, parts: dict[str, str], query: dict[str, str]) -> Any:
        """What there is to tell; None if there is no such thing."""
        all = self.tenant
        lists = {
            "GET /api/v1/api-tokens": "api_tokens",
            "GET /api/v1/apps": "apps",
            "GET /integrations/api/v1/api-services": "integrations",
            "GET /privileged-access/api/v1/service-accounts": "service_accounts",
        }
        of_things = {
            "GET /api/v1/users/{userId}/roles": "roles",
            "GET /api/v1/users/{userId}/grants": "user_grants",
            "GET /api/v1/apps/{appId}/credentials/secrets": "secrets",
            "GET /api/v1/apps/{appId}/credentials/jwks": "keys",
            "GET /api/v1/apps/{appId}/grants": "grants",
            "GET /api/v1/apps/{appId}/tokens": "tokens",
            "GET /oauth2/v1/clients/{clientId}/roles": "client_roles",
            "GET /integrations/api/v1/api-services/{apiServiceId}/credentials/secrets": "integration_secrets",
        }
        if call in lists:
            return all[lists[call]]
        if call in of_things:
            return all[of_things[call]].get(next(iter(parts.values())), [])
        if call == "GET /api/v1/users/{id}":
            id = "00u1" if parts["id"] == "me" else parts["id"]
            return next((one for one in all["users"] if one["id"] == id), None)
        if call == "GET /api/v1/users":
            return [
                one for one in all["users"] if f'status eq "{one["status"]}"' in query["search"]
            ]
        return [event(one) for one in all["used"] if f'target.id eq "{one}"' in query["filter"]]

    def _paged(self, found: list[Any], request: Request) -> Reply:
        size = min(self.page, int(request.query.get("limit", 200)))
        start = int(request.query.get("after", 0))
        headers = {}
        if start + size < len(found):
            more = urlencode({**request.query, "after": start + size})
            headers["Link"] = (
                f'<{self.url}{request.path}>; rel="self", <{self.url}{request.path}?{more}>; rel="next"'
            )
        return Reply(found[start : start + size], headers=headers)


def event(app: str) -> dict[str, Any]:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return {
        "eventType": "user.authentication.sso", "uuid": "e1", "published": yesterday.isoformat(),
        "target": [{"id": app, "type": "AppInstance"}],
    }  # fmt: skip


def denied() -> Reply:
    return Reply(
        {"errorCode": "E0000006", "errorSummary": "You do not have permission"}, status=403
    )


def throttled(seconds: int = 0) -> Reply:
    """The moment at which there is more to ask for, in seconds since 1970."""
    reset = int(datetime.now(UTC).timestamp()) + seconds - 1
    return Reply(
        json.loads('{"errorCode": "E0000047"}'), 429,
        {"X-Rate-Limit-Limit": "600", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": str(reset)},
    )  # fmt: skip
