"""Owners that somebody stands up for, where their file is among those of a scan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.base import Blob, Context, Observed, Reader

_NAMES = (".keymuster/owners.yaml", ".keymuster/owners.yml")


class OwnerAttestations(Reader):
    """Reads `.keymuster/owners.yaml` of the root. What lies deeper was perhaps copied from elsewhere."""

    name: ClassVar[str] = "owner-attestations"

    def __init__(self, context: Context) -> None:
        pass

    def reads(self, path: str) -> bool:
        return path in _NAMES

    def read(self, blob: Blob) -> Iterator[Observed]:
        from keymuster.collect.owners.attestations import attestations

        yield from attestations(blob)
