"""AWS's rules, written down once more from its documentation, against the sets that are made of them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.issuers import GITHUB, answer, denial, federated, known
from keymuster.analysis import aws_trusts
from keymuster.analysis.claims import Both, Not, Tokens, asked
from keymuster.analysis.languages import SEPARATOR
from keymuster.analysis.outsiders import Audience

TOKENS = Tokens(next(one for one in known().issuers if one.id == "github"))

OWNERS = ["acme", "acme-evil", "Acme", "other"]
FIELDS = {
    "owner": st.sampled_from(OWNERS),
    "owner_id": st.sampled_from(["1", "22"]),
    "repository": st.sampled_from(["app", "application", "x"]),
    "repository_id": st.sampled_from(["7", "77"]),
    "branch": st.sampled_from(["main", "release/1", "mainly"]),
    "tag": st.sampled_from(["v1", "main"]),
    "environment": st.sampled_from(["prod", "production", "refs"]),
    "pull": st.sampled_from(["1"]),
    "ref": st.sampled_from(["refs/heads/main", "refs/tags/v1", "refs/pull/1/merge"]),
    "workflow": st.sampled_from(["deploy", "test"]),
    "workflow_ref": st.just("acme/app/.github/workflows/d.yml@refs/heads/main"),
    "actor": st.sampled_from(["anna", "bob"]),
    "audience": st.sampled_from(["sts.amazonaws.com", "other"]),
}
STANDARD = [form for form in TOKENS.issuer.forms if not form.rare]


@st.composite
def tokens(draw: st.DrawFn) -> tuple[int, dict[str, str], dict[str, str]]:
    """A form, the fields of a token of it, and its claims."""
    number = draw(st.integers(0, len(STANDARD) - 1))
    fields = {name: draw(one) for name, one in FIELDS.items()}
    return number, fields, _claims(number, fields)


def _claims(number: int, fields: dict[str, str]) -> dict[str, str]:
    templates = {**TOKENS.issuer.claims, **STANDARD[number].claims}
    claims = {}
    for name, text in templates.items():
        assert isinstance(text, str)
        if set(re.findall(r"\{(\w+)\}", text)) <= set(fields):
            claims[name] = text.format(**fields)
    return claims


PATTERNS = st.one_of(
    st.sampled_from(
        [
            "repo:acme/*",
            "repo:acme*",
            "repo:*",
            "*",
            "repo:acme/app:*",
            "repo:acme/app:ref:refs/heads/main",
            "repo:acme/app:ref:refs/heads/*",
            "repo:*/app:pull_request",
            "repo:acme@1/app@7:*",
            "*:environment:prod*",
            "repo:acme/???:*",
            "REPO:ACME/APP:PULL_REQUEST",
        ]
    ),
    st.text("repo:acme/*?@1", min_size=1, max_size=9),
)
VALUES = {
    "sub": PATTERNS,
    "aud": st.sampled_from(["sts.amazonaws.com", "sts*", "nobody"]),
    "repository": st.sampled_from(["acme/app", "acme/*", "*", "?cme/app"]),
    "ref": st.sampled_from(["refs/heads/main", "refs/heads/*", "refs/*"]),
    "environment": st.sampled_from(["prod", "prod*"]),
    "actor": st.sampled_from(["anna", "b?b"]),
    "workflow": st.sampled_from(["deploy", "*"]),
    "misspelt": st.sampled_from(["x", "*"]),
}
OPERATORS = [
    f"{quantifier}{base}{end}"
    for base in (
        "StringEquals",
        "StringLike",
        "StringNotEquals",
        "StringNotLike",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
    )
    for quantifier in ("", "ForAllValues:", "ForAnyValue:")
    for end in ("", "IfExists")
]


@st.composite
def blocks(draw: st.DrawFn) -> dict[str, dict[str, list[str]]]:
    """A `Condition` block."""
    block: dict[str, dict[str, list[str]]] = {}
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(VALUES)))
        values = draw(st.lists(VALUES[name], min_size=1, max_size=2))
        key = draw(st.sampled_from([f"{GITHUB}:{name}", f"{GITHUB.title()}:{name.upper()}"]))
        block.setdefault(draw(st.sampled_from(OPERATORS)), {})[key] = values
    if draw(st.booleans()):
        name = draw(st.sampled_from(["sub", "environment", "misspelt"]))
        block["Null"] = {f"{GITHUB}:{name}": [draw(st.sampled_from(["true", "false"]))]}
    return block


def holds(block: dict[str, dict[str, list[str]]], claims: dict[str, str]) -> bool:
    """Whether a token meets a block: every operator and key must, one of the values of each."""
    context = {f"{GITHUB}:{name}".lower(): text for name, text in claims.items()}
    return all(
        _one(operator, context.get(key.lower()), values)
        for operator, keys in block.items()
        for key, values in keys.items()
    )


def _one(operator: str, value: str | None, wanted: list[str]) -> bool:
    if operator == "Null":
        return (value is None) == (wanted[0] == "true")
    if operator.endswith("IfExists") and value is None:
        return True
    base = operator.removesuffix("IfExists")
    for_all, for_any = base.startswith("ForAllValues:"), base.startswith("ForAnyValue:")
    base = base.rpartition(":")[2]
    if value is None:
        return for_all or ("Not" in base and not for_any)
    matches = any(_matches(base.replace("Not", ""), value, one) for one in wanted)
    return not matches if "Not" in base else matches


def _matches(base: str, value: str, wanted: str) -> bool:
    if base == "StringEquals":
        return value == wanted
    if base == "StringEqualsIgnoreCase":
        return value.lower() == wanted.lower()
    signs = {"*": ".*", "?": "."}
    return bool(
        re.fullmatch("".join(signs.get(one) or re.escape(one) for one in wanted), value, re.S)
    )


def _condition(block: dict[str, Any]) -> Any:
    passed = frozenset(("sub", "aud", *TOKENS.issuer.aws))
    return aws_trusts.condition(block, aws_trusts.oidc_names(GITHUB, TOKENS.claims, passed))


EXAMPLES = [
    {
        "owner": "acme",
        "owner_id": "1",
        "repository": "app",
        "repository_id": "7",
        "branch": "main",
        "tag": "v1",
        "environment": "prod",
        "pull": "1",
        "ref": "refs/heads/main",
        "workflow": "deploy",
        "workflow_ref": "acme/app/.github/workflows/d.yml@refs/heads/main",
        "actor": "anna",
        "audience": "sts.amazonaws.com",
    },
    {
        "owner": "other",
        "owner_id": "22",
        "repository": "x",
        "repository_id": "77",
        "branch": "mainly",
        "tag": "main",
        "environment": "production",
        "pull": "2",
        "ref": "refs/tags/v1",
        "workflow": "test",
        "workflow_ref": "other/x/.github/workflows/d.yml@refs/heads/main",
        "actor": "bob",
        "audience": "other",
    },
]


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_on_every_claim(operator: str) -> None:
    values = [["*"], ["acme/app", "pr?d"], ["repo:acme/*"], ["refs/heads/main", "ANNA"]]
    wrong = []
    for fields in EXAMPLES:
        for number in range(len(STANDARD)):
            claims = _claims(number, fields)
            for name in VALUES:
                for wanted in values:
                    block = {operator: {f"{GITHUB}:{name}": wanted}}
                    if _is_in(block, number, fields) != holds(block, claims):
                        wrong.append((block, claims))

    assert wrong == []


def _is_in(block: dict[str, Any], number: int, fields: dict[str, str]) -> bool:
    condition = _condition(block)
    space = [one for one in TOKENS.spaces(asked(condition)) if not one.form.rare][number]
    word = SEPARATOR.join(fields.get(name, "x") for name in space.fields)
    return word in space.meeting(condition).least


@settings(deadline=None, max_examples=300)
@given(blocks(), blocks(), tokens())
def test_a_token_is_in_the_set_just_if_the_block_lets_it_in(
    allow: dict[str, Any], deny: dict[str, Any], token: tuple[int, dict[str, str], dict[str, str]]
) -> None:
    number, fields, claims = token
    condition = Both((_condition(allow), Not(_condition(deny))))
    space = [one for one in TOKENS.spaces(asked(condition)) if not one.form.rare][number]
    word = SEPARATOR.join(fields.get(name, "x") for name in space.fields)

    bounds = space.meeting(condition)

    expected = holds(allow, claims) and not holds(deny, claims)
    assert (word in bounds.least) == (word in bounds.most) == expected


@settings(deadline=None, max_examples=60)
@given(
    st.lists(PATTERNS, min_size=1, max_size=2),
    st.sampled_from(["StringLike", "StringNotLike", "StringEquals"]),
    st.lists(PATTERNS, max_size=1),
)
def test_a_counter_example_is_accepted_and_an_outsiders(
    wanted: list[str], operator: str, refused: list[str]
) -> None:
    allow = {operator: {f"{GITHUB}:sub": wanted}}
    deny = {"StringLike": {f"{GITHUB}:sub": refused}}
    one = federated(GITHUB, allow)
    others = [denial(federated(GITHUB, deny))] if refused else []

    found = answer(one, *others, settings={"github": ("acme",)})

    if found.audience in (Audience.ANYONE, Audience.VENDOR):
        claims = {"sub": found.example}
        assert holds(allow, claims)
        assert not (refused and holds(deny, claims))
        owner = re.match(r"repo:([A-Za-z0-9-]+)", found.example)
        assert owner is None or owner[1].lower() != "acme"
    else:
        outsiders = (f"repo:{name}/x:ref:refs/heads/main" for name in ("evil", "acme-evil", "a"))
        for sub in outsiders:
            assert not holds(allow, {"sub": sub}) or (refused and holds(deny, {"sub": sub}))
