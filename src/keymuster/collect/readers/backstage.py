"""Software catalogues in the form of Backstage, `catalog-info.yaml`: components and who owns them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.base import Blob, Context, Observed, Reader

_NAMES = ("catalog-info.yaml", "catalog-info.yml")


class Backstage(Reader):
    """Reads the entities of a catalogue: components, systems, resources, groups, users."""

    name: ClassVar[str] = "backstage"

    def __init__(self, context: Context) -> None:
        pass

    def reads(self, path: str) -> bool:
        return path.rpartition("/")[2] in _NAMES

    def read(self, blob: Blob) -> Iterator[Observed]:
        from keymuster.collect.owners.catalog import entities

        yield from entities(blob)
