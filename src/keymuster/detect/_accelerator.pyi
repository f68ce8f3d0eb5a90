from collections.abc import Callable
from mmap import mmap

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
