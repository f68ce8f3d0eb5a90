from typing import Any

class Scales:
    def __new__(
        cls,
        groups: tuple[int, ...],
        stages: tuple[tuple[int, float, tuple[Any, ...]], ...],
        /,
        *tables: tuple[object, ...],
    ) -> Scales: ...
    def weigh(
        self,
        content: bytes,
        name: bytes,
        name_start: int,
        start: int,
        end: int,
        quote: int,
        of_name: bytes,
        of_path: bytes,
        of_join: bytes,
        /,
    ) -> tuple[bytes, float, bool]: ...
