"""Google Workspace: third parties that users let in, app passwords, domain-wide delegation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from keymuster.collect.asking.scanner import scanner
from keymuster.collect.base import Context, Option, Seen

if TYPE_CHECKING:
    from keymuster.collect.asking.surface import Surface


class GoogleWorkspace:
    """Third parties that users let in, app passwords, domain-wide delegation."""

    name: ClassVar[str] = "google-workspace"
    needs: ClassVar[str] = "google.auth"
    extra: ClassVar[str] = "saas"
    options: ClassVar[tuple[Option, ...]] = (
        Option("subject", "EMAIL", "The administrator whom the service account acts for."),
        Option(
            "service-account", "EMAIL", "A service account without a key: IAM signs for the caller."
        ),
        Option("customer", "ID", "The customer, if not the administrator's own."),
        Option(
            "delegation-export",
            "FILE",
            "The admin console's list of domain-wide delegation, as CSV: no API tells it.",
        ),
        Option("last-used", "", "When each of more than 200 apps was last used: a call for each."),
    )

    def __init__(self, context: Context, options: Mapping[str, Any]) -> None:
        self._context = context
        self._options = dict(options)

    def collect(self) -> Iterator[Seen]:
        from keymuster.collect.asking.telling import Telling
        from keymuster.collect.asking.work import in_order, look
        from keymuster.collect.google_workspace.access import Asked, check, signed_in
        from keymuster.collect.google_workspace.scope import Scope

        asked = msgspec.convert(self._options, type=Asked)
        check(asked)
        stop = Event()
        access = signed_in(asked, stop)
        name = access.name or access.account
        yield scanner(
            self.name, f"{self.name}:{access.account}", account=access.account, name=name,
            static=access.is_static, method=access.method,
        )  # fmt: skip
        telling = Telling(self._context, self.name)
        units = (partial(look, Scope(access, one, stop)) for one in self._surfaces())
        for unit in in_order(units, stop):
            yield from telling.of(unit)

    def permissions(self) -> str:
        """The scopes to authorise the client of the service account for, as the admin console takes them."""
        from keymuster.collect.google_workspace.access import scopes

        return ",".join(scopes(tuple(call for one in self._surfaces() for call in one.calls)))

    def _surfaces(self) -> list[Surface]:
        """Those that the wanted policies ask about."""
        from keymuster.collect.asking.surface import wanted
        from keymuster.collect.google_workspace.surfaces import surfaces

        return wanted(surfaces(), self._context.policies, (self.name,))
