from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_conditions import Context, context
from keymuster.analysis.aws_policy import Caller, Policies, Request, Statement, evaluate, parse

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
ME = "arn:aws:iam::111122223333:user/me"
THING = "arn:aws:s3:::bucket/key"


def _policy(*statements: dict[str, Any]) -> list[Statement]:
    return parse({"Version": "2012-10-17", "Statement": list(statements)})


def _allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**_allow(action, resource, **more), "Effect": "Deny"}


def _ask(
    action: str = "s3:GetObject",
    resource: str = THING,
    about: Context | None = None,
    account: str = "111122223333",
) -> Request:
    caller = Caller(name=ME, account="111122223333")
    return Request(
        action=action, resource=resource, context=about or Context(), caller=caller, account=account
    )


def _answer(identity: list[Statement], request: Request | None = None, **more: Any) -> Answer:
    return evaluate(request or _ask(), Policies(identity=identity, **more)).answer


def test_a_document_may_be_written_in_many_ways() -> None:
    plain = parse({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    listed = parse({"statement": [{"effect": "Allow", "action": ["s3:*"], "resource": ["*"]}]})
    assert plain == listed
    assert parse(None) == parse({"Statement": ["x", {"Effect": "Perhaps"}]}) == []


def test_nothing_is_allowed_that_no_statement_allows() -> None:
    assert _answer([]) is NO
    assert _answer(_policy(_allow("s3:Put*"))) is NO
    assert _answer(_policy(_allow("S3:gEt*", "arn:aws:s3:::bucket/*"))) is YES


def test_what_is_excepted_is_not_covered() -> None:
    some = _policy(
        {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"}
    )
    assert _answer(some) is YES
    assert _answer(some, _ask("iam:GetUser")) is NO
    assert _answer(some, _ask(resource="arn:aws:s3:::secret/a")) is NO


def test_a_deny_wins_over_any_allow() -> None:
    denied = evaluate(_ask(), Policies(identity=_policy(_allow("*"), _deny("s3:GetObject"))))
    assert denied.answer is NO
    assert [one.effect for one in denied.statements] == ["deny"]


def test_a_deny_that_may_apply_leaves_it_open() -> None:
    away = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
    policy = _policy(_allow("*"), _deny("*", Condition=away))
    assert _answer(policy) is UNKNOWN
    assert _answer(policy, _ask(about=context({"aws:MultiFactorAuthPresent": "true"}))) is YES
    assert _answer(policy, _ask(about=context({"aws:MultiFactorAuthPresent": "false"}))) is NO


@pytest.mark.parametrize("kind", ["boundary", "session"])
def test_a_limit_allows_nothing_by_itself(kind: str) -> None:
    everything, reading = _policy(_allow("*")), _policy(_allow("s3:Get*"))
    assert _answer([], **{kind: everything}) is NO
    assert _answer(everything, **{kind: reading}) is YES
    assert _answer(everything, _ask("s3:PutObject"), **{kind: reading}) is NO


@pytest.mark.parametrize("kind", ["service_controls", "resource_controls"])
def test_every_level_of_an_organisation_must_allow(kind: str) -> None:
    everything, others = _policy(_allow("*")), _policy(_allow("ec2:*"))
    assert _answer(everything, **{kind: [everything, everything]}) is YES
    assert _answer(everything, **{kind: [everything, others]}) is NO


def _for(principal: Any, **more: Any) -> list[Statement]:
    return _policy(
        {"Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": "*", **more}
    )


def test_within_an_account_either_policy_is_enough() -> None:
    assert _answer(_policy(_allow("s3:*")), resource=[]) is YES
    assert _answer([], resource=_for({"AWS": ME})) is YES
    assert _answer([], resource=_for("*")) is YES
    assert _answer([], resource=_for({"AWS": "111122223333"})) is NO
    assert _answer([], resource=_for({"AWS": "arn:aws:iam::111122223333:root"})) is NO


def test_a_users_boundary_does_not_limit_what_a_resource_gives_it() -> None:
    assert _answer([], resource=_for({"AWS": ME}), boundary=[]) is YES
    assert _answer([], resource=_for({"AWS": ME}), boundary=_policy(_deny("s3:*"))) is NO


def test_a_roles_boundary_does() -> None:
    role = "arn:aws:iam::111122223333:role/app"
    request = Request(
        action="s3:GetObject",
        resource=THING,
        caller=Caller(name=role, account="111122223333"),
        account="111122223333",
    )
    assert _answer([], request, resource=_for({"AWS": role})) is YES
    assert _answer([], request, resource=_for({"AWS": role}), boundary=[]) is NO


def test_between_accounts_both_policies_must_allow() -> None:
    far = _ask(account="444455556666")
    assert _answer(_policy(_allow("s3:*")), far, resource=_for({"AWS": ME})) is YES
    assert _answer(_policy(_allow("s3:*")), far, resource=_for({"AWS": "111122223333"})) is YES
    assert _answer(_policy(_allow("s3:*")), far, resource=[]) is NO
    assert _answer([], far, resource=_for({"AWS": ME})) is NO


def test_a_principal_may_be_excepted() -> None:
    others = _policy(
        {"Effect": "Deny", "NotPrincipal": {"AWS": ME}, "Action": "*", "Resource": "*"}
    )
    assert _answer(_policy(_allow("*")), resource=others) is YES
    stranger = Request(
        action="s3:GetObject",
        resource=THING,
        caller=Caller(name=ME + "x", account="111122223333"),
        account="111122223333",
    )
    assert _answer(_policy(_allow("*")), stranger, resource=others) is NO


def test_a_resource_that_is_not_told_is_not_guessed() -> None:
    assert _answer(_policy(_allow("s3:*", "${aws_s3_bucket.a.arn}/*"))) is UNKNOWN
    assert _answer(_policy(_allow("s3:*"), _deny("s3:*", "arn:aws:s3:::${var.name}/*"))) is UNKNOWN


# --- properties ------------------------------------------------------------------------------

NAMES = st.sampled_from(["s3:GetObject", "s3:Get*", "s3:*", "*", "iam:*", "${var.action}"])
RESOURCES = st.sampled_from(
    [THING, "arn:aws:s3:::bucket/*", "arn:aws:s3:::other/*", "*", "${var.r}"]
)
CONDITIONS = st.sampled_from([{}, {"Bool": {"a:b": "true"}}, {"Null": {"a:c": "false"}}])
STATEMENTS = st.builds(_allow, NAMES, RESOURCES, Condition=CONDITIONS) | st.builds(
    _deny, NAMES, RESOURCES, Condition=CONDITIONS
)
DOCUMENTS = st.lists(STATEMENTS, max_size=5)
REQUESTS = st.builds(
    _ask,
    st.sampled_from(["s3:GetObject", "s3:PutObject", "iam:GetUser"]),
    st.sampled_from([THING, "arn:aws:s3:::other/x"]),
    st.sampled_from([context(), context({"a:b": "true"}), context({"a:b": "false", "a:c": None})]),
)
ORDER = [NO, UNKNOWN, YES]


@given(DOCUMENTS, REQUESTS)
def test_a_sure_deny_always_wins(document: list[dict[str, Any]], request: Request) -> None:
    assert _answer(_policy(*document, _deny("*")), request) is NO


@given(DOCUMENTS, DOCUMENTS, REQUESTS)
def test_more_that_allows_takes_nothing_away(
    document: list[dict[str, Any]], more: list[dict[str, Any]], request: Request
) -> None:
    allowing = [one for one in more if one["Effect"] == "Allow"]
    before, after = _policy(*document), _policy(*document, *allowing)
    assert ORDER.index(_answer(after, request)) >= ORDER.index(_answer(before, request))


@given(DOCUMENTS, DOCUMENTS, REQUESTS)
def test_a_boundary_adds_nothing(
    document: list[dict[str, Any]], boundary: list[dict[str, Any]], request: Request
) -> None:
    own = _policy(*document)
    limited = _answer(own, request, boundary=_policy(*boundary))
    assert ORDER.index(limited) <= ORDER.index(_answer(own, request))


@given(DOCUMENTS, REQUESTS)
def test_the_order_of_statements_makes_no_difference(
    document: list[dict[str, Any]], request: Request
) -> None:
    assert _answer(_policy(*document), request) is _answer(_policy(*reversed(document)), request)
