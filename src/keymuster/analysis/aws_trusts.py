"""Conditions of AWS trust policies as conditions on claims.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from keymuster import regex
from keymuster.analysis.claims import (
    ALL,
    NONE,
    UNDECIDED,
    Both,
    Bounds,
    Claim,
    Condition,
    Undecided,
    known,
    patterns,
    texts,
    union,
)
from keymuster.analysis.expressions import whole
from keymuster.analysis.languages import Language, chain, literal, repeated
from keymuster.model.unknown import depends_on

NameOf = Callable[[str], str | Condition]
"""The claim that a condition key asks for, or what the condition comes to, whatever is asked of it."""

_OPERATOR = regex.later(r"(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?")

_BECOMING = ("sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml")

_VARIABLE = regex.later(r"\$\{[A-Za-z][\w.-]*:[^:]")
"""A variable that AWS fills in when a request is made."""

_CHOSEN_BY_CALLER = (
    "sts:rolesessionname",
    "sts:sourceidentity",
    "sts:transitivetagkeys",
    "aws:requesttag/",
    "aws:tagkeys",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:useragent",
    "aws:referer",
    "aws:currenttime",
    "aws:epochtime",
    "aws:tokenissuetime",
)
"""Keys that whoever asks can have as they like, or need only wait for."""


def condition(written: Any, name_of: NameOf, *, literal_wildcards: bool = True) -> Condition:
    """What a `Condition` block asks. With `literal_wildcards` off, `StringEquals` is read as if it were
    `StringLike`, which may be what was meant."""
    if not isinstance(written, dict):
        return _unread(written)
    return Both(tuple(_operators(written, name_of, literal_wildcards)))


def _operators(
    written: dict[str, Any], name_of: NameOf, literal_wildcards: bool
) -> Iterator[Condition]:
    for operator, asked in written.items():
        if depends_on(operator) or not isinstance(asked, dict):
            yield _unread({operator: asked})
            continue
        for key, values in asked.items():
            yield _one(operator, key, values, name_of, literal_wildcards)


def _one(
    operator: str, key: str, values: Any, name_of: NameOf, literal_wildcards: bool
) -> Condition:
    found = _OPERATOR.fullmatch(operator.lower())
    name = name_of(key)
    if found is None:
        return Undecided(f"`{operator}` is no operator that is known")
    if not isinstance(name, str):
        return name
    quantifier, base, if_exists = found.groups()
    listed = values if isinstance(values, list | tuple) else [values]
    told = [str(one).lower() if isinstance(one, bool) else str(one) for one in listed]
    unknowns = tuple(one for text in told for one in depends_on(text))
    if base == "null":
        return _null(name, told, unknowns)
    reader = _reader(base, literal_wildcards)
    if reader is None:
        return Undecided(f"`{operator}` on `{key}` is not judged")
    each = [(text, UNDECIDED if _VARIABLE.search(text) else reader(text)) for text in told]
    wanted = union(one for _, one in each)
    negated = "not" in base
    absent = bool(if_exists) or quantifier == "forallvalues" or (negated and quantifier is None)
    return Claim(
        name,
        ~wanted if negated else wanted,
        absent=absent,
        all_values=quantifier == "forallvalues" or (negated and quantifier is None),
        written=() if negated else tuple((text, one.most) for text, one in each),
        unknowns=unknowns,
    )


def _null(name: str, told: list[str], unknowns: tuple[str, ...]) -> Condition:
    """`Null` is true of a key that is absent if it says true, of one that is there if it says false."""
    if unknowns:
        return Claim(name, UNDECIDED, unknowns=unknowns)
    if told == ["true"]:
        return Claim(name, NONE, absent=True)
    if told == ["false"]:
        return Claim(name, ALL)
    return Undecided(f"`Null` on `{name}` is not judged")


def _reader(base: str, literal_wildcards: bool) -> Callable[[str], Bounds] | None:
    match base.replace("not", ""):
        case "stringequals":
            return texts if literal_wildcards else patterns
        case "stringequalsignorecase":
            return lambda text: texts(text, lambda one: literal(one, any_case=True))
        case "stringlike":
            return patterns
        case "arnequals" | "arnlike":
            return _arns
        case "bool":
            return texts
        case _:
            return None


def _arns(pattern: str) -> Bounds:
    """ARN operators compare each of the six parts for itself."""
    if pattern == "*":
        return ALL
    parts = re.split(r":(?![^{}]*\})", pattern, maxsplit=5)
    if len(parts) < 6:
        return UNDECIDED
    if depends_on(pattern):
        return patterns(pattern)
    without_colon = repeated(whole("[^:]"))
    one = whole("[^:]")
    first = [
        chain(*({"*": without_colon, "?": one}.get(sign) or literal(sign) for sign in part))
        for part in parts[:5]
    ]
    colon: list[Language] = [piece for part in first for piece in (part, literal(":"))]
    last = patterns(parts[5])
    return known(chain(*colon, last.least))


def _unread(written: Any) -> Condition:
    names = tuple(depends_on(str(written)))
    return Undecided("its conditions are not known", names)


def oidc_names(address: str, claims: frozenset[str], passed: frozenset[str]) -> NameOf:
    """The claims that keys of an issuer's tokens ask for. `claims` are those its tokens have, `passed` those of
    them that AWS looks at."""
    prefix = f"{address.lower()}:"
    by_lower = {name.lower(): name for name in claims}

    def name_of(key: str) -> str | Condition:
        lower = key.lower()
        if lower.startswith(prefix):
            name = by_lower.get(lower[len(prefix) :], key)
            if name not in claims or name in passed:
                return name
            return Undecided(f"AWS is not known to pass the claim `{name}`")
        if depends_on(key):  # `${...}:sub`: of the issuer that is meant, or else never there
            _, colon, name = key.rpartition("}")[2].rpartition(":")
            return (
                name if colon else Undecided(f"the key `{key}` is not known", (*depends_on(key),))
            )
        if is_neutral(lower):
            return Both()
        if lower.startswith(("aws:", "sts:")):
            return Undecided(f"it depends on `{key}`", beside=True)
        return key  # a key of another issuer, which its tokens do not have

    return name_of


def principal_names(claims: frozenset[str]) -> NameOf:
    """The same for keys that tell of AWS principals and services."""
    by_lower = {name.lower(): name for name in claims}

    def name_of(key: str) -> str | Condition:
        lower = key.lower()
        if lower in by_lower:
            return by_lower[lower]
        if is_neutral(lower):
            return Both()
        return Undecided(f"it depends on `{key}`", beside=True)

    return name_of


def is_neutral(key: str) -> bool:
    """Whether a key, in small letters, says nothing of who asks."""
    return key.startswith(_CHOSEN_BY_CALLER)


def lets_become(actions: Iterable[str]) -> bool:
    """Whether one of these actions gives the credentials of a role."""
    each = [patterns(one.lower()).most for one in actions]
    return any(action in one for one in each for action in _BECOMING)


def gives(actions: Iterable[str], way: str) -> bool:
    """Whether actions cover this way to become a role, in small letters."""
    return any(way in patterns(one.lower()).most for one in actions)


# --- principals -------------------------------------------------------------------------------

_ARN = regex.later(
    r"arn:(?P<partition>[^:]*):(?P<service>iam|sts)::(?P<account>(?:\$\{[^{}]*\}|[^:])*):(?P<rest>.*)"
)


def of_principal(principal: str) -> Condition:
    """The condition on the caller that an element of `Principal` is."""
    if principal == "*":
        return Both()
    arn = _ARN.fullmatch(principal)
    if arn is None:
        return _claim_of("aws:PrincipalAccount", principal)
    if arn["service"] == "sts" or arn["rest"] == "root":
        return _claim_of("aws:PrincipalAccount", arn["account"])
    return _claim_of("aws:PrincipalArn", principal)


def _claim_of(name: str, text: str) -> Claim:
    found = texts(text)
    return Claim(name, found, written=((text, found.most),), unknowns=tuple(depends_on(text)))
