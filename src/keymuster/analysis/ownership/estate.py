"""What signs are looked for in: the inventory, sorted by what the signs ask of it, and the subject they are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from keymuster.analysis.ownership import names
from keymuster.analysis.ownership.directory import Directory
from keymuster.inventory.build import Inventory
from keymuster.inventory.codeowners import TYPE as CODEOWNERS
from keymuster.inventory.codeowners import Codeowners, Matched, in_force
from keymuster.model import Credential, FileLocation, Grant, Identity, Resource
from keymuster.model.attestation import TYPE as ATTESTATION
from keymuster.model.attestation import Attestation, attestation
from keymuster.settings import Settings

Owned: TypeAlias = Identity | Credential


class Attested(Struct, frozen=True, kw_only=True):
    """An entry of `.keymuster/owners.yaml`, and how exactly it names what it is about: 2 by its id, 1 by a name,
    0 by a glob."""

    said: Attestation
    record: Resource
    exactness: int = 0


class Catalogue:
    """What a software catalogue says that somebody owns: by name, by repository, by folder."""

    def __init__(self, entities: Iterable[Resource], repositories: Iterable[Resource]) -> None:
        slugs = {
            str(one.settings.get("base", "")): str(one.settings.get("slug", ""))
            for one in repositories
        }
        self.by_name: dict[str, list[Resource]] = {}
        self.by_repository: dict[str, list[Resource]] = {}
        self._by_folder: dict[str, list[Resource]] = {}
        for one in entities:
            if not one.settings.get("owner"):
                continue
            self.by_name.setdefault(names.slug(one.name), []).append(one)
            if project := one.settings.get("project"):
                self.by_repository.setdefault(str(project), []).append(one)
            if (folder := _folder(one, slugs)) is not None:
                self._by_folder.setdefault(folder, []).append(one)

    def around(self, path: str) -> tuple[str, list[Resource]]:
        """The nearest folder above a file that an entity is about, and those that are about it."""
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            if folder in self._by_folder:
                return folder, self._by_folder[folder]
        return "", []


def _folder(one: Resource, slugs: Mapping[str, str]) -> str | None:
    """The folder that an entity is about; None if it is in another repository."""
    assert isinstance(one.location, FileLocation)
    path = one.location.path
    base = max((base for base in slugs if path.startswith(base)), key=len, default="")
    slug, project = slugs.get(base, ""), str(one.settings.get("project") or "")
    if project and slug and project != slug:
        return None
    told = one.settings.get("folder")
    if told is not None and project and project == slug:
        return f"{base}{told}".rstrip("/")
    return path.rpartition("/")[0]


class Estate:
    """Asked for one subject after the other; everything is found once."""

    def __init__(self, inventory: Inventory, configured: Settings, today: date | None) -> None:
        self.inventory = inventory
        self.configured = configured
        self.today = today

    @cached_property
    def directory(self) -> Directory:
        return Directory(self.inventory, self.configured)

    def places(self, subject: Owned) -> list[FileLocation]:
        """Where files of the repository declare or hold it, not in what lies inside of others."""
        found = self.inventory.places(subject)
        return [one for one in found if isinstance(one, FileLocation) and not one.member]

    # --- files -------------------------------------------------------------------------------------

    def in_codeowners(self, path: str) -> list[tuple[Resource, Matched]]:
        """Whom the CODEOWNERS in force for a file names, without what keymuster has written there itself."""
        if path not in self._in_codeowners:
            found: list[tuple[Resource, Matched]] = []
            for base, record, one in self.codeowners:
                if path.startswith(base):
                    matched = one.of(path.removeprefix(base), with_ours=False)
                    found = [(record, each) for each in matched]
                    break
            self._in_codeowners[path] = found
        return self._in_codeowners[path]

    @cached_property
    def _in_codeowners(self) -> dict[str, list[tuple[Resource, Matched]]]:
        return {}

    @cached_property
    def codeowners(self) -> list[tuple[str, Resource, Codeowners]]:
        """The beginning of the paths that one is about, the innermost repository first."""
        return in_force(self._of_type(CODEOWNERS))

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue(self._of_type("catalog_entity"), self._of_type("repository"))

    @cached_property
    def blamed(self) -> dict[tuple[str, int, int], tuple[Any, ...]]:
        """Who wrote the lines of a file, whoever wrote most first."""
        return {
            (path, span["first"], span["last"]): tuple(span["changes"])
            for one in self._of_type("blame")
            for path, spans in one.settings["files"].items()
            for span in spans
        }

    def _of_type(self, type: str) -> list[Resource]:
        return self._by_type.get(type, [])

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for one in self.inventory.of(Resource):
            found.setdefault(one.type, []).append(one)
        return found

    # --- entries -----------------------------------------------------------------------------------

    @property
    def entries(self) -> list[Resource]:
        """Of `.keymuster/owners.yaml`, right or wrong."""
        return self._of_type(ATTESTATION)

    @cached_property
    def attestations(self) -> list[Attested]:
        """Those that are well-formed."""
        found = []
        for one in self.entries:
            try:
                said = attestation(one)
            except msgspec.ValidationError:  # an extension may call anything by this name
                continue
            if not one.settings.get("problem"):
                found.append(Attested(said=said, record=one))
        return found

    def attested(self, subject: Owned) -> list[Attested]:
        """What is said of a subject, the most exact first."""
        known = {subject.name, *getattr(subject, "aliases", ())} - {"", subject.id}
        exact, globs = self._by_what
        found = [replace(one, exactness=2) for one in exact.get(subject.id, ())]
        found += [
            replace(one, exactness=1) for name in sorted(known) for one in exact.get(name, ())
        ]
        sure = {one.record.id for one in found}
        found += [
            one
            for one in globs
            if one.record.id not in sure
            and any(fnmatchcase(name, one.said.what) for name in (subject.id, *known))
        ]
        return sorted(found, key=lambda one: (-one.exactness, one.record.id))

    @cached_property
    def _by_what(self) -> tuple[dict[str, list[Attested]], list[Attested]]:
        """Entries by what they are about, and those that are globs."""
        exact: dict[str, list[Attested]] = {}
        for one in self.attestations:
            exact.setdefault(one.said.what, []).append(one)
        return exact, [one for one in self.attestations if _is_glob(one.said.what)]

    def is_over(self, said: Attestation) -> bool:
        return self.today is not None and said.expires < self.today

    @cached_property
    def registered(self) -> list[tuple[Resource, tuple[str, ...]]]:
        """Entries of the registry of agents, with the ids of the agents that each is about."""
        return [
            (one, tuple(map(str, self.inventory.facts.get(one.id, {}).get("found", ()))))
            for one in self._of_type("agent_registration")
        ]

    # --- what services tell ------------------------------------------------------------------------

    def settings_of(self, subject: Owned) -> Mapping[str, Any]:
        """What its vendor says of it, in the vendor's own words."""
        bare = subject.id.removesuffix("#credential")
        for id in (f"resource:{bare}", bare):
            if isinstance(found := self.inventory.records.get(id), Resource):
                return found.settings
        return {}

    @cached_property
    def twins(self) -> dict[str, list[str]]:
        """Application and service principal of Entra, both ways: who owns the one answers for both."""
        found: dict[str, list[str]] = {}
        for grant in self.inventory.of(Grant):
            if grant.provider == "entra" and grant.id.endswith("#application"):
                found.setdefault(grant.identity, []).append(grant.via)
                found.setdefault(grant.via, []).append(grant.identity)
        return found

    def twins_of(self, subject: Owned) -> Iterator[Identity]:
        for id in self.twins.get(subject.id, ()):
            if isinstance(twin := self.inventory.records.get(id), Identity):
                yield twin


def _is_glob(text: str) -> bool:
    return any(char in text for char in "*?[")
