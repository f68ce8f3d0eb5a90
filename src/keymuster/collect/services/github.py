"""GitHub: organizations on GitHub.com, of an enterprise, or on a server of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from keymuster.collect.asking.scanner import scanner
from keymuster.collect.base import Context, Option, Seen
from keymuster.errors import CollectError

if TYPE_CHECKING:
    from keymuster.collect.asking.surface import Surface
    from keymuster.collect.asking.work import Unit


class GitHub:
    """Apps, tokens, keys, secrets, runners and webhooks of organizations and their repositories."""

    name: ClassVar[str] = "github"
    needs: ClassVar[str] = "requests"
    extra: ClassVar[str] = "saas"
    options: ClassVar[tuple[Option, ...]] = (
        Option("api-url", "URL", "The API of a server of your own: https://HOST/api/v3."),
        Option("organizations", "NAME,...", "Only these organizations.", several=True),
        Option("repositories", "NAME,...", "Only these repositories, or projects.", several=True),
        Option("app-id", "ID", "Sign in as this GitHub App, by its id or client id."),
        Option("private-key", "FILE", "The key of the app, as GitHub made it."),
        Option(
            "most-repositories", "N",
            "How many repositories of an organization, or projects of a group, are asked one by one, at the most (500).",
        ),
    )  # fmt: skip

    def __init__(self, context: Context, options: Mapping[str, Any]) -> None:
        from keymuster.collect.github.access import Asked

        self._context = context
        self._asked = msgspec.convert(dict(options), type=Asked, strict=False)

    def collect(self) -> Iterator[Seen]:
        from keymuster.collect.asking.telling import Telling
        from keymuster.collect.asking.work import in_order
        from keymuster.collect.github.access import signed_in

        stop = Event()
        answers = self._context.answers
        door = signed_in(self._asked, stop, answers)
        yield scanner(
            self.name, f"github:{door.who}", account=door.who, name=door.who, place=f"github:{door.who}",
            static=door.static, method=door.method, scopes=list(door.scopes), expires_at=door.expires_at,
        )  # fmt: skip
        telling = Telling(self._context, self.name)
        try:
            for unit in in_order(self._work(door.organizations(), stop), stop):
                yield from telling.of(unit)
        finally:
            if answers is not None:
                answers.save()

    def permissions(self) -> str:
        from keymuster.collect.github.permissions import manifest

        return manifest(call for one in self._surfaces() for call in one.calls)

    def _work(self, organizations: Iterator[Any], stop: Event) -> Iterator[Unit]:
        from keymuster.collect.asking.work import look
        from keymuster.collect.github.scope import Scope

        surfaces = self._surfaces()
        entered = 0
        for access in organizations:
            entered += 1
            for one in surfaces:
                yield partial(look, Scope(access, one, stop))
        if not entered:
            raise CollectError(
                "there is no organization to look at",
                "Name some by --organizations, or install the app in one.",
            )

    def _surfaces(self) -> list[Surface]:
        from keymuster.collect.asking.surface import Surface, found, wanted
        from keymuster.collect.github import surfaces

        return wanted(found(surfaces, Surface), self._context.policies, (self.name,))
