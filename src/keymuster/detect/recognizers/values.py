"""Values that no format knows: weighed by what names them and by everything around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from keymuster import regex
from keymuster.detect.candidates import Candidate, Recognized, Recognizer
from keymuster.detect.values import judging, obvious, signals, weighing
from keymuster.detect.values.signals import Signals
from keymuster.detect.values.syntax import BEFORE, FORMS, Found, find
from keymuster.model import CredentialStatus

URL = [form.name for form in FORMS].index("url")
"""The form that a hit of the gate of `URL_PASSWORD` belongs to."""

_EXAMPLE = regex.later(
    rb"@(?:[\w-]{1,63}\.){0,8}(?:example(?:\.(?:com|org|net|edu))?|test|invalid)(?![\w.-])",
    re.IGNORECASE,
)
"""A host that is nobody's (RFC 2606, RFC 6761)."""

_LONGEST_HOST = 600

_SCHEME_OF_URL = regex.later(rb"[A-Za-z][A-Za-z0-9+.-]{0,24}\Z")


class Seen(Struct, frozen=True):
    """A found value, and as many of its signals as it took to weigh it: none if it is obviously no
    secret."""

    found: Found
    signals: Signals = ()
    likelihood: float = 0.0


def seen(content: bytes, start: int, form: int, path: str) -> tuple[list[Seen], int, int]:
    """The values that a hit of a form leads to, the first byte that had a say, and one past the last.
    Most are judged by their line alone, and lines come back."""
    values, stop = find(form, content, start)
    floor = start - BEFORE - signals.NEAR
    begin = max(floor, content.rfind(b"\n", max(0, floor), start))
    said = []
    for found in values:
        if obvious.is_none(content, found, path):
            said.append(Seen(found))
            continue
        one = Seen(found, *weighing.weigh(content, found, path))
        said.append(one)
        if len(one.signals) > signals.OF_THE_LINE:
            begin, stop = floor, max(stop, found.end + signals.NEAR)
        elif len(one.signals) > signals.AT_A_GLANCE:
            stop = max(stop, signals.following(content, found))
    return said, begin, stop


_Likely: TypeAlias = tuple[Sequence[tuple[int, int, float]], int, int, int, int]
"""Begins and ends of values, each with its likelihood; the first byte that had a say, and one past the last; and
how many values were seen and weighed."""


def likely(content: bytes, start: int, form: int, path: str) -> _Likely:
    """Of what is `seen`, the values that may be secrets."""
    judge = judging.compiled()
    if judge is not None:
        found = judge.likely(
            content, start, form, signals.packed_path(path), obvious.of_bare_values(path)
        )
        if found is not None:
            if not found[0]:
                return found
            values = [
                (first, end, weighing.likelihood(total, stopped=False))
                for first, end, total in found[0]
            ]
            return values, *found[1:]
    said, begin, stop = seen(content, start, form, path)
    weighed = [one for one in said if one.signals]
    values = [(one.found.start, one.found.end, one.likelihood) for one in weighed]
    return values, begin, stop, len(said), len(weighed)


def _values(content: bytes, start: int, form: int, path: str) -> tuple[list[Candidate], int, int]:
    values, begin, stop, _, _ = likely(content, start, form, path)
    if not values:  # as of nearly all hits
        return [], begin, stop
    return [
        Candidate(
            start=first,
            end=end,
            confidence=confidence,
            facts={"likelihood": f"{likelihood:.2f}"},
        )
        for first, end, likelihood in values
        if (confidence := weighing.tier(likelihood)) is not None
    ], begin, stop  # fmt: skip


def _url_passwords(content: bytes, start: int, _: int, path: str) -> Recognized:
    values, begin, stop = _values(content, start, URL, path)
    if not values:
        return values, begin, stop
    return _of_urls(content, start, values), begin, stop + _LONGEST_HOST


def _of_urls(content: bytes, start: int, values: Iterable[Candidate]) -> Iterator[Candidate]:
    scheme = _SCHEME_OF_URL.search(content, max(0, start - 25), start)
    for one in values:
        said = {"scheme": scheme[0].decode().lower() if scheme else ""}
        yield Candidate(
            start=one.start,
            end=one.end,
            confidence=one.confidence,
            status=CredentialStatus.SAMPLE if _EXAMPLE.match(content, one.end) else None,
            facts=said | one.facts,
        )


VALUE = Recognizer(
    gates=tuple(form.gate for form in FORMS[:URL]), recognize=_values, from_start=True
)
URL_PASSWORD = Recognizer(gates=(FORMS[URL].gate,), recognize=_url_passwords, from_start=True)
