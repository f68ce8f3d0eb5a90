"""What identities in AWS may do, put together from grants: their own, those of their groups and of
the policies that they have, within their boundaries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, Protocol

from msgspec import Struct

from keymuster.analysis.answers import Answer, every
from keymuster.analysis.aws_alike import Alike, Kept
from keymuster.analysis.aws_conditions import Context
from keymuster.analysis.aws_patterns import matches
from keymuster.analysis.aws_policy import (
    Caller,
    Decision,
    Request,
    Statement,
    Weighed,
    about_action,
    about_caller,
    decided,
    of_grant,
    of_trust,
    weigh,
)
from keymuster.inventory.names import is_unique
from keymuster.model import Effect, Grant, GrantKind, Identity, IdentityKind, Trust, Use
from keymuster.model.unknown import is_unknown


class KnownStatement(Protocol):
    """A statement of a policy that AWS publishes."""

    @property
    def effect(self) -> Effect: ...
    @property
    def actions(self) -> Sequence[str]: ...
    @property
    def not_actions(self) -> Sequence[str]: ...
    @property
    def resources(self) -> Sequence[str]: ...
    @property
    def conditions(self) -> Mapping[str, object]: ...


class KnownPolicy(Protocol):
    """A policy that AWS publishes: what it comes to, and its statements about `covers`."""

    @property
    def privilege(self) -> str: ...
    @property
    def statements(self) -> Sequence[KnownStatement]: ...


class KnownPolicies(NamedTuple):
    """The policies that AWS publishes, by name. Their statements tell all about the actions in
    `covers`, in lower case, and not about others."""

    policies: Mapping[str, KnownPolicy] = {}
    covers: frozenset[str] = frozenset()


class Index:
    """The statements of policies of one kind, found by the service of an action."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self.statements = tuple(statements)
        self._found: dict[str, tuple[Statement, ...]] = {}

    @cached_property
    def _by_service(self) -> dict[str, tuple[Statement, ...]]:
        """Those that name services; under no name those that may be about any."""
        services: dict[str, list[int]] = defaultdict(list)
        for place, statement in enumerate(self.statements):
            for service in _services(statement):
                services[service].append(place)
        general = services.pop("", [])
        found = {"": tuple(self.statements[place] for place in general)}
        for service, places in services.items():
            both = sorted({*places, *general})
            found[service] = tuple(self.statements[place] for place in both)
        return found

    def about(self, action: str) -> tuple[Statement, ...]:
        """Those that are, or may be, about an action."""
        found = self._found.get(action)
        if found is None:
            service = action.partition(":")[0].lower()
            near = self._by_service.get(service, self._by_service[""])
            if (
                not near
            ):  # of most services most identities have nothing: that is not worth remembering
                return ()
            found = tuple(one for one in near if about_action(one, action) is not Answer.NO)
            self._found[action] = found
        return found


def _services(statement: Statement) -> set[str]:
    if not statement.actions:
        return {""}
    names = (one.partition(":")[0].lower() for one in statement.actions)
    return {"" if set(name) & set("*?$") else name for name in names}


class Permissions(Struct, kw_only=True, dict=True):
    """What one identity may do, or whoever has the policy of this `id`. `unread` names policies that it has and nobody has seen; `known` are
    the grants that hand on a policy that AWS publishes, with what that comes to. `groups` and
    `policies` are the names of what it gets permissions by."""

    identity: Identity | None
    names: tuple[str, ...]
    own: Index
    context: Context
    boundary: Index | None = None
    boundary_unread: bool = False
    controls: tuple[Index, ...] = ()
    unread: tuple[str, ...] = ()
    known: tuple[tuple[str, str], ...] = ()
    covers: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    id: str = ""

    def may(self, action: str) -> bool:
        """Whether some statement that allows is about an action at all; cheap."""
        return any(one.effect is Effect.ALLOW for one in self.own.about(action))


def allows(
    permissions: Permissions,
    action: str,
    resource: str = "*",
    more: Mapping[str, Sequence[str]] | None = None,
) -> Decision:
    """Whether an identity may do something, and the statements that decide (`source` is the grant).

    `more` is what is known of the request besides the identity. A policy that nobody has seen could
    allow more: then the answer is unknown instead of no.
    """
    request = Request(
        action=action, resource=resource, context=permissions.context.having(more or {})
    )
    return decided(*limited(permissions, request))


def limited(permissions: Permissions, request: Request) -> tuple[Answer, list[Weighed]]:
    """What an identity's own policies and all that limits them say of a request."""
    own = weigh(permissions.own.about(request.action), request)
    if own.allow is Answer.NO and _may_have_more(permissions, request.action):
        own = Weighed(Answer.UNKNOWN, own.deny, own.allowing, own.denying)
    several = [own, *(weigh(one.about(request.action), request) for one in permissions.controls)]
    if permissions.boundary is not None:
        several.append(weigh(permissions.boundary.about(request.action), request))
    if permissions.boundary_unread:
        several.append(Weighed(Answer.UNKNOWN))
    return every(one.allow for one in several), several


def weighed(permissions: Permissions, request: Request) -> Weighed:
    """The same as one."""
    allow, several = limited(permissions, request)
    if allow is Answer.NO and not any(one.denying for one in several):
        return Weighed(allow)
    decision = decided(allow, several)
    denied = any(one.deny is Answer.YES for one in several)
    return Weighed(decision.answer, Answer.YES if denied else Answer.NO, decision.statements, ())


def _may_have_more(permissions: Permissions, action: str) -> bool:
    if permissions.unread:
        return True
    return bool(permissions.known) and action.lower() not in permissions.covers


class Estate:
    """The identities, grants, trusts and workloads of AWS that were seen, linked by their names.

    `policies` are what AWS publishes. `workloads` are names of workloads, each with the role it runs
    as; `called` are further names of theirs and of policies: `aws:function/resize` is a function of
    that name. `islands` are, by the ids of records, repositories that declare things of an account which they do not
    tell: what one of them calls by a name that does not tell the account, no other does. `controls` are what the organisation lets an account do at most, by each level above it,
    and `keys` what is known of every request of its principals.
    """

    def __init__(
        self,
        identities: Iterable[Identity] = (),
        grants: Iterable[Grant] = (),
        trusts: Iterable[Trust] = (),
        uses: Iterable[Use] = (),
        *,
        policies: KnownPolicies | None = None,
        aliases: Mapping[str, str] | None = None,
        called: Mapping[str, Sequence[str]] | None = None,
        now: datetime | None = None,
        controls: Mapping[str, tuple[Index, ...]] | None = None,
        keys: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None,
        islands: Mapping[str, str] | None = None,
    ) -> None:
        self.identities = {one.id: one for one in identities}
        self.policies = policies or KnownPolicies()
        self.now = now
        self._controls = controls or {}
        self._keys = keys or {}
        self._islands = islands or {}
        self._ids: dict[str, str] = {}
        self._own_ids: dict[tuple[str, str], str] = {}
        self._names = {one.id: names(one) for one in self.identities.values()}
        for name, id in (aliases or {}).items():
            self._call(name, id)
        for id, several in self._names.items():
            for name in several:
                self._call(name, id)
        self._grants: dict[str, list[Grant]] = defaultdict(list)
        for grant in grants:
            self._grants[self.id(grant.identity, grant.id)].append(grant)
        self._trusts: dict[str, list[Statement]] = defaultdict(list)
        for trust in trusts:
            self._trusts[self.id(trust.identity, trust.id)].append(of_trust(trust))
        self.called = called or {}
        self.workloads = list(
            dict.fromkeys(
                (use.by, id)
                for use in uses
                if (id := self.id(use.subject, use.id)) in self.identities
            )
        )
        self._permissions: dict[str, Permissions] = {}
        self._known: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self._services: dict[tuple[str, str], bool] = {}
        self.kept: Kept[tuple[list[Alike], Collection[str]]] = Kept(_MOST_KEPT, _size)

    def island(self, id: str) -> str:
        """Where a record stands if that does not tell its account; empty for all that do, or are in one repository."""
        return self._islands.get(id, "")

    def id(self, name: str, near: str = "") -> str:
        """The id of what goes by a name, for a record `near` it; the name itself if nobody is known by it."""
        own = self._own_ids.get((self.island(near), name)) if self._own_ids else None
        return own or self._ids.get(name, name)

    def _call(self, name: str, id: str) -> None:
        island = self.island(id)
        if island and name != id and not is_unique(name):
            self._own_ids[island, name] = id
        else:
            self._ids[name] = id

    def names(self, id: str) -> tuple[str, ...]:
        """The id, and every other name that it goes by."""
        return (id, *self._other_names.get(id, ()), *self.called.get(id, ()))

    @cached_property
    def _other_names(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name, id in self._ids.items():
            if name != id:
                found[id].append(name)
        for (_, name), id in self._own_ids.items():
            found[id].append(name)
        return found

    def names_of(self, identity: Identity) -> tuple[str, ...]:
        found = self._names.get(identity.id)
        return names(identity) if found is None else found

    def arn(self, identity: Identity) -> str:
        return next(name for name in self.names_of(identity) if name.startswith("arn:"))

    def trusts_service(self, id: str, service: str) -> bool:
        """Whether a role's trust policy names a service; one that nobody has seen may do so."""
        key = (id, service)
        if key not in self._services:
            one = Caller(kind="Service", name=service)
            trust = self.trusts(id)
            self._services[key] = trust is None or any(
                each.effect is Effect.ALLOW and about_caller(each, one) is not Answer.NO
                for each in trust
            )
        return self._services[key]

    def grants(self, id: str) -> list[Grant]:
        return self._grants.get(id, [])

    def trusts(self, id: str) -> list[Statement] | None:
        """The statements of a role's trust policy; None if none was seen."""
        return self._trusts.get(id)

    def known(self, kind: str, pattern: str, near: str = "") -> tuple[str, ...]:
        """The ids of identities of a kind that a pattern may cover, which stands in a record."""
        key = (kind, pattern, self.island(near))
        if key not in self._known:
            self._known[key] = tuple(self._covered(kind, pattern, near))
        return self._known[key]

    def _covered(self, kind: str, pattern: str, near: str) -> Iterator[str]:
        if (one := self.identities.get(self.id(pattern, near))) is not None:
            if one.kind.value == kind:
                yield one.id
            return
        plain = not set(pattern) & {"*", "?", "$"}
        places = {self.island(near), *([""] if tells_account(pattern) else ())}
        for place in sorted(places):
            for one in (self._untold if plain else self._of_kind).get((place, kind), ()):
                if any(matches(pattern, name) is not Answer.NO for name in self.names_of(one)):
                    yield one.id

    def workloads_near(self, id: str, *, others: bool) -> Iterator[tuple[str, str]]:
        """Those of the same repository; and the `others` whose account is told."""
        for place in sorted({self.island(id), *([""] if others else ())}):
            yield from self._workloads.get(place, ())

    @cached_property
    def _workloads(self) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for workload, role in self.workloads:
            found[self.island(role)].append((workload, role))
        return found

    @cached_property
    def _of_kind(self) -> dict[tuple[str, str], list[Identity]]:
        """By island and kind."""
        found: dict[tuple[str, str], list[Identity]] = defaultdict(list)
        for one in self.identities.values():
            found[self.island(one.id), one.kind.value].append(one)
        return found

    @cached_property
    def _untold(self) -> dict[tuple[str, str], list[Identity]]:
        """Those with a name that is not wholly told: plain text may mean them."""
        return {
            key: [one for one in several if any(map(is_unknown, self.names_of(one)))]
            for key, several in self._of_kind.items()
        }

    def permissions(self, id: str) -> Permissions:
        """What an identity may do, or whoever gets the policy of this id."""
        found = self._permissions.get(id)
        if found is None:
            found = self._permissions[id] = self._put_together(id)
        return found

    def _put_together(self, id: str) -> Permissions:
        identity = self.identities.get(id)
        gathered = _Gathered(self)
        gathered.add(id, boundary=False)
        limits = gathered.boundary
        return Permissions(
            id=id,
            identity=identity,
            names=names(identity) if identity else (),
            own=Index(gathered.own),
            context=context_of(identity, self.now, self._keys),
            boundary=Index(limits) if limits else None,
            boundary_unread=gathered.boundary_unread,
            controls=self._limiting(id, identity),
            unread=tuple(dict.fromkeys(gathered.unread)),
            known=tuple(gathered.known),
            covers=self.policies.covers,
            groups=tuple(gathered.groups),
            policies=tuple(gathered.policies if identity else (id, *gathered.policies)),
            grants=tuple(gathered.grants),
        )

    def _limiting(self, id: str, identity: Identity | None) -> tuple[Index, ...]:
        """The organisation limits all of an account but what a service made for itself."""
        if not self._controls or any(
            _OF_SERVICE in name for name in (id, *self._names.get(id, ()))
        ):
            return ()
        number = account(identity) if identity else "".join(id.split(":", 5)[4:5])
        return self._controls.get(number, ())


_OF_SERVICE = ":role/aws-service-role/"


def tells_account(pattern: str) -> bool:
    """Whether it is about things of a certain account."""
    number = "".join(pattern.split(":", 5)[4:5])
    return number.isdigit() and number != NO_ACCOUNT


NO_ACCOUNT = "0" * 12
"""Stands for that of a declaration which does not tell it."""

_MOST_KEPT = 100_000
"""Ids of things that are alike: some 20 MB."""


def _size(found: tuple[list[Alike], Collection[str]]) -> int:
    several, others = found
    return sum(len(one.ids) for one in several) + len(others) + 1


class _Gathered:
    """What an identity gets, directly and by what it has."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.own: list[Statement] = []
        self.boundary: list[Statement] = []
        self.boundary_unread = False
        self.unread: list[str] = []
        self.known: list[tuple[str, str]] = []
        self.groups: list[str] = []
        self.policies: list[str] = []
        self.grants: list[Grant] = []
        self._seen: set[tuple[str, bool]] = set()

    def add(self, id: str, *, boundary: bool) -> None:
        if (id, boundary) in self._seen:
            return
        self._seen.add((id, boundary))
        for grant in self.estate.grants(id):
            if grant.kind not in (GrantKind.POLICY, GrantKind.BOUNDARY):
                continue
            if not boundary:
                self.grants.append(grant)
            limits = boundary or grant.kind is GrantKind.BOUNDARY
            if grant.via:
                self._follow(grant, limits)
            else:
                (self.boundary if limits else self.own).append(of_grant(grant))

    def _follow(self, grant: Grant, limits: bool) -> None:
        estate, id = self.estate, self.estate.id(grant.via, grant.id)
        if estate.grants(id):
            self._note(grant.via, id, limits)
            self.add(id, boundary=limits)
        elif (known := published(estate.policies, grant.via)) is not None:
            into = self.boundary if limits else self.own
            into += [_of_known(one, grant.id) for one in known.statements]
            if not limits:
                self.known.append((grant.id, known.privilege))
            elif known.privilege != "admin":
                self.boundary_unread = True
        elif id in estate.identities:
            self._note(grant.via, id, limits)
        elif limits:
            self.boundary_unread = True
        else:
            self._note(grant.via, id, limits)
            self.unread.append(grant.via)

    def _note(self, via: str, id: str, limits: bool) -> None:
        if limits:
            return
        identity = self.estate.identities.get(id)
        if identity is not None:
            self.groups += names(identity)
        else:
            self.policies += dict.fromkeys((via, id))


def _of_known(known: KnownStatement, source: str) -> Statement:
    return Statement(
        effect=known.effect,
        actions=tuple(known.actions),
        not_actions=tuple(known.not_actions),
        resources=tuple(known.resources) or ("*",),
        conditions=known.conditions,
        source=source,
    )


def published(policies: KnownPolicies, name: str) -> KnownPolicy | None:
    """The policy that AWS publishes under an ARN or, as templates call it, a bare name."""
    arn, _, path = name.partition(":policy/")
    if path and not (arn.startswith("arn:") and arn.endswith(":iam::aws")):
        return None
    return policies.policies.get((path or name).rpartition("/")[2])


def names(identity: Identity) -> tuple[str, ...]:
    """What policies may call an identity. When no ARN is known, the one it must have is made from its
    name; then the account is left open unless it is known."""
    given = dict.fromkeys((identity.id, *identity.aliases))
    if not any(name.startswith("arn:") for name in given):
        account = identity.account or "${account}"
        given[f"arn:aws:iam::{account}:{identity.kind.value}/{identity.name}"] = None
    return tuple(given)


def arn(identity: Identity) -> str:
    return next(name for name in names(identity) if name.startswith("arn:"))


def account(identity: Identity) -> str:
    return identity.account or arn(identity).split(":", 5)[4]


def caller(identity: Identity) -> Caller:
    return Caller(name=arn(identity), account=account(identity))


CHOSEN = frozenset({
    "aws:requestedregion", "aws:requesttag/", "aws:tagkeys", "aws:useragent", "aws:referer",
    "sts:rolesessionname",
})  # fmt: skip
"""Keys that are whatever suits the caller."""


def context_of(
    identity: Identity | None, now: datetime | None,
    keys: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None,
) -> Context:  # fmt: skip
    """What is known of every request of an identity, and by the `keys` of its account. Its credentials are
    as fresh as it likes."""
    values: dict[str, tuple[str, ...]] = {
        "aws:securetransport": ("true",),
        "aws:viaawsservice": ("false",),
        "aws:principalisawsservice": ("false",),
        "aws:calledvia": (),
        "aws:calledviafirst": (),
        "aws:calledvialast": (),
        "iam:passedtoservice": (),  # only of iam:PassRole
    }
    if now is not None:
        time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        values |= dict.fromkeys(("aws:currenttime", "aws:tokenissuetime"), (time,))
        values["aws:epochtime"] = (str(int(now.timestamp())),)
    if identity is None:
        values["aws:username"] = (SOMEBODY,)
        return Context(values, CHOSEN)
    values["aws:principalarn"] = (arn(identity),)
    values["aws:principalaccount"] = (account(identity),)
    values |= (keys or {}).get(account(identity), {})
    if identity.kind is IdentityKind.USER:
        values |= {"aws:username": (identity.name,), "aws:principaltype": ("User",)}
    elif identity.kind is IdentityKind.ROLE:
        values |= {"aws:username": (), "aws:principaltype": ("AssumedRole",)}
    for key, value in identity.tags.items():
        values[f"aws:principaltag/{key.lower()}"] = (value,)
    return Context(values, CHOSEN)


SOMEBODY = "whoever-has-this-policy"
"""The user name of whoever has a policy that nobody is known to have."""
