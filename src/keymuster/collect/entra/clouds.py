"""Where the clouds of Microsoft are."""

from __future__ import annotations

from msgspec import Struct


class Cloud(Struct, frozen=True, kw_only=True):
    """One of them: where people sign in, where Graph is, and where Azure is managed. Tokens are made for
    the two latter by these names, whatever address leads there."""

    name: str
    authority: str
    graph: str
    azure: str

    def scope(self, address: str) -> str:
        """What a token is asked for that opens this."""
        return f"{address}/.default"


CLOUDS = {
    one.name: one
    for one in (
        Cloud(
            name="public",
            authority="https://login.microsoftonline.com",
            graph="https://graph.microsoft.com",
            azure="https://management.azure.com",
        ),
        Cloud(
            name="usgov",
            authority="https://login.microsoftonline.us",
            graph="https://graph.microsoft.us",
            azure="https://management.usgovcloudapi.net",
        ),
        Cloud(
            name="china",
            authority="https://login.chinacloudapi.cn",
            graph="https://microsoftgraph.chinacloudapi.cn",
            azure="https://management.chinacloudapi.cn",
        ),
    )
}

PUBLIC_ONLY = frozenset({
    "GET /beta/reports/servicePrincipalSignInActivities",
    "GET /beta/reports/appCredentialSignInActivities",
    "GET /beta/identityProtection/riskyAgents",
})  # fmt: skip
"""Calls that only the public cloud answers, as their pages in Microsoft's documentation say."""
