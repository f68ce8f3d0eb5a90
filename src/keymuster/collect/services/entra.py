"""Microsoft Entra and Azure: a tenant, and the subscriptions in it."""

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


class Entra:
    """Every application, service principal, managed identity and agent of a tenant; what they prove
    themselves with, who consented to what, and the roles they have in the directory and in Azure."""

    name: ClassVar[str] = "entra"
    needs: ClassVar[str] = "msgraph"  # which needs azure.identity itself
    options: ClassVar[tuple[Option, ...]] = (
        Option("tenant", "ID", "The tenant to sign in to, by its id or a domain of it."),
        Option("subscriptions", "ID,...", "Only these subscriptions of Azure.", several=True),
        Option("cloud", "NAME", "The cloud of Microsoft: public, usgov or china."),
        Option("graph-url", "URL", "Where Microsoft Graph is, if elsewhere."),
        Option("azure-url", "URL", "Where Azure Resource Manager is, if elsewhere."),
    )

    def __init__(self, context: Context, options: Mapping[str, Any]) -> None:
        from keymuster.collect.entra.asked import Asked

        self._context = context
        self._asked = msgspec.convert(dict(options), type=Asked)

    def collect(self) -> Iterator[Seen]:
        from keymuster.collect.asking.telling import Telling
        from keymuster.collect.asking.work import in_order, look
        from keymuster.collect.entra.access import signed_in
        from keymuster.collect.entra.objects import IDS_ONLY
        from keymuster.collect.entra.scope import Scope

        stop = Event()
        telling = Telling(self._context, self.name, unsearched=IDS_ONLY)
        answers = self._context.answers
        access = signed_in(self._asked, stop, answers)
        place = f"entra:{access.account}/{access.who}"
        yield scanner(
            self.name, place, account=access.account, name=access.who, place=place,
            static=access.is_static, method=access.method,
        )  # fmt: skip
        work = (partial(look, Scope(access, one)) for one in self._surfaces())
        try:
            for unit in in_order(work, stop):
                yield from telling.of(unit)
        finally:
            if answers is not None:
                answers.save()

    def permissions(self) -> str:
        from keymuster.collect.entra.grantable import document

        return document(self._surfaces())

    def _surfaces(self) -> list[Surface]:
        """Those that the wanted policies ask about."""
        from keymuster.collect.asking.surface import wanted
        from keymuster.collect.entra.surfaces import surfaces

        return wanted(surfaces(), self._context.policies, (self.name, "azure"))
