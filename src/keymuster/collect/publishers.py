"""Whose an application is, as far as the platform that it was let into tells, in the words of `analysis/vendors.py`."""

from __future__ import annotations

from keymuster.collect.declared import Declared


def of_entra(one: Declared) -> dict[str, str]:
    """Of an application or a service principal of Microsoft Entra. Where the publisher was told and is
    empty, nobody has verified it; where it was not told, nobody knows."""
    told = {
        "client_id": one.known("client_id").lower(),
        "owner_tenant": one.known("appOwnerOrganizationId").lower(),
        "publisher": one.known("verifiedPublisher", "displayName"),
        "publisher_domain": one.known("publisherDomain"),
        "homepage": one.known("homepage_url"),
    }
    if one.get("verifiedPublisher") is not None:
        is_verified = bool(one.text("verifiedPublisher", "verifiedPublisherId"))
        told["verified"] = "true" if is_verified else "false"
    return {name: text for name, text in told.items() if text}
