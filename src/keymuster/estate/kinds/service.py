"""One account, tenant or organisation of a service, asked through its API as `scan --service` asks it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from keymuster.estate.base import Outcome, Task
from keymuster.estate.credentials import Reference, missing, read
from keymuster.estate.variables import takes_file


class Service:
    """Its credentials are in the environment of this process, as long as the service is asked."""

    name: ClassVar[str] = "service"

    def perform(self, task: Task) -> Outcome:
        from msgspec.structs import replace

        from keymuster.estate.looking import looking

        options = task.target.options
        service = str(options["service"])
        look = looking(task)
        # Only the estate's own folder: what it holds is as much its own as its store.
        memory = os.path.join(task.cache, "services") if task.cache else ""
        context = look.context("", memory=memory)
        chosen = {service: _chosen(service, options.get("options") or {})}
        context = replace(
            context,
            selection=replace(context.selection, services=chosen),
            wanted=look.choice.policies(look.rules),
        )
        with _signed_in(options.get("environment") or {}):
            seen = look.gathered(context, "services", cached=True)
        return look.outcome(seen, context, "services")


def _chosen(service: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """The options as the command line hands them over."""
    from keymuster import registry

    found: dict[str, Any] = {}
    for option in registry.part("service", service).options:
        value = said.get(option.name)
        if value in (None, False, "", []):
            continue
        if option.several:
            words = value if isinstance(value, list) else str(value).split(",")
            value = tuple(str(one).strip() for one in words if str(one).strip())
        found[option.name.replace("-", "_")] = (
            value if option.several or not option.value else str(value)
        )
    return found


@contextmanager
def _signed_in(said: Mapping[str, Any]) -> Iterator[None]:
    """CollectError if something that it refers to is not there."""
    values = {name: _value(name, one) for name, one in said.items()}
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = old


def _value(name: str, said: Any) -> str:
    if isinstance(said, str):
        return said
    reference = Reference(**said)
    if not reference.env and takes_file(name):
        if missing(reference):
            read(reference)  # says what is wrong with it
        return reference.file or reference.oidc
    return os.fsdecode(read(reference).reveal())
