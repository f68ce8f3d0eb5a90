"""Modules that are called and are not among the files: what they declare is not known, and a report
names them."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster import regex
from keymuster.collect.syntax.node import Node
from keymuster.collect.terraform.modules import is_local
from keymuster.model import Trouble

_USER = regex.later(r"//[^/@\s]*@")
"""Who signs in to a server, and maybe with which password."""


class Unread:
    """Each by its source, and where it is called: one is mostly called more than once."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, bool], set[tuple[str, int]]] = {}

    def add(self, source: str, call: Node) -> None:
        name = _USER.sub("//", source.partition("?")[0])
        self._calls.setdefault((name, is_local(source)), set()).add((call.file.name, call.line))

    def troubles(self, part: str) -> Iterator[Trouble]:
        for (source, local), calls in sorted(self._calls.items()):
            (path, line), others = min(calls), len(calls) - 1
            more = f" and in {others} more place{'s' if others > 1 else ''}" if others else ""
            where = "the folder holds no code" if local else "the module is not among the files"
            yield Trouble(
                part=part, scope=source,
                message=f"{where}; what it declares was not looked at (called in {path}:{line}{more})",
                advice=_ABSENT if local else _REMOTE,
            )  # fmt: skip


_REMOTE = (
    "Fetch modules with `terraform init` and scan with --include-ignored, or scan a plan as JSON."
)
_ABSENT = "Scan the folder of the module, too."
