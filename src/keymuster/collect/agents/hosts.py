"""Addresses of servers: whose they are, and what one may find there."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from keymuster import regex
from keymuster.model.unknown import is_unknown

_LOOPBACK = regex.later(
    r"(?:.*\.)?localhost(?:\.localdomain)?|host\.(?:docker|containers)\.internal|gateway\.docker\.internal"
)
_INTERNAL = regex.later(
    r"(?:.*\.)?(?:internal|corp|intranet|intra|lan|local|home|private|svc|cluster|consul|mesh|ts)(?:\..+)?|[^.]+"
)
_OAUTH = regex.later(
    r"""(?x)
    mcp\.(?:linear\.app|sentry\.dev|notion\.com|atlassian\.com|stripe\.com|vercel\.com|supabase\.com|asana\.com|
    intercom\.com|figma\.com|paypal\.com|squareup\.com|neon\.tech|hubspot\.com|canva\.com|box\.com|prisma\.io|
    webflow\.com|wix\.com|monday\.com|miro\.com|slack\.com|pagerduty\.com|datadoghq\.com|zapier\.com|context7\.com|
    plaid\.com|cloudinary\.com|ramp\.com|airtable\.com|clickup\.com|granola\.ai|mixpanel\.com|posthog\.com) |
    (?:[\w-]+\.)?mcp\.cloudflare\.com | api\.githubcopilot\.com | gitlab\.com | huggingface\.co | api\.dashboard\.plaid\.com """
)
"""Vendors whose servers sign people and agents in by OAuth, as their documentation says."""


def parts(url: str) -> SplitResult | None:
    """An address taken apart; None if it is none or not known."""
    try:
        found = urlsplit(url.strip())
        _ = found.port
    except ValueError:
        return None
    return found if found.scheme and found.hostname else None


def kind(host: str) -> str:
    """`loopback`, `private` (an address of a local network), `internal` (a name of one), `public`; or
    `unknown`."""
    if is_unknown(host) or "$" in host or "{" in host or "<" in host:
        return "unknown"
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        if _LOOPBACK.fullmatch(host):
            return "loopback"
        return "internal" if _INTERNAL.fullmatch(host) else "public"
    if address.is_loopback or address.is_unspecified:
        return "loopback"
    return "private" if address.is_private or address.is_link_local else "public"


def offers_oauth(host: str) -> bool:
    return bool(_OAUTH.fullmatch(host))
