"""Which declared thing became which that exists: by what states, tools and services wrote down of it.

* A state tells the address of an object in code, and what it is called where it exists.
* Tools leave marks on what they make: `aws:cloudformation:stack-name` and `logical-id`, `yor_trace`.
* An ARN or an address of a service account is one in the world.

What has only a name in common is in `inventory/counterparts.py`, or a suggestion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from keymuster import regex
from keymuster.model import (
    Credential,
    FileLocation,
    Identity,
    Observation,
    Resource,
    ServiceLocation,
)

Thing: TypeAlias = Identity | Resource | Credential

Found: TypeAlias = Callable[[str, str, str], None]
"""What is told of two records that are one: their ids, and the key."""


def pairs(records: Mapping[str, Observation], link: Found) -> None:
    """Tell of every declared thing and what became of it."""
    things = [one for one in records.values() if isinstance(one, Identity | Resource | Credential)]
    for state, code, address in _addresses(things, records):
        link(state, code, f"address:{address}")
    for keys in (_traces, _stacks, _worldwide):
        for told, declared, key in _meeting(things, keys):
            link(told, declared, key)


def possible(records: Iterable[Observation]) -> Iterator[tuple[str, str, str]]:
    """Ids of what may be one with what declares it, and why: CloudFormation makes names of a stack's and a
    resource's own, and of many stacks nobody wrote down which template they are made of."""
    declared: dict[str, list[str]] = defaultdict(list)
    told: list[tuple[str, str]] = []
    for one in records:
        if not isinstance(one, Identity):
            continue
        if isinstance(one.location, FileLocation):
            if found := _TEMPLATE.fullmatch(one.id):
                declared[found["logical"]].append(one.id)
        elif logical := one.tags.get(_LOGICAL):
            told.append((one.id, logical))
        elif made := _MADE.fullmatch(one.name):
            told.append((one.id, made["logical"]))
    for id, logical in told:
        if len(declared.get(logical, ())) == 1:
            yield (
                id,
                declared[logical][0],
                f"its logical id {logical}, which other stacks may have, too",
            )


# --- states of Terraform -------------------------------------------------------------------------

_STATE = regex.later(r"terraform:(?P<path>[^:]*\.tfstate):(?P<address>[^#]+)(?P<part>#.*)?")
_WORKSPACE = regex.later(r"(?:\A|/)terraform\.tfstate\.d/[^/]+\Z")


def is_state(record: Observation) -> bool:
    return _STATE.fullmatch(record.id) is not None


def _addresses(
    things: Iterable[Thing], records: Mapping[str, Observation]
) -> Iterator[tuple[str, str, str]]:
    """An object of a state, and the same address in the module that lies beside it."""
    for one in things:
        found = _STATE.fullmatch(one.id)
        if found is None:
            continue
        folder = _WORKSPACE.sub("", found["path"].rpartition("/")[0]) or "."
        code = f"terraform:{folder}:{found['address']}{found['part'] or ''}"
        if isinstance(records.get(code), type(one)):
            yield one.id, code, found["address"]


# --- marks on what was made ----------------------------------------------------------------------

_STACK, _LOGICAL = "aws:cloudformation:stack-name", "aws:cloudformation:logical-id"

_TEMPLATE = regex.later(
    r"cloudformation:(?:[^:]*/)?(?P<stack>[^:/]+?)(?:\.template)?(?:\.\w+)?:(?P<logical>\w+)"
)
"""A resource of a template, whose file is called as the stack is: so the CDK and most people write them."""

_MADE = regex.later(
    r".+-(?P<logical>[A-Za-z0-9]{3,})-(?=[A-Za-z]*\d)(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{12,13}"
)
"""A name that CloudFormation made: stack, logical id and letters by chance."""


def _traces(one: Thing) -> Iterator[str]:
    """Yor writes a UUID into code, and so onto what is made of it."""
    trace = _tags(one).get("yor_trace", "")
    if len(trace) == _UUID:
        yield f"yor:{trace}"


_UUID = 36


def _stacks(one: Thing) -> Iterator[str]:
    kind = one.kind.value if isinstance(one, Identity) else getattr(one, "type", "")
    if isinstance(one.location, FileLocation):
        if found := _TEMPLATE.fullmatch(one.id):
            yield f"stack:{found['stack']}/{found['logical']} ({kind})"
    else:
        tags = _tags(one)
        if (stack := tags.get(_STACK)) and (logical := tags.get(_LOGICAL)):
            yield f"stack:{stack}/{logical} ({kind})"


def _tags(one: Thing) -> Mapping[str, str]:
    return one.tags if isinstance(one, Identity) else {}


def _worldwide(one: Thing) -> Iterator[str]:
    """What has one name in the world."""
    if isinstance(one, Credential):
        return
    for name in (one.id, *one.aliases):
        if name.startswith("arn:") or (name.startswith("gcp:") and "@" in name):
            yield f"name:{name}"


def marks(one: Thing) -> Iterator[str]:
    """All keys by which what exists and what declares it may meet, but addresses, which hold in one repository."""
    for keys in (_traces, _stacks, _worldwide):
        yield from keys(one)


def _meeting(
    things: Iterable[Thing], keys: Callable[[Thing], Iterable[str]]
) -> Iterator[tuple[str, str, str]]:
    """What exists, and what declares it, by the keys that they share. Of two declarations that are no state,
    or of two things that exist, none is meant."""
    declared: dict[str, dict[str, Thing]] = defaultdict(dict)
    told: dict[str, dict[str, Thing]] = defaultdict(dict)
    for one in things:
        side = told if isinstance(one.location, ServiceLocation) else declared
        for key in keys(one):
            side[key][one.id] = one
    for key, here in told.items():
        if len(here) > 1:
            continue
        states = [one for one in declared.get(key, {}).values() if is_state(one)]
        code = [one for one in declared.get(key, {}).values() if not is_state(one)]
        for one in (*states, *(code if len(code) == 1 else ())):
            yield next(iter(here)), one.id, key
