"""What stands behind a name in a text, before anything is weighed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from keymuster.detect import examples
from keymuster.detect.engine import Engine
from keymuster.detect.recognizers.values import URL
from keymuster.detect.values.syntax import Found, find
from keymuster.rules.schema import RuleSet

VALUE = examples.from_shape("{base62:24}", "value")
"""A value that looks like a secret; `~` stands for it in the texts of these tests."""

Read = Callable[[bytes], list[Found]]


def filled(text: str) -> bytes:
    """The text with the value where its `~` stands."""
    return text.replace("~", VALUE).encode()


@pytest.fixture(scope="session")
def read(rules: RuleSet) -> Read:
    """Every value that is given to a name in a content, the same one once per form."""
    engine = Engine(rules)

    def values(content: bytes) -> list[Found]:
        found = {
            (one.form, one.start, one.end, one.name_start): one
            for pattern, start in engine.hits(content)
            if pattern.recognizer in ("assignment", "url-password")
            for one in find(
                URL if pattern.recognizer == "url-password" else pattern.number, content, start
            )[0]
        }
        return sorted(found.values(), key=lambda one: (one.start, one.end, one.form))

    return values
