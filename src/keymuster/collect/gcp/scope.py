"""One place: where calls are made, and what came of those that failed."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any, ClassVar

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import Asking, Follow, NoAnswer, at, by_token
from keymuster.collect.asking.scope import Scope as Base
from keymuster.collect.gcp.access import Access
from keymuster.collect.gcp.assets import AssetPolicy, Assets
from keymuster.collect.gcp.methods import METHODS, Method
from keymuster.collect.gcp.objects import PART
from keymuster.collect.gcp.places import Place
from keymuster.collect.gcp.refusals import is_off, refused
from keymuster.collect.gcp.surface import Surface


class Scope(Base):
    """What a surface asks through, in one place. What an API says of a project in which it is not enabled
    is nothing, and no trouble."""

    part: ClassVar[str] = PART
    surface: Surface

    def __init__(
        self,
        access: Access,
        place: Place,
        surface: Surface,
        assets: Assets,
        stop: Event | None = None,
    ) -> None:
        super().__init__(access, surface, stop)
        self.access = access
        self.place = place
        self.assets = assets
        self.lacks = ""
        """What was not looked at here for a reason that is told elsewhere, once for all places."""

    @property
    def account(self) -> str:
        return self.place.account

    @property
    def project(self) -> str:
        """The id of the project that is looked at."""
        return self.place.account

    def by_id(self, name: str) -> str:
        """A resource's name with the id of the project, where its number may stand."""
        number, id = self.place.number, self.place.name
        if name.startswith(f"{number}/"):
            return id + name[len(number) :]
        return name.replace(f"/{number}/", f"/{id}/", 1)

    def listed(self, type: str, call: str, key: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All of a type: from the inventory, or by a call."""
        known = self.inventoried(type)
        yield from self.pages(call, key, **parameters) if known is None else known

    def inventoried(self, type: str) -> list[dict[str, Any]] | None:
        """All of a type by the inventory; None if that does not tell."""
        assert type in self.surface.assets, f"{self.surface.name} does not say that it reads {type}"
        return self.assets.of(self.place, type)

    def policies(self) -> list[AssetPolicy] | None:
        """Those of all that lies in the place, by the inventory; None if that does not tell."""
        return self.assets.policies(self.place)

    def pages(
        self, call: str, key: str, *absent: str, region: str = "", **parameters: Any
    ) -> Iterator[Any]:
        """The items under `key` of every page; one that fails is the last. The codes in `absent` mean
        that there is nothing to tell."""
        for page in self.whole_pages(call, *absent, region=region, **parameters):
            found = at(page, key)
            yield from found if isinstance(found, list) else ()

    def whole_pages(
        self, call: str, *absent: str, region: str = "", **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        method = METHODS[call]
        self.may_call(call)
        try:
            rest = self.access.rest(method.host, region)
            for page in rest.pages(_asking(method, parameters), _follow(method)):
                body = page if isinstance(page, dict) else {}
                if method.partial and (silent := body.get(method.partial)):
                    self._partly(call, silent)
                yield body
                self.go_on()
        except _errors() as error:
            self._note(call, error, absent)

    def answer(self, call: str, *absent: str, **parameters: Any) -> dict[str, Any] | None:
        """One answer; None if there is none."""
        method = METHODS[call]
        self.may_call(call)
        try:
            body = self.access.rest(method.host).ask(_asking(method, parameters)).body
        except _errors() as error:
            self._note(call, error, absent)
            return None
        return body if isinstance(body, dict) else {}

    def forgiven(self) -> tuple[Refused, ...]:
        """What was refused so far, which then is no trouble: there is another way, or another word for it."""
        with self._lock:
            found = tuple(self._refused.values())
            self._refused.clear()
        return found

    def _note(self, call: str, error: Exception, absent: tuple[str, ...]) -> None:
        if isinstance(error, NoAnswer):
            status, code = error.status, error.code
        else:
            status, code = 0, type(error).__name__
        if code in absent or is_off(call, code, (self.place.name, self.place.number)):
            return
        self.refuse(refused(call, status, code))

    def _partly(self, call: str, silent: Any) -> None:
        names = [one for one in silent if isinstance(one, str)] if isinstance(silent, list) else []
        some = ", ".join(sorted(names)[:_MOST_NAMED]) or "some places"
        self.unseen(
            f"{call} had no answer from {some}; what lies there was not looked at", "Scan again."
        )


_MOST_NAMED = 5


def _errors() -> tuple[type[Exception], ...]:
    """No answer, and nobody to sign the request: google-auth signs in again where it must."""
    from google.auth.exceptions import GoogleAuthError

    return NoAnswer, GoogleAuthError


def _follow(method: Method) -> Follow:
    return by_token(*method.token) if method.token else lambda asking, answer: None


def _asking(method: Method, parameters: dict[str, Any]) -> Asking:
    """`body` is what a call sends beside its parameters."""
    given = dict(parameters)
    body = given.pop("body", None)
    path, params = method.request(given)
    return Asking(url=path, method=method.verb, params=params, body=body)
