"""What a judgement of a subject rested on, so that somebody who accepted it is asked again when that
grows: more rights, more principals, fewer conditions, another secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import to_builtins

from keymuster.inventory.build import Inventory
from keymuster.model import Credential, Grant, Identity, Resource, Trust, Use
from keymuster.model.digest import digest

Bounds: TypeAlias = Mapping[str, tuple[str, ...]]
"""What it was -> its values, sorted."""

_GUARDS = ("conditions", "not_actions", "not_resources")
"""What keeps others out: all of it must still be there. Of anything else there must be no more."""

_GROWS: dict[type[Any], tuple[str, ...]] = {
    Identity: (
        "escalations", "reads_all", "takes_over", "dangers", "cluster_dangers", "exposed",
        "trusted_kinds", "trusted_environments", "agents",
    ),
    Grant: ("escalations", "dangers", "holders", "takes_over"),
    Trust: ("audience", "parties", "open", "several", "defects"),
    Use: ("privilege",),
    Resource: ("open_to", "found"),
}  # fmt: skip
"""Record -> the facts of it that a judgement may rest on."""

_RANKS = ("none", "read", "write", "admin")


def bounds(record: Any, inventory: Inventory) -> Bounds:
    """Those of a record as it is now."""
    facts = inventory.facts.get(record.id, {})
    found = {name: _texts(facts.get(name)) for name in _GROWS.get(type(record), ())}
    match record:
        case Identity():
            found["privilege"] = _up_to(facts.get("privilege"))
        case Grant():
            found |= {
                "actions": record.actions, "resources": record.resources, "via": (record.via,),
                "not_actions": record.not_actions, "not_resources": record.not_resources,
                "conditions": tuple(_flat(record.conditions)),
            }  # fmt: skip
        case Trust():
            found |= {
                "principal": (record.principal,), "actions": record.actions,
                "conditions": tuple(_flat(record.conditions)),
            }  # fmt: skip
        case Credential():
            found["secret"] = (record.fingerprint,)
        case Resource():
            found["settings"] = (_digest_of_flags(record.settings),)
    return {
        name: tuple(sorted(set(filter(None, values))))
        for name, values in found.items()
        if any(values)
    }


def outgrown(accepted: Bounds, now: Bounds) -> str:
    """The first of what was accepted that is more now; empty if nothing is."""
    for name in sorted({*accepted, *now}):
        before, after = set(accepted.get(name, ())), set(now.get(name, ()))
        if name in _GUARDS:
            before, after = after, before
        if not after <= before:
            return name
    return ""


def _up_to(privilege: Any) -> tuple[str, ...]:
    """A privilege, and the lesser ones: to have less is not to have more."""
    rank = _RANKS.index(privilege) if privilege in _RANKS else -1
    return _RANKS[1 : rank + 1] if rank >= 0 else _texts(privilege)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(map(str, value))
    return (str(value),) if value else ()


def _flat(value: Any, path: str = "") -> Iterator[str]:
    """Conditions as one text each: `StringEquals/aws:SourceAccount=111122223333`."""
    match value:
        case dict():
            for key, one in value.items():
                yield from _flat(one, f"{path}/{key}" if path else str(key))
        case list() | tuple():
            for one in value:
                yield from _flat(one, path)
        case _:
            yield f"{path}={value}"


def _digest_of_flags(settings: Mapping[str, Any]) -> str:
    """Of settings, what is on or off and what there is at all. Texts may be secrets, and even a digest
    of a short one would tell it."""
    plain = to_builtins(settings)
    return digest("\n".join(sorted(_flags(plain, ""))), 16)


def _flags(value: Any, path: str) -> Iterator[str]:
    match value:
        case dict():
            for key, one in value.items():
                yield from _flags(one, f"{path}/{key}")
        case list() | tuple():
            for one in value:
                yield from _flags(one, f"{path}[]")
        case bool():
            yield f"{path}={value}"
        case _:
            yield path
