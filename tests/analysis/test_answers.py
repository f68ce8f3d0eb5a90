from __future__ import annotations

import pytest

from keymuster.analysis.answers import Answer, every, negated, some

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


@pytest.mark.parametrize("one", Answer)
@pytest.mark.parametrize("other", Answer)
def test_every_and_some_are_each_others_opposite(one: Answer, other: Answer) -> None:
    assert every((one, other)) is negated(some((negated(one), negated(other))))


def test_what_is_not_known_decides_only_when_nothing_else_does() -> None:
    assert (every((UNKNOWN, NO)), every((UNKNOWN, YES))) == (NO, UNKNOWN)
    assert (some((UNKNOWN, YES)), some((UNKNOWN, NO))) == (YES, UNKNOWN)


def test_nothing_asked_is_every_and_not_some() -> None:
    assert (every(()), some(())) == (YES, NO)
