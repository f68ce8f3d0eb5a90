"""The way through the hierarchy: each part of each place is a unit of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from threading import Event

from msgspec.structs import replace

from keymuster.collect import meanings
from keymuster.collect.asking.work import Afterwards, Answered, Unit, in_order, look
from keymuster.collect.gcp import inventorying
from keymuster.collect.gcp.access import Access
from keymuster.collect.gcp.assets import Assets
from keymuster.collect.gcp.objects import PART
from keymuster.collect.gcp.places import CALLS, TYPES, Hierarchy, Place
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface
from keymuster.model import Looked, Trouble


def answered(
    access: Access, found: Hierarchy, surfaces: Iterable[Surface]
) -> Iterator[Answered | Trouble]:
    """Every unit, in order of places and surfaces, after the hierarchy and what the inventory tells; see
    `in_order` for interrupts."""
    surfaces = tuple(surfaces)
    yield _places(access, found)
    assets = Assets(found.places)
    questions = inventorying.scopes(access, found.roots, surfaces, assets)
    try:
        yield from in_order((partial(look, one) for one in questions), Event())
    except KeyboardInterrupt:
        access.stop.set()
        raise
    yield from in_order(_units(access, found.places, surfaces, assets), access.stop)


def _units(
    access: Access, places: Iterable[Place], surfaces: tuple[Surface, ...], assets: Assets
) -> Iterator[Unit | Afterwards]:
    for place in places:
        if not place.is_active:
            continue
        for one in surfaces:
            if place.level in one.levels:
                yield partial(_look, Scope(access, place, one, assets, access.stop))
        yield Afterwards(partial(assets.forget, place))


def _look(scope: Scope) -> Answered:
    found = look(scope)
    if found.looked.problem or not scope.lacks:
        return found
    problem = f"{scope.surface.name}: {scope.lacks}"
    return replace(found, looked=replace(found.looked, problem=problem))


def _places(access: Access, found: Hierarchy) -> Answered:
    problem = found.troubles[0].message if found.troubles else ""
    looked = Looked(
        service=PART, account=found.places[0].account, scope=access.name, part="hierarchy", types=TYPES,
        subjects=meanings.subjects(TYPES), problem=problem, calls=CALLS,
    )  # fmt: skip
    told = tuple(one.told for one in found.places)
    return Answered(told=told, troubles=found.troubles, looked=looked)
