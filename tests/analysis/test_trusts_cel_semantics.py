"""Attribute conditions by the CEL runtime, against the sets that are made of them."""

from __future__ import annotations

from typing import Any

from cel_expr_python import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.test_trusts_aws_semantics import TOKENS, tokens
from keymuster.analysis import gcp_trusts
from keymuster.analysis.claims import Undecided, asked, leaves
from keymuster.analysis.languages import SEPARATOR

NAMES = ["sub", "repository", "repository_owner", "ref", "environment", "actor"]
TEXTS = [
    "acme",
    "acme/app",
    "acme/",
    "repo:acme/app:pull_request",
    "refs/heads/main",
    "prod",
    "a",
    "anna",
]

texts = st.sampled_from(TEXTS).map(lambda one: f"'{one}'")
names = st.sampled_from(NAMES).flatmap(
    lambda one: st.sampled_from([f"assertion.{one}", f"assertion['{one}']", f"attribute.my_{one}"])
)
tests = st.one_of(
    st.builds("{} == {}".format, names, texts),
    st.builds("{} != {}".format, texts, names),
    st.builds("{} in [{}, {}]".format, names, texts, texts),
    st.builds("{}.startsWith({})".format, names, texts),
    st.builds("{}.endsWith({})".format, names, texts),
    st.builds("{}.contains({})".format, names, texts),
    st.builds(
        "{}.matches({})".format, names, st.sampled_from(["'^acme'", "'a[cn].*'", "'^[a-z/]+$'"])
    ),
    st.sampled_from([f"has(assertion.{one})" for one in NAMES]),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    ),
    max_leaves=5,
)

MAPPING = {f"attribute.my_{name}": f"assertion.{name}" for name in NAMES}
ENVIRONMENT = cel.NewEnv(
    variables={
        "assertion": cel.Type("map<string,string>"),
        "attribute": cel.Type("map<string,string>"),
    }
)


def admits(condition: str, claims: dict[str, str]) -> bool:
    """Whether the runtime says yes; an error refuses."""
    attributes = {f"my_{name}": claims[name] for name in NAMES if name in claims}
    compiled = ENVIRONMENT.compile(condition)
    return compiled.eval(data={"assertion": claims, "attribute": attributes}).value() is True


@settings(deadline=None, max_examples=300)
@given(conditions, tokens())
def test_a_token_is_in_the_set_just_if_the_condition_admits_it(
    written: str, token: tuple[int, dict[str, str], dict[str, Any]]
) -> None:
    number, fields, claims = token
    condition = gcp_trusts.condition(written, MAPPING, TOKENS.claims)
    space = [one for one in TOKENS.spaces(asked(condition)) if not one.form.rare][number]
    word = SEPARATOR.join(fields.get(name, "x") for name in space.fields)

    bounds = space.meeting(condition)

    assert not any(isinstance(leaf, Undecided) for leaf in leaves(condition)), written
    assert (word in bounds.least) == (word in bounds.most) == admits(written, claims)


def test_the_runtime_refuses_a_claim_that_is_not_there() -> None:
    assert not admits("assertion.environment != 'prod'", {"sub": "x"})
