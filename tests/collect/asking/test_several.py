"""Many calls at a time for one surface."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.scope import Interrupted, Scope
from keymuster.collect.asking.several import THREADS, each
from keymuster.collect.asking.surface import Surface, Told


def _nothing(_: Scope) -> Iterator[Told]:
    return iter(())


class Signed:
    account = "acme"
    ended: Refused | None = None


@pytest.fixture
def ask() -> Scope:
    return Scope(Signed(), Surface(name="x", calls=(), types=(), look=_nothing))


def test_answers_come_in_the_order_of_the_things(ask: Scope) -> None:
    first = threading.Event()

    def found(number: int) -> int:
        if number == 0:
            first.wait(5)  # while the others are asked
        elif number == THREADS - 1:
            first.set()
        return number * number

    assert list(each(ask, range(100), found)) == [(one, one * one) for one in range(100)]


def test_things_are_taken_only_as_fast_as_their_answers(ask: Scope) -> None:
    taken = []

    def things() -> Iterator[int]:
        for one in range(1000):
            taken.append(one)
            yield one

    answers = each(ask, things(), lambda one: one)
    assert next(answers) == (0, 0)
    assert len(taken) <= 4 * THREADS + 1
    answers.close()


def test_an_interrupt_ends_it(ask: Scope) -> None:
    answers = each(ask, range(1000), lambda one: one)
    next(answers)
    ask.stop.set()
    with pytest.raises(Interrupted):
        list(answers)


def test_what_one_of_them_raises_is_raised_here(ask: Scope) -> None:
    def broken(number: int) -> int:
        return 1 // (number - 3)

    with pytest.raises(ZeroDivisionError):
        list(each(ask, range(10), broken))


def test_nothing_more_is_asked_when_the_sign_in_has_ended(ask: Scope) -> None:
    asked = []

    def found(number: int) -> None:
        asked.append(number)
        if number == 3:
            ask.refuse(Refused(call="c", code="x", why="w", advice="a", ends_session=True))

    assert len(list(each(ask, range(1000), found))) < 100
    assert len(asked) < 100
