"""The targets of an estate: those that are written down, and those that are listed."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from keymuster import registry
from keymuster.collect.repository import is_bare
from keymuster.errors import KeymusterError, SettingsError
from keymuster.estate import variables
from keymuster.estate.addresses import address, called
from keymuster.estate.base import Target
from keymuster.estate.credentials import Reference
from keymuster.estate.definition import (
    Estate,
    ListedLooks,
    MachineTarget,
    Repository,
    ServiceTarget,
)
from keymuster.model import Trouble


class Found(Struct, frozen=True, kw_only=True):
    """The targets that there are now. What a lister that did not get to its end would have listed (`cut_short`: what is
    said in `found_by`) is not known to be gone."""

    targets: tuple[Target, ...]
    troubles: tuple[Trouble, ...] = ()
    cut_short: frozenset[str] = frozenset()

    def with_known(self, known: Iterable[Target]) -> tuple[Target, ...]:
        """Those, and of the ones known from before those of which nobody can say that they are gone."""
        here = {one.id for one in self.targets}
        return (
            *self.targets,
            *(one for one in known if one.found_by in self.cut_short and one.id not in here),
        )

    def gone(self, known: Collection[Target]) -> frozenset[str]:
        """Those known from before that are in the estate no longer. While something that the file names is not where it
        should be, as with a disk that is away, nobody can say that of what a glob may have found."""
        here = {one.id for one in self.with_known(known)}
        is_away = any(one.part == "estate" for one in self.troubles)
        return frozenset(
            one.id
            for one in known
            if one.id not in here and not (is_away and not one.found_by and one.kind != "service")
        )


def found(said: Estate, *, asking: bool = True) -> Found:
    """All of them; without `asking`, no lister that makes connections is asked. SettingsError if two that are written
    down are one."""
    targets: dict[str, Target] = {}
    troubles: list[Trouble] = []
    for one in written(said, troubles):
        if one.id in targets:
            named = one.kind == "service"  # of others, the name is no part of what they are
            advice = "Name one of them: `name: ...`." if named else "Take one of them out."
            raise SettingsError(f"two targets are {one.id}", advice)
        targets[one.id] = one
    for one in globbed(said, troubles):
        targets.setdefault(one.id, one)
    cut_short: set[str] = set()
    for options in said.targets.listers:
        name = str(options["lister"])
        part = registry.part("lister", name)
        if part.asks and not asking:
            continue
        listed, unseen = _listed(part, options)
        troubles += unseen
        cut_short.update(f"{name}:{one.scope}" for one in unseen)
        for one in listed:
            targets.setdefault(one.id, _completed(one, said, options))
    return Found(
        targets=tuple(_apart(targets.values())),
        troubles=tuple(troubles),
        cut_short=frozenset(cut_short),
    )


def selected(targets: Iterable[Target], patterns: Sequence[str]) -> list[Target]:
    """Those whose id or name one of the globs is for."""
    return [
        one
        for one in targets
        if any(fnmatchcase(word, pattern) for pattern in patterns for word in (one.id, one.name))
    ]


def written(said: Estate, troubles: list[Trouble]) -> Iterator[Target]:
    """Those that the file names one by one."""
    for one in said.targets.repositories:
        repository = Repository(url=one) if isinstance(one, str) else one
        if not repository.glob:
            yield _repository(said, repository)
    for service in said.targets.services:
        yield _service(
            said, ServiceTarget(service=service) if isinstance(service, str) else service
        )
    for machine in said.targets.machines:
        yield from _machine(said, machine, troubles)


def globbed(said: Estate, troubles: list[Trouble]) -> Iterator[Target]:
    """The repositories that globs of the file find. One that finds nothing is a trouble."""
    for one in said.targets.repositories:
        if isinstance(one, str) or not one.glob:
            continue
        paths = list(repositories_at(one.glob))
        for path in paths:
            yield _repository(said, replace(one, glob="", path=path))
        if not paths:
            troubles.append(
                Trouble(
                    part="estate", scope=one.glob, message="no repository is there",
                    advice="See the glob in the estate's file: `**` stands for any folders.",
                )
            )  # fmt: skip


def repositories_at(pattern: str) -> Iterator[str]:
    """The repositories that a glob finds, mirrors and checkouts, in the order of their paths."""
    for path in sorted(glob.glob(pattern, recursive=True, include_hidden=True)):
        if os.path.basename(path.rstrip(os.sep)) != ".git" and is_repository(path):
            yield os.path.normpath(path)


def is_repository(path: str) -> bool:
    """By its looks."""
    return os.path.isdir(path) and (is_bare(path) or os.path.lexists(os.path.join(path, ".git")))


def repository_options(repository: Repository, said: Estate) -> dict[str, Any]:
    """What the part that looks at repositories is told."""
    options: dict[str, Any] = {
        "source": repository.source or said.defaults.source,
        "refs": list(repository.refs or said.defaults.refs),
        "cache_bytes": said.cache_bytes,
    }
    if repository.path:
        return {"path": repository.path, **options}
    options["url"] = repository.url
    if repository.credential is not None:
        options["user"] = repository.user
        options["credential"] = _plain(repository.credential)
    return options


def _repository(said: Estate, repository: Repository) -> Target:
    place = repository.path or address(repository.url).name
    return Target(
        id=f"repository:{place}", kind="repository", name=repository.name or called(place),
        options=repository_options(repository, said), bounds=said.bounds(repository.limits),
    )  # fmt: skip


def _service(said: Estate, service: ServiceTarget) -> Target:
    environment: dict[str, Any] = {
        name: value if isinstance(value, str) else _plain(value)
        for name, value in service.environment.items()
    }
    if service.credential is not None:
        variable = variables.variable_of(service.service, service.credential)
        assert variable is not None
        environment[variable] = _plain(service.credential)
    name = service.name or service.service
    return Target(
        id=f"service:{service.service}/{service.name}" if service.name else f"service:{service.service}",
        kind="service", name=name,
        options={
            "service": service.service, "options": dict(service.options), "environment": environment,
        },
        bounds=said.bounds(service.limits),
    )  # fmt: skip


def _machine(said: Estate, machine: MachineTarget, troubles: list[Trouble]) -> Iterator[Target]:
    if not machine.homes:
        yield _home(said, machine, "")
    for pattern in machine.homes:
        homes = [one for one in sorted(glob.glob(pattern)) if os.path.isdir(one)]
        yield from (_home(said, machine, one) for one in homes)
        if not homes:
            troubles.append(
                Trouble(
                    part="estate", scope=pattern, message="no folder of a user is there",
                    advice="See `homes` in the estate's file.",
                )
            )  # fmt: skip


def _home(said: Estate, machine: MachineTarget, home: str) -> Target:
    name = f"{machine.name}/{home.strip(os.sep)}" if home else machine.name
    return Target(
        id=f"machine:{name}", kind="machine", name=name, options={"home": home} if home else {},
        bounds=said.bounds(machine.limits),
    )  # fmt: skip


def _listed(part: type[Any], options: dict[str, Any]) -> tuple[list[Target], list[Trouble]]:
    try:
        targets, troubles = part().list(options)
    except KeymusterError as error:  # nobody lets it in at all
        scopes: Collection[str] = part.scopes(options)
        return [], [
            Trouble(part=part.name, scope=scope, message=error.message, advice=error.advice())
            for scope in scopes
        ]
    return list(targets), list(troubles)


def _apart(targets: Iterable[Target]) -> Iterator[Target]:
    """No two of one name: the second is called by its id."""
    names: set[str] = set()
    for one in targets:
        yield replace(one, name=one.id) if one.name in names else one
        names.add(one.name)


def _completed(one: Target, said: Estate, options: dict[str, Any]) -> Target:
    """With what holds for all repositories."""
    own = msgspec.convert(
        {name: options[name] for name in ("source", "refs", "limits") if name in options},
        type=ListedLooks,
    )
    defaults = {
        "source": own.source or said.defaults.source,
        "refs": list(own.refs or said.defaults.refs),
        "cache_bytes": said.cache_bytes,
    }
    return replace(one, options={**defaults, **one.options}, bounds=said.bounds(own.limits))


def _plain(reference: Reference) -> dict[str, str]:
    """As JSON has it, without what is empty."""
    return {name: value for name, value in msgspec.to_builtins(reference).items() if value}
