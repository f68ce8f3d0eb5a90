"""From an identity of AWS to the secrets and the data of its account that it reads: to all of a kind, or to those that
its policies name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_facts import PROVIDER, reach_of
from keymuster.analysis.aws_identities import Permissions, account, allows, arn
from keymuster.analysis.aws_patterns import FRESH, matches
from keymuster.analysis.reach.edges.escalations import all_rights
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.model import Effect, FileLocation, Identity, Resource
from keymuster.model.unknown import is_unknown

READS = Kind("reads", "{start} reads {to}", "Take from {start} the right to read {to}")
OF_ACCOUNT = Kind("of-account", "{start} includes {to}")


class _Sort(NamedTuple):
    """What is read: by which action, how its ARN looks and where its name stands."""

    name: str
    type: str
    action: str
    shape: str
    named: tuple[str, ...]
    jewel: str = ""


_SORTS = (
    _Sort(
        "secrets", "AWS::SecretsManager::Secret", "secretsmanager:GetSecretValue",
        "secretsmanager:{region}:{account}:secret:{name}-{end}", ("Name",), "secrets",
    ),
    _Sort(
        "parameters", "AWS::SSM::Parameter", "ssm:GetParameter",
        "ssm:{region}:{account}:parameter/{name}", ("Name",), "secrets",
    ),
    _Sort("buckets", "AWS::S3::Bucket", "s3:GetObject", "s3:::{name}/{end}", ("BucketName",)),
    _Sort(
        "tables", "AWS::DynamoDB::Table", "dynamodb:Scan",
        "dynamodb:{region}:{account}:table/{name}", ("TableName",),
    ),
    _Sort("queues", "AWS::SQS::Queue", "sqs:ReceiveMessage", "sqs:{region}:{account}:{name}", ("QueueName",)),
)  # fmt: skip


class _Thing(NamedTuple):
    """One that was seen: its id in the graph, its account, what it may be called in a statement."""

    id: str
    account: str
    texts: tuple[str, ...]


def edges(basis: Basis) -> Iterator[Node | Edge]:
    identities = [one for one in basis.of(Identity) if one.provider == PROVIDER]
    if not identities:
        return
    reach = reach_of(basis.inventory, basis.known)
    accounts = {one.account for one in identities}
    for sort in _SORTS:
        things = list(_things(sort, basis))
        by_account: dict[str, list[_Thing]] = defaultdict(list)
        for thing in things:
            by_account[thing.account].append(thing)
        for where in {*accounts, *by_account} if things or sort.jewel else ():
            yield from _all_of(sort, where, by_account[where])
        for one in identities:
            permissions = reach.estate.permissions(one.id)
            if not permissions.may(sort.action):
                continue
            if not sort.jewel and not things:
                continue
            if basis.told(one.id).get("privilege") != "admin":
                yield from _read(sort, one, permissions, by_account)


def _all_of(sort: _Sort, where: str, things: list[_Thing]) -> Iterator[Node | Edge]:
    whole = _whole(sort, where)
    yield whole
    doubt = "" if where else "whether both are of one account is not known"
    yield Edge(all_rights(PROVIDER, where).id, whole.id, OF_ACCOUNT, (), doubt)
    for thing in things:
        yield Edge(whole.id, thing.id, OF_ACCOUNT, (thing.id,), doubt)


def _whole(sort: _Sort, where: str) -> Node:
    name = f"all {sort.name} of account {where}" if where else f"all {sort.name} of its account"
    return Node(
        id=f"{sort.name}:{PROVIDER}:{where}", kind=sort.name, name=name, jewel=sort.jewel,
        group=not sort.jewel,
    )  # fmt: skip


def _read(
    sort: _Sort, one: Identity, permissions: Permissions, things: dict[str, list[_Thing]]
) -> Iterator[Edge]:
    every = allows(permissions, sort.action, _written(sort, one, FRESH, FRESH))
    sources = tuple(dict.fromkeys(each.source for each in every.statements))
    if every.answer is Answer.YES:
        yield Edge(one.id, _whole(sort, one.account).id, READS, sources)
        return
    near = [*things[one.account], *(things[""] if one.account else ())]
    if not one.account:  # a declaration that does not say whose it is
        near = [each for several in things.values() for each in several]
    told = {text: each for each in near for text in each.texts}
    for statement in permissions.own.about(sort.action):
        if statement.effect is not Effect.ALLOW:
            continue
        for pattern in statement.resources or ("*",):
            for thing in _named(pattern, near, told):
                answer = _answer(sort, thing, permissions)
                if answer is not Answer.NO:
                    doubt = "" if answer is Answer.YES else "a condition or a name is not known"
                    yield Edge(one.id, thing.id, READS, (statement.source,), doubt)


def _named(pattern: str, things: list[_Thing], told: dict[str, _Thing]) -> Iterator[_Thing]:
    if pattern in told:
        yield told[pattern]
        return
    reference = _OWN.match(pattern)
    if reference is not None:  # `${aws_s3_bucket.logs.arn}/*`
        whole = told.get(reference[0])
        if whole is not None:
            yield whole
        return
    if _exact(pattern):
        return
    for thing in things:
        if any(matches(pattern, text) is not Answer.NO for text in thing.texts):
            yield thing


_OWN = re.compile(r"\$\{[^{}]+\}")


def _exact(pattern: str) -> bool:
    """A whole ARN of something else."""
    return not set(pattern) & {"*", "?", "$"} and "-" not in pattern[-7:]


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
        yield _Thing(id, _account(one, plain), tuple(dict.fromkeys(_texts(sort, one, plain))))


def _account(one: Resource, plain: str) -> str:
    if plain.startswith("arn:"):
        return plain.split(":")[4] or str(getattr(one.location, "account", ""))
    return ""


def _texts(sort: _Sort, one: Resource, plain: str) -> Iterator[str]:
    objects = ("/*",) if sort.name == "buckets" else ("",)
    if plain.startswith("arn:"):
        for end in objects:
            yield plain + end.replace("*", FRESH)
        return
    if isinstance(one.location, FileLocation):
        address = plain.partition(":")[2].partition(":")[2]
        for attribute in ("arn", "id", "name", "bucket"):
            for end in objects:
                yield f"${{{address}.{attribute}}}{end.replace('*', FRESH)}"
                yield f"${{{address}.{attribute}}}"
        yield f"${{{address}}}"
    name = next((str(one.settings[key]) for key in sort.named if one.settings.get(key)), "")
    if name and not is_unknown(name):
        yield "arn:aws:" + sort.shape.format(
            region="${region}", account="${account}", name=name.lstrip("/"), end=FRESH
        )


def _written(sort: _Sort, one: Identity, name: str, region: str) -> str:
    partition, number = arn(one).split(":", 2)[1], account(one)
    return f"arn:{partition}:" + sort.shape.format(
        region=region, account=number, name=name, end=FRESH
    )
