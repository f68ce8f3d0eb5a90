"""The calls of Okta's API that are made, and the scope that each needs, as its own description says."""

from __future__ import annotations

from keymuster.collect.asking.calls import Route
from keymuster.collect.asking.rest import by_link

API_TOKENS = "GET /api/v1/api-tokens"
USER = "GET /api/v1/users/{id}"
USER_ROLES = "GET /api/v1/users/{userId}/roles"
USERS = "GET /api/v1/users"
USER_GRANTS = "GET /api/v1/users/{userId}/grants"
APPS = "GET /api/v1/apps"
APP_SECRETS = "GET /api/v1/apps/{appId}/credentials/secrets"
APP_KEYS = "GET /api/v1/apps/{appId}/credentials/jwks"
APP_GRANTS = "GET /api/v1/apps/{appId}/grants"
APP_TOKENS = "GET /api/v1/apps/{appId}/tokens"
CLIENT_ROLES = "GET /oauth2/v1/clients/{clientId}/roles"
LOGS = "GET /api/v1/logs"
INTEGRATIONS = "GET /integrations/api/v1/api-services"
INTEGRATION_SECRETS = "GET /integrations/api/v1/api-services/{apiServiceId}/credentials/secrets"
SERVICE_ACCOUNTS = "GET /privileged-access/api/v1/service-accounts"

CALLS = {
    API_TOKENS: "okta.apiTokens.read",
    USER: "okta.users.read",
    USER_ROLES: "okta.roles.read",
    USERS: "okta.users.read",
    USER_GRANTS: "okta.users.read",
    APPS: "okta.apps.read",
    APP_SECRETS: "okta.apps.read",
    APP_KEYS: "okta.apps.read",
    APP_GRANTS: "okta.appGrants.read",
    APP_TOKENS: "okta.apps.read",
    CLIENT_ROLES: "okta.roles.read",
    LOGS: "okta.logs.read",
    INTEGRATIONS: "okta.oauthIntegrations.read",
    INTEGRATION_SECRETS: "okta.oauthIntegrations.read",
    SERVICE_ACCOUNTS: "okta.serviceAccounts.read",
}
"""Call, as a method and a path -> the scope."""


def route(call: str) -> Route:
    method, _, path = call.partition(" ")
    return Route(path=path.removeprefix("/"), method=method, follow=by_link)
