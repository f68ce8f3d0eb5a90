"""The last look at a report before anybody reads it: words that others wrote may hold a secret.

Reasons of inline comments, claims inside tokens, names of authors and files are free text.
What the engine recognises in them is masked like everything else it finds; in names of files only
what it is sure of, because they are also addresses.
"""

from __future__ import annotations

from functools import cache

from msgspec.structs import replace

from keymuster.detect.engine import Engine
from keymuster.model import Confidence, FileLocation, Finding, Location, Report, Statement, Step
from keymuster.rules.schema import RuleSet


def redacted(report: Report, rules: RuleSet) -> Report:
    """The same report, without the secrets in its free text."""
    if not (report.findings or report.troubles or report.undecided):
        return report
    engine = Engine(rules)

    @cache
    def clean(text: str) -> str:
        return _masked(engine, text, Confidence.LOW)

    @cache
    def clean_name(text: str) -> str:
        return _masked(engine, text, Confidence.HIGH)

    def place(location: Location) -> Location:
        if not isinstance(location, FileLocation):
            return replace(location, resource=clean_name(location.resource))
        commit = location.commit and replace(location.commit, author=clean(location.commit.author))
        return replace(
            location,
            path=clean_name(location.path),
            member=clean_name(location.member),
            commit=commit,
        )

    def finding(one: Finding) -> Finding:
        suppression = one.suppression and replace(
            one.suppression, justification=clean(one.suppression.justification)
        )
        return replace(
            one,
            subject=clean_name(one.subject),
            message=clean_name(one.message),
            evidence={key: clean(value) for key, value in one.evidence.items()},
            places=tuple(place(location) for location in one.places),
            paths=tuple(tuple(step(each) for each in path) for path in one.paths),
            suppression=suppression,
        )

    def step(one: Step) -> Step:
        return replace(
            one, statements=tuple(map(statement, one.statements)), to_name=clean_name(one.to_name),
            place=one.place and place(one.place),
        )  # fmt: skip

    def statement(one: Statement) -> Statement:
        """Names of things are addresses; what they are compared with is free text."""
        lists = ("actions", "not_actions", "resources", "not_resources")
        named = {key: tuple(map(clean_name, getattr(one, key))) for key in lists}
        return replace(
            one, principal=clean_name(one.principal), conditions=tuple(map(clean, one.conditions)),
            place=place(one.place), **named,
        )  # fmt: skip

    return replace(
        report,
        findings=tuple(finding(one) for one in report.findings),
        troubles=tuple(
            replace(one, scope=clean_name(one.scope), message=clean_name(one.message))
            for one in report.troubles
        ),
        undecided=tuple(
            replace(
                one,
                subject=clean_name(one.subject),
                location=place(one.location),
                unknown=clean_name(one.unknown),
            )
            for one in report.undecided
        ),
    )


def _masked(engine: Engine, text: str, least: Confidence) -> str:
    """The text with every match of at least this confidence as its preview."""
    content = text.encode("utf-8", "surrogateescape")
    for match in reversed(engine.scan(content)):
        if match.confidence.rank < least.rank:
            continue
        preview = match.secret.preview.encode()
        content = content[: match.start] + preview + content[match.end :]
    return content.decode("utf-8", "surrogateescape")
