"""What an identity or resource is for: production or something less, by its tags, name and place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from keymuster.inventory.owners import tagged
from keymuster.model import Environment, FileLocation, Identity

TAGS = ("environment", "env", "stage", "tier")

WORDS: Mapping[Environment, tuple[str, ...]] = {
    Environment.PRODUCTION: ("production", "prod", "prd", "live"),
    Environment.STAGING: ("staging", "stage", "stg", "preprod", "preproduction", "uat"),
    Environment.DEVELOPMENT: ("development", "develop", "dev", "sandbox", "sbx"),
    Environment.TEST: ("test", "testing", "qa", "integration", "e2e"),
}
"""How people call them in tags, names and folders; settings may add to that."""


class Placed(Struct, frozen=True, kw_only=True):
    """For which environment something is, by which sort of sign, and that sign in a sentence. It is unknown
    without a sentence if there is no sign, and with one if signs of the same sort contradict each other."""

    environment: Environment = Environment.UNKNOWN
    by: str = ""
    because: str = ""


NOWHERE = Placed()


def environment(identity: Identity, words: Mapping[str, tuple[str, ...]]) -> Environment:
    """What its tag says, or else its name, or else the folders it is declared in; unknown if two of
    a kind say different things. `words` are further ones for an environment, from the settings.

    What its account, its namespace or the settings say is asked by `analysis.environments`."""
    if identity.environment is not Environment.UNKNOWN:
        return identity.environment
    place = identity.location
    folders = place.path.rpartition("/")[0] if isinstance(place, FileLocation) else ""
    return named(identity.tags, (identity.name, folders), words)


def named(
    tags: Mapping[str, str], texts: Iterable[str], words: Mapping[str, Sequence[str]]
) -> Environment:
    """What a tag says, or else the first of the texts that says anything."""
    for text in (tagged(tags, TAGS), *texts):
        if found := said(text, words):
            return found.popitem()[0] if len(found) == 1 else Environment.UNKNOWN
    return Environment.UNKNOWN


def said(text: str, words: Mapping[str, Sequence[str]]) -> dict[Environment, str]:
    """The environments that a text speaks of, each with the word for it."""
    known = {
        word: one for one in WORDS for word in (*WORDS[one], *words.get(one.value, ()))
    }  # fmt: skip
    return {known[word]: word for word in _words(text) if word in known}


def placed(by: str, signs: Iterable[tuple[str, Mapping[Environment, str]]]) -> Placed:
    """What signs of one sort say together: each is what it is called, and the environments it speaks of."""
    found: dict[Environment, str] = {}
    for name, spoken in signs:
        for one, word in spoken.items():
            found.setdefault(one, f"{name} says {word}")
    if not found:
        return NOWHERE
    if len(found) == 1:
        one, because = found.popitem()
        return Placed(environment=one, by=by, because=because)
    return Placed(by=by, because="; ".join(dict.fromkeys(found.values())))


def named_in(text: str) -> set[Environment]:
    """The environments that a text speaks of, in the words of all."""
    words = set(_words(text))
    return {one for one, names in WORDS.items() if not words.isdisjoint(names)}


def _words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+", text)]
