"""AWS policies: what a document says, and whether a request is allowed by all that apply to it.

One evaluator for identity, resource, trust, boundary, session, service and resource control
policies, after
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from keymuster.analysis.answers import Answer, answer, every, negated, some
from keymuster.analysis.aws_conditions import Context, hold, texts
from keymuster.analysis.aws_patterns import matches, whole_arn
from keymuster.model import Effect, Grant, Trust
from keymuster.model.unknown import is_unknown


class Statement(Struct, frozen=True, kw_only=True, dict=True):
    """One statement of a policy. `principals` are pairs of kind (`AWS`, `Service`, `Federated`,
    `CanonicalUser`) and name. `source` is the id of the record it comes from."""

    effect: Effect
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    not_principals: tuple[tuple[str, str], ...] = ()
    conditions: Mapping[str, Any] = {}
    source: str = ""


class Caller(Struct, frozen=True, kw_only=True):
    """Who makes a request: an ARN, a service (`lambda.amazonaws.com`) or the ARN or host of an
    issuer. `role` is the ARN of the role when the ARN is of one of its sessions."""

    kind: str = "AWS"
    name: str
    account: str = ""
    role: str = ""


class Request(Struct, frozen=True, kw_only=True):
    """What is asked for. `account` is that of the resource."""

    action: str
    resource: str
    context: Context = Context()
    caller: Caller | None = None
    account: str = ""


class Decision(Struct, frozen=True):
    """An answer, and the statements it follows from."""

    answer: Answer
    statements: tuple[Statement, ...] = ()


def parse(document: Any, source: str = "") -> list[Statement]:
    """The statements of a policy document, as plain JSON data; what is not one is left out."""
    if not isinstance(document, Mapping):
        return []
    given = _element(document, "Statement")
    several = given if isinstance(given, list | tuple) else [given]
    return [statement for one in several for statement in _statement(one, source)]


def _statement(given: Any, source: str) -> Iterator[Statement]:
    if not isinstance(given, Mapping):
        return
    effect = str(_element(given, "Effect")).lower()
    if effect not in (Effect.ALLOW, Effect.DENY):
        return
    conditions = _element(given, "Condition")
    yield Statement(
        effect=Effect(effect),
        actions=tuple(texts(_element(given, "Action"))),
        not_actions=tuple(texts(_element(given, "NotAction"))),
        resources=tuple(texts(_element(given, "Resource"))),
        not_resources=tuple(texts(_element(given, "NotResource"))),
        principals=tuple(_principals(_element(given, "Principal"))),
        not_principals=tuple(_principals(_element(given, "NotPrincipal"))),
        conditions=conditions if isinstance(conditions, Mapping) else {},
        source=source,
    )


def _element(given: Mapping[str, Any], name: str) -> Any:
    """IAM takes the names of elements in any case."""
    if name in given:
        return given[name]
    return next((value for key, value in given.items() if str(key).lower() == name.lower()), None)


def _principals(given: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(given, Mapping):
        for name in texts(given):
            yield "AWS", name
        return
    for kind, names in given.items():
        for name in texts(names):
            yield str(kind), name


def of_grant(grant: Grant) -> Statement:
    """The statement that a grant was made from. One that names no resource, as those of a trust
    policy or of a resource's own, is about what it is attached to."""
    return Statement(
        effect=grant.effect,
        actions=grant.actions,
        not_actions=grant.not_actions,
        resources=grant.resources or (() if grant.not_resources else ("*",)),
        not_resources=grant.not_resources,
        conditions=grant.conditions,
        source=grant.id,
    )


def of_trust(trust: Trust) -> Statement:
    """The statement of a trust policy that a trust was made from."""
    return Statement(
        effect=trust.effect,
        actions=trust.actions or ("sts:AssumeRole*",),
        resources=("*",),
        principals=((_principal_kind(trust), trust.principal),),
        conditions=trust.conditions,
        source=trust.id,
    )


def _principal_kind(trust: Trust) -> str:
    if trust.kind in ("service", "federation"):
        return "Service" if trust.kind == "service" else "Federated"
    return "AWS"


# --- one statement ---------------------------------------------------------------------------


def applies(statement: Statement, request: Request) -> Answer:
    """Whether a statement is about a request, whatever its effect."""
    # Cheapest first: an account has thousands of identities, and each is asked hundreds of times.
    action = about_action(statement, request.action)
    if action is Answer.NO:
        return action
    resource = about_resource(statement, request.resource, request.context)
    if resource is Answer.NO:
        return resource
    caller = Answer.YES if request.caller is None else about_caller(statement, request.caller)
    if caller is Answer.NO or not statement.conditions:
        return every((action, resource, caller))
    allowing = statement.effect is Effect.ALLOW
    return every(
        (action, resource, caller, hold(statement.conditions, request.context, allowing=allowing))
    )


def about_action(statement: Statement, action: str) -> Answer:
    if statement.actions:
        return _names_action(statement.actions, action)
    if statement.not_actions:
        return negated(_names_action(statement.not_actions, action))
    return Answer.NO


@lru_cache(maxsize=262144)
def _names_action(patterns: tuple[str, ...], action: str) -> Answer:
    return some(matches(one, action, fold=True) for one in patterns)


def forget() -> None:
    """Drop what is remembered of actions, when an estate is done."""
    _names_action.cache_clear()


def about_resource(statement: Statement, resource: str, context: Context) -> Answer:
    if statement.resources:
        return _names_resource(statement.resources, resource, context)
    if statement.not_resources:
        return negated(_names_resource(statement.not_resources, resource, context))
    return answer(bool(statement.principals or statement.not_principals))


def _names_resource(patterns: Sequence[str], resource: str, context: Context) -> Answer:
    if "*" in patterns:
        return Answer.YES
    return some(matches(whole_arn(one), resource, fill=context.get) for one in patterns)


def about_caller(statement: Statement, caller: Caller) -> Answer:
    """A statement of an identity's own policy names no principal, and is about whoever has it."""
    if statement.principals:
        return some(_is_caller(kind, name, caller) for kind, name in statement.principals)
    if statement.not_principals:
        return negated(some(_is_caller(*one, caller) for one in statement.not_principals))
    return Answer.YES


def _is_caller(kind: str, name: str, caller: Caller) -> Answer:
    if kind == "AWS" and name == "*":
        return Answer.YES
    if kind.lower() != caller.kind.lower():
        return Answer.NO
    if kind != "AWS":
        return _same(name, caller.name)
    return some((_same(name, caller.name), names_role(name, caller), names_account(name, caller)))


def _same(name: str, other: str) -> Answer:
    if name == other:
        return Answer.YES
    return Answer.UNKNOWN if is_unknown(name) or is_unknown(other) else Answer.NO


def names_role(name: str, caller: Caller) -> Answer:
    return _same(name, caller.role) if caller.role else Answer.NO


def names_account(name: str, caller: Caller) -> Answer:
    """Whether a principal is the caller's whole account: its number or its root."""
    if name.startswith("arn:"):
        parts = name.split(":", 5)
        if len(parts) < 6 or parts[5] != "root":
            return Answer.NO
        name = parts[4]
    elif not (name.isdigit() or is_unknown(name)):
        return Answer.NO
    return _same(name, caller.account) if caller.account else Answer.UNKNOWN


# --- several statements ----------------------------------------------------------------------


class Weighed(Struct, frozen=True):
    """What the policies of one kind say: whether one allows, whether one denies, and which."""

    allow: Answer = Answer.YES
    deny: Answer = Answer.NO
    allowing: tuple[Statement, ...] = ()
    denying: tuple[Statement, ...] = ()


OPEN = Weighed()
"""There are no policies of this kind, and so they limit nothing."""


def weigh(statements: Iterable[Statement], request: Request) -> Weighed:
    """What policies of one kind say together; what none allows is not allowed."""
    allow, deny = Answer.NO, Answer.NO
    allowing: tuple[Statement, ...] = ()
    denying: tuple[Statement, ...] = ()
    for statement in statements:
        denies = statement.effect is Effect.DENY
        if not denies and allow is Answer.YES:
            continue
        found = applies(statement, request)
        if found is Answer.NO:
            continue
        if denies and found is Answer.YES:
            return Weighed(Answer.NO, found, (), (statement,))
        if denies:
            deny, denying = found, (*denying, statement)
        else:
            allowing = (statement,) if found is Answer.YES else (*allowing, statement)
            allow = found
    return Weighed(allow, deny, allowing, denying)


def decided(allow: Answer, weighed: Iterable[Weighed]) -> Decision:
    """What comes of it when what is needed is allowed, or not, and each kind of policies may deny."""
    several = list(weighed)
    deny = some(one.deny for one in several)
    denying = tuple(statement for one in several for statement in one.denying)
    if deny is Answer.YES:
        return Decision(Answer.NO, tuple(one for one in denying if _is_sure(one, several)))
    if allow is Answer.NO:
        return Decision(Answer.NO)
    allowing = tuple(statement for one in several for statement in one.allowing)
    return Decision(every((allow, negated(deny))), (*allowing, *denying))


def _is_sure(statement: Statement, several: Sequence[Weighed]) -> bool:
    return any(one.deny is Answer.YES and statement in one.denying for one in several)


# --- all policies ----------------------------------------------------------------------------


class Policies(Struct, kw_only=True):
    """All that applies to a request. None says that there is no policy of that kind, which leaves all
    open; an empty list is a policy that allows nothing. `service_controls` and `resource_controls`
    have one list for the root, each unit above the account, and the account."""

    identity: Sequence[Statement] = ()
    resource: Sequence[Statement] | None = None
    boundary: Sequence[Statement] | None = None
    session: Sequence[Statement] | None = None
    service_controls: Sequence[Sequence[Statement]] = ()
    resource_controls: Sequence[Sequence[Statement]] = ()


def evaluate(request: Request, policies: Policies) -> Decision:
    """Whether a request is allowed, and by which statements. `request.caller` must be given when there
    is a policy of the resource."""
    own = weigh(policies.identity, request)
    boundary, session, given = (
        OPEN if one is None else weigh(one, request)
        for one in (policies.boundary, policies.session, policies.resource)
    )
    controls = (*policies.service_controls, *policies.resource_controls)
    guards = [weigh(one, request) for one in controls]
    limits = every((boundary.allow, session.allow))
    allow = every((own.allow, limits))
    if policies.resource is not None:
        allow = _with_resource(policies.resource, request, given.allow, allow, limits)
    allow = every((allow, *(one.allow for one in guards)))
    return decided(allow, (own, boundary, session, given, *guards))


def _with_resource(
    statements: Sequence[Statement], request: Request, given: Answer, own: Answer, limits: Answer
) -> Answer:
    """Within one account the policy of the resource is enough if it names the caller, and so is the
    caller's own; between accounts both must allow."""
    crossing = every((own, given))
    if (same := same_account(request)) is Answer.NO:
        return crossing
    is_role = request.caller is not None and (
        bool(request.caller.role) or ":role/" in request.caller.name
    )
    named = weigh(_naming(statements, request.caller), request).allow
    within = some((own, every((named, limits if is_role else Answer.YES))))
    if same is Answer.YES or within is crossing:
        return within
    return Answer.UNKNOWN


def may_assume(trust: Sequence[Statement], own: Weighed, request: Request) -> Decision:
    """Whether a caller may assume a role: its trust policy must say so, and the caller's own policies
    (`own`, with what limits them) too, unless the trust policy names a caller of its account."""
    given = weigh(trust, request)
    crossing = every((own.allow, given.allow))
    allow = crossing
    if (same := same_account(request)) is not Answer.NO:
        named = weigh(_naming(trust, request.caller), request).allow
        within = some((crossing, named))
        allow = within if same is Answer.YES or within is crossing else Answer.UNKNOWN
    return decided(allow, (own, given))


def _naming(statements: Iterable[Statement], caller: Caller | None) -> list[Statement]:
    """Of a resource's policy what names a caller, and not merely its account."""
    return [one for one in statements if one.effect is Effect.ALLOW and _names(one, caller)]


def _names(statement: Statement, caller: Caller | None) -> bool:
    if caller is None or caller.kind != "AWS":
        return True
    return any(
        kind == "AWS" and (name == "*" or names_account(name, caller) is Answer.NO)
        for kind, name in statement.principals
    )


def same_account(request: Request) -> Answer:
    """Whether the caller is of the resource's account; a service or issuer is of none."""
    if request.caller is None or request.caller.kind != "AWS":
        return Answer.YES
    if not request.account or not request.caller.account:
        return Answer.UNKNOWN
    return _same(request.account, request.caller.account)
