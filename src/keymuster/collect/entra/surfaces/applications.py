"""Applications that are registered in the tenant, and who owns them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.entra.objects import of_tenant
from keymuster.collect.entra.owners import owned
from keymuster.collect.entra.people import CALLS, People
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.shapes import APPLICATIONS

BLUEPRINT = "#microsoft.graph.agentIdentityBlueprint"

FIELDS = (
    "id", "appId", "displayName", "description", "notes", "tags", "createdDateTime", "disabledByMicrosoftStatus",
    "identifierUris", "isFallbackPublicClient", "publisherDomain", "publicClient", "requiredResourceAccess",
    "serviceManagementReference", "servicePrincipalLockConfiguration", "signInAudience", "spa", "verifiedPublisher", "web",
)  # fmt: skip
NEWER = ("createdByAppId", "isDisabled", "uniqueName")

_BESIDE = (
    "createdDateTime", "createdByAppId", "disabledByMicrosoftStatus", "isDisabled", "publisherDomain",
    "serviceManagementReference", "uniqueName", "verifiedPublisher",
)  # fmt: skip


def applications(ask: Scope) -> Iterator[Told]:
    """Those that agents are made after are told where agents are."""
    people = People(ask)
    for row, owners in owned(ask, people, APPLICATIONS, FIELDS, NEWER):
        if row.get("@odata.type") == BLUEPRINT:
            continue
        yield of_tenant(
            ask.account, "azuread_application", row["id"], row.get("displayName"), settings(row) | owners
        )  # fmt: skip


def settings(row: dict[str, Any]) -> dict[str, Any]:
    """An application in the words of Terraform's provider, and in Graph's where that has none."""
    web, spa, public = (row.get(name) or {} for name in ("web", "spa", "publicClient"))
    implicit = web.get("implicitGrantSettings") or {}
    return {
        "display_name": row.get("displayName"),
        "client_id": row["appId"],
        "object_id": row["id"],
        "description": row.get("description"),
        "notes": row.get("notes"),
        "tags": row.get("tags"),
        "sign_in_audience": row.get("signInAudience"),
        "identifier_uris": row.get("identifierUris"),
        "fallback_public_client_enabled": row.get("isFallbackPublicClient"),
        "web": {
            "redirect_uris": web.get("redirectUris") or [],
            "homepage_url": web.get("homePageUrl"),
            "logout_url": web.get("logoutUrl"),
            "implicit_grant": {
                "access_token_issuance_enabled": bool(implicit.get("enableAccessTokenIssuance")),
                "id_token_issuance_enabled": bool(implicit.get("enableIdTokenIssuance")),
            },
        },
        "single_page_application": {"redirect_uris": spa.get("redirectUris") or []},
        "public_client": {"redirect_uris": public.get("redirectUris") or []},
        "required_resource_access": [
            {
                "resource_app_id": access.get("resourceAppId"),
                "resource_access": access.get("resourceAccess") or [],
            }
            for access in row.get("requiredResourceAccess") or ()
        ],
        "servicePrincipalLockConfiguration": row.get("servicePrincipalLockConfiguration")
        or {"isEnabled": False},
        **{name: row.get(name) for name in _BESIDE},
    }


SURFACES = (
    Surface(
        name="applications",
        calls=(*APPLICATIONS.calls, "GET /v1.0/applications/{id}/owners", *CALLS),
        types=("azuread_application",),
        look=applications,
        always=True,
    ),
)
