"""A software catalogue (Backstage): who owns the component that is called so, or that lies in the folder, or in the
repository that it opens."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.ownership import names
from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal
from keymuster.model import Identity, Resource

_NAMED, _REPOSITORY, _FOLDER = 0.65, 0.5, 0.5
_WHOLE = 0.4
"""One at the top of a repository is about all of it."""


def signals(subject: Owned, estate: Estate) -> Iterator[Signal]:
    catalogue = estate.catalogue
    if not catalogue.by_name:
        return
    name = names.slug(subject.name) if isinstance(subject, Identity) and subject.name else ""
    for one in catalogue.by_name.get(name, ()) if name else ():
        yield _signal(one, _NAMED, "is called the same")
    slug = _repository(subject, estate)
    for one in catalogue.by_repository.get(slug, ()) if slug else ():
        yield _signal(one, _REPOSITORY, f"is in the repository {slug}")
    for path in dict.fromkeys(one.path for one in estate.places(subject)):
        folder, several = catalogue.around(path)
        for one in several:
            weight = _FOLDER if folder else _WHOLE
            yield _signal(one, weight, f"is in {folder}/" if folder else "is the whole repository")


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
