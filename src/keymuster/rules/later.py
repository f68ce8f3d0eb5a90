"""What stands for the parts of a rule set that are not read yet: each is read when somebody first asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar, cast, overload

import msgspec

from keymuster.rules.schema import Case, Policy, Subject, TokenFormat

_T = TypeVar("_T")
_Load = Callable[[], Any]


def there(part: Any) -> Any:
    """The part itself, read if it was not."""
    return part.found() if isinstance(part, _Part) else part


class _Part:
    """Stands for a part, and equals what that equals."""

    __slots__ = ("_is", "_load")

    def __init__(self, load: _Load) -> None:
        self._load: _Load | None = load
        self._is: Any = None

    def found(self) -> Any:
        """The part, read when it is asked for first."""
        if self._load is not None:
            self._is, self._load = self._load(), None
        return self._is

    def __eq__(self, other: object) -> bool:
        return bool(self.found() == there(other))

    __hash__ = None  # type: ignore[assignment]


class Later(_Part):
    """Stands for a record."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # who copies it asks for those
            raise AttributeError(name)
        return getattr(self.found(), name)


class LaterList(_Part, Sequence[Any]):
    """Stands for a list."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self.found())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.found())

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> list[Any]: ...
    def __getitem__(self, at: int | slice) -> Any:
        return self.found()[at]


class LaterDict(_Part, Mapping[str, Any]):
    """Stands for a dictionary."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self.found())

    def __iter__(self) -> Iterator[str]:
        return iter(self.found())

    def __getitem__(self, name: str) -> Any:
        return self.found()[name]


class _Items(Sequence[_T], Generic[_T]):
    """Those of a list, each on its own."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = ids
        self._found: dict[int, _T] = {}

    def _one(self, at: int) -> _T:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> _T: ...
    @overload
    def __getitem__(self, at: slice) -> list[_T]: ...
    def __getitem__(self, at: int | slice) -> _T | list[_T]:
        if isinstance(at, slice):
            return [self[one] for one in range(len(self))[at]]
        if (found := self._found.get(at)) is None:
            found = self._found[at] = self._one(range(len(self))[at])
        return found

    def __eq__(self, other: object) -> bool:
        return list(self) == (list(other) if isinstance(other, Iterable) else other)

    __hash__ = None  # type: ignore[assignment]


class Tokens(_Items[TokenFormat]):
    """Formats that are taken apart when somebody asks for them, as few are found in anything; `otherwise` gives
    one of a form that is no longer understood."""

    def __init__(
        self, ids: Sequence[str], load: Callable[[], list[msgspec.Raw]], otherwise: Callable[[int], TokenFormat],
    ) -> None:  # fmt: skip
        super().__init__(ids)
        self._packed: list[msgspec.Raw] | None = None
        self._load = load
        self._otherwise = otherwise

    def _one(self, at: int) -> TokenFormat:
        if self._packed is None:
            self._packed = self._load()
        try:
            return _DECODER.decode(self._packed[at])
        except msgspec.MsgspecError:  # as for whole parts
            return self._otherwise(at)


_DECODER = msgspec.msgpack.Decoder(TokenFormat)


class Policies(_Items[Policy]):
    """Policies, of which those about one sort of records are read at once; and their cases one by one."""

    def __init__(
        self, ids: Sequence[str], subjects: Sequence[Subject], load: Callable[[Subject], list[Policy]],
        cases: Sequence[list[Case]],
    ) -> None:  # fmt: skip
        super().__init__(ids)
        self._subjects = subjects
        self._load = load
        self._cases = cases

    def about(self, subject: Subject) -> list[Policy]:
        """Those about one sort of records, in their order."""
        return [self[at] for at, other in enumerate(self._subjects) if other == subject]

    def _one(self, at: int) -> Policy:
        subject = self._subjects[at]
        places = [place for place, other in enumerate(self._subjects) if other == subject]
        for place, policy in zip(places, self._load(subject), strict=True):
            policy.cases = cast("list[Case]", LaterList(partial(self._cases.__getitem__, place)))
            self._found.setdefault(place, policy)
        return self._found[at]
