"""Reading files of CI systems in tests."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keymuster import work
from keymuster.collect.base import Blob, Observed, Reader
from keymuster.model import Storage
from keymuster.rules.schema import RuleSet
from scans import context

Read = Callable[..., list[Observed]]


def reading(reader: type[Reader], rules: RuleSet, folder: Path, path: str) -> Read:
    """`read(text)` gives what the reader says of a file; `read(text, path)` of another one."""
    one = reader(context(rules, folder))

    def read(text: str, where: str = path, **changes: Any) -> list[Observed]:
        assert one.reads(where)
        blob = Blob(path=where, data=text.encode(), storage=Storage.TREE, **changes)
        return work.explained(list(one.read(blob)), [one])

    return read


def reading_all(
    reader: type[Reader], rules: RuleSet, folder: Path
) -> Callable[..., list[Observed]]:
    """`read({path: text})` gives what the reader says of files of one repository."""
    one = reader(context(rules, folder))

    def read(files: dict[str, str]) -> list[Observed]:
        blobs = (
            Blob(path=path, data=text.encode(), storage=Storage.TREE)
            for path, text in files.items()
        )
        observed = [found for blob in blobs for found in one.read(blob)]
        return work.explained(pickle.loads(pickle.dumps(observed)), [one])

    return read


def of(kind: type[Any], observed: list[Observed]) -> list[Any]:
    return [one for one in observed if isinstance(one, kind)]
