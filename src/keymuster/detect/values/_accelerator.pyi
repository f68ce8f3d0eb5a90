from typing import Any, TypeAlias

Words: TypeAlias = tuple[tuple[bytes, int], ...]

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

class Names:
    def __new__(cls, kinds: int, words: Words, stems: Words, /) -> Names: ...
    def of(self, name: bytes, /) -> bytes: ...

class Obvious:
    def __new__(cls, literals: Words, of_urls: Words, examples: Words, /) -> Obvious: ...
    def is_none(
        self, content: bytes, name: bytes, name_start: int, start: int, end: int, how: int, /
    ) -> bool: ...

Form: TypeAlias = tuple[bytes, bytes, bytes, int, int, int]
"""Confirm and value, what its name says, how it is written, the form it is weighed as, and its reach."""

class Judge:
    def __new__(
        cls,
        names: Names,
        obvious: Obvious,
        scales: Scales,
        forms: tuple[Form, ...],
        expressions: tuple[bytes, ...],
        joins: tuple[bytes, ...],
        kinds: int,
        /,
    ) -> Judge: ...
    def likely(
        self, content: bytes, start: int, form: int, of_path: bytes, of_bare_values: int, /
    ) -> tuple[tuple[tuple[int, int, float], ...], int, int, int, int] | None: ...

class Matcher:
    def __new__(cls, expression: bytes, caseless: bool, /) -> Matcher: ...
    def spans(self, content: bytes, start: int, end: int, /) -> tuple[int, ...] | None: ...
