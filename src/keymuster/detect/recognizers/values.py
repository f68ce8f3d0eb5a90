"""Values that no format knows: weighed by what names them and by everything around them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from keymuster.detect.candidates import Candidate, Recognizer
from keymuster.detect.values import obvious, signals, weighing
from keymuster.detect.values.signals import Signals
from keymuster.detect.values.syntax import FORMS, Found, find
from keymuster.model import CredentialStatus

URL = [form.name for form in FORMS].index("url")
"""The form that a hit of the gate of `URL_PASSWORD` belongs to."""

_EXAMPLE = re.compile(
    rb"@(?:[\w-]{1,63}\.){0,8}(?:example(?:\.(?:com|org|net|edu))?|test|invalid)(?![\w.-])",
    re.IGNORECASE,
)
"""A host that is nobody's (RFC 2606, RFC 6761)."""

_SCHEME_OF_URL = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{0,24}\Z")


class Seen(Struct, frozen=True):
    """A found value, and as many of its signals as it took to weigh it: none if it is obviously no
    secret."""

    found: Found
    signals: Signals = ()
    likelihood: float = 0.0


def seen(content: bytes, start: int, form: int, path: str) -> Iterator[Seen]:
    """The values that a hit of a form leads to."""
    for found in find(form, content, start):
        if obvious.is_none(content, found, path):
            yield Seen(found)
        else:
            yield Seen(found, *weighing.weigh(signals.groups(content, found, path)))


def _values(content: bytes, start: int, form: int, path: str) -> Iterator[Candidate]:
    for one in seen(content, start, form, path):
        if one.likelihood and (confidence := weighing.tier(one.likelihood)) is not None:
            yield Candidate(
                start=one.found.start,
                end=one.found.end,
                confidence=confidence,
                facts={"likelihood": f"{one.likelihood:.2f}"},
            )


def _url_passwords(content: bytes, start: int, _: int, path: str) -> Iterator[Candidate]:
    scheme = _SCHEME_OF_URL.search(content, max(0, start - 25), start)
    for one in _values(content, start, URL, path):
        said = {"scheme": scheme[0].decode().lower() if scheme else ""}
        yield Candidate(
            start=one.start,
            end=one.end,
            confidence=one.confidence,
            status=CredentialStatus.SAMPLE if _EXAMPLE.match(content, one.end) else None,
            facts=said | one.facts,
        )


VALUE = Recognizer(
    gates=tuple(form.gate for form in FORMS[:URL]),
    recognize=_values,
    from_start=True,
)
URL_PASSWORD = Recognizer(gates=(FORMS[URL].gate,), recognize=_url_passwords, from_start=True)
