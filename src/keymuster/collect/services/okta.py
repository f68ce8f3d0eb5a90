"""Okta: tokens, apps and their rights, third parties' services, what leavers agreed to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from keymuster.collect.asking.scanner import scanner
from keymuster.collect.base import Context, Option, Seen

if TYPE_CHECKING:
    from keymuster.collect.asking.surface import Surface


class Okta:
    """Tokens, apps and their rights, third parties' services, what leavers agreed to."""

    name: ClassVar[str] = "okta"
    needs: ClassVar[str] = "requests"
    extra: ClassVar[str] = "saas"
    options: ClassVar[tuple[Option, ...]] = (
        Option("org-url", "URL", "The organisation: https://acme.okta.com."),
        Option(
            "user-grants",
            "",
            "What each of more than 200 users who have left had agreed to: a call for each.",
        ),
        Option("last-used", "", "When each of more than 200 apps was last used: a call for each."),
    )

    def __init__(self, context: Context, options: Mapping[str, Any]) -> None:
        self._context = context
        self._options = dict(options)

    def collect(self) -> Iterator[Seen]:
        from keymuster.collect.asking.telling import Telling
        from keymuster.collect.asking.work import in_order, look
        from keymuster.collect.okta.access import Asked, scopes, signed_in
        from keymuster.collect.okta.scope import Scope

        surfaces = self._surfaces()
        asked = msgspec.convert(self._options, type=Asked)
        stop = Event()
        access = signed_in(asked, scopes(_calls(surfaces)), stop)
        name = access.login or access.account
        yield scanner(
            self.name, f"okta:{access.account}", account=access.account, name=name,
            static=access.is_static, method=access.method,
        )  # fmt: skip
        telling = Telling(self._context, self.name)
        for unit in in_order((partial(look, Scope(access, one, stop)) for one in surfaces), stop):
            yield from telling.of(unit)

    def permissions(self) -> str:
        """The scopes to grant to a service app, and the role that lets it use them."""
        from keymuster.collect.okta.access import scopes

        needed = scopes(_calls(self._surfaces()))
        return json.dumps({"scopes": needed, "role": {"type": "READ_ONLY_ADMIN"}}, indent=2)

    def _surfaces(self) -> list[Surface]:
        """Those that the wanted policies ask about."""
        from keymuster.collect.asking.surface import wanted
        from keymuster.collect.okta.surfaces import surfaces

        return wanted(surfaces(), self._context.policies, (self.name,))


def _calls(surfaces: list[Surface]) -> tuple[str, ...]:
    return tuple(call for one in surfaces for call in one.calls)
