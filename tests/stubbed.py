"""AWS as the SDK's own models describe it, for what moto's server has not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from botocore.session import Session
from botocore.stub import Stubber

from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surfaces import surfaces
from keymuster.collect.declared import Declared
from keymuster.model import Trouble

ACCOUNT = "123456789012"

Answer: TypeAlias = tuple[str, str, dict[str, Any], "dict[str, Any] | str"]
"""Service, operation, what is asked for, and the answer or the code of the error."""


class Stubbed:
    """The answers of an account, checked against the SDK's models of them."""

    def __init__(self, answers: Sequence[Answer], *, leads: bool) -> None:
        self.account, self.partition, self.home = ACCOUNT, "aws", "us-east-1"
        self.ended, self.leads = None, leads
        self._clients: dict[str, Any] = {}
        self._stubs: dict[str, Stubber] = {}
        for service, operation, asked, answer in answers:
            if service not in self._clients:
                self._clients[service] = Session().create_client(
                    service,
                    region_name="us-east-1",
                    aws_access_key_id="x",
                    aws_secret_access_key="x",
                )
                self._stubs[service] = Stubber(self._clients[service])
                self._stubs[service].activate()
            stub = self._stubs[service]
            if isinstance(answer, str):
                stub.add_client_error(operation, answer, expected_params=asked)
            else:
                stub.add_response(operation, answer, asked)

    def client(self, service: str, _: str) -> Any:
        return self._clients[service]

    def done(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()


def told(
    surface: str, answers: Sequence[Answer], *, leads: bool = True
) -> tuple[list[Declared], list[Trouble]]:
    """What a surface makes of answers, which must be all that it asks for, and its troubles."""
    one = next(one for one in surfaces() if one.name == surface)
    access = Stubbed(answers, leads=leads)
    scope = Scope(access, "us-east-1", one)  # type: ignore[arg-type]
    objects: list[Any] = list(one.look(scope))
    access.done()
    return objects, list(scope.troubles())
