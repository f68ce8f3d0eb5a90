"""Findings that say the same of the same lines: a module that is called five times is mended once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from keymuster.evaluate.messages import holes
from keymuster.model import Finding
from keymuster.model.declaration import declaration, object_name, without_calls
from keymuster.rules.schema import Policy

NAMES = ("name", "id", "identity", "holder", "by", "subject", "subject_name")
"""The fields of a record that say which one it is; all others are what is judged of it."""

MOST_NAMED = 20


def judgement(policy: Policy, seen: Mapping[str, Any]) -> str:
    """What a finding says, whichever of many alike it is about."""
    about_any = {name: "" if name in NAMES else seen[name] for name in holes(policy.message)}
    return without_calls(policy.message.format(**about_any))


def once(found: Iterable[tuple[Finding, str]]) -> Iterator[Finding]:
    """Each judgement of a declaration once, about the first by name of those that it holds for."""
    groups: dict[tuple[Any, ...], list[Finding]] = {}
    for finding, said in found:
        declared = declaration(finding.subject)
        key = (
            (declared, finding.rule, finding.severity, finding.confidence, finding.places, said)
            if declared
            else (finding.id,)
        )
        groups.setdefault(key, []).append(finding)
    for alike in groups.values():
        yield _one(alike)


def _one(alike: list[Finding]) -> Finding:
    first, *others = sorted(alike, key=lambda one: one.subject)
    if not others:
        return first
    names = [object_name(one.subject) for one in others]
    told = [one for one in dict.fromkeys(names) if one != object_name(first.subject)]
    if not told:
        return first
    if len(told) > MOST_NAMED:
        told[MOST_NAMED:] = [f"{len(told) - MOST_NAMED} more"]
    return replace(first, evidence={**first.evidence, "also": ", ".join(told)})
