"""What apps of third parties are, and what they may do, in Okta, Slack and Google Workspace."""

from __future__ import annotations

from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.collect.meanings import google_workspace, okta, slack
from keymuster.collect.syntax.node import File, Node, Told
from keymuster.model import Credential, Grant, Identity, Observation, ServiceLocation

_ROOT = Node(value=None, file=File(path="main.tf"), line=1, column=1, end_line=4, end_column=2)
_NAMES = {"okta": "acme.okta.com", "slack": "T0ACME", "google-workspace": "C01acme"}


def live(service: str, type: str, part: str, settings: dict[str, Any]) -> list[Observation]:
    account = _NAMES[service]
    key = f"{service}:{account}:{part}"
    place = Told.about(ServiceLocation(service=service, account=account, resource=key))
    one = Declared(
        type=type, name=part.rpartition("/")[2], scope=f"{service}:{account}", key=key, account=account,
        settings=place.node(settings),
    )  # fmt: skip
    records = list(meanings.records(one, ()))
    assert {one.__class__.__name__.lower() for one in records} <= set(meanings.subjects([one.type]))
    return records


def declared(type: str, settings: dict[str, Any]) -> list[Observation]:
    one = Declared(type=type, name=f"{type}.x", scope="terraform:.", settings=_ROOT.made(settings))
    return list(meanings.records(one, ()))


def test_an_app_that_exists_is_known_by_its_client() -> None:
    settings = {
        "label": "Billing",
        "client_id": "0oa1",
        "status": "ACTIVE",
        "created": "2025-01-02T03:04:05.000Z",
    }
    [app] = live("okta", "okta_app_oauth", "app/0oa1", settings)
    assert isinstance(app, Identity)
    assert (app.name, app.kind, app.status) == ("Billing", "oauth_client", "active")
    assert app.aliases == ("okta:acme.okta.com:client/0oa1",)
    assert app.tags == {"client_id": "0oa1"}
    assert app.created_at == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("method", ["private_key_jwt", "none"])
def test_an_app_with_a_key_of_its_own_has_no_secret(method: str) -> None:
    written = {"label": "ci", "token_endpoint_auth_method": method}
    assert [type(one) for one in declared("okta_app_oauth", written)] == [Identity]


def test_a_secret_proves_its_app() -> None:
    settings = {
        "app": "0oa1",
        "label": "Billing",
        "status": "INACTIVE",
        "created": "2025-01-02T03:04:05.000Z",
    }
    [secret] = live("okta", "okta:OAuth2ClientSecret", "app/0oa1/secret/ocs1", settings)
    assert isinstance(secret, Credential)
    assert (secret.identity, secret.kind) == ("okta:acme.okta.com:client/0oa1", "client_secret")
    assert (secret.status, secret.name) == ("disabled", "client secret of Billing")


def test_a_token_of_the_api_may_do_what_its_user_may() -> None:
    owner = {
        "login": "jo@acme.example",
        "status": "ACTIVE",
        "roles": [{"type": "SUPER_ADMIN", "label": "Super Administrator"}],
    }
    settings = {
        "name": "backup",
        "user_id": "00u1",
        "owner": owner,
        "lastUpdated": "2025-11-01T00:00:00.000Z",
    }
    user, grant, token = live("okta", "okta_api_token", "api-token/00T1", settings)
    assert isinstance(user, Identity)
    assert isinstance(grant, Grant)
    assert isinstance(token, Credential)
    assert (user.name, token.identity, grant.identity) == ("jo@acme.example", user.id, user.id)
    assert grant.actions == ("SUPER_ADMIN",)
    assert token.last_used_at == datetime(2025, 11, 1, tzinfo=UTC)


def test_roles_that_were_refused_are_none() -> None:
    settings = {"name": "x", "user_id": "00u1", "owner": {"roles": "${refused.roles}"}}
    found = live("okta", "okta_api_token", "api-token/00T1", settings)
    assert not [one for one in found if isinstance(one, Grant)]


def test_scopes_of_an_app_are_a_consent_of_whoever_granted_them() -> None:
    settings = {
        "app_id": "0oa1",
        "client_id": "0oa1",
        "issuer": "https://acme.okta.com",
        "scopes": ["okta.users.manage"],
        "createdBy": {"id": "00u9"},
        "created": "2025-01-02T03:04:05.000Z",
    }
    [grant] = live("okta", "okta_app_oauth_api_scope", "app/0oa1/scopes/00u9", settings)
    assert isinstance(grant, Grant)
    assert (grant.kind, grant.identity) == ("oauth_consent", "okta:acme.okta.com:client/0oa1")
    assert (grant.actions, grant.granted_by) == (("okta.users.manage",), "00u9")


def test_each_scope_that_exists_can_be_taken_away_by_itself() -> None:
    settings = {
        "client_id": "0oa1",
        "scopes": ["okta.users.read", "okta.logs.read"],
        "grants": [
            {"id": "oag1", "scopeId": "okta.users.read"},
            {"id": "oag2", "scopeId": "okta.logs.read"},
        ],
    }
    found = live("okta", "okta_app_oauth_api_scope", "apps/0oa1/grants/oag1", settings)
    assert [(one.id, one.actions) for one in found if isinstance(one, Grant)] == [
        ("okta:acme.okta.com:apps/0oa1/grants/oag1", ("okta.users.read",)),
        ("okta:acme.okta.com:apps/0oa1/grants/oag2", ("okta.logs.read",)),
    ]


@pytest.mark.parametrize(
    ("service", "type", "part", "settings"),
    [
        (
            "okta",
            "okta:OAuth2ScopeConsentGrant",
            "users/00u2/grants/oag9",
            {"userId": "00u2", "user": {"status": "DEPROVISIONED", "login": "jo"}},
        ),
        (
            "slack",
            "slack:App",
            "app/A01",
            {"id": "A01", "installer": {"user_id": "U2", "name": "jo", "deleted": True}},
        ),
        (
            "google-workspace",
            "admin.googleapis.com/Token",
            "user/u2/token/1",
            {"userKey": "u2", "user": {"primaryEmail": "jo", "suspended": True}},
        ),
    ],
)
def test_who_agreed_and_is_gone_is_told(
    service: str, type: str, part: str, settings: dict[str, Any]
) -> None:
    found = live(service, type, part, settings)
    [person] = [one for one in found if isinstance(one, Identity) and one.kind == "user"]
    assert person.name == "jo"
    assert person.status in ("deprovisioned", "deactivated", "suspended")


def test_scopes_in_code_are_those_of_the_app_beside() -> None:
    written = {
        "app_id": "${okta_app_oauth.ci.id}",
        "issuer": "https://acme.okta.com",
        "scopes": ["okta.users.read"],
    }
    [grant] = declared("okta_app_oauth_api_scope", written)
    assert isinstance(grant, Grant)
    assert grant.identity == "terraform:.:okta_app_oauth.ci"


def test_a_service_of_a_third_party_has_its_scopes() -> None:
    settings = {
        "id": "0oa9",
        "type": "vendor_sync",
        "name": "Vendor Sync",
        "createdBy": "00u9",
        "granted_scopes": [{"scope": "okta.logs.read"}, {"scope": "okta.users.read"}],
    }
    party, grant = live("okta", "okta_api_service_integration", "api-service/0oa9", settings)
    assert isinstance(party, Identity)
    assert isinstance(grant, Grant)
    assert (party.name, party.tags["app_slug"]) == ("Vendor Sync", "vendor_sync")
    assert party.aliases == ("okta:acme.okta.com:client/0oa9",)
    assert (grant.identity, grant.granted_by) == (party.id, "00u9")
    assert grant.actions == ("okta.logs.read", "okta.users.read")


def test_a_refresh_token_that_works_is_a_consent_of_its_user() -> None:
    settings = {
        "client_id": "0oa1",
        "user_id": "00u1",
        "status": "ACTIVE",
        "scopes": ["offline_access"],
        "user": {"login": "jo@acme.example"},
        "expiresAt": "2026-02-01T00:00:00.000Z",
    }
    token, grant = live("okta", "okta_app_token", "app/0oa1/token/oar1", settings)
    assert isinstance(token, Credential)
    assert isinstance(grant, Grant)
    assert (token.kind, token.expires_at) == ("refresh_token", datetime(2026, 2, 1, tzinfo=UTC))
    assert (grant.granted_by, grant.identity) == ("jo@acme.example", token.identity)
    [revoked] = live(
        "okta", "okta_app_token", "app/0oa1/token/oar2", {**settings, "status": "REVOKED"}
    )
    assert isinstance(revoked, Credential)
    assert revoked.status == "disabled"


def test_an_app_of_slack_has_a_grant_for_each_sort_of_token() -> None:
    settings = {
        "id": "A01",
        "name": "Notes",
        "status": "approved",
        "is_internal": False,
        "app_directory_url": "https://acme.slack.com/apps/A01-notes",
        "scopes": [
            {"name": "chat:write", "token_type": "bot"},
            {"name": "users:read", "token_type": "bot"},
            {"name": "search:read", "token_type": "user"},
        ],
        "last_resolved_by": {"actor_id": "U9", "actor_type": "user"},
        "date_updated": "2025-05-01T00:00:00+00:00",
    }
    app, *grants = live("slack", "slack:App", "app/A01", settings)
    assert isinstance(app, Identity)
    assert app.tags["internal"] == "false"
    assert [(one.actions, one.granted_by) for one in grants if isinstance(one, Grant)] == [
        (("chat:write", "users:read"), "U9"),
        (("search:read",), "U9"),
    ]
    assert len(live("slack", "slack:App", "app/A01", {**settings, "status": "restricted"})) == 1


def test_an_old_webhook_is_a_credential() -> None:
    settings = {
        "service_id": "12",
        "service_type": "Incoming WebHooks",
        "change_type": "disabled",
        "scope": "incoming-webhook",
        "installer": {"name": "jo", "date": "2020-01-01T00:00:00+00:00"},
    }
    [hook] = live("slack", "slack:Integration", "service/12", settings)
    assert isinstance(hook, Credential)
    assert (hook.kind, hook.status) == ("webhook", "disabled")


def test_each_user_who_let_an_app_in_has_a_grant_of_their_own() -> None:
    app = {"clientId": "1.apps", "displayText": "Notes", "anonymous": False, "holders": 1}
    token = {
        "clientId": "1.apps",
        "scopes": ["openid"],
        "user": {"primaryEmail": "jo@acme.example"},
    }
    [identity] = live("google-workspace", "admin.googleapis.com/App", "client/1.apps", app)
    [grant] = live("google-workspace", "admin.googleapis.com/Token", "user/u1/token/1.apps", token)
    assert isinstance(identity, Identity)
    assert isinstance(grant, Grant)
    assert grant.identity == identity.id
    assert (grant.granted_by, grant.resources) == ("jo@acme.example", ("jo@acme.example",))
    assert identity.tags["registered"] == "true"


def test_a_delegated_client_is_the_same_as_the_one_that_users_let_in() -> None:
    delegated = {"clientId": "1042", "scopes": ["https://mail.google.com/"]}
    identity, grant = live(
        "google-workspace", "admin.google.com/DomainWideDelegation", "client/1042/delegation", delegated
    )  # fmt: skip
    [app] = live(
        "google-workspace", "admin.googleapis.com/App", "client/1042", {"clientId": "1042"}
    )
    assert isinstance(grant, Grant)
    assert (identity.id, grant.identity) == (app.id, app.id)
    assert (grant.resources, grant.conditions) == (("*",), {"delegation": "domain-wide"})


def test_an_app_password_opens_the_mailbox_of_its_user() -> None:
    settings = {
        "codeId": 1,
        "name": "printer",
        "creationTime": "2024-01-01T00:00:00+00:00",
        "lastTimeUsed": "never",
        "user": {"primaryEmail": "jo@acme.example"},
    }
    [found] = live("google-workspace", "admin.googleapis.com/Asp", "user/u1/asp/1", settings)
    assert isinstance(found, Credential)
    assert (found.never_used, found.last_used_at) == (True, None)
    assert found.name == "app password printer of jo@acme.example"


@pytest.mark.parametrize("module", [okta, slack, google_workspace])
def test_of_every_type_it_is_known_what_becomes_of_it(module: ModuleType) -> None:
    assert set(module.SUBJECTS) == set(module.TYPES)
    sorts = {sort for several in module.SUBJECTS.values() for sort in several}
    assert sorts <= {"credential", "grant", "identity"}
