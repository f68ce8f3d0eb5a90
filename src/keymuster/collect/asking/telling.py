"""What services told, as records."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

from msgspec.structs import replace

from keymuster.collect import meanings
from keymuster.collect.asking.work import Answered
from keymuster.collect.base import Context, Seen
from keymuster.collect.declared import Declared
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.told_secrets import ToldSecrets
from keymuster.model import Storage, Trouble


class Telling:
    """Makes records of what units told. In the settings of objects of some types no secrets are looked
    for: what looks like one there is told where it belongs. `kept` is what is left of an object whose values are
    let go as soon as they were looked at."""

    def __init__(
        self, context: Context, part: str, unsearched: Container[str] = (),
        kept: Callable[[Declared], Declared] | None = None,
    ) -> None:  # fmt: skip
        rules = context.rules
        self._kept = kept
        self._part = part
        self._unsearched = unsearched
        self._wanted = rules.resource_types
        self._secrets = ToldSecrets(context)
        self._sealing = Sealing(
            key=context.fingerprint_key, storage=Storage.SERVICE, samples=rules.samples
        )

    def of(self, unit: Answered | Trouble) -> Iterator[Seen]:
        """What was looked at is said after what was told there. An object that could not be read is a
        hole in its part: what asks about that is not clean."""
        if isinstance(unit, Trouble):
            yield unit
            return
        problem = unit.looked.problem
        for told in unit.told:
            for one in self._records(told) if isinstance(told, Declared) else (told,):
                if isinstance(one, Trouble):
                    problem = problem or one.message
                yield one
        yield from unit.troubles
        yield replace(unit.looked, problem=problem)

    def _records(self, one: Declared) -> Iterator[Seen]:
        one.sealing = self._sealing
        try:
            if self._kept is None:
                yield from meanings.records(one, self._wanted)
            else:
                if one.type in self._wanted:
                    yield meanings.resource(self._kept(one))
                yield from meanings.records(one, ())
            if one.type not in self._unsearched:
                yield from self._secrets.of(one)
        except Exception as error:  # noqa: BLE001 - an object that nobody foresaw costs itself alone
            yield Trouble(
                part=self._part, scope=one.account or self._part,
                message=f"{one.id} ({one.type}) has another form than is known ({type(error).__name__}); "
                "it was not looked at wholly",
                advice="Update keymuster, or tell its authors.",
            )  # fmt: skip
