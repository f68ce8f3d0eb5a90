"""Secrets of known formats among the settings that a service tells of its objects.

What a setting is called tells the rest: see `collect/literals`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from msgspec.structs import replace

from keymuster.collect.base import Blob, Context
from keymuster.collect.declared import Declared
from keymuster.collect.literals.search import Named, named
from keymuster.collect.readers.secrets import Secrets
from keymuster.model import Credential, CredentialKind, FileLocation, Trouble

_SHORTEST = 8
"""Characters: no format is shorter."""


class ToldSecrets:
    """The reader of secrets, for texts that stand in no file."""

    def __init__(self, context: Context) -> None:
        self._secrets = Secrets(context)

    def of(self, one: Declared) -> Iterator[Credential | Trouble]:
        """Every secret among all settings, at the place of the object. What only its name and its look
        make a secret counts in scripts: of a setting its own name says more."""
        settings = [each for each in named(one.settings) if len(each.node.text()) >= _SHORTEST]
        if not settings:
            return
        text, starts = _written(settings)
        blob = Blob(path="", data=text.encode("utf-8", "replace"), storage=one.storage)
        for found in self._secrets.read(blob):
            if isinstance(found, Trouble):
                yield replace(found, scope=one.id)
            if not isinstance(found, Credential) or not isinstance(found.location, FileLocation):
                continue
            setting = _at(found.location.line, starts, settings)
            if found.kind is CredentialKind.GENERIC and "\n" not in setting.node.text():
                continue
            yield replace(
                found, location=one.location, tags={**found.tags, "setting": setting.name}
            )


def _written(settings: list[Named]) -> tuple[str, list[int]]:
    """The settings as lines of a file, and the line that each begins on."""
    lines: list[str] = []
    starts: list[int] = []
    line = 1
    for each in settings:
        starts.append(line)
        lines.append(f"{each.name}={each.node.text()}")
        line += lines[-1].count("\n") + 1
    return "\n".join(lines), starts


def _at(line: int, starts: list[int], settings: list[Named]) -> Named:
    return settings[bisect_right(starts, line) - 1]
