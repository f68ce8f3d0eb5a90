"""Rule sets as the cache has them: what every scan asks at once, and parts that few ask, which are read when
they are. Measured: to read them all took ten milliseconds longer, as long as a commit hook has."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from operator import attrgetter
from typing import Any, cast, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from keymuster.cache import derived
from keymuster.model.issuers import KnownTrusts
from keymuster.model.vendors import KnownScopes, KnownVendors
from keymuster.rules.later import Later, LaterDict, LaterList, Policies, Tokens, there
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
    Subject,
    TerraformFile,
    TokenFormat,
)

_PARTS: dict[str, type[Any]] = {
    "trusts": KnownTrusts,
    "aws": AwsKnowledge,
    "azure": AzurePrivilegesFile,
    "gcp": GcpRolesFile,
    "vendors": KnownVendors,
    "scopes": KnownScopes,
    "pulumi": PulumiFile,
}
_LISTS: dict[str, type[Any]] = {
    "terraform": TerraformFile,
    "agents": AgentClient,
    "frameworks": FrameworkFile,
}
_DICTS: dict[str, Any] = {
    "mapping": dict[str, dict[str, list[str]]],
    "scanners": dict[str, dict[str, str]],
}
"""Fields of a rule set that are read when somebody asks, and what they have, are lists of, or are."""


class Stored(Struct, kw_only=True):
    """A rule set, without what is read later: that lies in files of its own. Of the tokens and policies it has the
    ids, and the sort of records that each policy is about."""

    tokens: list[str]
    policies: list[str]
    subjects: list[Subject]
    samples: dict[str, str]
    key: str
    searched: str
    shipped: int


def load(key: str, make: Callable[[], RuleSet]) -> RuleSet:
    """The rule set that is stored under a key. `make` is asked for what is not stored, or in a form that is no
    longer understood; an empty key is of what is not to be stored."""
    made = cache(make)

    def first() -> Stored:
        rules = whole(made())
        for name, (kind, get) in every.items():
            derived(file(name), kind, partial(get, rules))
        return _packed(rules)

    def file(name: str) -> str:
        return key and f"rules-{key}-{name}.bin"

    def read(name: str) -> Any:
        kind, get = every[name]
        return derived(file(name), kind, lambda: get(whole(made())))

    every = _later()
    stored = derived(key and f"rules-{key}.bin", Stored, first)
    return _unpacked(stored, read, lambda at: made().tokens[at])


def _later() -> dict[str, tuple[Any, Callable[[RuleSet], Any]]]:
    """What is read later: its type, and where a rule set has it."""
    found: dict[str, tuple[Any, Callable[[RuleSet], Any]]] = {
        "cases": (list[list[Case]], _cases),
        "tokens": (list[msgspec.Raw], _tokens),
    }
    for subject in get_args(Subject):
        found[_about(subject)] = list[Policy], partial(_policies, subject)
    for name, part in (_PARTS | _DICTS).items():
        found[name] = part, attrgetter(name)
    for name, part in _LISTS.items():
        found[name] = list[part], attrgetter(name)  # type: ignore[valid-type]
    return found


def _about(subject: Subject) -> str:
    return f"policies-{subject}"


def _cases(rules: RuleSet) -> list[list[Case]]:
    return [list(policy.cases) for policy in rules.policies]


def _tokens(rules: RuleSet) -> list[msgspec.Raw]:
    return [msgspec.Raw(msgspec.msgpack.encode(one)) for one in rules.tokens]


def _policies(subject: Subject, rules: RuleSet) -> list[Policy]:
    return [replace(one, cases=[]) for one in rules.about(subject)]


def _packed(rules: RuleSet) -> Stored:
    return Stored(
        tokens=[one.id for one in rules.tokens],
        policies=[one.id for one in rules.policies],
        subjects=[one.applies_to for one in rules.policies],
        samples=rules.samples,
        key=rules.key,
        searched=rules.searched,
        shipped=rules.shipped,
    )


def _unpacked(
    stored: Stored, read: Callable[[str], Any], otherwise: Callable[[int], TokenFormat]
) -> RuleSet:
    policies = Policies(
        stored.policies,
        stored.subjects,
        lambda subject: cast("list[Policy]", read(_about(subject))),
        LaterList(partial(read, "cases")),
    )
    parts: dict[str, Any] = {name: Later(partial(read, name)) for name in _PARTS}
    parts |= {name: LaterList(partial(read, name)) for name in _LISTS}
    parts |= {name: LaterDict(partial(read, name)) for name in _DICTS}
    return RuleSet(
        tokens=cast("list[TokenFormat]", Tokens(stored.tokens, partial(read, "tokens"), otherwise)),
        policies=cast("list[Policy]", policies),
        samples=stored.samples,
        key=stored.key,
        searched=stored.searched,
        shipped=stored.shipped,
        **parts,
    )


def whole(rules: RuleSet) -> RuleSet:
    """The same with nothing left to be read: what is to be changed, or packed, must be there."""
    rules.tokens = list(rules.tokens)
    rules.policies = list(rules.policies)
    for policy in rules.policies:
        policy.cases = list(policy.cases)
    for name in (*_PARTS, *_LISTS, *_DICTS):
        setattr(rules, name, there(getattr(rules, name)))
    return rules
