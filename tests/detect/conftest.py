"""An engine over the shipped rules, and what it finds in a text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from keymuster.detect.engine import Engine
from keymuster.detect.matches import Match
from keymuster.rules.schema import RuleSet, TokenFormat

Find = Callable[[str | bytes], list[Match]]


@pytest.fixture(scope="session")
def engine(rules: RuleSet) -> Engine:
    return Engine(rules)


@pytest.fixture(scope="session")
def find(engine: Engine) -> Find:
    """Every match in a text."""
    return lambda text: engine.scan(text.encode() if isinstance(text, str) else text)


@pytest.fixture(scope="session")
def formats(rules: RuleSet) -> dict[str, TokenFormat]:
    return {token.id: token for token in rules.tokens}
