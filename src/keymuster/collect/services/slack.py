"""Slack: apps that are let in and their scopes, who installed them, webhooks and old integrations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

from keymuster.collect.asking.scanner import scanner
from keymuster.collect.base import Context, Option, Seen
from keymuster.model import Trouble

if TYPE_CHECKING:
    from keymuster.collect.asking.surface import Surface
    from keymuster.collect.asking.work import Unit
    from keymuster.collect.slack.access import Access


class Slack:
    """Apps that are let in and their scopes, who installed them, webhooks and old integrations."""

    name: ClassVar[str] = "slack"
    needs: ClassVar[str] = "requests"
    extra: ClassVar[str] = "saas"
    options: ClassVar[tuple[Option, ...]] = ()

    def __init__(self, context: Context, options: Mapping[str, Any]) -> None:
        self._context = context

    def collect(self) -> Iterator[Seen]:
        from keymuster.collect.asking.telling import Telling
        from keymuster.collect.asking.work import in_order
        from keymuster.collect.slack.access import signed_in

        stop = Event()
        access = signed_in(stop)
        yield scanner(
            self.name, f"slack:{access.account}", account=access.account, name=access.name,
            static=access.is_static, method="token",
        )  # fmt: skip
        telling = Telling(self._context, self.name)
        for unit in in_order(self._units(access, stop), stop):
            yield from telling.of(unit)

    def _units(self, access: Access, stop: Event) -> Iterator[Unit | Trouble]:
        from keymuster.collect.asking.work import look
        from keymuster.collect.slack.scope import Scope

        for place in access.places():
            if isinstance(place, Trouble):
                yield place
            else:
                for one in self._surfaces():
                    yield partial(look, Scope(access, one, stop, place))

    def permissions(self) -> str:
        """The scopes of the user token, as the manifest of an app has them."""
        from keymuster.collect.slack.calls import CALLS, TEAMS

        calls = {TEAMS, *(call for one in self._surfaces() for call in one.calls)}
        needed = sorted({CALLS[call] for call in calls})
        return json.dumps({"oauth_config": {"scopes": {"user": needed}}}, indent=2)

    def _surfaces(self) -> list[Surface]:
        """Those that the wanted policies ask about."""
        from keymuster.collect.asking.surface import wanted
        from keymuster.collect.slack.surfaces import surfaces

        return wanted(surfaces(), self._context.policies, (self.name,))
