"""What the user said of where to sign in, and where to look."""

from __future__ import annotations

from msgspec import Struct


class Asked(Struct, frozen=True, kw_only=True):
    """The options of the command line."""

    tenant: str = ""
    subscriptions: tuple[str, ...] = ()
    cloud: str = "public"
    graph_url: str = ""
    azure_url: str = ""
