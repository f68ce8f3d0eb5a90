"""Where people and machines share one proof: keys of people that workloads work with, and what several people
keep. In whose home a thing lies, `places` says."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from keymuster.analysis import places
from keymuster.inventory.build import Inventory
from keymuster.inventory.linking import FOUND
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    FileLocation,
    Identity,
    IdentityKind,
    Resource,
)
from keymuster.model.ids import scope
from keymuster.model.unknown import depends_on
from keymuster.settings import Settings

if TYPE_CHECKING:
    from keymuster.analysis.known import Known


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    console = dict(_console_users(inventory))
    for id, name in _proving(console, inventory):
        found[id]["console_user"] = name
    for id, name in _handed_on(console, inventory):
        found[id]["console_user"] = name
    members = _logins(inventory)
    for one in inventory.of(Credential):
        sightings = inventory.seen[one.id]
        if len(sightings) > 1 and len(people := _people(sightings)) > 1:
            found[one.id]["people"] = people
        if ":secret/" in one.id and (login := _named_after(one.name, members)):
            found[one.id]["named_after"] = login
    return found


def _console_users(inventory: Inventory) -> Iterator[tuple[str, str]]:
    """Users of a cloud who have a password, so that they are people, or people use them: id -> name."""
    for one in inventory.of(Credential):
        user = inventory.records.get(one.identity or "")
        is_console = one.kind is CredentialKind.PASSWORD and "console" in one.name
        if is_console and isinstance(user, Identity) and user.kind is IdentityKind.USER:
            yield user.id, user.name


def _proving(console: dict[str, str], inventory: Inventory) -> Iterator[tuple[str, str]]:
    """What lies in files and is a key of such a user, by its fingerprint, where a service told of it."""
    live = {
        one.fingerprint: console[one.identity]
        for one in inventory.of(Credential)
        if one.fingerprint
        and one.identity in console
        and one.status is not CredentialStatus.DISABLED
    }
    for one in inventory.of(Credential):
        if one.fingerprint in live and one.id.startswith(FOUND):
            yield one.id, live[one.fingerprint]


def _handed_on(console: dict[str, str], inventory: Inventory) -> Iterator[tuple[str, str]]:
    """What a declaration sets from the key of such a user that is declared beside it."""
    keys = {
        one.id: console[one.identity]
        for one in inventory.of(Credential)
        if one.identity in console and one.kind is CredentialKind.ACCESS_KEY
    }
    if not keys:
        return
    for one in inventory.of(Resource):
        for text in map(str, filter(None, map(one.settings.get, VALUES))):
            for name in depends_on(text):
                within = scope(one.id.removeprefix("resource:"))
                key = f"{within}:{name.rpartition('.')[0]}"
                if key in keys:
                    yield one.id, keys[key]


VALUES = ("plaintext_value", "value", "encrypted_value", "value_wo")
"""Settings of what a workflow gets that hold its text."""


def _logins(inventory: Inventory) -> dict[str, str]:
    """What people are called, by the letters of it alone."""
    names = [
        one.name
        for one in inventory.of(Identity)
        if one.kind is IdentityKind.USER and one.provider in ("github", "gitlab", "slack", "okta")
    ]
    names += [
        str(one.settings.get("username", ""))
        for one in inventory.of(Resource)
        if one.type == "github_membership"
    ]
    return {_letters(name.partition("@")[0]): name for name in names}


_LEAST = 3


def _named_after(secret: str, members: dict[str, str]) -> str:
    """The person that a secret is called after: `JANE_DOE_TOKEN` after `jane-doe`."""
    words = secret.lower().split("_")
    for count in range(1, len(words)):
        name = "".join(words[:count])
        if len(name) >= _LEAST and name in members and words[-1] in _PROOFS:
            return members[name]
    return ""


_PROOFS = frozenset(("token", "pat", "key", "password", "secret", "credentials"))


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _people(sightings: Iterable[Any]) -> list[str]:
    """Those who brought a secret into files of different names, and those in whose homes it lies."""
    found: dict[str, str] = {}
    for one in sightings:
        place = one.location
        if not isinstance(place, FileLocation):
            continue
        if place.commit is None:
            who = places.person(place.path)
        else:  # where it was moved from, or taken out, says nothing of who has it
            who = place.commit.author if place.in_head else ""
        if who:
            found.setdefault(place.name, who)
    return sorted(set(found.values()))
