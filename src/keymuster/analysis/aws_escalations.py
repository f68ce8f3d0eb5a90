"""Known ways from some permissions in AWS to more, judged on what is allowed after all: what is
denied, limited to certain resources or bound to conditions is no way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from msgspec import Struct

from keymuster.analysis.answers import Answer, every
from keymuster.analysis.aws_alike import Alike, alike
from keymuster.analysis.aws_conditions import texts
from keymuster.analysis.aws_identities import (
    NO_ACCOUNT,
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
from keymuster.analysis.aws_mentions import Mentions, allowing
from keymuster.analysis.aws_patterns import (
    FRESH,
    Pieces,
    covers,
    example,
    pieces,
)
from keymuster.analysis.aws_policy import (
    Decision,
    Request,
    may_assume,
)
from keymuster.analysis.privilege import Level


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
        self.estate = estate
        self.level_of = level_of
        self.mentions = Mentions(permissions, kinds, estate)
        self._open: dict[str, bool] = {}
        self._decided: dict[tuple[object, ...], Decision] = {}
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
        for shape in self.mentions.shapes(kind, actions[0]):
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
                for name in self.mentions.examples(kind, actions[0]):
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
            told = self.mentions.called_here(each, actions[0])
            yield self._on(way, actions, told)._replace(gain=Gain.ADMIN, targets=each[:1])

    def _workloads(self, way: Way, kind: str, actions: Sequence[str]) -> Iterator[_Found]:
        shapes, patterns = (
            self.mentions.shapes(kind, actions[0]),
            self.mentions.patterns(actions[0]),
        )
        island = self.estate.island(self.permissions.id)
        key = ("workloads", island, kind, *shapes, "", *patterns, self.mentions.statements(actions))
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
        others = any(one != NO_ACCOUNT for one in self.mentions.accounts(actions[0]))
        for workload, role in self.estate.workloads_near(self.permissions.id, others=others):
            looks = self.mentions.looks(workload, kind, actions[0])
            if looks:
                known += looks
                things.append((self.mentions.told(looks, actions[0]), role))
        unknown = [
            name
            for name in self.mentions.examples(kind, actions[0])
            if not any(covers(one, name) for one in known)
        ]
        return alike(things, self.mentions.says(actions)), unknown

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
        for name in self.mentions.examples(kind, actions[0]):
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
        patterns = tuple(self.mentions.telling(kind, actions[0]))
        accounts = self.mentions.accounts(actions[0])
        island = self.estate.island(self.permissions.id)
        key = (
            "identities", island, kind, patterns, accounts, self.mentions.statements(actions)
        )  # fmt: skip
        return self.estate.kept.get(key, lambda: self._known_alike(kind, patterns, actions))

    def _known_alike(
        self, kind: str, patterns: Iterable[str], actions: Sequence[str]
    ) -> tuple[list[Alike], Collection[str]]:
        estate = self.estate
        known = dict.fromkeys(
            id for one in patterns for id in estate.known(kind, one, self.permissions.id)
        )
        called = {id: estate.names_of(estate.identities[id]) for id in known}
        things = [
            (self.mentions.called_here(names, actions[0]), id) for id, names in called.items()
        ]
        tails = frozenset(_tail(estate.arn(estate.identities[id])) for id in known)
        return alike(things, self.mentions.says(actions)), tails

    def _groups(self) -> set[str]:
        return {self.estate.id(name, self.permissions.id) for name in self.permissions.groups}

    def _gain(self, id: str) -> Gain:
        level = self.level_of(id)
        if level is Level.ADMIN:
            return Gain.ADMIN
        return Gain.UNKNOWN if level is Level.UNKNOWN else Gain.IDENTITY

    # --- whether they are allowed ------------------------------------------------------------

    def _anywhere(self, kind: str, action: str) -> _Found:
        """Whether an action is allowed on some thing of a kind, whichever."""
        key = (kind, action)
        if key not in self._somewhere:
            whole = map(example, self.mentions.shapes(kind, action))
            names = dict.fromkeys((*whole, *self.mentions.examples(kind, action)))
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
            by = [[one.source for one in allowing(each.statements)] for each in decisions]
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
            key = (action, self.mentions.alike(action, name), known)
            found = self._decided.get(key)
            if found is None:
                found = self._decided[key] = allows(self.permissions, action, name, more)
            yield found
            if found.answer is Answer.NO:
                return

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
            for statement in allowing(self.permissions.own.about(action)):
                for block in statement.conditions.values():
                    for key, given in block.items() if isinstance(block, Mapping) else ():
                        if str(key).lower() == _POLICY:
                            found |= {example(pieces(one)): None for one in texts(given)}
        return list(found)

    def _policy_level(self, policy: str) -> Level:
        known = published(self.estate.policies, policy)
        if known is not None:
            return Level(known.privilege)
        id = self.estate.id(policy, self.permissions.id)
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


def _merged(several: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    if len(several) == 1:
        return several[0]
    return tuple(dict.fromkeys(one for each in several for one in each))


def _tail(arn: str) -> str:
    return arn.rpartition(":")[2]
