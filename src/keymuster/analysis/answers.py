"""Yes, no and unknown, and what follows from several of them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Answer(StrEnum):
    """What is known to hold, known not to hold, or not known."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def answer(holds: bool) -> Answer:
    return Answer.YES if holds else Answer.NO


def negated(one: Answer) -> Answer:
    return _NEGATED[one]


_NEGATED = {Answer.YES: Answer.NO, Answer.NO: Answer.YES, Answer.UNKNOWN: Answer.UNKNOWN}


def every(answers: Iterable[Answer]) -> Answer:
    """Yes when all are, no when one is not; asks no further than it must."""
    result = Answer.YES
    for one in answers:
        if one is Answer.NO:
            return one
        if one is Answer.UNKNOWN:
            result = one
    return result


def some(answers: Iterable[Answer]) -> Answer:
    """Yes when one is, no when none is; asks no further than it must."""
    result = Answer.NO
    for one in answers:
        if one is Answer.YES:
            return one
        if one is Answer.UNKNOWN:
            result = one
    return result
