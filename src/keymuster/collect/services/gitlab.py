"""GitLab: groups and their projects on GitLab.com, or on a server of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec.structs import replace

from keymuster.collect.asking.scanner import scanner
from keymuster.collect.base import Context, Option, Seen
from keymuster.errors import CollectError
from keymuster.model import Storage, Trouble

if TYPE_CHECKING:
    from keymuster.collect.asking.surface import Told
    from keymuster.collect.asking.work import Answered, Unit
    from keymuster.collect.gitlab.access import Door
    from keymuster.collect.gitlab.surface import Surface


class GitLab:
    """Tokens, keys, variables, runners, webhooks and service accounts of groups and their projects."""

    name: ClassVar[str] = "gitlab"
    needs: ClassVar[str] = "requests"
    extra: ClassVar[str] = "saas"
    options: ClassVar[tuple[Option, ...]] = (
        Option("gitlab-url", "URL", "The address of a server of your own: https://HOST."),
        Option("groups", "PATH,...", "Only these groups, and what is below them.", several=True),
        Option("repositories", "NAME,...", "Only these projects.", several=True),
        Option(
            "most-repositories", "N", "How many projects of a group are asked one by one, at the most (500).",
        ),
    )  # fmt: skip

    def __init__(self, context: Context, options: Mapping[str, Any]) -> None:
        from keymuster.collect.gitlab.access import Asked

        self._context = context
        self._asked = msgspec.convert(dict(options), type=Asked, strict=False)

    def collect(self) -> Iterator[Seen]:
        from keymuster.collect.asking.telling import Telling
        from keymuster.collect.asking.work import in_order
        from keymuster.collect.gitlab.access import signed_in

        stop = Event()
        door = signed_in(self._asked, stop)
        yield scanner(
            self.name, f"gitlab:{door.who}", account=door.who, name=door.who, place=f"gitlab:{door.who}",
            static=True, method="token", scopes=list(door.scopes), expires_at=door.expires_at,
        )  # fmt: skip
        telling = Telling(self._context, self.name)
        values = _Values(self._context)
        for unit in in_order(self._work(door, stop), stop):
            if isinstance(unit, Trouble):
                yield unit
                continue
            unit, held = values.taken(unit)
            yield from held
            yield from telling.of(unit)

    def permissions(self) -> str:
        from keymuster.collect.gitlab.permissions import token

        return token(call for one in self._surfaces() for call in one.calls)

    def _work(self, door: Door, stop: Event) -> Iterator[Unit | Trouble]:
        from keymuster.collect.asking.work import look
        from keymuster.collect.gitlab.scope import Scope

        surfaces = self._surfaces()
        entered = 0
        for access in door.groups():
            entered += 1
            for one in surfaces:
                if not one.of_server:
                    yield partial(look, Scope(access, one, stop))
        if not entered and not door.is_administrator:
            raise CollectError("there is no group to look at", "Name some by --groups.")
        of_server = [one for one in surfaces if one.of_server]
        if door.is_administrator:
            for one in of_server:
                yield partial(look, Scope(door.server, one, stop))
        elif of_server:
            names = ", ".join(one.name for one in of_server)
            yield Trouble(
                part=self.name, scope=door.server.account,
                message=f"what is told to administrators alone was not asked for: {names}",
                advice="Sign in as an administrator; on GitLab.com, see the credentials of the enterprise's users.",
            )  # fmt: skip

    def _surfaces(self) -> list[Surface]:
        from keymuster.collect.asking.surface import found, wanted
        from keymuster.collect.gitlab import surfaces
        from keymuster.collect.gitlab.surface import Surface

        return wanted(found(surfaces, Surface), self._context.policies, (self.name,))


class _Values:
    """Looks for secrets in values of variables, and lets these go."""

    def __init__(self, context: Context) -> None:
        from keymuster.collect.literals.sealing import Sealing
        from keymuster.collect.told_secrets import ToldSecrets

        self._secrets = ToldSecrets(context)
        self._sealing = Sealing(
            key=context.fingerprint_key, storage=Storage.CI_VARIABLE, samples=context.rules.samples
        )

    def taken(self, unit: Answered) -> tuple[Answered, list[Seen]]:
        """The unit without values, and what was found in them."""
        from keymuster.collect.declared import Declared
        from keymuster.collect.gitlab.surfaces.variables import VALUE

        rest: list[Told] = []
        found: list[Seen] = []
        for one in unit.told:
            if isinstance(one, Declared) and one.type == VALUE:
                one.sealing = self._sealing
                found += self._secrets.of(one)
            else:
                rest.append(one)
        return replace(unit, told=tuple(rest)), found
