"""Published lists that findings are classified by."""

from __future__ import annotations

import re

from keymuster import regex
from keymuster.model import Framework, FrameworkEntry, Reference
from keymuster.rules.schema import RuleSet

_NHI = regex.later(r"nhi[-_ ]?0*([1-9]|10)(?:[:-]?2025)?", re.IGNORECASE)


def nhi_id(text: str) -> str | None:
    """Our form of an NHI Top 10 id in any spelling: `NHI-03`, `nhi3:2025` -> `NHI3`."""
    found = _NHI.fullmatch(text.strip())
    return f"NHI{found[1]}" if found else None


def references(rules: RuleSet, kind: str) -> tuple[Reference, ...]:
    """Every framework entry that a finding kind is mapped to."""
    return tuple(
        Reference(framework=framework, id=entry)
        for framework, entries in rules.mapping.get(kind, {}).items()
        for entry in entries
    )


def named(rules: RuleSet, used: set[Reference]) -> tuple[Framework, ...]:
    """The frameworks that have an entry in use, holding just those entries."""
    frameworks = []
    for file in rules.frameworks:
        entries = tuple(
            FrameworkEntry(id=entry.id, name=entry.name, url=entry.url)
            for entry in file.entries
            if Reference(framework=file.id, id=entry.id) in used
        )
        if entries:
            frameworks.append(
                Framework(
                    id=file.id,
                    name=file.name,
                    guid=file.guid,
                    version=file.version,
                    publisher=file.publisher,
                    url=file.url,
                    entries=entries,
                )
            )
    return tuple(frameworks)
