"""What is asked of a service, in parts that may fail each for itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct

from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.model import Observation
from keymuster.rules.relevance import concerns
from keymuster.rules.schema import Policy

Told: TypeAlias = Declared | Observation
"""What a surface tells: objects in the words of declared code, or records where that has none for them."""


class Surface(Struct, frozen=True, kw_only=True):
    """One part of what a service has: the `calls` that it makes, in the vendor's words, the `types` of
    objects that it tells of, and the function that looks at it. That is given the `Scope` that it asks
    through, which makes troubles of what is refused. One that is `always` looked at says who there is:
    without that, nothing can be judged."""

    name: str
    calls: tuple[str, ...]
    types: tuple[str, ...]
    look: Callable[[Any], Iterator[Told]]
    always: bool = False

    @property
    def subjects(self) -> tuple[str, ...]:
        """The sorts of records that are made of what it tells, as policies call them."""
        return meanings.subjects(self.types)


SurfaceT = TypeVar("SurfaceT", bound=Surface)


def found(package: ModuleType, kind: type[SurfaceT]) -> tuple[SurfaceT, ...]:
    """All of a service, by name: each module of the package has `SURFACES`."""
    every = [
        one
        for module in iter_modules(package.__path__)
        for one in import_module(f"{package.__name__}.{module.name}").SURFACES
    ]
    assert all(isinstance(one, kind) for one in every)
    return tuple(sorted(every, key=lambda one: one.name))


def wanted(
    surfaces: Iterable[SurfaceT], policies: Collection[Policy], providers: Collection[str]
) -> list[SurfaceT]:
    """Those that the policies ask about. The `providers` are those that the records will name."""
    return [one for one in surfaces if one.always or _is_wanted(one, policies, providers)]


def _is_wanted(one: Surface, policies: Collection[Policy], providers: Collection[str]) -> bool:
    subjects = one.subjects
    return any(
        concerns(policy, provider, one.types, subjects)
        for policy in policies
        for provider in providers
    )
