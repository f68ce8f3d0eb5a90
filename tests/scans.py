"""Looking at a folder with one source, without the judgements that come after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keymuster import gathering, registry
from keymuster.collect.base import Context, Fragment, Selection
from keymuster.model import Credential, FileLocation, InlineAllow, Trouble
from keymuster.model.secret import Secret
from keymuster.rules.schema import RuleSet


class Look:
    """What one source and the built-in readers made of a folder."""

    def __init__(self, observed: Sequence[Any], troubles: list[Trouble], counts: dict[str, int]):
        self.credentials = [one for one in observed if isinstance(one, Credential)]
        self.observed = [one for one in observed if not isinstance(one, Trouble | Fragment)]
        self.allows = [one for one in observed if isinstance(one, InlineAllow)]
        self.troubles = troubles + [one for one in observed if isinstance(one, Trouble)]
        self.counts = counts

    def places(self, token: str) -> list[FileLocation]:
        """Where a token was seen, by path and line."""
        id = secret_id(token)
        found = [one.location for one in self.credentials if one.id == id]
        files = [place for place in found if isinstance(place, FileLocation)]
        return sorted(files, key=lambda place: (place.path, place.line, place.column))

    def paths(self, token: str) -> list[str]:
        return [place.path for place in self.places(token)]

    def pairs(self) -> set[tuple[str, str]]:
        """(id of the secret, path) of all that was found."""
        return {
            (one.id, one.location.path)
            for one in self.credentials
            if isinstance(one.location, FileLocation)
        }

    def trouble(self, scope: str) -> Trouble:
        """The one trouble about a thing."""
        [one] = [one for one in self.troubles if one.scope == scope]
        return one


def context(rules: RuleSet, root: Path, paths: Sequence[Path] = (), **selection: Any) -> Context:
    chosen = Selection(
        root=str(root), paths=tuple(str(path) for path in paths or [root]), **selection
    )
    return Context(selection=chosen, rules=rules)


def look(
    source: str, rules: RuleSet, root: Path, *paths: Path, jobs: int = 1, **selection: Any
) -> Look:
    """Everything one source gives of a folder, completed and in order."""
    asked = context(rules, root, paths, **selection)
    origin = registry.part("source", source)(asked)
    readers = [part(asked) for part in registry.builtin("reader").values()]
    troubles: list[Trouble] = []
    observed = gathering.collect(origin, readers, jobs, lambda size: None, troubles)
    return Look(list(origin.finish(observed)), troubles, origin.counts())


def secret_id(token: str) -> str:
    return f"secret:{Secret(token.encode()).fingerprint()}"
