"""Merge observations into an inventory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from keymuster.inventory.counterparts import declared_at
from keymuster.inventory.linking import Links, counterparts, joined, stands_in
from keymuster.inventory.linking import found as links_between
from keymuster.inventory.links import Rooted, linked
from keymuster.model import (
    Credential,
    FileLocation,
    Grant,
    Identity,
    InlineAllow,
    Location,
    Observation,
    Resource,
    ServiceLocation,
    Trust,
    Use,
)  # fmt: skip

_T = TypeVar("_T")


class Inventory(Struct, kw_only=True, dict=True):
    """The estate by id. `seen` holds every observation of a record, in the order they came. `links` say
    which records are one thing. `facts` are what analysis derives: id -> name -> value. `now` is when it is
    judged, if somebody said so. `roots` are folders that have nothing to do with each other, like repositories."""

    records: dict[str, Observation]
    seen: dict[str, list[Observation]]
    links: Links = Links()
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    now: datetime | None = None
    roots: tuple[str, ...] = ()

    def of(self, kind: type[_T]) -> Iterator[_T]:
        """The merged records of one kind, in order of their first sighting."""
        by_kind: dict[type[Any], list[Any]] = self.__dict__.get("by_kind", {})
        if sum(map(len, by_kind.values())) != len(self.records):  # some came, or went
            self.__dict__["by_kind"] = by_kind = {}
            for record in self.records.values():
                by_kind.setdefault(type(record), []).append(record)
        return iter([*by_kind.get(kind, ())])

    def sightings(self, record: Any) -> list[Any]:
        """Every observation that was merged into a record."""
        return self.seen[record.id]

    def grants(self, identity: str) -> list[Grant]:
        """What it is granted by itself, without what comes `via` something."""
        return self._about.get((Grant, identity), [])

    def trusts(self, identity: str) -> list[Trust]:
        """Who may become it."""
        return self._about.get((Trust, identity), [])

    def credentials(self, identity: str) -> list[Credential]:
        """What proves it, each credential once, however many surfaces tell of it."""
        return self._about.get((Credential, identity), [])

    def uses(self, subject: str) -> list[Use]:
        """Who consumes an identity or credential."""
        return self._about.get((Use, subject), [])

    def root(self, place: Location) -> str:
        """Which of its roots a place is in; empty for what is in no file, and if there are none."""
        return (self._rooted.of(place) or "") if self.roots else ""

    @cached_property
    def _rooted(self) -> Rooted:
        return Rooted(self.roots)

    def is_attached(self, policy: str) -> bool:
        """Whether somebody was seen who has a policy that stands by itself."""
        return policy in self._attached

    @cached_property
    def _attached(self) -> set[str]:
        return {one.via for one in self.of(Grant) if one.via}

    def remembered(self, what: str, subject: str, find: Callable[[], _T]) -> _T:
        """What is the same for all that is about one subject, found for the first of it."""
        key = (what, subject)
        if key not in self._remembered:
            self._remembered[key] = find()
        found: _T = self._remembered[key]
        return found

    def forget(self, what: str) -> None:
        """Let go of it; who asks again has it found again."""
        for key in [key for key in self._remembered if key[0] == what]:
            del self._remembered[key]

    @cached_property
    def _remembered(self) -> dict[tuple[str, str], Any]:
        return {}

    @cached_property
    def _about(self) -> dict[tuple[type[Any], str], list[Any]]:
        found: dict[tuple[type[Any], str], list[Any]] = {}
        for record in self.records.values():
            match record:
                case Credential() if stands_in(record, self.records, self.links):
                    continue
                case Grant() | Trust() | Credential():
                    found.setdefault((type(record), record.identity or ""), []).append(record)
                case Use():
                    found.setdefault((Use, record.subject), []).append(record)
        return found

    def places(self, record: Any) -> list[Location]:
        """Wherever it was seen; of what a service tells, where code declares it, too."""
        places = dict.fromkeys(one.location for one in self.seen[record.id])
        for place in list(places):
            if isinstance(place, ServiceLocation):
                places |= dict.fromkeys(self._declared.get(place.resource, ()))
        return list(places)

    def counterparts(self, record: Any) -> list[Credential]:
        """The other records of one credential: what declares it, what a service tells of it, where its text
        was found."""
        return list(counterparts(record.id, self.records, self.links))

    def elsewhere(self, record: Any) -> list[Location]:
        """The places of its counterparts."""
        own = set(self.places(record))
        places = (place for other in self.counterparts(record) for place in self.places(other))
        return [place for place in dict.fromkeys(places) if place not in own]

    @cached_property
    def _declared(self) -> dict[str, list[FileLocation]]:
        """What a service calls a thing -> where states and code declare it, by what links them or by name."""
        found: dict[str, list[FileLocation]] = {}
        for resource, place in declared_at(self.records.values(), told=bool(self.roots)).items():
            found[resource] = [place]
        for id in self.links.same:
            one = self.records.get(id)
            if isinstance(one, Identity | Resource) and isinstance(one.location, ServiceLocation):
                places = found.setdefault(one.location.resource, [])
                places += [at for at in self._declared_by(id) if at not in places]
        return found

    def _declared_by(self, id: str) -> Iterator[FileLocation]:
        """Where what is linked to a record is declared."""
        for other in self.links.nodes.get(id, ()):
            one = self.records.get(other)
            if one is not None and isinstance(one.location, FileLocation):
                yield one.location

    @property
    def allows(self) -> list[InlineAllow]:
        return list(self.of(InlineAllow))


def build(observations: Iterable[Observation], roots: Collection[str] = ()) -> Inventory:
    """One record per id; what several sightings say is put together. `roots` are folders that have nothing to
    do with each other, like repositories."""
    seen: dict[str, list[Observation]] = {}
    for one in observations:
        seen.setdefault(one.id, []).append(one)
    records = linked({id: _merged(all) for id, all in seen.items()}, roots)
    links = links_between(records, weak=not roots)
    return Inventory(
        records=joined(records, links),
        seen={id: _apart(all) for id, all in seen.items()},
        links=links,
        roots=tuple(roots),
    )


def _apart(sightings: list[Observation]) -> list[Observation]:
    """Each place once: a setting that holds a secret, and the secret in it, are one place, which the
    secret names more exactly."""
    if len(sightings) == 1:
        return sightings
    exact = {
        place
        for one in sightings
        if isinstance(one, Credential) and one.format
        for place in _places(one.location, 0)
    }
    return [one for one in sightings if not _is_around(one, exact)] if exact else sightings


def _is_around(one: Observation, exact: set[_Place]) -> bool:
    if not isinstance(one, Credential) or one.format:
        return False
    return any(place in exact for place in _places(one.location, _MOST_LINES))


_Place: TypeAlias = ServiceLocation | tuple[str, Any, int]


def _places(place: Location, lines: int) -> Iterator[_Place]:
    """An object of a service, or the lines of a file that a place has, so many after the first."""
    if not isinstance(place, FileLocation):
        yield place
        return
    last = max(place.line, min(place.end_line, place.line + lines))
    yield from ((place.name, place.commit, line) for line in range(place.line, last + 1))


_MOST_LINES = 100


def _merged(sightings: list[Observation]) -> Observation:
    first = sightings[0]
    if len(sightings) > 1 and isinstance(first, Identity):
        return _identity(sightings)
    if len(sightings) == 1 or not isinstance(first, Credential):
        return first
    credentials = [one for one in sightings if isinstance(one, Credential)]
    surest = max(credentials, key=lambda one: (one.confidence.rank, one.format != ""))
    tags = {key: value for one in reversed(credentials) for key, value in one.tags.items()}
    return replace(surest, tags=tags, location=first.location)


def _identity(sightings: list[Observation]) -> Identity:
    """Of what exists, several services may tell: one knows when it was made, another what runs as it."""
    first, *others = [one for one in sightings if isinstance(one, Identity)]
    told = [one for one in others if isinstance(one.location, ServiceLocation)]
    if not told or not isinstance(first.location, ServiceLocation):
        return first
    tags: dict[str, str] = {}
    for one in (first, *told):
        tags = {**one.tags, **tags}
    missing = {
        name: next((value for one in told if (value := getattr(one, name))), None)
        for name in _TOLD_BY_ANY
        if not getattr(first, name)
    }
    return replace(
        first,
        tags=tags,
        aliases=tuple(dict.fromkeys(alias for one in (first, *told) for alias in one.aliases)),
        owner_hints=tuple(
            dict.fromkeys(hint for one in (first, *told) for hint in one.owner_hints)
        ),
        **{name: value for name, value in missing.items() if value},
    )


_TOLD_BY_ANY = ("account", "status", "created_at", "last_used_at", "never_used", "purpose")
