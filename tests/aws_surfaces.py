"""One part of an account in moto's server: what a surface tells of it, the records of that, the findings."""

from __future__ import annotations

from collections import Counter
from typing import Any

import reading
from keymuster.analysis import analysed
from keymuster.collect import meanings
from keymuster.collect.aws.access import own_session, signed_in
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surfaces import surfaces
from keymuster.collect.base import Fragment
from keymuster.collect.declared import Declared
from keymuster.collect.readers.cloudformation import CloudFormation
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import Confidence, Observation, Trouble
from keymuster.rules.schema import RuleSet
from keymuster.selftest import NOW
from keymuster.settings import Settings

REGION = "us-east-1"


def scope(name: str, region: str = REGION) -> Scope:
    """Where a surface asks, as whoever the environment says."""
    [surface] = [one for one in surfaces() if one.name == name]
    return Scope(signed_in(own_session(""), region), region, surface)


def told(name: str, region: str = REGION, lacks: str = "") -> list[Declared]:
    """What a surface tells; nothing of it is refused but the call that moto `lacks`."""
    ask = scope(name, region)
    found = list(ask.surface.look(ask))
    refused = [one.message for one in ask.troubles()]
    assert [one for one in refused if not lacks or lacks not in one] == []
    assert all(isinstance(one, Declared) for one in found)
    return found  # type: ignore[return-value]


def counted(ask: Scope) -> Counter[str]:
    """The requests that a scope sends from now on, by operation."""
    calls: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    for service in {call.partition(":")[0] for call in ask.surface.calls}:
        ask.access.client(service, ask.region).meta.events.register("before-call", count)
    return calls


def records(found: list[Declared], rules: RuleSet) -> list[Observation]:
    """What is made of it."""
    return [record for one in found for record in meanings.records(one, rules.resource_types)]


def judged(found: list[Declared], rules: RuleSet) -> Counter[str]:
    """The policies that have findings, and how many."""
    return _judged(records(found, rules), rules)


def _judged(records: list[Observation], rules: RuleSet) -> Counter[str]:
    inventory = analysed(build(iter(records)), Settings(), rules)
    verdict = evaluate(inventory, rules, Choice(confidence=Confidence.LOW), NOW)
    return Counter(one.policy for one in verdict.findings)


def declared(template: str, rules: RuleSet) -> Counter[str]:
    """The same of a template of CloudFormation."""
    found = reading.read(CloudFormation, "template.yaml", template, rules)
    return _judged([one for one in found if not isinstance(one, Trouble | Fragment)], rules)
