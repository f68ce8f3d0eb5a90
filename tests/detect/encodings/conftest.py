"""A scanner of encoded text over the shipped rules, and ways to ask it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from keymuster.detect.nested import Nested
from keymuster.rules.schema import RuleSet

Told = tuple[str, str, bytes]
"""Format, encodings, and the text of the region."""

Look = Callable[[str | bytes], list[Told]]


@pytest.fixture(scope="session")
def nested(rules: RuleSet) -> Nested:
    return Nested(rules)


@pytest.fixture(scope="session")
def look(nested: Nested) -> Look:
    """What is found in encoded text."""

    def told(text: str | bytes) -> list[Told]:
        content = text.encode() if isinstance(text, str) else text
        return [
            (one.format.id, one.facts["encoded"], content[one.start : one.end])
            for one in nested.scan(content).matches
            if "encoded" in one.facts
        ]

    return told


@pytest.fixture(scope="session")
def secrets(nested: Nested) -> Callable[[str | bytes], list[bytes]]:
    """The text of every secret in a text."""

    def texts(text: str | bytes) -> list[bytes]:
        content = text.encode() if isinstance(text, str) else text
        return [one.secret.reveal() for one in nested.scan(content).matches]

    return texts
