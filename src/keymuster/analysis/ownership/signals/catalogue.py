"""A software catalogue (Backstage): who owns the component that is called so, or that lies in the folder, or in the
repository that it opens."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.ownership import names
from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal
from keymuster.model import FileLocation, Identity, Resource

_NAMED, _REPOSITORY, _FOLDER = 0.65, 0.5, 0.5
_WHOLE = 0.4
"""One at the top of a repository is about all of it."""


def signals(subject: Owned, estate: Estate) -> Iterator[Signal]:
    if not estate.entities:
        return
    name = names.slug(subject.name) if isinstance(subject, Identity) else ""
    slug = _repository(subject, estate)
    for one in estate.entities:
        if name and names.slug(one.name) == name:
            yield _signal(one, _NAMED, "is called the same")
        if slug and one.settings.get("project") == slug:
            yield _signal(one, _REPOSITORY, f"is in the repository {slug}")
    for path in dict.fromkeys(one.path for one in estate.places(subject)):
        yield from _around(path, estate)


def _around(path: str, estate: Estate) -> Iterator[Signal]:
    """The entities of the nearest folder above a file that has any."""
    nearest: tuple[int, list[tuple[str, Resource]]] = (-1, [])
    for one in estate.entities:
        folder = _folder(one, path, estate)
        if folder is None or not (path.startswith(f"{folder}/") or not folder):
            continue
        depth = len(folder)
        if depth > nearest[0]:
            nearest = (depth, [])
        if depth == nearest[0]:
            nearest[1].append((folder, one))
    for folder, one in nearest[1]:
        weight = _FOLDER if folder else _WHOLE
        yield _signal(one, weight, f"is in {folder}/" if folder else "is the whole repository")


def _folder(one: Resource, path: str, estate: Estate) -> str | None:
    """The folder that an entity is about; None if it is in another repository than the file."""
    assert isinstance(one.location, FileLocation)
    base = max(
        (base for base in estate.slugs if path.startswith(base)), key=len, default=""
    )  # fmt: skip
    slug, project = estate.slugs.get(base, ""), str(one.settings.get("project") or "")
    if project and slug and project != slug:
        return None
    told = one.settings.get("folder")
    if told is not None and project and project == slug:
        return f"{base}{told}".rstrip("/")
    return one.location.path.rpartition("/")[0]


def _repository(subject: Owned, estate: Estate) -> str:
    """The repository that a key or secret of GitHub or GitLab opens: `acme/app`."""
    said = estate.settings_of(subject)
    name = said.get("repository") or said.get("project")
    if not isinstance(name, str) or not name:
        return ""
    account = getattr(subject.location, "account", "")
    return (name if "/" in name else f"{account}/{name}").casefold()


def _signal(one: Resource, weight: float, why: str) -> Signal:
    return Signal(
        candidate=str(one.settings["owner"]), source="catalogue", weight=weight, place=one.location,
        evidence=f"owner of the {one.settings['kind']} {one.name} in the catalogue, which {why}",
    )  # fmt: skip
