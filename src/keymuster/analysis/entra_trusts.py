"""Federated identity credentials of Microsoft Entra as conditions on claims.

https://learn.microsoft.com/en-us/graph/api/resources/federatedidentitycredential
https://learn.microsoft.com/en-us/entra/workload-id/workload-identities-flexible-federated-identity-credentials
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from keymuster import regex
from keymuster.analysis.claims import Both, Condition, Either, Undecided, claim, patterns, texts
from keymuster.model.unknown import depends_on

_TEST = regex.later(r"claims\['([^']+)'\] (eq|matches) '((?:[^']|'')*)'")


def condition(
    written: Mapping[str, Any], claims: frozenset[str], *, literal_wildcards: bool = True
) -> Condition:
    """What a credential asks of a token: an exact subject, or an expression. With neither, nothing is
    accepted. With `literal_wildcards` off, a subject is read as if it took wildcards, which may be what
    was meant."""
    expression = _expression(written)
    if expression:
        return _of_expression(expression, claims)
    subject = _get(written, "subject")
    if not subject:
        return Either()
    return claim("sub", [str(subject)], texts if literal_wildcards else patterns)


def _expression(written: Mapping[str, Any]) -> str:
    found = _get(written, "claimsMatchingExpression", "claims_matching_expression")
    if isinstance(found, Mapping):
        found = found.get("value", "")
    return str(found or "")


def _of_expression(expression: str, claims: frozenset[str]) -> Condition:
    parts: list[Condition] = []
    at = 0
    while test := _TEST.match(expression, at):
        name, operator, text = test.groups()
        if name not in claims:
            return Undecided(f"the claim `{name}` is not known", tuple(depends_on(expression)))
        text = text.replace("''", "'")
        parts.append(
            claim(name, [text], patterns) if operator == "matches" else claim(name, [text])
        )
        at = test.end()
        if at == len(expression):
            return Both(tuple(parts))
        joined = re.compile(r" and ").match(expression, at)
        if joined is None:
            break
        at = joined.end()
    return Undecided("its expression is not judged", tuple(depends_on(expression)))


def _get(written: Mapping[str, Any], *names: str) -> Any:
    return next((written[name] for name in names if name in written), None)
