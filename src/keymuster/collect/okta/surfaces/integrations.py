"""Services of third parties that the organisation lets in by itself (API service integrations)."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.asking.several import each
from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.okta.calls import INTEGRATION_SECRETS, INTEGRATIONS
from keymuster.collect.okta.objects import told
from keymuster.collect.okta.scope import NOT_FOUND, Scope


def look(ask: Scope) -> Iterator[Told]:
    services = ask.pages(INTEGRATIONS, "")
    for one, secrets in each(
        ask, services,
        lambda one: list(ask.pages(INTEGRATION_SECRETS, "", NOT_FOUND, apiServiceId=one["id"])),
    ):  # fmt: skip
        name = one.get("name") or one.get("type") or one["id"]
        scopes = one.get("grantedScopes")
        yield told(
            "okta_api_service_integration", ask.account, f"integrations/api/v1/api-services/{one['id']}",
            {
                "id": one["id"], "type": one.get("type"), "name": name, "configGuideUrl": one.get("configGuideUrl"),
                "granted_scopes": [{"scope": scope} for scope in scopes or ()],
                "createdAt": one.get("createdAt"), "createdBy": one.get("createdBy"),
            },
            name,
        )  # fmt: skip
        for secret in secrets:
            yield told(
                "okta:OAuth2ClientSecret", ask.account,
                f"integrations/api/v1/api-services/{one['id']}/credentials/secrets/{secret.get('id')}",
                {
                    "app": one["id"], "label": name, "status": secret.get("status"),
                    "created": secret.get("created"), "lastUpdated": secret.get("lastUpdated"),
                },
                f"client secret of {name}",
            )  # fmt: skip


SURFACES = [
    Surface(
        name="integrations",
        calls=(INTEGRATIONS, INTEGRATION_SECRETS),
        types=("okta_api_service_integration", "okta:OAuth2ClientSecret"),
        look=look,
    )
]
