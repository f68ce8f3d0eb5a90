"""Weak keys: what makes it likely that two credentials are one, and is never enough to take them for one.

Each is a reason to look, with its words. What many share tells nothing, so it is not told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from keymuster.inventory.environments import named_in
from keymuster.model import Credential, CredentialKind, FileLocation, ServiceLocation, Storage

if TYPE_CHECKING:
    from keymuster.inventory.linking import Link

MOST = 4
"""Credentials that may share a weak key; more share it by chance."""

NEAR = 4
"""Lines between an id and its secret, which are written one below the other."""


class Hint(Struct, frozen=True, kw_only=True):
    """A weak key. `of` gives the values of a credential; those found in files are compared with those
    that services tell of. `why` says what both have, with the value if it may be shown."""

    name: str
    why: str
    of: Callable[[Credential], Iterable[str]]


def _hint(one: Credential) -> Iterator[str]:
    """Graph shows the first three letters of a client secret, which both sides know by a short digest."""
    if one.kind is CredentialKind.CLIENT_SECRET and (text := one.tags.get("hint")):
        yield text


def _name(one: Credential) -> Iterator[str]:
    """What a secret of a pipeline or a vault is called, and the setting that one was found in."""
    text = one.tags.get("setting", "") or one.tags.get("name", "")
    if not text and isinstance(one.location, FileLocation):
        text = one.location.context.partition("=")[0].partition(":")[0]
    plain = "".join(filter(str.isalnum, text.lower()))
    is_kept = one.storage in (Storage.CI_VARIABLE, Storage.VAULT) or one.fingerprint
    if is_kept and len(plain) >= _SHORTEST and plain not in _COMMON:
        yield plain


_SHORTEST = 6

_COMMON = frozenset(
    {"password", "secret", "token", "apikey", "accesstoken", "secretkey", "dbpassword"}
)

HINTS = (
    Hint(name="hint", why="the first three letters, which Entra shows as its hint", of=_hint),
    Hint(name="name", why="its name, which many things may have", of=_name),
)


def suggested(
    credentials: Iterable[Credential],
    others: Iterable[tuple[str, str, str]],
    linked: Mapping[str, set[str]],
    *,
    weak: bool = True,
) -> dict[str, tuple[Link, ...]]:
    """By id of a credential: others that may be the same, or belong to it; with what `others` suggest. What
    is `linked` already needs no suggestion. What only shares a `weak` key is far apart, if it is not asked."""
    from keymuster.inventory.linking import Link

    found: dict[str, dict[str, Link]] = defaultdict(dict)

    def suggest(one: str, other: str, why: str) -> None:
        if one != other and other not in linked.get(one, ()):
            found[one].setdefault(other, Link(to=other, why=why))
            found[other].setdefault(one, Link(to=one, why=why))

    listed = list(credentials)
    for hint in HINTS if weak else ():
        for one, other in _sharing(hint, listed):
            suggest(one.id, other.id, hint.why)
    for id, secret in _beside(listed):
        suggest(
            id.id, secret.id, "its place: an id stands right beside a secret that could be its own"
        )
    for here, there, why in others:
        suggest(here, there, why)
    return {id: tuple(others.values()) for id, others in found.items()}


def _sharing(
    hint: Hint, credentials: Iterable[Credential]
) -> Iterator[tuple[Credential, Credential]]:
    """What was found, and what a service tells of, that have a value in common."""
    values: dict[str, list[Credential]] = defaultdict(list)
    for one in credentials:
        for value in hint.of(one):
            values[value].append(one)
    for several in values.values():
        if not 2 <= len(several) <= MOST:
            continue
        for one in several:
            for other in several:
                is_told = isinstance(other.location, ServiceLocation)
                if (
                    isinstance(one.location, FileLocation)
                    and is_told
                    and not _are_apart(one, other)
                ):
                    yield one, other


def _are_apart(one: Credential, other: Credential) -> bool:
    """Whether folders and names speak of different environments."""
    here = named_in(getattr(one.location, "path", "").rpartition("/")[0])
    there = named_in(other.name)
    return bool(here and there) and not here & there


def _beside(credentials: Iterable[Credential]) -> Iterator[tuple[Credential, Credential]]:
    """An access key of AWS has an id, which is known, and a secret, which says nothing of itself."""
    lines: dict[tuple[str, str], list[tuple[int, Credential]]] = defaultdict(list)
    ids: list[Credential] = []
    for one in credentials:
        place = one.location
        if isinstance(place, FileLocation):
            if one.format == "aws-access-key-id":
                ids.append(one)
            elif one.format == "aws-secret-access-key":
                lines[place.name, _commit(place)].append((place.line, one))
    for id in ids:
        place = id.location
        assert isinstance(place, FileLocation)
        near = [
            one for line, one in lines[place.name, _commit(place)] if abs(line - place.line) <= NEAR
        ]
        if len(near) == 1:
            yield id, near[0]


def _commit(place: FileLocation) -> str:
    return place.commit.id if place.commit else ""
