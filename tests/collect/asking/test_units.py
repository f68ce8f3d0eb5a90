"""Units that stumble."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest
from msgspec.structs import replace

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.scope import Scope
from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.asking.telling import Telling
from keymuster.collect.asking.work import Afterwards, Answered, in_order, look
from keymuster.collect.base import Context, Selection
from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told as Place
from keymuster.model import Looked, Resource, ServiceLocation, Trouble
from keymuster.rules.schema import RuleSet

PLACE = ServiceLocation(service="robots", account="acme", resource="one")


class Session:
    account = "acme"
    ended: Refused | None = None


class Robots(Scope):
    part = "robots"


def resource(name: str) -> Resource:
    return Resource(id=name, type="robot", name=name, location=PLACE)


def unit(name: str, *raised: BaseException) -> Answered:
    def one(_: Robots) -> Iterator[Told]:
        yield resource(name)
        for error in raised:
            raise error

    return look(Robots(Session(), Surface(name=name, calls=(), types=(), look=one)))


@pytest.mark.parametrize("error", [AssertionError(), KeyError("x"), RecursionError(), OSError()])
def test_whatever_a_surface_stumbles_over_is_a_trouble(error: Exception) -> None:
    found = unit("one", error)
    assert [one.name for one in found.told if isinstance(one, Resource)] == ["one"]
    (trouble,) = found.troubles
    assert type(error).__name__ in trouble.message
    assert found.looked.problem == trouble.message


def test_units_come_in_order_and_what_is_to_be_done_afterwards_is() -> None:
    done: list[str] = []
    work = [
        lambda: unit("a"), Trouble(part="p", scope="s", message="m"), lambda: unit("b"),
        Afterwards(lambda: done.append("after b")), lambda: unit("c"),
    ]  # fmt: skip
    found = list(in_order(work, Event(), threads=2))
    assert [one.looked.part if isinstance(one, Answered) else one.message for one in found] == [
        "a", "m", "b", "c",
    ]  # fmt: skip
    assert done == ["after b"]


def test_an_interrupt_tells_what_is_known_and_passes_on() -> None:
    stop = Event()

    def work() -> Iterator[object]:
        yield lambda: unit("a")
        yield Trouble(part="p", scope="s", message="m")
        raise KeyboardInterrupt

    coming = in_order(work(), stop)  # type: ignore[arg-type]
    found = [next(coming)]
    with pytest.raises(KeyboardInterrupt):
        found.extend(coming)
    assert any(isinstance(one, Trouble) for one in found)
    assert stop.is_set()


def test_an_object_that_nobody_foresaw_costs_itself_alone(
    rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keymuster.collect import meanings

    def breaks(one: Declared) -> Iterator[Resource]:
        if one.name == "bad":
            raise RecursionError
        yield resource(one.name)

    monkeypatch.setattr(meanings, "of", lambda type: breaks)
    objects = tuple(
        Declared(
            type="test_robot", name=name, scope="robots", settings=Place.about(PLACE).node({}),
            key=f"robot:{name}", account="acme",
        )
        for name in ("good", "bad", "also good")
    )  # fmt: skip
    looked = Looked(
        service="robots", account="acme", scope="acme", part="all", types=(), subjects=()
    )
    telling = Telling(Context(selection=Selection(root=""), rules=rules), "robots")
    found = list(telling.of(Answered(told=objects, troubles=(), looked=looked)))
    assert [one.name for one in found if isinstance(one, Resource)] == ["good", "also good"]
    (trouble,) = [one for one in found if isinstance(one, Trouble)]
    assert "robot:bad (test_robot)" in trouble.message
    assert found[-1] == replace(looked, problem=trouble.message)  # and so no policy calls it clean
