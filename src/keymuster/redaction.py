"""The last look at a report before anybody reads it: words that others wrote may hold a secret.

Reasons of inline comments, claims inside tokens and names of authors are free text. What the engine
recognises in them is masked like everything else it finds.
"""

from __future__ import annotations

from functools import cache

from msgspec.structs import replace

from keymuster.detect.engine import Engine
from keymuster.model import FileLocation, Finding, Location, Report
from keymuster.rules.schema import RuleSet


def redacted(report: Report, rules: RuleSet) -> Report:
    """The same report, without the secrets in its free text."""
    if not report.findings:
        return report
    engine = Engine(rules)

    @cache
    def clean(text: str) -> str:
        return _masked(engine, text)

    def place(location: Location) -> Location:
        if not isinstance(location, FileLocation) or location.commit is None:
            return location
        author = clean(location.commit.author)
        return replace(location, commit=replace(location.commit, author=author))

    def finding(one: Finding) -> Finding:
        suppression = one.suppression and replace(
            one.suppression, justification=clean(one.suppression.justification)
        )
        return replace(
            one,
            evidence={key: clean(value) for key, value in one.evidence.items()},
            places=tuple(place(location) for location in one.places),
            suppression=suppression,
        )

    return replace(report, findings=tuple(finding(one) for one in report.findings))


def _masked(engine: Engine, text: str) -> str:
    content = text.encode("utf-8", "surrogateescape")
    for match in reversed(engine.scan(content)):
        preview = match.secret.preview.encode()
        content = content[: match.start] + preview + content[match.end :]
    return content.decode("utf-8", "surrogateescape")
