"""Reading files of CI systems in tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
        return list(one.read(Blob(path=where, data=text.encode(), storage=Storage.TREE, **changes)))

    return read


def of(kind: type[Any], observed: list[Observed]) -> list[Any]:
    return [one for one in observed if isinstance(one, kind)]
