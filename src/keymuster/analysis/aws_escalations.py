"""Known ways from some permissions in AWS to more, judged on what is allowed after all: what is
denied, limited to certain resources or bound to conditions is no way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import NamedTuple, Protocol

from msgspec import Struct

from keymuster.analysis.answers import Answer, every
from keymuster.analysis.aws_alike import Alike, alike
from keymuster.analysis.aws_conditions import texts
from keymuster.analysis.aws_identities import (
    SOMEBODY,
    Estate,
    Permissions,
    account,
    allows,
    arn,
    caller,
    published,
    weighed,
)
from keymuster.analysis.aws_patterns import (
    FRESH,
    Pieces,
    Untold,
    Variable,
    Wild,
    arn_parts,
    common_arn,
    covers,
    example,
    filled,
    pieces,
    whole_arn,
)
from keymuster.analysis.aws_policy import (
    Decision,
    Request,
    Statement,
    about_resource,
    may_assume,
)
from keymuster.analysis.privilege import Level
from keymuster.model import Effect


class Way(Protocol):
    """One known way (`rules/known/aws-escalations.yaml`): actions, each with the kind of thing that it
    must be allowed on."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def actions(self) -> Mapping[str, str]: ...
    @property
    def passes(self) -> Sequence[str]: ...
    @property
    def leads_to(self) -> str: ...
    @property
    def attaches(self) -> Sequence[str]: ...


class Ways(NamedTuple):
    """All known ways, and how the ARNs of each kind of thing look; `{account}` is the caller's."""

    ways: Sequence[Way]
    kinds: Mapping[str, Sequence[str]]


class Gain(StrEnum):
    """What a way leads to, most first."""

    ADMIN = "admin"
    """All rights: those of a known administrator, or whichever it gives itself."""
    ANY = "any"
    """The rights of any identity of the account that the way works with."""
    UNKNOWN = "unknown"
    """Those of a certain identity or workload of which nothing is known."""
    IDENTITY = "identity"
    """Those of a known identity that is no administrator."""
    PART = "part"
    """Some, within one service, or what data tells."""


_GAINS = list(Gain)


class Escalation(Struct, frozen=True, kw_only=True):
    """A way that is open to an identity (yes) or may be (unknown). `targets` are the ids of whom it
    becomes, or the names of what it changes; `grants` are what it uses."""

    way: str
    answer: Answer
    gain: Gain
    targets: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()


LevelOf = Callable[[str], Level]
"""The privilege of an identity of the estate."""


def escalations(
    permissions: Permissions, ways: Ways, estate: Estate, level_of: LevelOf
) -> list[Escalation]:
    """Every known way that is open, or may be, to an identity or to whoever has a policy."""
    search = _Search(permissions, ways.kinds, estate, level_of)
    return [found for way in ways.ways if (found := search.along(way)) is not None]


def forget() -> None:
    """Drop what is remembered of the names of workloads."""
    _called.cache_clear()


class _Found(NamedTuple):
    """How far a way is open on some things: what it brings, whom one becomes or what is changed."""

    answer: Answer
    grants: tuple[str, ...] = ()
    gain: Gain = Gain.ANY
    targets: tuple[str, ...] = ()


_ORDER = [Answer.YES, Answer.UNKNOWN, Answer.NO]


def _rank(found: _Found) -> tuple[bool, int]:
    return found.answer is not Answer.YES, _GAINS.index(found.gain)


class _Search:
    """The ways of one identity."""

    def __init__(
        self,
        permissions: Permissions,
        kinds: Mapping[str, Sequence[str]],
        estate: Estate,
        level_of: LevelOf,
    ) -> None:
        self.permissions = permissions
        self.kinds = kinds
        self.estate = estate
        self.level_of = level_of
        one = permissions.identity
        self.account = account(one) if one else ""
        self.partition = arn(one).split(":", 2)[1] if one else "aws"
        self._open: dict[str, bool] = {}
        self._decided: dict[tuple[object, ...], Decision] = {}
        self._telling_apart: dict[str, list[Statement] | None] = {}
        self._patterns_of: dict[str, list[Pieces]] = {}
        self._shapes_of: dict[tuple[str, tuple[str, ...]], list[Pieces]] = {}
        self._accounts_of: dict[str, tuple[str, ...]] = {}
        self._examples_of: dict[tuple[str, str], list[str]] = {}
        self._somewhere: dict[tuple[str, str], _Found] = {}
        self._results: dict[tuple[object, ...], list[_Found]] = {}

    def along(self, way: Way) -> Escalation | None:
        if not all(map(self._may, way.actions)):
            return None
        if way.leads_to == "boundary" and not _is_bound(self.permissions):
            return None
        kind = next(iter(way.actions.values()))
        alone = [action for action, on in way.actions.items() if on != kind]
        side = [self._anywhere(way.actions[action], action) for action in alone]
        if any(one.answer is Answer.NO for one in side):
            return None
        actions = [action for action, on in way.actions.items() if on == kind]
        found = self._found(way, kind, actions)
        if not found:
            return None
        best = min(found, key=_rank)
        as_good = [one for one in found if _rank(one) == _rank(best)]
        grants = [grant for one in (best, *side) for grant in one.grants]
        return Escalation(
            way=way.id,
            answer=every((best.answer, *(one.answer for one in side))),
            gain=best.gain,
            targets=_merged([one.targets for one in as_good if one.targets]),
            grants=tuple(dict.fromkeys(grants)),
        )

    def _may(self, action: str) -> bool:
        found = self._open.get(action)
        if found is None:
            found = self._open[action] = self.permissions.may(action)
        return found

    def _found(self, way: Way, kind: str, actions: Sequence[str]) -> list[_Found]:
        """On what a way is open; alike for ways that differ only in what else they take."""
        key = (way.leads_to, kind, *actions, *way.passes, *way.attaches)
        found = self._results.get(key)
        if found is None:
            reached = self._reached(way, kind, actions)
            found = [one for one in reached if one.answer is not Answer.NO]
            self._results[key] = found
        return found

    # --- on which things -------------------------------------------------------------------

    def _reached(self, way: Way, kind: str, actions: Sequence[str]) -> Iterator[_Found]:
        """What the way comes to on each thing of a kind that matters."""
        whole = _WHOLE.get(way.leads_to, Gain.ANY)
        for shape in self._shapes(kind, actions[0]):
            found = self._on(way, actions, (example(shape),))
            if found.answer is not Answer.NO:
                yield found._replace(gain=whole)
            if found.answer is Answer.YES:
                return
        match way.leads_to:
            case "self" | "boundary":
                yield from self._own(way, kind, actions)
            case "workload":
                yield from self._workloads(way, kind, actions)
            case "changed" | "other" | "passed" | "service":
                yield from self._others(way, kind, actions)
            case _:
                for name in self._examples(kind, actions[0]):
                    yield self._on(way, actions, (name,))._replace(gain=whole)

    def _own(self, way: Way, kind: str, actions: Sequence[str]) -> Iterator[_Found]:
        """The identity itself, its groups or its policies."""
        permissions = self.permissions
        one = permissions.identity
        own: list[tuple[str, ...]] = []
        if one is not None and one.kind.value == kind:
            own = [self.estate.names_of(one)]
        elif one is None and kind == "user":
            own = [(f"arn:aws:iam::{'0' * 12}:user/{SOMEBODY}",)]
        elif kind == "group":
            own = [permissions.groups]
        elif kind == "policy":
            own = [self.estate.names(id) for id in permissions.policies]
        for each in own:
            told = self._called_here(each, actions[0])
            yield self._on(way, actions, told)._replace(gain=Gain.ADMIN, targets=each[:1])

    def _workloads(self, way: Way, kind: str, actions: Sequence[str]) -> Iterator[_Found]:
        shapes, patterns = self._shapes(kind, actions[0]), self._patterns(actions[0])
        key = ("workloads", kind, *shapes, "", *patterns, self._statements(actions))
        several, others = self.estate.kept.get(key, lambda: self._alike_workloads(kind, actions))
        for one in several:
            found = self._on(way, actions, one.told)
            if found.answer is Answer.NO:
                continue
            for gain, group in one.groups(self.level_of, self._gain).items():
                yield found._replace(gain=gain, targets=group)
        for name in others:
            yield self._on(way, actions, (name,))._replace(gain=Gain.UNKNOWN, targets=(name,))

    def _alike_workloads(
        self, kind: str, actions: Sequence[str]
    ) -> tuple[list[Alike], Collection[str]]:
        """Workloads by what statements say of them, and the examples that are none of them."""
        known: list[Pieces] = []
        things: list[tuple[tuple[str, ...], str]] = []
        for workload, role in self.estate.workloads:
            looks = self._looks(workload, kind, actions[0])
            if looks:
                known += looks
                things.append((self._told(looks, actions[0]), role))
        others = [
            name
            for name in self._examples(kind, actions[0])
            if not any(covers(one, name) for one in known)
        ]
        return alike(things, self._says(actions)), others

    def _looks(self, workload: str, kind: str, action: str) -> list[Pieces]:
        """How the ARN of a workload looks if it is of that kind; when none is known, it may be of any."""
        if workload.startswith("arn:"):
            shapes = self._shapes(kind, action)
            return [pieces(workload)] if any(covers(one, workload) for one in shapes) else []
        found: list[Pieces] = []
        for name in self.estate.called.get(workload, (workload,)):
            word, slash, rest = name.removeprefix(_ALIAS).partition("/")
            if not (name.startswith(_ALIAS) and slash):
                found += self._shapes_of_name(kind, action, name)
            elif word in (kind, _AS_WELL.get(kind)):
                found += self._shapes_of_name(kind, action, rest)
        return found

    def _shapes_of_name(self, kind: str, action: str, name: str) -> Iterator[Pieces]:
        for shape in self._shapes(kind, action):
            yield _called(shape, name)

    def _told(self, looks: Sequence[Pieces], action: str) -> tuple[str, ...]:
        """What of that statements speak of."""
        found: dict[str, None] = {}
        for look in looks:
            if not any(isinstance(piece, Wild) for piece in look):
                found[example(look)] = None
            for pattern in self._patterns(action):
                if (one := common_arn(pattern, look)) is not None:
                    found[one] = None
        return tuple(found)

    def _called_here(self, several: Sequence[str], action: str) -> tuple[str, ...]:
        """Names in the account that statements speak of, when nobody knows which it is."""
        found: dict[str, None] = {}
        for name in several:
            for one in self._accounts(action) if _OPEN_ACCOUNT in name else ("",):
                found[name.replace(_OPEN_ACCOUNT, f":{one}:") if one else name] = None
        return tuple(found)

    def _others(self, way: Way, kind: str, actions: Sequence[str]) -> Iterator[_Found]:
        """Identities that are known, and what else the statements name."""
        one = self.permissions.identity
        mine = frozenset({one.id} if one else ()) | (self._groups() if kind == "group" else set())
        part, passes = _PARTS.get(way.leads_to), tuple(way.passes)

        def told_apart(id: str) -> tuple[Gain, tuple[bool, ...]]:
            return part or self._gain(id), tuple(self._trusts(id, one) for one in passes)

        several, tails = self._alike_identities(kind, actions)
        for each in several:
            groups = each.groups((self.level_of, part, passes), told_apart)
            overlap = not mine.isdisjoint(each.among)
            for (gain, _), group in groups.items():
                others = tuple(id for id in group if id not in mine) if overlap else group
                if others:
                    for found in self._on_each(way, actions, each.told, others):
                        yield found._replace(gain=gain)
        own = _tail(arn(one)) if one else SOMEBODY
        for name in self._examples(kind, actions[0]):
            tail = _tail(name)
            if tail in tails or tail == own or tail.endswith(f"/{SOMEBODY}"):
                continue
            gain = _PARTS.get(way.leads_to, Gain.UNKNOWN)
            if FRESH in tail and gain is Gain.ADMIN:
                gain = Gain.UNKNOWN
            yield self._on(way, actions, (name,))._replace(gain=gain, targets=(name,))

    def _on_each(
        self, way: Way, actions: Sequence[str], told: tuple[str, ...], ids: tuple[str, ...]
    ) -> Iterator[_Found]:
        """On identities that are alike, one by one only where the trust policy of each has a say."""
        found = self._on(way, actions, told, ids[0] if way.passes else "")
        if way.passes or way.attaches or not self._asks_trust(actions):
            yield found._replace(targets=ids)
        elif found.answer is not Answer.NO:
            for id in ids:
                yield self._assuming(found, actions, id)._replace(targets=(id,))

    def _alike_identities(
        self, kind: str, actions: Sequence[str]
    ) -> tuple[list[Alike], Collection[str]]:
        """Known identities by what statements say of them, and how the ARNs of all of them end."""
        patterns = tuple(self._telling(kind, actions[0]))
        accounts = self._accounts(actions[0])
        key = ("identities", kind, patterns, accounts, self._statements(actions))
        return self.estate.kept.get(key, lambda: self._known_alike(kind, patterns, actions))

    def _known_alike(
        self, kind: str, patterns: Iterable[str], actions: Sequence[str]
    ) -> tuple[list[Alike], Collection[str]]:
        estate = self.estate
        known = dict.fromkeys(id for one in patterns for id in estate.known(kind, one))
        called = {id: estate.names_of(estate.identities[id]) for id in known}
        things = [(self._called_here(names, actions[0]), id) for id, names in called.items()]
        tails = frozenset(_tail(estate.arn(estate.identities[id])) for id in known)
        return alike(things, self._says(actions)), tails

    def _groups(self) -> set[str]:
        return {self.estate.id(name) for name in self.permissions.groups}

    def _gain(self, id: str) -> Gain:
        level = self.level_of(id)
        if level is Level.ADMIN:
            return Gain.ADMIN
        return Gain.UNKNOWN if level is Level.UNKNOWN else Gain.IDENTITY

    def _telling(self, kind: str, action: str) -> Iterator[str]:
        """Patterns of the identities that are of interest. When nothing sets some apart, one that
        covers all is no help: what was asked about any of them is answered for each."""
        whole = [] if self._is_limited(action) else [*map(example, self._shapes(kind, action))]
        for pattern in self._patterns(action):
            if not any(covers(pattern, one) for one in whole):
                yield _written(pattern)

    def _is_limited(self, action: str) -> bool:
        one = self.permissions
        return (
            one.boundary is not None
            or bool(one.controls)
            or any(each.effect is Effect.DENY for each in one.own.about(action))
            or any(_by_resource(each) for each in _allowing(one.own.about(action)))
        )

    def _examples(self, kind: str, action: str) -> list[str]:
        """Things of a kind that statements are about; when one is not told, it may be of any kind."""
        key = (kind, action)
        if key not in self._examples_of:
            self._examples_of[key] = list(dict.fromkeys(self._of_kind(kind, action)))
        return self._examples_of[key]

    def _of_kind(self, kind: str, action: str) -> Iterator[str]:
        for pattern in self._patterns(action):
            if len(pattern) == 1 and isinstance(pattern[0], Untold):
                yield pattern[0].text
            for shape in self._shapes(kind, action):
                if (one := common_arn(pattern, shape)) is not None:
                    yield one

    def _shapes(self, kind: str, action: str) -> list[Pieces]:
        """How ARNs of a kind look here."""
        key = (kind, self._accounts(action))
        if key not in self._shapes_of:
            here = [
                shape.replace("arn:*:", f"arn:{self.partition}:", 1)
                for shape in self.kinds.get(kind, ("*",))
            ]
            self._shapes_of[key] = [
                pieces(shape.replace("{account}", number)) for number in key[1] for shape in here
            ]
        return self._shapes_of[key]

    def _accounts(self, action: str) -> tuple[str, ...]:
        """The identity's own account; if it is not known, those that statements speak of, as there is
        nothing to gain from a statement about another."""
        if self.account.isdigit():
            return (self.account,)
        if action not in self._accounts_of:
            self._accounts_of[action] = ("0" * 12, *dict.fromkeys(self._named_accounts(action)))
        return self._accounts_of[action]

    def _named_accounts(self, action: str) -> Iterator[str]:
        for pattern in self._patterns(action):
            parts = arn_parts(pattern)
            told = _written(parts[4]) if parts else ""
            if told and not set(told) & {"*", "?"} and told != "aws":
                yield told

    def _patterns(self, action: str) -> list[Pieces]:
        found = self._patterns_of.get(action)
        if found is None:
            found = self._patterns_of[action] = list(dict.fromkeys(self._stated(action)))
        return found

    def _stated(self, action: str) -> Iterator[Pieces]:
        """The patterns of the statements that allow an action, and where they meet its limits."""
        own = list(self._of(self.permissions.own.about(action)))
        yield from own
        for index in (self.permissions.boundary, *self.permissions.controls):
            if index is None:
                continue
            for limit, one in product(self._of(index.about(action)), own):
                if len(limit) > 1 and (meeting := common_arn(limit, one)) is not None:
                    yield pieces(meeting)
                    yield limit

    def _of(self, statements: Iterable[Statement]) -> Iterator[Pieces]:
        for statement in _allowing(statements):
            for resource in statement.resources or ("*",):
                full = filled(pieces(whole_arn(resource)), self.permissions.context.get)
                if full is not None:
                    yield full

    # --- whether they are allowed ------------------------------------------------------------

    def _anywhere(self, kind: str, action: str) -> _Found:
        """Whether an action is allowed on some thing of a kind, whichever."""
        key = (kind, action)
        if key not in self._somewhere:
            whole = map(example, self._shapes(kind, action))
            names = dict.fromkeys((*whole, *self._examples(kind, action)))
            found = [self._allowed((action,), (name,), {}) for name in names]
            self._somewhere[key] = min(found, key=lambda one: _ORDER.index(one.answer))
        return self._somewhere[key]

    def _on(self, way: Way, actions: Sequence[str], target: Sequence[str], id: str = "") -> _Found:
        """Whether a way is open on one thing, which is of that id if it is known; the trust policies
        of roles that are assumed aside."""
        if way.attaches:
            return self._attaching(way, actions, target)
        if not way.passes:
            return self._allowed(actions, target, {})
        best = _Found(Answer.NO)
        for service in way.passes:
            if id and not self._trusts(id, service):
                continue
            found = self._allowed(actions, target, {"iam:passedtoservice": (service,)})
            if found.answer is Answer.YES:
                return found
            best = best if found.answer is Answer.NO else found
        return best

    def _allowed(
        self, actions: Sequence[str], target: Sequence[str], more: Mapping[str, Sequence[str]]
    ) -> _Found:
        """Whether all actions are allowed on a thing, by one of its names."""
        best = _Found(Answer.NO)
        for name in target:
            decisions = list(self._decisions(actions, name, more))
            answer = every(one.answer for one in decisions)
            by = [[one.source for one in _allowing(each.statements)] for each in decisions]
            if answer is Answer.NO or not all(by):
                continue
            grants = tuple(dict.fromkeys(grant for each in by for grant in each))
            if answer is Answer.YES:
                return _Found(answer, grants)
            best = _Found(answer, grants)
        return best

    def _decisions(
        self, actions: Sequence[str], name: str, more: Mapping[str, Sequence[str]]
    ) -> Iterator[Decision]:
        """One for each action, up to the first that is not allowed; each is asked once."""
        known = tuple(more.values())
        for action in actions:
            key = (action, self._alike(action, name), known)
            found = self._decided.get(key)
            if found is None:
                found = self._decided[key] = allows(self.permissions, action, name, more)
            yield found
            if found.answer is Answer.NO:
                return

    def _alike(self, action: str, name: str) -> object:
        """What is the same for all things that no statement about an action tells apart."""
        statements = self._by_name(action)
        if statements is None:
            return name
        context = self.permissions.context
        return tuple(about_resource(one, name, context) for one in statements)

    def _says(self, actions: Sequence[str]) -> Callable[[str], Hashable]:
        """The same for several actions."""
        return lambda name: tuple(self._alike(action, name) for action in actions)

    def _statements(self, actions: Sequence[str]) -> Hashable:
        """What that depends on besides the names."""
        several = map(self._by_name, actions)
        return tuple(
            None if one is None else tuple((each.resources, each.not_resources) for each in one)
            for one in several
        )

    def _by_name(self, action: str) -> list[Statement] | None:
        if action not in self._telling_apart:
            self._telling_apart[action] = self._stated_by_name(action)
        return self._telling_apart[action]

    def _stated_by_name(self, action: str) -> list[Statement] | None:
        """The statements about an action that are not about all things. None where variables stand in
        their resources, as those depend on the request too."""
        one = self.permissions
        limits = (one.own, *one.controls, *([one.boundary] if one.boundary is not None else ()))
        several = [each for index in limits for each in index.about(action)]
        found = [each for each in several if "*" not in each.resources]
        names = (name for each in found for name in (*each.resources, *each.not_resources))
        variable = any(isinstance(piece, Variable) for name in names for piece in pieces(name))
        return None if variable else found

    def _attaching(self, way: Way, actions: Sequence[str], target: Sequence[str]) -> _Found:
        """A policy must be allowed that brings something: one of AWS's own, or another that the
        conditions name."""
        best = _Found(Answer.NO)
        for policy in way.attaches:
            found = self._allowed(actions, target, {_POLICY: (policy,)})
            if found.answer is Answer.YES:
                return found
            best = best if found.answer is Answer.NO else found
        if best.answer is not Answer.NO:
            return best
        for policy in self._named_policies(actions):
            if (level := self._policy_level(policy)) in (Level.ADMIN, Level.UNKNOWN):
                found = self._allowed(actions, target, {_POLICY: (policy,)})
                if found.answer is not Answer.NO:
                    sure = level is Level.ADMIN
                    best = found if sure else found._replace(answer=Answer.UNKNOWN)
        return best

    def _named_policies(self, actions: Sequence[str]) -> list[str]:
        """Policies that conditions of the statements speak of."""
        found: dict[str, None] = {}
        for action in actions:
            for statement in _allowing(self.permissions.own.about(action)):
                for block in statement.conditions.values():
                    for key, given in block.items() if isinstance(block, Mapping) else ():
                        if str(key).lower() == _POLICY:
                            found |= {example(pieces(one)): None for one in texts(given)}
        return list(found)

    def _policy_level(self, policy: str) -> Level:
        known = published(self.estate.policies, policy)
        if known is not None:
            return Level(known.privilege)
        id = self.estate.id(policy)
        return self.level_of(id) if self.estate.grants(id) else Level.UNKNOWN

    def _trusts(self, id: str, service: str) -> bool:
        """Whether a service may have a role. What a trust policy demands besides is met by what the
        service is made to do; one that nobody has seen may trust it."""
        return self.estate.trusts_service(id, service)

    def _asks_trust(self, actions: Sequence[str]) -> bool:
        """Whether a role's trust policy has a say: unless the way changes that."""
        mine = self.permissions.identity
        return mine is not None and ASSUME_ROLE in actions and _TRUST not in actions

    def _assuming(self, found: _Found, actions: Sequence[str], id: str) -> _Found:
        mine = self.permissions.identity
        if mine is None or not self._asks_trust(actions):
            return found
        trust = self.estate.trusts(id)
        if trust is None or found.answer is Answer.NO:
            return found._replace(answer=every((found.answer, Answer.UNKNOWN)))
        return found._replace(
            answer=every((found.answer, assumes(self.estate, mine.id, id).answer))
        )


_WHOLE = {
    "self": Gain.ADMIN,
    "boundary": Gain.ADMIN,
    "changed": Gain.ADMIN,
    "account": Gain.ADMIN,
    "service": Gain.PART,
    "data": Gain.PART,
}
"""What a way brings that works on anything of its kind; others bring the rights of any of them."""

_PARTS = {"changed": Gain.ADMIN, "service": Gain.PART}
"""What a way brings whoever it is that one becomes."""

_ALIAS = "aws:"

_AS_WELL = {"managed-instance": "instance"}
"""Kind -> another that things of it are called by."""

_OPEN_ACCOUNT = ":${account}:"


def _by_resource(statement: Statement) -> bool:
    """Whether conditions or exceptions make a difference between one thing and another."""
    if statement.not_resources:
        return True
    keys = (str(key).lower() for block in statement.conditions.values() for key in block)
    return any("resourcetag/" in key or key in _ABOUT_RESOURCES for key in keys)


_ABOUT_RESOURCES = frozenset(
    {"iam:permissionsboundary", "aws:resourceaccount", "aws:resourceorgid"}
)


def _is_bound(permissions: Permissions) -> bool:
    return permissions.boundary is not None or permissions.boundary_unread


_POLICY = "iam:policyarn"
ASSUME_ROLE = "sts:AssumeRole"
_TRUST = "iam:UpdateAssumeRolePolicy"


def assumes(estate: Estate, id: str, role: str) -> Decision:
    """Whether an identity may assume a role of the estate."""
    permissions, target = estate.permissions(id), estate.identities[role]
    if permissions.identity is None:
        return Decision(Answer.UNKNOWN)
    request = Request(
        action=ASSUME_ROLE,
        resource=arn(target),
        context=permissions.context,
        caller=caller(permissions.identity),
        account=account(target),
    )
    trust = estate.trusts(role)
    own = weighed(permissions, request)
    return may_assume(trust or (), own, request)


@lru_cache(maxsize=65536)
def _called(shape: Pieces, name: str) -> Pieces:
    """A shape of ARNs with the name of one thing in it."""
    *where, what = arn_parts(shape) or [shape]
    return pieces(":".join(map(_written, where)) + ":" + _written(what).replace("*", name, 1))


def _merged(several: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    if len(several) == 1:
        return several[0]
    return tuple(dict.fromkeys(one for each in several for one in each))


def _tail(arn: str) -> str:
    return arn.rpartition(":")[2]


def _written(pattern: Pieces) -> str:
    return "".join(
        piece
        if isinstance(piece, str)
        else piece.value
        if isinstance(piece, Wild)
        else _text(piece)
        for piece in pattern
    )


def _text(piece: Variable | Untold) -> str:
    return piece.text if isinstance(piece, Untold) else f"${{{piece.key}}}"


def _allowing(statements: Iterable[Statement]) -> list[Statement]:
    return [one for one in statements if one.effect is Effect.ALLOW]
