from array import array
from collections.abc import Callable
from typing import Any

def expand(
    base: bytes, delta: bytes, least: int, most: int, /
) -> tuple[bytes, list[tuple[int, int, int]]]: ...
def ascending(offsets: array[int], /) -> tuple[bytes, bytes]: ...
def rising(ids: bytes, width: int, /) -> bool: ...
def headers(
    chunk: bytes,
    start: int,
    offsets: array[int],
    first: int,
    width: int,
    final: bool,
    kinds: bytearray,
    sizes: array[int],
    lengths: bytearray,
    bases: array[int],
    /,
) -> int: ...
def roots(kinds: bytearray, bases: array[int], /) -> bytearray: ...
def arrange(wanted: bytearray, bases: array[int], /) -> tuple[bytes, bytes]: ...
def declare(
    chunk: bytes,
    start: int,
    offsets: array[int],
    lengths: bytearray,
    flags: bytearray,
    first: int,
    sizes: memoryview,
    most: int,
    /,
) -> int: ...
def part(
    order: array[int],
    above: array[int],
    wanted: bytearray,
    sizes: array[int],
    totals: array[int],
    begin: int,
    most: int,
    width: int,
    sources: list[tuple[int, int, int, bool, int, Any, Any, Any, Any, bytes]],
    /,
) -> tuple[int, int, int, bytes]: ...
def make(
    descriptor: int, begin: int, end: int, stored: int, size: int, base: bytes | None, least: int, /
) -> tuple[bytes, list[tuple[int, int, int]]] | None: ...
def walk(
    sources: list[tuple[int, int, bytes, array[int]] | bytes],
    width: int,
    tips: bytes,
    fetch: Callable[[int, int], bytes | None],
    descriptor: int,
    /,
) -> bool: ...
