"""One account in one region: where calls are made, and what came of those that failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from typing import TYPE_CHECKING, Any

from keymuster.collect.asking import scope
from keymuster.collect.aws.refusals import errors, of_code, refused
from keymuster.collect.aws.surface import Surface

if TYPE_CHECKING:
    from keymuster.collect.aws.access import Access

PART = "aws"


class Scope(scope.Scope):
    """What a surface asks through: calls are methods of the SDK's clients."""

    part = PART

    def __init__(
        self, access: Access, region: str, surface: Surface, stop: Event | None = None
    ) -> None:
        super().__init__(access, surface, stop)
        self.access = access
        self.region = region
        self.surface: Surface = surface

    @property
    def partition(self) -> str:
        return self.access.partition

    @property
    def name(self) -> str:
        """`111122223333/eu-west-1`, or the account alone."""
        one = self.surface
        return f"{self.account}/{self.region}" if one.regional and not one.once else self.account

    @property
    def is_offered(self) -> bool:
        """Whether the region has a service that the surface asks: it may be asked in vain for minutes."""
        from botocore.exceptions import BotoCoreError

        services = dict.fromkeys(call.partition(":")[0] for call in self.surface.calls)
        try:
            return any(self.access.offers(one, self.region) for one in services)
        except BotoCoreError:  # what is wrong shows when it is asked
            return True

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something of this account and region that AWS tells no ARN of."""
        region = self.region if self.surface.regional else ""
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"

    def answer_or_empty(self, call: str, *absent: str, **parameters: Any) -> dict[str, Any] | None:
        """As `answer`, but empty if there is nothing to tell: None means that it was refused."""
        before = self.failures
        found = self.answer(call, *absent, **parameters)
        return {} if found is None and self.failures == before else found

    def pages(self, call: str, key: str, **parameters: Any) -> Iterator[Any]:
        """The items under `key` of every page; `key` may be a path: `Page.Items`."""
        for page in self.whole_pages(call, **parameters):
            yield from _at(page, key)

    def whole_pages(self, call: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Every page of an answer; one that fails is the last."""
        try:
            client, method = self._client(call)
            if client.can_paginate(method):
                for page in client.get_paginator(method).paginate(**parameters):
                    yield page
                    self.go_on()
            else:
                yield from _followed(client, call, getattr(client, method), parameters)
        except errors() as error:
            self.refuse(refused(call, error))

    def answer(self, call: str, *absent: str, **parameters: Any) -> dict[str, Any] | None:
        """One answer; None if there is none. The codes in `absent` mean that there is nothing to tell."""
        try:
            client, method = self._client(call)
            answer: dict[str, Any] = getattr(client, method)(**parameters)
        except errors() as error:
            found = refused(call, error)
            if found.code not in absent:
                self.refuse(found)
            return None
        return answer

    def withheld(self, call: str, code: str) -> None:
        """Note that an answer said of a part of it that it was refused."""
        self.refuse(of_code(call, code))

    def _client(self, call: str) -> tuple[Any, str]:
        from botocore import xform_name

        self.may_call(call)
        service, _, operation = call.partition(":")
        client, method = self.access.client(service, self.region), str(xform_name(operation))
        getattr(client, method)  # the SDK may be too old for it
        return client, method

    def marked_pages(self, call: str, *absent: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Every page of a list with markers that the SDK does not page through by itself; see `answer`."""
        page = self.answer(call, *absent, **parameters)
        while page is not None:
            yield page
            marker = page.get("Marker")
            page = self.answer(call, *absent, **parameters, Marker=marker) if marker else None


def _followed(
    client: Any, call: str, method: Callable[..., dict[str, Any]], parameters: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The pages of an answer that the SDK has no paginator for: `events:ListConnections` is such."""
    takes = client.meta.service_model.operation_model(call.partition(":")[2]).input_shape
    word = next((one for one in ("NextToken", "nextToken") if takes and one in takes.members), "")
    while True:
        page = method(**parameters)
        yield page
        token = page.get(word) if word else None
        if not token or token == parameters.get(word):
            return
        parameters = {**parameters, word: token}


def _at(page: Any, key: str) -> Iterator[Any]:
    """What a page holds under a path."""
    found = page
    for word in key.split("."):
        found = found.get(word) if isinstance(found, dict) else None
    yield from found or ()
