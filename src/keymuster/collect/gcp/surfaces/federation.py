"""Identities from elsewhere: pools for workloads and for people, who issues what they take, and clients
that people sign in to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.assets import LIST
from keymuster.collect.gcp.objects import facts, last, picked, told
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_POOL = "iam.googleapis.com/WorkloadIdentityPool"
_PROVIDER = "iam.googleapis.com/WorkloadIdentityPoolProvider"
_POOLS = "iam.projects.locations.workloadIdentityPools.list"
_PROVIDERS = "iam.projects.locations.workloadIdentityPools.providers.list"

_OF_PROVIDER = ("disabled", "displayName", "description", "attributeMapping", "attributeCondition")


def workload_pools(ask: Scope) -> Iterator[Told]:
    parent = f"{ask.place.name}/locations/global"
    pools = list(ask.listed(_POOL, _POOLS, "workloadIdentityPools", parent=parent))
    for one in pools:
        yield told(
            "google_iam_workload_identity_pool", f"//iam.googleapis.com/{one['name']}",
            {
                "workload_identity_pool_id": last(one["name"]), "project": ask.project,
                **picked(
                    one,
                    (
                        "displayName", "description", "disabled", "mode", "inlineCertificateIssuanceConfig",
                        "inlineTrustConfig",
                    ),
                ),
                **facts(one, "name", "state", "expireTime"),
            },
            account=ask.project,
        )  # fmt: skip
    providers = ask.inventoried(_PROVIDER)
    if providers is None:
        providers = [
            each
            for one in pools
            for each in ask.pages(
                _PROVIDERS, "workloadIdentityPoolProviders", "NOT_FOUND", parent=one["name"]
            )
        ]
    for one in providers:
        pool, _, id = one["name"].partition("/providers/")
        yield told(
            "google_iam_workload_identity_pool_provider", f"//iam.googleapis.com/{one['name']}",
            {
                "workload_identity_pool_id": last(pool), "workload_identity_pool_provider_id": id,
                "project": ask.project, **picked(one, (*_OF_PROVIDER, "oidc", "aws", "saml", "x509")),
                **facts(one, "name", "state", "expireTime"),
            },
            account=ask.project,
        )  # fmt: skip


_WORKFORCE = "iam.locations.workforcePools."


def workforce_pools(ask: Scope) -> Iterator[Told]:
    """With the tokens by which directories elsewhere write who the people are."""
    for pool in ask.pages(
        f"{_WORKFORCE}list", "workforcePools", location="locations/global", parent=ask.place.name
    ):
        yield _named(
            ask, "google_iam_workforce_pool", pool,
            workforce_pool_id=last(pool["name"]), parent=ask.place.name,
            **picked(pool, ("displayName", "description", "disabled", "sessionDuration")),
        )  # fmt: skip
        for one in ask.pages(
            f"{_WORKFORCE}providers.list", "workforcePoolProviders", parent=pool["name"]
        ):
            yield _named(
                ask, "google_iam_workforce_pool_provider", one,
                workforce_pool_id=last(pool["name"]), provider_id=last(one["name"]), parent=ask.place.name,
                oidc=_without_secret(one.get("oidc")), **picked(one, (*_OF_PROVIDER, "saml", "scimUsage")),
            )  # fmt: skip
            yield from _tenants(ask, one["name"])


def _without_secret(oidc: dict[str, Any] | None) -> dict[str, Any]:
    return picked(oidc or {}, ("issuerUri", "clientId", "jwksJson"))


def _tenants(ask: Scope, provider: str) -> Iterator[Told]:
    call = f"{_WORKFORCE}providers.scimTenants."
    for tenant in ask.pages(f"{call}list", "workforcePoolProviderScimTenants", parent=provider):
        yield told(
            "iam.googleapis.com/WorkforcePoolProviderScimTenant", f"//iam.googleapis.com/{tenant['name']}",
            facts(tenant, "name", "displayName", "state", "baseUri"), account=ask.account,
        )  # fmt: skip
        for one in ask.pages(
            f"{call}tokens.list", "workforcePoolProviderScimTokens", parent=tenant["name"]
        ):
            yield told(
                "iam.googleapis.com/WorkforcePoolProviderScimToken", f"//iam.googleapis.com/{one['name']}",
                facts(one, "name", "displayName", "state"), account=ask.account,
            )  # fmt: skip


_CLIENTS = "iam.projects.locations.oauthClients."


def oauth_clients(ask: Scope) -> Iterator[Told]:
    """With their secrets, of which only the names are told on."""
    for client in ask.pages(
        f"{_CLIENTS}list", "oauthClients", parent=f"{ask.place.name}/locations/global"
    ):
        yield told(
            "google_iam_oauth_client", f"//iam.googleapis.com/{client['name']}",
            {
                "oauth_client_id": last(client["name"]), "project": ask.project,
                **picked(
                    client,
                    (
                        "displayName", "clientType", "allowedGrantTypes", "allowedScopes", "allowedRedirectUris",
                        "disabled",
                    ),
                ),
                **facts(client, "clientId", "state", "expireTime"),
            },
            account=ask.project,
        )  # fmt: skip
        for one in ask.pages(
            f"{_CLIENTS}credentials.list", "oauthClientCredentials", parent=client["name"]
        ):
            yield told(
                "google_iam_oauth_client_credential", f"//iam.googleapis.com/{one['name']}",
                {
                    "oauthclient": last(client["name"]), "oauth_client_credential_id": last(one["name"]),
                    "project": ask.project, **picked(one, ("displayName", "disabled")), **facts(one, "name"),
                },
                account=ask.project,
            )  # fmt: skip


def _named(ask: Scope, type: str, one: dict[str, Any], **settings: Any) -> Told:
    """Something with a name of its own in all the world."""
    more = facts(one, "name", "state", "expireTime")
    return told(
        type, f"//iam.googleapis.com/{one['name']}", {**settings, **more}, account=ask.account
    )


SURFACES = (
    Surface(
        name="workload-identity-pools",
        calls=(LIST, _POOLS, _PROVIDERS),
        types=("google_iam_workload_identity_pool", "google_iam_workload_identity_pool_provider"),
        look=workload_pools,
        assets=(_POOL, _PROVIDER),
    ),
    Surface(
        name="workforce-pools",
        calls=tuple(
            f"{_WORKFORCE}{one}"
            for one in (
                "list", "providers.list", "providers.scimTenants.list", "providers.scimTenants.tokens.list",
            )
        ),
        types=(
            "google_iam_workforce_pool", "google_iam_workforce_pool_provider",
            "iam.googleapis.com/WorkforcePoolProviderScimTenant",
            "iam.googleapis.com/WorkforcePoolProviderScimToken",
        ),
        look=workforce_pools,
        levels=("organization",),
    ),
    Surface(
        name="oauth-clients",
        calls=(f"{_CLIENTS}list", f"{_CLIENTS}credentials.list"),
        types=("google_iam_oauth_client", "google_iam_oauth_client_credential"),
        look=oauth_clients,
    ),
)  # fmt: skip
