"""What the conditions of policies come to before anything is asked of them, kept with the rules: to take apart
those that a scan asks took a twelfth of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from zlib import crc32

from msgspec import MsgspecError, Raw, Struct, msgpack

from keymuster import cache
from keymuster.rules import loader
from keymuster.rules.schema import Policy, RuleSet, Subject


class Prepared(Struct, frozen=True, array_like=True):
    """The parts of a condition that can be judged at once (field, values, whether it is one of them), the
    others with the fields that they name and their form, empty if only the runtime can judge them, and the
    fields that may not be known, with the path into each."""

    of: int
    plain: list[tuple[str, list[str | bool] | None, bool]]
    others: list[tuple[str, list[str], list[Any]]]
    asked: list[tuple[str, tuple[str, ...]]]


class Known:
    """By the id of the policy; each is unpacked when somebody asks: few of many are. Those about one sort of records
    are read at once."""

    def __init__(self, read: Callable[[Subject], Mapping[str, Raw]]) -> None:
        self._read = read
        self._packed: dict[Subject, Mapping[str, Raw]] = {}

    def of(self, policy: Policy) -> Prepared | None:
        """None for a condition that is not known, or another one of the same name."""
        if (packed := self.about(policy.applies_to).get(policy.id)) is None:
            return None
        try:
            known = msgpack.decode(packed, type=Prepared)
        except MsgspecError:
            return None
        return known if known.of == check_of(policy.when) else None

    def about(self, subject: Subject) -> Mapping[str, Raw]:
        """All those about one sort of records."""
        if subject not in self._packed:
            self._packed[subject] = self._read(subject)
        return self._packed[subject]


NOTHING = Known(lambda subject: {})


def prepared(
    rules: RuleSet, make: Callable[[Iterable[Policy]], dict[str, Prepared]], code: str = ""
) -> Known:
    """Nothing for rules that nobody keeps. `code` is the key of the code, if that is not for us to say."""
    if not rules.key:
        return NOTHING

    name = f"conditions-{rules.key}-{code or loader.conditions_key()}"

    def packed(subject: Subject) -> dict[str, Raw]:
        return {id: Raw(msgpack.encode(one)) for id, one in make(rules.about(subject)).items()}

    def read(subject: Subject) -> dict[str, Raw]:
        return cache.derived(f"{name}-{subject}.bin", dict[str, Raw], partial(packed, subject))

    return Known(read)


def check_of(when: str) -> int:
    """Tells one condition from another that has come in its place."""
    return crc32(when.encode())
