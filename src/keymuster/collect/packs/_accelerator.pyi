from array import array

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
