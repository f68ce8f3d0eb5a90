"""The inventory of some paths, for commands that list or compare it and do not scan."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

import click
from msgspec import Struct
from msgspec.structs import replace

from keymuster import gathering, pipeline, settings, work
from keymuster.cli.selection import folder_of, selection
from keymuster.collect.base import Context
from keymuster.collect.host import home
from keymuster.collect.imports.base import Import
from keymuster.errors import SettingsError
from keymuster.inventory.build import Inventory
from keymuster.model import Confidence
from keymuster.redaction import Redactor
from keymuster.report.base import readable
from keymuster.settings import Settings

_OPTIONS = {
    "include_ignored": False, "exclude": (), "max_file_size": None, "container_depth": None,
    "no_containers": False, "since": None, "range_": None, "pushed": False, "unreachable": False,
}  # fmt: skip
"""What a scan may select, as it is by default."""


_S = TypeVar("_S", bound=Struct)


class Looked(Struct, frozen=True, kw_only=True, dict=True):
    """What was seen, and by which settings."""

    seen: gathering.Gathered
    context: Context
    configured: Settings

    @cached_property
    def shown(self) -> Inventory:
        """The inventory for those who read it, without the secrets in words that others wrote."""
        return self._redactor.inventory(self.seen.inventory)

    def cleaned(self, one: _S) -> _S:
        """The same of what was made of the inventory as it is."""
        return self._redactor.struct(one)

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """What refuses a user's words may name what is like them, and that was seen."""
        try:
            yield
        except SettingsError as error:
            words = self._redactor.words
            raise SettingsError(words(error.message), words(error.advice())) from None

    def tell_troubles(self) -> int:
        """Say what could not be looked at; the exit code for that."""
        for one in map(self.cleaned, self.seen.troubles):
            click.echo(f"not seen: {readable(one.scope)}: {readable(one.message)}", err=True)
        return 3 if self.seen.troubles else 0

    @cached_property
    def _redactor(self) -> Redactor:
        return Redactor(self.context.rules)


def gathered(
    paths: tuple[str, ...], config: str | None, jobs: int = 0, *, machine: bool = False,
    services: Mapping[str, Mapping[str, Any]] | None = None, history: bool = False,
    changed: Callable[[Settings], Settings] = lambda configured: configured,
    imports: Callable[[Context], tuple[Import, ...]] | None = None,
) -> Looked:  # fmt: skip
    """All that the working tree says at these paths, or the history of their repository, or the files of
    agents on this machine, by the settings that hold there, `changed` by what the user says, what services
    say, and what other scanners report. Without paths, services are asked alone."""
    if machine and paths:
        raise SettingsError("--machine takes no paths", "Choose one, or ask twice.")
    if machine and history:
        raise SettingsError("--history and --machine exclude each other", "Choose one.")
    source = "machine" if machine else "services" if services and not paths else "worktree"
    source = "history" if history else source
    start = home() if machine else folder_of(paths[0] if paths else os.curdir)
    configured, file = settings.load(config, start)
    configured = changed(configured)
    rules = pipeline.load_rules(settings.rule_folders(configured, file))
    context = Context(
        selection=selection(paths, source, configured, _OPTIONS, services),
        rules=rules,
        fingerprint_key=configured.fingerprint_key(),
        exclude=configured.exclude,
        confidence=Confidence(configured.confidence),
    )
    if imports is not None:
        context = replace(context, imports=imports(context))
    seen = gathering.gather(
        context, source, configured=configured, jobs=jobs or work.default_jobs()
    )
    return Looked(seen=seen, context=context, configured=configured)
