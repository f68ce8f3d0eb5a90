"""What a rule may get wrong although it parses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from keymuster.nearest import nearest
from keymuster.rules import re2, shape
from keymuster.rules.schema import Policy, RuleSet, TokenFormat

OWN = "own"
"""The vendor of formats that a user adds."""

TOO_MUCH = (
    "could take too long on text made for it: repeats follow each other that match the same characters; "
    "give them smaller bounds, or characters of their own"
)

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def problems(rule: TokenFormat | Policy) -> Iterator[str]:
    """One sentence per problem; none means the rule is sound."""
    if not _ID.fullmatch(rule.id):
        yield f"id: `{rule.id}` is not lower-case words joined by hyphens"
    yield from _of_token(rule) if isinstance(rule, TokenFormat) else _of_policy(rule)


def set_problems(rules: RuleSet) -> Iterator[tuple[str, str]]:
    """What only shows when all rules are together: (the rule it is about, the problem)."""
    counts = Counter(rule.id for rule in rules.rules)
    for name, count in counts.items():
        if count > 1:
            yield name, f"id is used {count} times; ids are unique over tokens and policies"
    for policy in rules.policies:
        if policy.kind not in rules.mapping:
            yield (
                policy.id,
                f"kind `{policy.kind}` is not in the mapping{_meant(policy.kind, rules.mapping)}",
            )
    entries = {file.id: {entry.id for entry in file.entries} for file in rules.frameworks}
    for kind, references in rules.mapping.items():
        for framework, ids in references.items():
            if missing := [one for one in ids if one not in entries.get(framework, set())]:
                yield "mapping", f"{kind}: {framework} has no entry {missing[0]}"
    for table in rules.terraform:
        for name, one in table.types.items():
            like = table.types.get(one.like)
            if one.like and (like is None or like.like):
                yield name, f"is like `{one.like}`, which is no type with names of its own"


def _of_token(token: TokenFormat) -> Iterator[str]:
    ways = [name for name in ("shape", "pattern", "recognizer") if getattr(token, name) is not None]
    if len(ways) != 1:
        yield f"{token.id}: needs exactly one of shape, pattern, recognizer; has {' and '.join(ways) or 'none'}"
    for one in token.shapes:
        try:
            parts = shape.parse(one)
        except ValueError as error:
            yield f"{token.id}: shape: {error}"
            continue
        first = parts[0] if parts else None
        if first is None:
            yield f"{token.id}: shape: is empty"
            continue
        if isinstance(first, shape.Field) and first.least != first.most > 64 and not token.context:
            yield (
                f"{token.id}: shape `{one}` begins with up to {first.most} characters, so its start "
                "cannot be searched for: give context words, or write a pattern"
            )
        if not (shape.has_marker(parts) or token.checksum or token.context):
            yield (
                f"{token.id}: shape `{one}` has no literal of three or more characters: "
                "give a checksum or context words, or it will match what it should not"
            )
    yield from _of_expressions(token)
    if token.imported or (token.vendor == OWN and token.pattern):
        return  # nobody can make an example of an expression
    if not token.examples:
        yield f"{token.id}: examples: needs at least one"
    if not token.counter_examples:
        yield f"{token.id}: counter_examples: needs at least one"


def _of_expressions(token: TokenFormat) -> Iterator[str]:
    """An expression is matched against text that anybody may have written."""
    if token.pattern is not None:
        try:
            tries = re2.steps(re2.parse(token.pattern))
        except ValueError as error:
            yield f"{token.id}: pattern: {error}"
        else:
            if tries > re2.MOST_STEPS:
                yield f"{token.id}: pattern: {TOO_MUCH}"
    searched = [("paths", one) for one in token.paths]
    for exception in token.unless:
        if exception.all and (exception.paths or exception.commits):
            yield f"{token.id}: unless: `all` does not go together with paths or commits"
        searched += [("unless.values", one) for one in exception.values]
        searched += [("unless.lines", one) for one in exception.lines]
        searched += [("unless.paths", one) for one in exception.paths]
    for field, expression in searched:
        try:
            re2.for_a_search(expression)
        except ValueError as error:
            yield f"{token.id}: {field}: `{expression}`: {error}"


def _of_policy(policy: Policy) -> Iterator[str]:
    if not {case.expect for case in policy.cases} >= {"finding", "nothing"}:
        yield "cases: needs one that is a finding and one that is nothing"
    if not all(case.path or case.told or case.reports for case in policy.cases):
        yield "cases: needs the path of a file, what a service told, or a report"
    if (policy.applies_to == "resource") != bool(policy.types):
        yield "types: a policy about resources names their types, and no other does"
    if not policy.nhi:
        yield "nhi: needs at least one category"


def _meant(name: str, known: Iterable[str]) -> str:
    close = nearest(name, known)
    return f"; did you mean `{close}`?" if close else ""
