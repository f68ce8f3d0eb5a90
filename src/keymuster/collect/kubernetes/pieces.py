"""Files of Kubernetes, kept until all of them were seen: what a Kustomization does with them decides
what they say."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from keymuster.collect.base import Blob
from keymuster.model import Observation, Storage
from keymuster.model.location import SEPARATOR

NAMES = ("kustomization.yaml", "kustomization.yml", "kustomization")


class Kind(StrEnum):
    MANIFEST = "manifest"
    KUSTOMIZATION = "kustomization"
    OPERATIONS = "operations"
    """A patch as a list of operations (RFC 6902)."""


class Piece(Struct, frozen=True, kw_only=True):
    """A file, and what a manifest says if nothing is done with it."""

    kind: Kind
    path: str
    data: bytes
    storage: Storage
    member: str = ""
    object: str | None = None
    changed: Sequence[tuple[int, int]] | None = None
    records: tuple[Observation, ...] = ()

    def __repr__(self) -> str:  # without its text
        return f"Piece({self.path!r})"

    @classmethod
    def of(cls, blob: Blob, kind: Kind, records: tuple[Observation, ...] = ()) -> Piece:
        return cls(
            kind=kind, path=blob.path, data=blob.data, storage=blob.storage, member=blob.member,
            object=blob.object, changed=blob.changes(), records=records,
        )  # fmt: skip

    @property
    def blob(self) -> Blob:
        """All of it, whatever has changed."""
        return Blob(
            path=self.path, data=self.data, storage=self.storage, member=self.member,
            object=self.object,
        )  # fmt: skip

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    def counts(self, first: int, last: int) -> bool:
        """Whether a span of lines touches what has changed."""
        return self.changed is None or any(a <= last and first <= b for a, b in self.changed)


def is_kustomization(path: str) -> bool:
    return path.rpartition("/")[2].rpartition(SEPARATOR)[2].lower() in NAMES
