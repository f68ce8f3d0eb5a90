"""Answers of services that remember which of their fields were read, so that each can be held against the
vendor's own description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from keymuster.collect.asking.calls import RestScope

Path = tuple[str, ...]
Read = tuple[str, Path]
"""A call, and the way to a field of its answer; `[]` stands for every item of a list."""


class Watched(dict[str, Any]):
    """A map of an answer. What is in it is watched, too."""

    def __init__(self, call: str, path: Path, plain: dict[str, Any], reads: set[Read]) -> None:
        super().__init__(
            {key: watched(call, (*path, key), one, reads) for key, one in plain.items()}
        )
        self._call, self._path, self._reads = call, path, reads

    def __getitem__(self, key: str) -> Any:
        self._reads.add((self._call, (*self._path, key)))
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._reads.add((self._call, (*self._path, key)))
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._reads.add((self._call, (*self._path, str(key))))
        return super().__contains__(key)


def watched(call: str, path: Path, value: Any, reads: set[Read]) -> Any:
    match value:
        case dict():
            return Watched(call, path, value, reads)
        case list():
            return [watched(call, (*path, "[]"), one, reads) for one in value]
        case _:
            return value


def watch(monkeypatch: pytest.MonkeyPatch) -> set[Read]:
    """What surfaces read from now on."""
    reads: set[Read] = set()
    answer, pages = RestScope.answer_or_empty, RestScope._pages

    def watched_answer(self: RestScope, call: str, *absent: str, **more: Any) -> Any:
        return watched(call, (), answer(self, call, *absent, **more), reads)

    def watched_pages(
        self: RestScope, call: str, parameters: dict[str, Any], body: Any
    ) -> Iterator[Any]:
        for page in pages(self, call, parameters, body):
            yield watched(call, (), page, reads)

    monkeypatch.setattr(RestScope, "answer_or_empty", watched_answer)
    monkeypatch.setattr(RestScope, "_pages", watched_pages)
    return reads
