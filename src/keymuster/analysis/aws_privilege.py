"""How much an identity in AWS may do, in one word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keymuster import regex
from keymuster.analysis.answers import Answer, some
from keymuster.analysis.aws_identities import Permissions, allows
from keymuster.analysis.aws_patterns import FRESH, example, filled, matches, pieces
from keymuster.analysis.aws_policy import Statement
from keymuster.analysis.privilege import Level, Privilege, highest
from keymuster.model import Effect
from keymuster.model.unknown import is_unknown

PROVIDER = "aws"


def privilege(permissions: Permissions) -> Privilege:
    """An administrator may do what nobody named with identities; others read or write what their
    statements, as far as they are not denied, say."""
    judged = [
        _administrator(permissions),
        *(Privilege(Level(level), (grant,)) for grant, level in permissions.known),
        *(
            _of_statement(permissions, one)
            for one in permissions.own.statements
            if one.effect is Effect.ALLOW
        ),
        *(
            Privilege(Level.UNKNOWN, reason=f"nobody has seen the policy {name}")
            for name in permissions.unread
        ),
    ]
    return highest(_limited(permissions, judged))


def _limited(permissions: Permissions, judged: list[Privilege]) -> list[Privilege]:
    """What a policy of AWS's own comes to when something limits it is another matter."""
    first, *others = judged
    if first.level is Level.ADMIN or not _is_limited(permissions):
        return judged
    known = {grant for grant, level in permissions.known if level == Level.ADMIN}
    return [
        first,
        *(one for one in others if not (one.level is Level.ADMIN and known & {*one.grants})),
    ]


def _is_limited(permissions: Permissions) -> bool:
    return (
        permissions.boundary is not None
        or permissions.boundary_unread
        or bool(permissions.controls)
        or any(one.effect is Effect.DENY for one in permissions.own.statements)
    )


_ANYTHING = f"iam:{FRESH}"


def _administrator(permissions: Permissions) -> Privilege:
    decision = allows(permissions, _ANYTHING, f"arn:aws:iam::{FRESH}:{FRESH}")
    grants = tuple(dict.fromkeys(one.source for one in decision.statements))
    if decision.answer is Answer.YES:
        return Privilege(Level.ADMIN, grants)
    if decision.answer is Answer.UNKNOWN and grants:
        return Privilege(Level.UNKNOWN, grants, "it depends on what is not known of a request")
    return Privilege(Level.NONE)


_READS = regex.later(
    r"(?:batch)?(?:get|list|describe|search|query|scan|select|lookup|check|simulate|view|head|test|"
    r"validate|read|preview|estimate|download|receive|discover|detect|filter|retrieve|verify|poll|"
    r"export|evaluate|classify|contains|compare|count|sample|resolve|admin(?:get|list)|gitpull|"
    r"partiqlselect|eshttp(?:get|head)|st(?:art|op)(?:query|livetail)|is(?:authorized|member|vpc)|"
    r"generate(?:\*|query|credentialreport|servicelastaccessed))"
)
"""How the names of actions begin that change nothing."""


def _of_statement(permissions: Permissions, statement: Statement) -> Privilege:
    own = statement.actions or ("*:*",)
    actions = dict.fromkeys((*own, *_of_limits(permissions, own)))
    return highest(_of_action(permissions, statement, action) for action in actions)


def _of_limits(permissions: Permissions, patterns: Sequence[str]) -> Iterator[str]:
    """What limits let pass of that: some actions may be left of a pattern of which most are not."""
    for limit in (permissions.boundary, *permissions.controls):
        for statement in limit.statements if limit is not None else ():
            if statement.effect is Effect.ALLOW:
                yield from (
                    action
                    for action in statement.actions
                    if any(matches(one, action, fold=True) is Answer.YES for one in patterns)
                )


def _of_action(permissions: Permissions, statement: Statement, action: str) -> Privilege:
    if is_unknown(action):
        return Privilege(Level.UNKNOWN, (statement.source,), "an action is not known")
    level = Level.READ if reads(action) or _assumes_some(statement, action) else Level.WRITE
    allowed = _allowed_somewhere(permissions, statement, action)
    if allowed is Answer.NO:
        return Privilege(Level.NONE)
    if allowed is Answer.UNKNOWN:
        return Privilege(Level.UNKNOWN, (statement.source,), _DEPENDS)
    return Privilege(level, (statement.source,))


_DEPENDS = "it depends on what is not known of a request"


def _assumes_some(statement: Statement, action: str) -> bool:
    """To assume a certain role changes nothing: what it may do is the role's. Any role may do anything."""
    return action.lower() in _ASSUMES and "*" not in statement.resources


_ASSUMES = frozenset({"sts:assumerole", "sts:tagsession", "sts:setsourceidentity"})


def reads(action: str) -> bool:
    """Whether an action, or all that a pattern of actions covers, changes nothing."""
    return bool(_READS.match(action.partition(":")[2].lower()))


def _allowed_somewhere(permissions: Permissions, statement: Statement, action: str) -> Answer:
    """Whether anything is left of what a statement allows."""
    return some(
        allows(permissions, _example(action), resource).answer
        for resource in _resources(permissions, statement)
    )


def _example(action: str) -> str:
    """One of the actions that a pattern covers."""
    name = example(pieces(action, variables=False))
    return name if ":" in name else f"{name}:{FRESH}"


def _resources(permissions: Permissions, statement: Statement) -> Iterator[str]:
    """One of each that a statement is about."""
    for pattern in statement.resources or ("*",):
        full = filled(pieces(pattern), permissions.context.get)
        if full is not None:
            yield example(full)
