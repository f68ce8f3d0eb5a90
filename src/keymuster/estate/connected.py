"""Which targets have to do with each other: the same secret, one credential or object told by both, or a name of which
there is but one in the world. What the others declare can be judged without any other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from keymuster.estate.placing import placed
from keymuster.inventory.build import build
from keymuster.inventory.links import NAMING, is_unique
from keymuster.model import Credential, FileLocation, Identity, Observation, Resource

if TYPE_CHECKING:
    from keymuster.estate.joining import Seen


MOST_TOGETHER = 20_000
"""Records of an estate that is small enough to be taken whole: its page shows all of it."""


def connected(seen: Iterable[Seen], most: int = MOST_TOGETHER) -> set[str]:
    """The targets that are connected with another one, and all that asked a service; or all, if they have no more
    records together than `most`."""
    found: set[str] = set()
    everything: set[str] = set()
    count = 0
    targets: dict[str, set[str]] = {}
    called: dict[str, set[str]] = {}
    naming: dict[str, set[str]] = {}
    keyed: list[Observation] = []
    for each in seen:
        everything.add(each.target)
        for one, _ in placed(each.name, each.observations):
            count += 1
            if not isinstance(one.location, FileLocation):
                found.add(each.target)
            targets.setdefault(one.id, set()).add(each.target)
            if isinstance(one, Credential | Identity):
                keyed.append(one)
            if isinstance(one, Identity | Resource):
                for name in filter(is_unique, (one.id, *one.aliases)):
                    called.setdefault(name, set()).add(each.target)
            for field in NAMING.get(type(one), ()):
                name = getattr(one, field)
                if name and is_unique(name):
                    naming.setdefault(name, set()).add(each.target)
    if count <= most:
        return everything
    links = build(keyed).links
    groups = [several for several in targets.values() if len(several) > 1]
    groups += [several | called[name] for name, several in naming.items() if name in called]
    groups += [
        {target for id in (one, *(link.to for link in others)) for target in targets.get(id, ())}
        for kind in (links.same, links.alike, {id: (link,) for id, link in links.proves.items()})
        for one, others in kind.items()
    ]
    found.update(*(targets[id] for id in links.within if id in targets))
    return found.union(*(several for several in groups if len(several) > 1))
