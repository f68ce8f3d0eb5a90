"""Why the engine reports a text or passes over it: every candidate, its verdict, what was weighed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from keymuster.detect.engine import Engine
from keymuster.detect.matches import UNKEPT, Judged, Match
from keymuster.detect.recognizers.values import URL, Seen, seen
from keymuster.detect.values import weighing
from keymuster.model import Confidence, Secret
from keymuster.rules.schema import RuleSet, TokenFormat


class Considered(Struct, frozen=True, kw_only=True):
    """One candidate: its span in the content, the format it was held against, and the verdict.

    `likelihood` is 0 to 1, of values that are weighed; `before` is the logarithm of the odds of any
    such value, and `weights` is what each signal adds to it, the heaviest first."""

    start: int
    end: int
    format: TokenFormat
    preview: str
    reported: bool
    verdict: str
    likelihood: float | None = None
    before: float = 0.0
    weights: dict[str, float] = {}


def explain(rules: RuleSet, content: bytes, path: str = "") -> list[Considered]:
    """Everything in a content that looked like a credential, in order of place."""
    engine = Engine(rules)
    judged = engine.judged(content, path=path)
    kept = {
        (one.start, one.end, token.id) for token, one, said in judged if isinstance(said, Match)
    }
    found = [*_formats(content, judged), *_values(engine, rules, content, path, kept)]
    # two shapes of a format, or two ways to write a name and its value, may lead to the same text
    found.sort(key=lambda one: (one.reported, one.likelihood or 0))
    unique = {(one.start, one.end, one.format.id): one for one in found}
    return sorted(unique.values(), key=lambda one: (one.start, one.end, not one.reported))


def _formats(content: bytes, judged: Iterable[Judged]) -> Iterator[Considered]:
    for token, candidate, verdict in judged:
        if token.is_guess:
            continue
        said = (
            f"confidence {verdict.confidence.value}, status {verdict.status.value}"
            if isinstance(verdict, Match)
            else verdict
        )
        yield Considered(
            start=candidate.start,
            end=candidate.end,
            format=token,
            preview=Secret(content[candidate.start : candidate.end], candidate.public).preview,
            reported=isinstance(verdict, Match),
            verdict=said,
        )


def _values(
    engine: Engine, rules: RuleSet, content: bytes, path: str, kept: set[tuple[int, int, str]]
) -> Iterator[Considered]:
    for pattern, start in engine.hits(content):
        token = rules.tokens[pattern.format]
        if not token.is_guess:
            continue
        form = URL if pattern.recognizer == "url-password" else pattern.number
        for one in seen(content, start, form, path)[0]:
            key = (one.found.start, one.found.end, token.id)
            yield _weighed(content, token, one, key in kept)


def _weighed(content: bytes, token: TokenFormat, one: Seen, reported: bool) -> Considered:
    start, end = one.found.start, one.found.end
    preview = Secret(content[start:end]).preview
    if not one.signals:
        return Considered(
            start=start,
            end=end,
            format=token,
            preview=preview,
            reported=False,
            verdict="obviously no secret: code, a reference, a placeholder, encrypted or too short",
        )
    before, weights = weighing.reasons(one.signals)
    tier = weighing.tier(one.likelihood)
    said = f"confidence {tier.value}" if tier else "too unlikely"
    if tier is Confidence.LOW:
        said += ", which a scan leaves out unless asked (--confidence low)"
    return Considered(
        start=start,
        end=end,
        format=token,
        preview=preview,
        reported=reported and tier is not None,
        verdict=said if reported or tier is None else UNKEPT,
        likelihood=one.likelihood,
        before=before,
        weights=dict(sorted(weights.items(), key=lambda item: -abs(item[1]))),
    )
