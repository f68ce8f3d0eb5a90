"""What of an estate a policy asks about."""

from __future__ import annotations

import re
from collections.abc import Collection

from keymuster.rules.schema import Policy

_PROVIDER = re.compile(r"\bprovider (?:== |in )(?P<names>'[^']*'|\[[^\]]*\])")

_ABOUT_ALL = ("third-party-", "vendor-", "trust-of-", "federation-")
"""How policies begin that are about grants and trusts of whoever lets outsiders in."""


def concerns(
    policy: Policy, provider: str, types: Collection[str], subjects: Collection[str]
) -> bool:
    """Whether a policy may say something of what a provider has: things of these types, of which
    these sorts of records are made."""
    if policy.applies_to == "resource":
        return not set(types).isdisjoint(policy.types)
    if policy.applies_to not in subjects:
        return False
    if any(f"'{type}'" in policy.when for type in types):
        return True
    said = _PROVIDER.search(policy.when)
    if policy.id.startswith(_ABOUT_ALL) and (said is None or not _is_first(said)):
        return True
    if said is not None:
        return f"'{provider}'" in said["names"]
    if policy.id.startswith(f"{provider}-"):
        return True
    return policy.applies_to == "credential" and "== ['service']" in policy.when


def _is_first(said: re.Match[str]) -> bool:
    """Whether a policy asks for the provider before all else: further on, it is one of several ways."""
    return " " not in said.string[: said.start()].strip()
