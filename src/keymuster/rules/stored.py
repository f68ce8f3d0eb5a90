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

from keymuster.cache import derived
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
    """A rule set, without what is read later: that lies in files of its own. The `tokens` are taken apart one by
    one, as few of them are found in anything; `ids` are theirs."""

    tokens: list[msgspec.Raw]
    ids: list[str]
    policies: list[Policy]
    frameworks: list[FrameworkFile]
    mapping: dict[str, dict[str, list[str]]]
    samples: dict[str, str]
    scanners: dict[str, dict[str, str]]
    key: str
    searched: str
    shipped: int


def load(key: str, make: Callable[[], RuleSet]) -> RuleSet:
    """The rule set that is stored under a key. `make` is asked for what is not stored, or in a form that is no
    longer understood; an empty key is of what is not to be stored."""
    made = cache(make)

    def first() -> Stored:
        rules = whole(made())
        for name, (kind, _, get) in every.items():
            derived(file(name), kind, partial(get, rules))
        return _packed(rules)

    def file(name: str) -> str:
        return key and f"rules-{key}-{name}.bin"

    def read(name: str) -> Any:
        kind, _, get = every[name]
        return derived(file(name), kind, lambda: get(whole(made())))

    every = _later()
    stored = derived(key and f"rules-{key}.bin", Stored, first)
    tokens = _Tokens(stored, lambda at: made().tokens[at])
    return _unpacked(stored, tokens, read)


def _later() -> dict[str, tuple[Any, bool, Callable[[RuleSet], Any]]]:
    """What is read later: its type, whether it is a list, and where a rule set has it."""
    found: dict[str, tuple[Any, bool, Callable[[RuleSet], Any]]] = {
        "cases": (list[list[Case]], True, _cases)
    }
    for name, part in _PARTS.items():
        found[name] = part, False, attrgetter(name)
    for name, part in _LISTS.items():
        found[name] = list[part], True, attrgetter(name)  # type: ignore[valid-type]
    return found


def _packed(rules: RuleSet) -> Stored:
    encode = msgspec.msgpack.encode
    return Stored(
        tokens=[msgspec.Raw(encode(one)) for one in rules.tokens],
        ids=[one.id for one in rules.tokens],
        policies=[replace(one, cases=[]) for one in rules.policies],
        frameworks=rules.frameworks,
        mapping=rules.mapping,
        samples=rules.samples,
        scanners=rules.scanners,
        key=rules.key,
        searched=rules.searched,
        shipped=rules.shipped,
    )


def _unpacked(stored: Stored, tokens: _Tokens, read: Callable[[str], Any]) -> RuleSet:
    cases = _LaterList(partial(read, "cases"))

    def cases_of(number: int) -> list[Case]:
        found: list[Case] = cases[number]
        return found

    for number, policy in enumerate(stored.policies):
        policy.cases = cast("list[Case]", _LaterList(partial(cases_of, number)))
    parts: dict[str, Any] = {name: _Later(partial(read, name)) for name in _PARTS}
    parts |= {name: _LaterList(partial(read, name)) for name in _LISTS}
    return RuleSet(
        tokens=cast("list[TokenFormat]", tokens),
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
    rules.tokens = list(rules.tokens)
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


class _Tokens(Sequence[TokenFormat]):
    """Formats that are taken apart when somebody asks for them."""

    def __init__(self, stored: Stored, otherwise: Callable[[int], TokenFormat]) -> None:
        self._packed = stored.tokens
        self._otherwise = otherwise
        self._found: dict[int, TokenFormat] = {}
        self.ids = stored.ids

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, at: int) -> TokenFormat: ...
    @overload
    def __getitem__(self, at: slice) -> list[TokenFormat]: ...
    def __getitem__(self, at: int | slice) -> TokenFormat | list[TokenFormat]:
        if isinstance(at, slice):
            return [self[one] for one in range(len(self))[at]]
        if (found := self._found.get(at)) is None:
            found = self._found[at] = self._taken_apart(at)
        return found

    def _taken_apart(self, at: int) -> TokenFormat:
        try:
            return _DECODER.decode(self._packed[at])
        except msgspec.MsgspecError:  # as for whole parts
            return self._otherwise(at)

    def __eq__(self, other: object) -> bool:
        return list(self) == (list(other) if isinstance(other, _Tokens) else other)

    __hash__ = None  # type: ignore[assignment]


_DECODER = msgspec.msgpack.Decoder(TokenFormat)
