"""What an identity or resource is for: production or something less, by its tags, name and place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from keymuster.inventory.owners import tagged
from keymuster.model import Environment, FileLocation, Identity

_TAGS = ("environment", "env", "stage", "tier")

WORDS: Mapping[Environment, tuple[str, ...]] = {
    Environment.PRODUCTION: ("production", "prod", "prd", "live"),
    Environment.STAGING: ("staging", "stage", "stg", "preprod", "preproduction", "uat"),
    Environment.DEVELOPMENT: ("development", "develop", "dev", "sandbox", "sbx"),
    Environment.TEST: ("test", "testing", "qa", "integration", "e2e"),
}
"""How people call them in tags, names and folders; settings may add to that."""


def environment(identity: Identity, words: Mapping[str, tuple[str, ...]]) -> Environment:
    """What its tag says, or else its name, or else the folders it is declared in; unknown if two of
    a kind say different things. `words` are further ones for an environment, from the settings."""
    if identity.environment is not Environment.UNKNOWN:
        return identity.environment
    place = identity.location
    folders = place.path.rpartition("/")[0] if isinstance(place, FileLocation) else ""
    return named(identity.tags, (identity.name, folders), words)


def named(
    tags: Mapping[str, str], texts: Iterable[str], words: Mapping[str, Sequence[str]]
) -> Environment:
    """What a tag says, or else the first of the texts that says anything."""
    known = {
        word: one for one in WORDS for word in (*WORDS[one], *words.get(one.value, ()))
    }  # fmt: skip
    for text in (tagged(tags, _TAGS), *texts):
        found = {known[word] for word in _words(text) if word in known}
        if found:
            return found.pop() if len(found) == 1 else Environment.UNKNOWN
    return Environment.UNKNOWN


def named_in(text: str) -> set[Environment]:
    """The environments that a text speaks of, in the words of all."""
    words = set(_words(text))
    return {one for one, names in WORDS.items() if not words.isdisjoint(names)}


def _words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+", text)]
