from collections.abc import Callable, Sequence
from mmap import mmap
from typing import Any

WIDEST: int
KEY_BYTES: int

class Seen:
    def __new__(cls, table: mmap | bytearray, key: bytes, width: int, /) -> Seen: ...
    def search(
        self,
        content: bytes,
        spans: list[tuple[int, int]],
        function: Callable[[bytes], list[tuple[int, int, int]]],
        /,
    ) -> list[tuple[int, int, int]]: ...

Hit = tuple[int, int, int]
Answer = tuple[int, int, int, tuple[Any, ...]]

class DeadEnds:
    def __new__(
        cls, table: mmap | bytearray, key: bytes, first: int, words: list[tuple[int, int, bytes]], /
    ) -> DeadEnds: ...
    def telling(
        self,
        content: bytes,
        ends: list[int],
        marks: list[tuple[int, int]],
        answers: list[Answer | None],
        binary: bool,
        about: bytes,
        /,
    ) -> list[int]: ...
    def add(
        self,
        content: bytes,
        end: int,
        mark: tuple[int, int],
        about: bytes,
        lead: int,
        rest: int,
        /,
    ) -> None: ...

class Trees:
    def __new__(cls, trees: tuple[Any, ...], /) -> Trees: ...
    def sum(self, signals: Sequence[float], /) -> float: ...

def planned(
    kept: Sequence[tuple[int, int, int]], size: int, other: int, width: int, /
) -> tuple[list[tuple[int, int, int, int, int]], list[tuple[int, int]]]: ...
def merged(
    found: list[Hit],
    runs: list[tuple[int, int, int, int, int]],
    ends: list[int],
    marks: list[tuple[int, int]],
    answers: list[Answer | None],
    far: set[int],
    near: int,
    /,
) -> tuple[list[int], list[tuple[int, int]], list[Answer | None], set[int]]: ...
def grouped(
    ends: list[int], marks: list[tuple[int, int]], first: int, groups: list[int], /
) -> dict[int, list[int]]: ...
def stands_anew(text: bytes, kept: Sequence[tuple[int, int, int]], mark: bytes, /) -> bool: ...
def stretches(text: bytes, ends: list[int], /) -> list[tuple[int, int]]: ...
def same(text: bytes, here: int, other: bytes, there: int, /) -> int: ...
def line_hash(content: bytes, line: int, /) -> tuple[int, int] | None: ...
