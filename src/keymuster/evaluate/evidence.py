"""What a finding rests on: the statements that say it, and the steps by which it follows from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import STEPS
from keymuster.inventory.linking import Link
from keymuster.model import Credential, Effect, Grant, Statement, Step, Trust
from keymuster.rules.schema import Policy

MOST_PATHS = 4
"""Ways to the same that a report shows in full; it names all."""

MOST_WORDS = 12
"""Actions, resources or values of a statement that a report quotes."""

MOST_STATEMENTS = 4
"""Statements of one step."""


def paths(policy: Policy, record: Any, inventory: Inventory) -> tuple[tuple[Step, ...], ...]:
    """The evidence of the facts that a policy asks for; of a statement or trust, what it says."""
    if isinstance(record, Grant | Trust):
        return ((Step(start=record.identity, statements=(statement(record),)),),)
    known: Mapping[str, Iterable[tuple[Step, ...]]] = inventory.facts.get(record.id, {}).get(
        STEPS, {}
    )
    found = dict.fromkeys(
        path
        for name in _named(policy.when, policy.applies_to, tuple(known))
        for path in known[name]
    )
    return tuple(
        tuple(_told(step, inventory) for step in path) for path in list(found)[:MOST_PATHS]
    )


def of_facts(record: Any, inventory: Inventory) -> dict[str, tuple[tuple[Step, ...], ...]]:
    """The evidence of each fact of a record that has some."""
    known: Mapping[str, Iterable[tuple[Step, ...]]] = inventory.facts.get(record.id, {}).get(
        STEPS, {}
    )
    return {
        name: tuple(tuple(_told(step, inventory) for step in path) for path in list(several)[:MOST_PATHS])
        for name, several in sorted(known.items())
    }  # fmt: skip


@lru_cache(maxsize=1024)
def _named(when: str, subject: str, names: tuple[str, ...]) -> tuple[str, ...]:
    asked = set(re.findall(rf"\b{subject}\.(\w+)", when))
    return tuple(name for name in names if name in asked)


def _told(step: Step, inventory: Inventory) -> Step:
    quoted, rest = step.records[:MOST_STATEMENTS], step.records[MOST_STATEMENTS:]
    records = map(inventory.records.get, quoted)
    said = tuple(statement(one) for one in records if isinstance(one, Grant | Trust))
    start = inventory.records.get(step.start)
    return replace(
        step, records=rest, statements=said, to_name=str(getattr(inventory.records.get(step.to), "name", "")),
        place=start.location if start is not None else None,
    )  # fmt: skip


def links(record: Credential, inventory: Inventory) -> dict[str, str]:
    """What a credential is one with, whom it proves, and what only may be the same, with the keys by which
    that is known."""
    known = inventory.links
    said = {
        "same_as": _linked(known.same.get(record.id, ()), inventory),
        "suggested": _linked(known.suggested.get(record.id, ()), inventory),
        "within": ", ".join(known.within.get(record.id, ())),
        **_proved(record, inventory),
    }
    return {name: text for name, text in said.items() if text}


def _proved(record: Credential, inventory: Inventory) -> dict[str, str]:
    """Whom it proves, if that follows from a link, and when one of the two was last used."""
    known = inventory.links
    identity = inventory.records.get(record.identity or "")
    if identity is None or not (record.id in known.same or record.id in known.proves):
        return {}
    by = known.proves.get(record.id)
    link = by if by is not None and by.to == identity.id else Link(to=identity.id)
    used = record.last_used_at or getattr(identity, "last_used_at", None)
    return {
        "proves": _linked([link], inventory),
        "last_used": used.date().isoformat() if used else "",
    }


def _linked(several: Iterable[Link], inventory: Inventory) -> str:
    """Each by its name and id, and why."""
    return "; ".join(_some(_in_words(link, inventory) for link in several))


def _in_words(link: Link, inventory: Inventory) -> str:
    name = getattr(inventory.records.get(link.to), "name", "")
    called = f"{name} ({link.to})" if name and name != link.to else link.to
    return f"{called} {link.reason}".rstrip()


def statement(record: Grant | Trust) -> Statement:
    """What a grant or trust says, as much of it as people read."""
    if isinstance(record, Trust):
        return Statement(
            record=record.id, effect=record.effect, place=record.location, principal=record.principal,
            actions=_some(record.actions), conditions=_some(conditions(record.conditions)),
        )  # fmt: skip
    return Statement(
        record=record.id, effect=record.effect or Effect.ALLOW, place=record.location, via=record.via,
        actions=_some(record.actions), not_actions=_some(record.not_actions),
        resources=_some(record.resources), not_resources=_some(record.not_resources),
        conditions=_some(conditions(record.conditions)),
    )  # fmt: skip


def _some(several: Iterable[str]) -> tuple[str, ...]:
    listed = tuple(several)
    rest = len(listed) - MOST_WORDS
    return (*listed[:MOST_WORDS], f"and {rest} more") if rest > 0 else listed


def conditions(said: Mapping[str, Any]) -> Iterator[str]:
    """One text for each condition, or for each part of one in a vendor's language of its own."""
    for operator, block in said.items():
        if not isinstance(block, Mapping):
            yield f"{operator} {_values(block)}"
            continue
        for key, given in block.items():
            secret = str(key).lower() in _SHARED_SECRETS
            yield f"{operator} {key} = {_KEPT_BACK if secret else _values(given)}"


def _values(given: Any) -> str:
    return ", ".join(_some(map(str, given))) if isinstance(given, list | tuple) else str(given)


_SHARED_SECRETS = frozenset({"aws:referer", "aws:useragent", "sts:externalid"})
"""Keys whose values some take for passwords that two sides share."""

_KEPT_BACK = "(kept back)"
