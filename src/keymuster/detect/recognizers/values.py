"""Values that no format knows: weighed by what names them and by everything around them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from keymuster.detect.candidates import Candidate, Recognizer
from keymuster.detect.values import obvious, signals, weighing
from keymuster.detect.values.signals import Signals
from keymuster.detect.values.syntax import FORMS, Found, find

URL = [form.name for form in FORMS].index("url")
"""The form that a hit of the gate of `URL_PASSWORD` belongs to."""

_SCHEME_OF_URL = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{0,24}\Z")


class Seen(Struct, frozen=True):
    """A found value and what was seen of it: nothing if it is obviously no secret, the signals of a
    glance if those are enough to dismiss it, or all."""

    found: Found
    signals: Signals


def seen(content: bytes, start: int, form: int, path: str) -> Iterator[Seen]:
    """The values that a hit of a form leads to."""
    for found in find(form, content, start):
        if obvious.is_none(content, found, path):
            yield Seen(found, [])
            continue
        glance = signals.glance(content, found, path)
        more = [] if weighing.is_hopeless(glance) else signals.rest(content, found)
        yield Seen(found, [*glance, *more])


def _values(content: bytes, start: int, form: int, path: str) -> list[Candidate]:
    likely = []
    for found in find(form, content, start):
        if obvious.is_none(content, found, path):
            continue
        glance = signals.glance(content, found, path)
        if weighing.is_hopeless(glance):
            continue
        likelihood = weighing.probability([*glance, *signals.rest(content, found)])
        if (confidence := weighing.tier(likelihood)) is not None:
            facts = {"likelihood": f"{likelihood:.2f}"}
            likely.append(
                Candidate(start=found.start, end=found.end, confidence=confidence, facts=facts)
            )
    return likely


def _url_passwords(content: bytes, start: int, _: int, path: str) -> Iterator[Candidate]:
    scheme = _SCHEME_OF_URL.search(content, max(0, start - 25), start)
    for one in _values(content, start, URL, path):
        said = {"scheme": scheme[0].decode().lower() if scheme else ""}
        yield Candidate(
            start=one.start, end=one.end, confidence=one.confidence, facts=said | one.facts
        )


VALUE = Recognizer(
    gates=tuple(form.gate for form in FORMS[:URL]),
    recognize=_values,
    from_start=True,
)
URL_PASSWORD = Recognizer(gates=(FORMS[URL].gate,), recognize=_url_passwords, from_start=True)
