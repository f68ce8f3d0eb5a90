"""AWS as botocore's service models describe it: every call is answered with all that its answer may
hold, in two pages where it may have several, and what is read of an answer is noted.

The parameters of calls are checked by botocore itself, and nothing leaves the process.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeAlias, cast

import boto3
from botocore.model import OperationModel, Shape, StructureShape
from botocore.validate import validate_parameters

from keymuster.collect.aws.access import Access
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told
from keymuster.collect.aws.surfaces import surfaces
from keymuster.collect.declared import Declared

ACCOUNT = "123456789012"
REGION = "us-east-1"
MOST = 40
"""Calls of one operation after which lists in its answers are empty, for what is asked about what was
told may go on for ever: units have units."""

_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Some",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
            "Action": "sts:AssumeRole",
            "Resource": "*",
        }
    ],
}

GIVEN: dict[str, dict[str, Any]] = {
    "iam:GenerateCredentialReport": {"State": "COMPLETE"},
    "iam:GetServiceLastAccessedDetails": {"JobStatus": "COMPLETED"},
    "iam:GetCredentialReport": {
        "Content": (
            b"user,arn,password_enabled,access_key_1_active,access_key_1_last_rotated,cert_1_active\n"
            b"ci,arn:aws:iam::123456789012:user/ci,true,true,2025-01-01T00:00:00+00:00,true\n"
        )
    },
}
"""Parts of answers of which the model says only that they are text, or for which one waits."""


OFTEN: dict[str, dict[str, str]] = {
    "kms:DescribeKey": {
        "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS",
    },
}  # fmt: skip
"""What often stands together, and would not if each enumeration took its turns: so it is in every other
round."""


class Answers:
    """What one surface was told, and what it made of that. `round` says which of several values
    things have: those of enumerations take turns."""

    def __init__(self, round: int) -> None:
        self.round = round
        self.called: set[str] = set()
        self.unknown: set[str] = set()
        self.tokens: dict[str, str] = {}
        self._times: Counter[str] = Counter()
        self._numbers = count(1)

    def cut_short(self) -> set[str]:
        """The calls of which only the first page was read."""
        return set(self.tokens.values())

    def of(self, service: str, operation: OperationModel, parameters: dict[str, Any]) -> Any:
        call = f"{service}:{operation.name}"
        self.called.add(call)
        self._times[call] += 1
        shape = operation.output_shape
        if shape is None:
            return {"ResponseMetadata": {"HTTPStatusCode": 200}}
        answer = self._structure(shape, call, ())
        asked_with = {value for value in parameters.values() if isinstance(value, str)}
        is_last = bool(asked_with & self.tokens.keys())
        for token in asked_with:
            self.tokens.pop(token, None)
        self._page(answer, call, operation, is_last)
        answer.update(GIVEN.get(call, {}))
        return answer

    def _page(self, answer: Noting, call: str, operation: OperationModel, is_last: bool) -> None:
        tokens = [key for key in answer if _TOKEN.match(key)] if _takes_token(operation) else []
        token = f"page-{next(self._numbers)}"
        for key in tokens:
            answer[key] = token
            if is_last:
                del answer[key]
        for key in [key for key in answer if _MORE.match(key)]:
            answer[key] = bool(tokens) and not is_last
        if tokens and not is_last:
            self.tokens[token] = call

    def _value(self, shape: Shape, name: str, call: str, within: tuple[str, ...]) -> Any:
        match shape.type_name:
            case "structure":
                return self._structure(shape, call, within)
            case "list":
                times = 0 if self._times[call] > MOST else 2 if len(within) < 3 else 1
                return [
                    self._value(shape.member, name, call, within)  # type: ignore[attr-defined]
                    for _ in range(times)
                ]
            case "map":
                return self._map(shape, call, within)
            case "boolean":
                return self.round % 2 == 0
            case "timestamp":
                return datetime(2025, 1, 1, tzinfo=UTC)
            case "blob":
                return b"text"
            case "integer" | "long":
                return 1
            case "float" | "double":
                return 1.0
            case _:
                return self._text(shape, name, call)

    def _structure(self, shape: Shape, call: str, within: tuple[str, ...]) -> Noting:
        """With all members, but those that say that something failed, and what is inside of its own kind."""
        assert isinstance(shape, StructureShape)
        members = {} if shape.is_document_type else shape.members
        inside = (*within, shape.name)
        found = {
            name: self._value(each, name, call, inside)
            for name, each in members.items()
            if not _FAILURE.match(name) and _item(each).name not in inside
        }
        return Noting(found, frozenset(shape.members), f"{call}: {shape.name}", self)

    def _map(self, shape: Any, call: str, within: tuple[str, ...]) -> Any:
        names = shape.key.metadata.get("enum")
        keys = [name for name in names or (f"key-{next(self._numbers)}",) if name != "All"]
        found = {key: self._value(shape.value, key, call, within) for key in keys}
        return Noting(found, frozenset(names), f"{call}: {shape.name}", self) if names else found

    def _text(self, shape: Shape, name: str, call: str) -> str:
        number = next(self._numbers)
        often = OFTEN.get(call, {})
        if name in often and self.round % 2 == 0:
            return often[name]
        if chosen := shape.metadata.get("enum"):
            return str(chosen[self.round % len(chosen)])
        if shape.metadata.get("jsonvalue") or _DOCUMENT.search(name):
            return json.dumps(_POLICY)
        if _ACCOUNT.search(name):
            return ACCOUNT
        if _ARN.search(name):
            service = call.partition(":")[0]
            return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name.lower()}/{number}"
        if name.lower().endswith(("url", "uri", "urls")):
            return f"https://{REGION}.example.com/{ACCOUNT}/{number}"
        if name.endswith(("Date", "Time", "At", "Timestamp")):
            return "2025-01-01T00:00:00Z"
        least = shape.metadata.get("min", 0) - len(name) - 1
        return f"{name}-{number:0{max(least, 1)}}"


_TOKEN = re.compile(
    r"(?i)^(?:next_?(?:page_?)?(?:token|marker)|marker|position|(?:continuation|pagination)token)$"
)
_FAILURE = re.compile(r"(?i)^(?:errors?|failures?)$")
_ARN = re.compile(r"(?i)arns?$|^StackId$")
_MORE = re.compile(r"(?i)^(?:is_?)?truncated$|^has_?more")
_DOCUMENT = re.compile(r"(?i)(?:polic(?:y|ies|ytext)|document|content)$")
_ACCOUNT = re.compile(r"(?i)(?:account(?:_?id)?|registryid|ownerid|owner)$")


def _item(shape: Shape) -> Shape:
    """What a list is a list of, or a map a map to."""
    while shape.type_name in ("list", "map"):
        shape = shape.member if shape.type_name == "list" else shape.value  # type: ignore[attr-defined]
    return shape


def _takes_token(operation: OperationModel) -> bool:
    takes = operation.input_shape
    return takes is not None and any(_TOKEN.match(one) for one in takes.members)


class Noting(dict[str, Any]):
    """An answer that notes who asks it for what its model has not."""

    def __init__(
        self, values: dict[str, Any], known: frozenset[str], called: str, answers: Answers
    ) -> None:
        super().__init__(values)
        self._known = known | {"ResponseMetadata", "Error"}
        self._called = called
        self._answers = answers

    def _note(self, key: object) -> None:
        if key not in self._known:
            self._answers.unknown.add(f"{self._called} has no {key}")

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def pop(self, key: str, *default: Any) -> Any:
        self._note(key)
        return super().pop(key, *default)


class Modelled(Access):
    """An account that answers by the model."""

    def __init__(self, answers: Answers, session: boto3.Session) -> None:
        super().__init__(session, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/scanner")
        self._answers = answers

    def client(self, service: str, region: str) -> Any:
        is_new = (service, region) not in self._clients
        client = super().client(service, region)
        if is_new:
            client.meta.events.register("provide-client-params", _remember)
            client.meta.events.register("before-call", self._answer)
        return client

    def _answer(self, model: OperationModel, context: dict[str, Any], **_: Any) -> Any:
        service = model.service_model.service_name
        return _Http(), self._answers.of(service, model, context.get("given", {}))


def _remember(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["given"] = dict(params)


class _Http:
    def __init__(self, status_code: int = 200) -> None:
        self.status_code = status_code


def session() -> boto3.Session:
    """Nobody's: nothing that is signed with it is sent."""
    return boto3.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION
    )


def looked(surface: Surface, answers: Answers, session: boto3.Session) -> tuple[list[Told], Scope]:
    """What a surface tells of such an account."""
    scope = Scope(Modelled(answers, session), REGION, surface)
    return list(surface.look(scope)), scope


def operations(session: boto3.Session, call: str) -> Iterator[str]:
    """The name of a call again, if botocore has it."""
    service, _, operation = call.partition(":")
    if service in session.get_available_services():
        model = session._session.get_service_model(service)
        if operation in model.operation_names:
            yield call


Reply: TypeAlias = dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any]]


class Scripted(Access):
    """An account that answers each call as it is told, if botocore's model allows it; or by the code of
    an error, `{"Error": {"Code": ...}}`."""

    def __init__(self, replies: dict[str, Reply]) -> None:
        super().__init__(session(), ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/scanner")
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._replies = replies

    def client(self, service: str, region: str) -> Any:
        is_new = (service, region) not in self._clients
        client = super().client(service, region)
        if is_new:
            client.meta.events.register("provide-client-params", _remember)
            client.meta.events.register("before-call", self._answer)
        return client

    def _answer(self, model: OperationModel, context: dict[str, Any], **_: Any) -> Any:
        call = f"{model.service_model.service_name}:{model.name}"
        given = context.get("given", {})
        self.asked.append((call, given))
        reply = self._replies[call]
        answer = reply(given) if callable(reply) else reply
        if "Error" in answer:
            return _Http(400), answer
        validate_parameters(answer, model.output_shape)
        return _Http(), answer


def scripted(name: str, replies: dict[str, Reply]) -> tuple[list[Declared], Scripted]:
    """What the surface of a name tells of an account that replies so; nothing was refused."""
    [surface] = [one for one in surfaces() if one.name == name]
    access = Scripted(replies)
    scope = Scope(access, REGION, surface)
    told = list(surface.look(scope))
    assert [one.message for one in scope.troubles()] == []
    return cast("list[Declared]", told), access
