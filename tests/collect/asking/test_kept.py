"""What is kept of lists between looks, when threads are at work still."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import json

from keymuster.collect.asking import kept, unchanged
from keymuster.collect.asking.kept import Kept, Known
from keymuster.collect.asking.rest import Asking
from keymuster.collect.asking.unchanged import Given
from keymuster.detect.engine import Engine
from keymuster.rules.schema import RuleSet


def test_what_is_learned_while_it_is_saved_is_not_kept_unsearched(
    rules: RuleSet, tmp_path: Path, monkeypatch: Any
) -> None:
    part = Kept("list", str(tmp_path), 1_000_000)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    before, after = json.encode({"name": "before"}), json.encode({"name": "after"})
    part.keep(Known(link="next", first=first, rows={"one": before}), ["one"])
    search = kept.looks_secret

    def searching(*args: Any) -> bool:
        part.learn("one", after)
        return search(*args)

    monkeypatch.setattr(kept, "looks_secret", searching)
    part.save(Engine(rules))
    known = part.known()
    assert known is not None
    assert known.rows == {"one": before}


def test_what_is_told_while_it_is_saved_stops_no_saving(
    rules: RuleSet, tmp_path: Path, monkeypatch: Any
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    part = Given("answers", str(tmp_path), now)

    def ask(url: str) -> Asking:
        return Asking(url=url, shape={"name": None})

    part.note(ask("/a"), "/a", {"name": "a"}, {"ETag": '"1"'})
    search = unchanged.looks_secret

    def searching(*args: Any) -> bool:
        part.note(ask("/b"), "/b", {"name": "b"}, {"ETag": '"2"'})
        return search(*args)

    monkeypatch.setattr(unchanged, "looks_secret", searching)
    part.save(Engine(rules))
    later = Given("answers", str(tmp_path), now)
    assert later.held(ask("/a"), "/a") is not None
    assert later.held(ask("/b"), "/b") is None
