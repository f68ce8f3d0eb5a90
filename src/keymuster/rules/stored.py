"""Rule sets as the cache has them: what every scan asks at once, and parts that few ask, which are read when
they are. Measured: to read them all took ten milliseconds longer, as long as a commit hook has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from operator import attrgetter
from typing import Any, TypeAlias, cast, overload

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from keymuster.model.issuers import KnownTrusts
from keymuster.model.vendors import KnownScopes, KnownVendors
from keymuster.rules.schema import (
    AgentClient,
    AwsKnowledge,
    AzurePrivilegesFile,
    Case,
    FrameworkFile,
    GcpRolesFile,
    Policy,
    PulumiFile,
    RuleSet,
    TerraformFile,
    TokenFormat,
)

_Load: TypeAlias = Callable[[], Any]

_PARTS: dict[str, type[Any]] = {
    "trusts": KnownTrusts,
    "aws": AwsKnowledge,
    "azure": AzurePrivilegesFile,
    "gcp": GcpRolesFile,
    "vendors": KnownVendors,
    "scopes": KnownScopes,
    "pulumi": PulumiFile,
}
_LISTS: dict[str, type[Any]] = {"terraform": TerraformFile, "agents": AgentClient}
"""Fields of a rule set that are read when somebody asks, and what they have or are lists of."""


class Stored(Struct, kw_only=True):
    """A rule set. `cases` are those of the policies, in their order, and `later` the fields that are
    read later, each packed by itself."""

    tokens: list[TokenFormat]
    policies: list[Policy]
    frameworks: list[FrameworkFile]
    mapping: dict[str, dict[str, list[str]]]
    samples: dict[str, str]
    scanners: dict[str, dict[str, str]]
    key: str
    searched: str
    shipped: int
    cases: bytes
    later: dict[str, bytes]


def packed(rules: RuleSet) -> Stored:
    rules = whole(rules)
    encode = msgspec.msgpack.encode
    return Stored(
        tokens=rules.tokens,
        policies=[replace(one, cases=[]) for one in rules.policies],
        frameworks=rules.frameworks,
        mapping=rules.mapping,
        samples=rules.samples,
        scanners=rules.scanners,
        key=rules.key,
        searched=rules.searched,
        shipped=rules.shipped,
        cases=encode(_cases(rules)),
        later={name: encode(getattr(rules, name)) for name in (*_PARTS, *_LISTS)},
    )


def unpacked(stored: Stored, make: Callable[[], RuleSet]) -> RuleSet:
    """The rule set; `make` is asked for what was stored in a form that is no longer understood."""
    made = cache(make)

    def part(content: bytes, kind: Any, otherwise: Callable[[RuleSet], Any]) -> Any:
        try:
            return msgspec.msgpack.decode(content, type=kind)
        except msgspec.MsgspecError:
            return otherwise(made())

    @cache
    def cases() -> list[list[Case]]:
        found: list[list[Case]] = part(stored.cases, list[list[Case]], _cases)
        return found

    def cases_of(number: int) -> list[Case]:
        return cases()[number]

    for number, policy in enumerate(stored.policies):
        policy.cases = cast("list[Case]", _LaterList(partial(cases_of, number)))
    parts: dict[str, Any] = {
        name: _Later(partial(part, stored.later[name], kind, attrgetter(name)))
        for name, kind in _PARTS.items()
    }
    for name, kind in _LISTS.items():
        load = partial(part, stored.later[name], list[kind], attrgetter(name))  # type: ignore[valid-type]
        parts[name] = _LaterList(load)
    return RuleSet(
        tokens=stored.tokens,
        policies=stored.policies,
        frameworks=stored.frameworks,
        mapping=stored.mapping,
        samples=stored.samples,
        scanners=stored.scanners,
        key=stored.key,
        searched=stored.searched,
        shipped=stored.shipped,
        **parts,
    )


def whole(rules: RuleSet) -> RuleSet:
    """The same with nothing left to be read: what is to be changed, or packed, must be there."""
    for policy in rules.policies:
        policy.cases = list(policy.cases)
    for name in _PARTS:
        setattr(rules, name, _there(getattr(rules, name)))
    for name in _LISTS:
        setattr(rules, name, list(getattr(rules, name)))
    return rules


def _cases(rules: RuleSet) -> list[list[Case]]:
    return [list(policy.cases) for policy in rules.policies]


def _there(part: Any) -> Any:
    return part._found() if isinstance(part, _Later) else part


class _Later:
    """Stands for a part that is not read yet."""

    def __init__(self, load: _Load) -> None:
        self._load = load

    def _found(self) -> Any:
        if "_is" not in self.__dict__:
            self._is = self._load()
        return self._is

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # who copies it asks for those
            raise AttributeError(name)
        return getattr(self._found(), name)

    def __eq__(self, other: object) -> bool:
        return bool(self._found() == _there(other))

    __hash__ = None  # type: ignore[assignment]


class _LaterList(Sequence[Any]):
    """Stands for a list that is not read yet."""

    __slots__ = ("_is", "_load")

    def __init__(self, load: _Load) -> None:
        self._load: _Load | None = load
        self._is: list[Any] = []

    def _found(self) -> list[Any]:
        if self._load is not None:
            self._is, self._load = self._load(), None
        return self._is

    def __eq__(self, other: object) -> bool:
        return self._found() == (list(other) if isinstance(other, _LaterList) else other)

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._found())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._found())

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> list[Any]: ...
    def __getitem__(self, at: int | slice) -> Any:
        return self._found()[at]
