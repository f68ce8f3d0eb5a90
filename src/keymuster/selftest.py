"""Rules held against their own examples and cases: what `keymuster rules check` and the tests run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from keymuster import registry, work
from keymuster.analysis import analysed
from keymuster.collect import meanings
from keymuster.collect.base import Batch, Blob, Context, Fragment, Observed, Read, Selection
from keymuster.collect.declared import Declared
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax.node import Told
from keymuster.detect import examples
from keymuster.detect.engine import Engine
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import Observation, ServiceLocation, Storage, Trouble
from keymuster.rules.schema import Case, Policy, RuleSet, TokenFormat
from keymuster.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""The date on which cases are judged, so that they do not age."""


def problems(rules: RuleSet, subjects: RuleSet | None = None) -> Iterator[str]:
    """One sentence per example or case that does not come out as its rule says.

    `subjects` are the rules to check, if not all; their texts may name formats of `rules`.
    """
    subjects = subjects or rules
    engine = Engine(rules)
    formats = {token.id: token for token in rules.tokens}
    for token in subjects.tokens:
        yield from _token_problems(token, engine, formats)
    readers = [part(_context(rules)) for part in registry.builtin("reader").values()]
    for policy in subjects.policies:
        for case in policy.cases:
            yield from _case_problems(policy, case, rules, readers, formats)


def _token_problems(
    token: TokenFormat, engine: Engine, formats: dict[str, TokenFormat]
) -> Iterator[str]:
    for template in token.examples:
        if token.id not in _recognised(template, token, engine, formats):
            others = ", ".join(_recognised(template, token, engine, formats)) or "nothing"
            yield f"{token.id}: example `{template}` is recognised as {others}"
    for template in token.counter_examples:
        if token.id in _recognised(template, token, engine, formats):
            yield f"{token.id}: counter-example `{template}` is recognised"


def _recognised(
    template: str, token: TokenFormat, engine: Engine, formats: dict[str, TokenFormat]
) -> list[str]:
    text = examples.expand(template, token, formats).encode()
    return [match.format.id for match in engine.scan(text)]


def _case_problems(
    policy: Policy,
    case: Case,
    rules: RuleSet,
    readers: Sequence[object],
    formats: dict[str, TokenFormat],
) -> Iterator[str]:
    blobs = [
        Blob(
            path=path, data=examples.expand(text, None, formats).encode(), storage=storage,
            object=f"{storage.value} {path}", mode=int(case.mode, 8) if case.mode else None,
        )
        for storage in case.seen_in
        for path, text in ({case.path: case.text, **case.beside} if case.path else case.beside).items()
    ]  # fmt: skip
    given = work.observe(_Given(blobs), readers, Batch(items=(), bytes=0))  # type: ignore[arg-type]
    observed = [*work.explained(list(given), readers), *told(case, rules, formats)]  # type: ignore[arg-type]
    records = [one for one in observed if not isinstance(one, Trouble | Fragment)]
    inventory = build(_with_reports(records, case, rules, formats))
    is_about_others = policy.applies_to == "exception"  # which are judged by what they cover
    only = rules if is_about_others else replace(rules, policies=[policy])
    least = min(policy.confidence, Choice().confidence, key=lambda one: one.rank)
    known = analysed(inventory, Settings(ours=case.ours), rules, NOW)
    verdict = evaluate(known, only, Choice(confidence=least), NOW, looked=("code",))
    found = [one for one in verdict.findings if one.policy == policy.id]
    said = "finding" if found else "undecided" if verdict.undecided else "nothing"
    if said != case.expect:
        yield f"{policy.id}: case `{case.name}` gives {said}, not {case.expect}"


def _with_reports(
    records: list[Observation], case: Case, rules: RuleSet, formats: dict[str, TokenFormat]
) -> list[Observation]:
    """With what other scanners report; what is not to be reported is left out."""
    if not case.reports:
        return records
    from keymuster.collect.imported import Knowledge, report
    from keymuster.collect.joining import joined

    known = Knowledge(_context(rules))
    findings = [
        one
        for name, text in case.reports.items()
        for one in report(examples.expand(text, None, formats).encode(), name, known).findings
    ]
    together, _ = joined(records, findings)
    return [one for one in together if not getattr(one, "excluded", "")]


def told(case: Case, rules: RuleSet, formats: dict[str, TokenFormat]) -> Iterator[Observation]:
    """The records of what services told, as their collectors make them."""
    for one in case.told:
        account = one.account or (one.id.split(":")[4] if one.id.startswith("arn:") else "")
        place = ServiceLocation(service=one.service, account=account, resource=one.id)
        declared = Declared(
            type=one.type, name=one.id.rpartition("/")[2].rpartition(":")[2],
            scope=f"{one.service}:{account}", key=one.id, account=account,
            settings=Told.about(place).node(_filled(one.settings, formats)),
            sealing=Sealing(storage=Storage.SERVICE, samples=rules.samples),
        )  # fmt: skip
        yield from meanings.records(declared, rules.resource_types)


def _filled(value: Any, formats: dict[str, TokenFormat]) -> Any:
    match value:
        case dict():
            return {key: _filled(one, formats) for key, one in value.items()}
        case list():
            return [_filled(one, formats) for one in value]
        case str():
            return examples.expand(value, None, formats)
        case _:
            return value


class _Given:
    """A source of blobs that are there already."""

    name = "given"

    def __init__(self, blobs: Sequence[Read]) -> None:
        self._blobs = blobs

    def batches(self) -> Iterator[Batch | Trouble]:
        yield Batch(items=(), bytes=0)

    def read(self, batch: Batch) -> Iterator[Read]:
        yield from self._blobs

    def finish(self, observed: Sequence[Observed]) -> Iterator[Observed]:
        yield from observed

    def counts(self) -> dict[str, int]:
        return {}


def _context(rules: RuleSet) -> Context:
    return Context(selection=Selection(root="."), rules=rules)
