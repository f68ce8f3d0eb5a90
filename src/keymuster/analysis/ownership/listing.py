"""Who answers for each identity, one after the other, for those who list it; and which lines a CODEOWNERS lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from keymuster.analysis.ownership import Owners, names
from keymuster.analysis.ownership.combination import LEFT, NAMED, NONE, Candidate, Ownership
from keymuster.inventory.build import Inventory
from keymuster.model import FileLocation, Identity, IdentityKind
from keymuster.settings import Settings


class Listed(Struct, frozen=True, kw_only=True):
    """An identity, and who answers for it."""

    identity: Identity
    said: Ownership
    environment: str
    places: tuple[str, ...]

    @property
    def is_orphan(self) -> bool:
        return self.said.status in (NONE, LEFT)


def owned(inventory: Inventory, configured: Settings) -> list[Listed]:
    """Every identity that somebody has to answer for: no people, no groups of them, nothing that a provider looks
    after itself. Those that nobody answers for come first, then by their names."""
    owners = Owners(inventory, configured)
    found = [
        Listed(
            identity=one,
            said=owners.of(one),
            environment=str(inventory.facts.get(one.id, {}).get("environment", "unknown")),
            places=tuple(map(str, inventory.places(one))),
        )
        for one in inventory.of(Identity)
        if one.kind is not IdentityKind.GROUP
        and not owners.is_person(one)
        and not _is_of_provider(one)
    ]
    rank = {status: number for number, status in enumerate((LEFT, NONE, "unknown", NAMED))}
    return sorted(
        found, key=lambda one: (rank[one.said.status], one.identity.name, one.identity.id)
    )


_OF_PROVIDER = re.compile(
    r"arn:[\w-]+:iam::\d+:role/(?:aws-service-role|aws-reserved)/.*"
    r"|gcp:(?:service-\d+@|[^@]+@(?:gcp-sa-[\w-]+|cloudservices)\.).*"
    r"|kubernetes:.*[:/]system:.*",
    re.DOTALL,
)


def _is_of_provider(identity: Identity) -> bool:
    """Whether its provider has made it and looks after it: nobody here could."""
    return "first_party" in identity.tags or _OF_PROVIDER.fullmatch(identity.id) is not None


class Wanted(Struct, frozen=True, kw_only=True):
    """The lines that a CODEOWNERS lacks: path and owners in its words. Of `nameless` owners no name is known that
    it takes."""

    lines: tuple[tuple[str, tuple[str, ...]], ...] = ()
    nameless: tuple[str, ...] = ()


def wanted(
    every: Iterable[Listed], inventory: Inventory, configured: Settings, base: str
) -> Wanted:
    """For the files of a repository that declare identities whose owner is fairly sure, if its CODEOWNERS does not
    name that owner by itself. `base` is the beginning of the paths of the repository."""
    owners = Owners(inventory, configured)
    estate = owners.estate
    codeowners = next((one for at, _, one in estate.codeowners if at == base), None)
    by_path: dict[str, dict[str, None]] = {}
    nameless: dict[str, None] = {}
    for one in every:
        best = one.said.best
        if one.said.status != NAMED or one.said.confidence == "low" or best is None:
            continue
        for path in _paths(one.identity, inventory, base):
            named = codeowners.of(path, with_ours=False) if codeowners else []
            there = {estate.directory.who(name).key for found in named for name in found.owners}
            if best.key in there:
                continue
            if word := _word(best, owners):
                by_path.setdefault(path, {})[word] = None
            else:
                nameless[best.name] = None
    return Wanted(
        lines=tuple((path, tuple(sorted(words))) for path, words in sorted(by_path.items())),
        nameless=tuple(sorted(nameless)),
    )


def _paths(identity: Identity, inventory: Inventory, base: str) -> Iterator[str]:
    for place in inventory.places(identity):
        if not isinstance(place, FileLocation) or place.commit is not None or place.member:
            continue
        if place.path.startswith(base):
            yield place.path.removeprefix(base)


def _word(best: Candidate, owners: Owners) -> str:
    """What CODEOWNERS may call them: a team or login with `@`, or an address; empty if no such is known."""
    said = [names.plain(one.candidate) for one in best.signals]
    known = [key for text in said for key in owners.estate.directory.known_names(text)]
    words = [text for text in said if text.startswith("@")]
    words += [f"@{key.partition(':')[2]}" for key in known if key.startswith(("team:", "login:"))]
    words += [text for text in said if names.is_mail(text)]
    words += [key.partition(":")[2] for key in known if key.startswith("mail:")]
    return next((word for word in words if not any(map(str.isspace, word))), "")
