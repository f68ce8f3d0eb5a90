"""What one part of an account tells, asked of moto, or of the SDK's own check of answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from keymuster.collect import meanings
from keymuster.collect.aws.access import Access, own_session, signed_in
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface
from keymuster.collect.aws.surfaces import surfaces
from keymuster.collect.declared import Declared
from keymuster.collect.literals.sealing import Sealing
from keymuster.model import Storage
from keymuster.rules.schema import RuleSet

REGION = "us-east-1"
ACCOUNT = "123456789012"


def surface(name: str) -> Surface:
    return next(one for one in surfaces() if one.name == name)


def asked(name: str) -> Scope:
    """A part of the account that the environment is signed in to."""
    return Scope(signed_in(own_session(""), REGION), REGION, surface(name))


@contextmanager
def answering(name: str, *answers: tuple[str, dict[str, Any] | str]) -> Iterator[Scope]:
    """The same, where one service gives these answers, or the codes of errors, in this order. The SDK
    refuses what its model of the service does not have."""
    from boto3 import Session
    from botocore.stub import Stubber

    session = Session(aws_access_key_id="testing", aws_secret_access_key="testing")
    access = Access(session, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/audit")
    service = surface(name).calls[0].partition(":")[0]
    with Stubber(access.client(service, REGION)) as stub:
        for method, answer in answers:
            if isinstance(answer, str):
                stub.add_client_error(method, answer)
            else:
                stub.add_response(method, answer)
        yield Scope(access, REGION, surface(name))
        stub.assert_no_pending_responses()


def objects(ask: Scope) -> dict[str, list[Declared]]:
    """What it tells, by type; nothing may be refused."""
    found: dict[str, list[Declared]] = {}
    for one in ask.surface.look(ask):
        if isinstance(one, Declared):
            found.setdefault(one.type, []).append(one)
    assert [*ask.troubles()] == []
    assert set(found) <= set(ask.surface.types)
    return found


def records(told: Iterable[Any], rules: RuleSet) -> list[Any]:
    """What that means."""
    found: list[Any] = []
    for one in told:
        if not isinstance(one, Declared):
            found.append(one)
            continue
        one.sealing = Sealing(storage=Storage.SERVICE)
        found += meanings.records(one, rules.resource_types)
    return found
