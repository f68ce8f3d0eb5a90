"""From an identity of AWS to the secrets and the data of its account that it reads: to all of a kind, or to those that
its policies name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_facts import PROVIDER, reach_of
from keymuster.analysis.aws_identities import Permissions, account, allows, arn
from keymuster.analysis.aws_patterns import FRESH, matches
from keymuster.analysis.reach.edges.escalations import ONE_ACCOUNT, Where, all_rights, where
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.model import Effect, Identity, Resource
from keymuster.model.unknown import is_unknown

READS = Kind("reads", "{start} reads {to}", "Take from {start} the right to read {to}")
OF_ACCOUNT = Kind("of-account", "{start} includes {to}")


class _Sort(NamedTuple):
    """What is read: by which action, how its ARN looks, what stands there before the name, and which settings hold
    that."""

    name: str
    type: str
    action: str
    shape: str
    before: str
    named: tuple[str, ...]
    jewel: str = ""


_SORTS = (
    _Sort(
        "secrets", "AWS::SecretsManager::Secret", "secretsmanager:GetSecretValue",
        "secretsmanager:{region}:{account}:secret:{name}-{end}", ":secret:", ("Name",), "secrets",
    ),
    _Sort(
        "parameters", "AWS::SSM::Parameter", "ssm:GetParameter",
        "ssm:{region}:{account}:parameter/{name}", ":parameter/", ("Name",), "secrets",
    ),
    _Sort("buckets", "AWS::S3::Bucket", "s3:GetObject", "s3:::{name}/{end}", ":::", ("BucketName",)),
    _Sort(
        "tables", "AWS::DynamoDB::Table", "dynamodb:Scan",
        "dynamodb:{region}:{account}:table/{name}", ":table/", ("TableName",),
    ),
    _Sort("queues", "AWS::SQS::Queue", "sqs:ReceiveMessage", "sqs:{region}:{account}:{name}", ":", ("QueueName",)),
)  # fmt: skip


class _Thing(NamedTuple):
    """One that was seen: its id in the graph, where it is, what it may be called in a statement, and what only in
    statements that are declared with it."""

    id: str
    place: Where
    arns: tuple[str, ...]
    references: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        return self.arns + self.references


def edges(basis: Basis) -> Iterator[Node | Edge]:
    identities = [one for one in basis.of(Identity) if one.provider == PROVIDER]
    if not identities:
        return
    reach = reach_of(basis.inventory, basis.known)
    for sort in _SORTS:
        things: dict[Where, list[_Thing]] = defaultdict(list)
        for one in _things(sort, basis):
            things[one.place].append(one)
        if not things and not sort.jewel:
            continue
        places = dict.fromkeys(where(one.account, one.id) for one in identities)
        for place in dict.fromkeys((*places, *things)):
            yield from _all_of(sort, place, things.get(place, []))
        near = {place: _Near(sort, place, things) for place in places}
        for identity in identities:
            permissions = reach.estate.permissions(identity.id)
            if permissions.may(sort.action) and not _has_all(identity, basis):
                place = where(identity.account, identity.id)
                yield from _read(sort, identity, permissions, near[place])


def _has_all(one: Identity, basis: Basis) -> bool:
    return bool(basis.told(one.id).get("privilege") == "admin")


def _all_of(sort: _Sort, place: Where, things: list[_Thing]) -> Iterator[Node | Edge]:
    whole = _whole(sort, place)
    yield whole
    doubt = "" if place.is_known else ONE_ACCOUNT
    yield Edge(all_rights(PROVIDER, place).id, whole.id, OF_ACCOUNT, (), doubt)
    for thing in things:
        yield Edge(whole.id, thing.id, OF_ACCOUNT, (thing.id,), doubt)


def _whole(sort: _Sort, place: Where) -> Node:
    return Node(
        id=f"{sort.name}:{PROVIDER}:{place.id}", kind=sort.name, name=f"all {sort.name} of {place.name}",
        jewel=sort.jewel, group=not sort.jewel,
    )  # fmt: skip


class _Near:
    """What statements of one place may speak of, by the texts that mean it."""

    def __init__(self, sort: _Sort, place: Where, things: dict[Where, list[_Thing]]) -> None:
        self.place = place
        self._before = sort.before
        self._told = {text: each for each in things.get(place, ()) for text in each.texts}
        for other, several in things.items():  # what may be of the same account all the same
            if other != place and not (other.is_known and place.is_known):
                self._told = {text: each for each in several for text in each.arns} | self._told
        self._names = sorted((self._name(text), text) for text in self._told)

    def named(self, pattern: str) -> Iterator[_Thing]:
        """Those that a resource of a statement may mean; what it allows of them is asked then."""
        if pattern in self._told:
            yield self._told[pattern]
        elif (reference := _OWN.match(pattern)) is not None:  # `${aws_s3_bucket.logs.arn}/*`
            if reference[0] in self._told:
                yield self._told[reference[0]]
        elif set(pattern) & {"*", "?", "$"}:
            begins = _PLAIN.match(self._name(pattern))[0]  # type: ignore[index]
            for place in range(bisect_left(self._names, (begins, "")), len(self._names)):
                name, text = self._names[place]
                if not name.startswith(begins):
                    break
                if matches(pattern, text) is not Answer.NO:
                    yield self._told[text]

    def _name(self, text: str) -> str:
        """The name in an ARN; nothing of a pattern that ends before it."""
        return text.partition(self._before)[2] if self._before != ":" else text.rpartition(":")[2]


def _read(sort: _Sort, one: Identity, permissions: Permissions, near: _Near) -> Iterator[Edge]:
    every = allows(permissions, sort.action, _written(sort, one, FRESH, FRESH))
    sources = tuple(dict.fromkeys(each.source for each in every.statements))
    if every.answer is Answer.YES:
        yield Edge(one.id, _whole(sort, near.place).id, READS, sources)
        return
    for statement in permissions.own.about(sort.action):
        if statement.effect is not Effect.ALLOW:
            continue
        for pattern in statement.resources or ("*",):
            for thing in dict.fromkeys(near.named(pattern)):
                answer = _answer(sort, thing, permissions)
                if answer is not Answer.NO:
                    doubt = "" if answer is Answer.YES else "a condition or a name is not known"
                    yield Edge(one.id, thing.id, READS, (statement.source,), doubt)


_PLAIN = re.compile(r"[^*?$]*")
_OWN = re.compile(r"\$\{[^{}]+\}")


def _answer(sort: _Sort, thing: _Thing, permissions: Permissions) -> Answer:
    """By whichever of its names a statement speaks of it."""
    answers = [allows(permissions, sort.action, text).answer for text in thing.texts]
    if Answer.YES in answers:
        return Answer.YES
    return Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.NO


def _things(sort: _Sort, basis: Basis) -> Iterator[_Thing]:
    for one in basis.of(Resource):
        if one.type != sort.type:
            continue
        plain = one.id.removeprefix("resource:")
        id = plain if sort.jewel and plain in basis.inventory.records else one.id
        account = plain.split(":")[4] if plain.startswith("arn:") else ""
        account = account or str(getattr(one.location, "account", ""))
        yield _Thing(
            id,
            where(account, plain),
            tuple(_arns(sort, one, plain)),
            tuple(_references(sort, plain)),
        )


def _arns(sort: _Sort, one: Resource, plain: str) -> Iterator[str]:
    inside = f"/{FRESH}" if sort.name == "buckets" else ""
    name = next((str(one.settings[key]) for key in sort.named if one.settings.get(key)), "")
    if plain.startswith("arn:"):
        yield plain + inside
    elif name and not is_unknown(name):
        yield "arn:aws:" + sort.shape.format(
            region="${region}", account="${account}", name=name.lstrip("/"), end=FRESH
        )


def _references(sort: _Sort, plain: str) -> Iterator[str]:
    """How what is declared with it calls it."""
    if plain.startswith("arn:"):
        return
    address = plain.partition(":")[2].partition(":")[2]
    for attribute in (".arn", ".id", ".name", ".bucket", ".Arn", ""):
        reference = f"${{{address}{attribute}}}"
        yield reference
        if sort.name == "buckets":
            yield f"{reference}/{FRESH}"


def _written(sort: _Sort, one: Identity, name: str, region: str) -> str:
    partition, number = arn(one).split(":", 2)[1], account(one)
    return f"arn:{partition}:" + sort.shape.format(
        region=region, account=number, name=name, end=FRESH
    )
