"""What says who owns the things that a scan saw, though it was perhaps not among the files of the scan: CODEOWNERS
of their repositories, catalogues in the folders above them, `.keymuster/owners.yaml`, a directory that settings
name, and, if it is asked for, git's word on who wrote their lines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from keymuster.collect.base import Blob
from keymuster.model import (
    Credential,
    FileLocation,
    Identity,
    Observation,
    Resource,
    Storage,
    Trouble,
)
from keymuster.model.attestation import NAMES
from keymuster.model.attestation import TYPE as ATTESTATION
from keymuster.model.ids import in_id
from keymuster.settings import Owners

CODEOWNERS = "codeowners"
REPOSITORY = "repository"
CATALOG = "catalog_entity"
"""The types of the resources that say what stands in a CODEOWNERS file, what a repository is called, and what a
catalogue has. What reads catalogues and attestations is imported for the first that is there."""

MOST_BYTES = 3 * 1024 * 1024
"""GitHub reads no larger CODEOWNERS."""

_GITHUB = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
_GITLAB = ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_CATALOGS = ("catalog-info.yaml", "catalog-info.yml")


def standing(
    root: str, observed: Sequence[Observation], configured: Owners
) -> Iterator[Resource | Trouble]:
    """For what was observed. SettingsError for a directory that is none."""
    yield from _attested(root, observed)
    if configured.directory:
        from keymuster.collect.owners.directory import directory

        yield directory(configured.directory)
    homes = _Homes(root)
    files = {one.location.path for one in observed if isinstance(one.location, FileLocation)}
    bases = sorted({homes.of(path) for path in files if path})
    for base in bases:
        yield from _codeowners(root, base)
    places = [place for one in observed if (place := _declared_at(one)) is not None]
    folders = {place.path.rpartition("/")[0] for place in places}
    catalogs = list(_catalogs(root, homes, folders, observed))
    yield from catalogs
    every = (*observed, *catalogs)
    if any(one.type == CATALOG for one in every if isinstance(one, Resource)):
        bases = sorted({*bases, ""})
        yield from (_repository(root, base) for base in bases)
    if configured.blame:
        yield from _blamed(root, homes, places)


def _declared_at(one: Observation) -> FileLocation | None:
    """Where the working tree has it: not in a container, nor in the past."""
    if not isinstance(one, Identity | Credential) or not isinstance(one.location, FileLocation):
        return None
    place = one.location
    return place if not place.member and place.commit is None and place.path else None


class _Homes:
    """The repository that a file belongs to, as the beginning of its path: empty for the root itself."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._known: dict[str, str] = {"": ""}

    def of(self, path: str) -> str:
        folder = path.rpartition("/")[0]
        if folder not in self._known:
            is_one = os.path.lexists(os.path.join(self._root, folder, ".git"))
            self._known[folder] = f"{folder}/" if is_one else self.of(folder)
        return self._known[folder]


def codeowners_file(folder: str) -> tuple[str, str] | None:
    """The one in force in a repository, relative to it, and its form; None if there is none."""
    form = "gitlab" if _is_of_gitlab(folder) else "github"
    for name in _GITLAB if form == "gitlab" else _GITHUB:
        if os.path.isfile(os.path.join(folder, *name.split("/"))):
            return name, form
    return None


def form_of(folder: str) -> str:
    """By whose rules a new CODEOWNERS of a repository is read."""
    return "gitlab" if _is_of_gitlab(folder) else "github"


def _is_of_gitlab(folder: str) -> bool:
    if os.path.lexists(os.path.join(folder, ".github")):
        return False
    return any(
        os.path.lexists(os.path.join(folder, name)) for name in (".gitlab-ci.yml", ".gitlab")
    )


def _codeowners(root: str, base: str) -> Iterator[Resource | Trouble]:
    folder = os.path.join(root, base)
    found = codeowners_file(folder)
    if found is None:
        return
    name, form = found
    path = f"{base}{name}"
    data = _bytes(root, path)
    if isinstance(data, Trouble):
        yield data
        return
    if len(data) > MOST_BYTES:
        yield Trouble(
            part="owners", scope=path, message="is larger than 3 MB, and so is not in force",
            advice="Make it smaller.",
        )  # fmt: skip
        return
    yield Resource(
        id=f"{CODEOWNERS}:{in_id(path)}", type=CODEOWNERS, name=path, location=FileLocation(path=path),
        settings={"base": base, "form": form, "text": data.decode("utf-8", "replace")},
    )  # fmt: skip


def _attested(root: str, observed: Iterable[Observation]) -> Iterator[Resource | Trouble]:
    """Those of a project, unless its file was among those of the scan."""
    if any(isinstance(one, Resource) and one.type == ATTESTATION for one in observed):
        return
    from keymuster import settings_file

    above = settings_file.above(root or os.curdir, ".keymuster")
    for name in NAMES if above is not None else ():
        assert above is not None
        if not os.path.lexists(os.path.join(above, name)):
            continue
        from keymuster.collect.owners.attestations import attestations

        yield from _read(above, name, attestations)


def _catalogs(
    root: str, homes: _Homes, folders: Iterable[str], observed: Iterable[Observation]
) -> Iterator[Resource | Trouble]:
    """Those in the folders above what is declared, which a scan of a part has not seen."""
    seen = {
        one.location.path
        for one in observed
        if isinstance(one, Resource) and one.type == CATALOG and isinstance(one.location, FileLocation)
    }  # fmt: skip
    for folder in sorted(_upward(folders, homes)):
        for name in _CATALOGS:
            path = f"{folder}/{name}" if folder else name
            if path not in seen and os.path.isfile(os.path.join(root, path)):
                from keymuster.collect.owners.catalog import entities

                yield from _read(root, path, entities)


def _upward(folders: Iterable[str], homes: _Homes) -> set[str]:
    found: set[str] = set()
    for folder in folders:
        top = homes.of(f"{folder}/x" if folder else "x").rstrip("/")
        while folder not in found:
            found.add(folder)
            if folder == top or not folder:
                break
            folder = folder.rpartition("/")[0]
    return found


def _read(
    root: str, path: str, read: Callable[[Blob], Iterator[Resource]]
) -> Iterator[Resource | Trouble]:
    from keymuster.collect.syntax.node import Broken

    data = _bytes(root, path)
    if isinstance(data, Trouble):
        yield data
        return
    try:
        yield from read(Blob(path=path, data=data, storage=Storage.OTHER))
    except Broken as error:
        yield Trouble(part="owners", scope=path, message=error.message, advice=error.advice())


def _bytes(root: str, path: str) -> bytes | Trouble:
    try:
        with open(os.path.join(root, path), "rb") as file:
            return file.read(8 * MOST_BYTES)
    except OSError as error:
        return Trouble(
            part="owners", scope=path, message=f"cannot be read: {error.strerror}",
            advice="Make it readable.",
        )  # fmt: skip


def _repository(root: str, base: str) -> Resource:
    """What a repository is called where it is pushed to: `acme/app`."""
    from urllib.parse import urlsplit

    from keymuster.collect.provenance import provenance

    address = provenance(os.path.join(root, base)).repository
    slug = urlsplit(address).path.strip("/").removesuffix(".git").casefold()
    return Resource(
        id=f"{REPOSITORY}:{base or '.'}", type=REPOSITORY, name=slug or base or ".",
        location=FileLocation(path=base or "."), settings={"base": base, "slug": slug},
    )  # fmt: skip


def _blamed(
    root: str, homes: _Homes, places: Iterable[FileLocation]
) -> Iterator[Resource | Trouble]:
    from keymuster.collect.owners.blame import blamed

    spans: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for place in places:
        base = homes.of(place.path)
        files = spans.setdefault(base, {})
        files.setdefault(place.path.removeprefix(base), []).append((place.line, place.end_line))
    for base, files in spans.items():
        folder = os.path.join(root, base)
        if os.path.lexists(os.path.join(folder, ".git")):
            yield from blamed(folder, base, files)
