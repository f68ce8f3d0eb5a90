"""What somebody in a directory has: by itself, as an application by its service principal, and as a
member of groups, which may be in groups."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

from keymuster.model import Grant, GrantKind, Step

Grants = Callable[[str], Iterable[Grant]]
"""From the id of an identity to what it is granted by itself: `Inventory.grants`."""


def held(id: str, grants: Grants) -> Iterator[Grant]:
    """Every grant, each group once however many ways lead to it. What leads to nobody knows what, is
    there itself."""
    yield from (grant for grant, _ in _walked(id, grants))


def steps(id: str, wanted: Container[str], grants: Grants) -> Iterator[tuple[Step, ...]]:
    """How it comes to have each of the grants of these ids: from group to group, and what the last has."""
    for grant, way in _walked(id, grants):
        if grant.id in wanted:
            yield (
                *(
                    Step(start=one.identity, to=one.via, does=_DOES, records=(one.id,))
                    for one in way
                ),
                Step(start=way[-1].via if way else id, records=(grant.id,)),
            )


_DOES = "Have what a service principal or group has"


def _walked(id: str, grants: Grants) -> Iterator[tuple[Grant, tuple[Grant, ...]]]:
    """Every grant, and the memberships that lead to who has it."""
    seen = {id}
    waiting: list[tuple[str, tuple[Grant, ...]]] = [(id, ())]
    while waiting:
        holder, way = waiting.pop()
        for grant in grants(holder):
            if grant.provider != "entra" or grant.kind is not GrantKind.OTHER or not grant.via:
                yield grant, way
            elif grant.via not in seen:
                seen.add(grant.via)
                if any(True for _ in grants(grant.via)):
                    waiting.append((grant.via, (*way, grant)))
                else:
                    yield grant, way
