"""A large text is searched as one that may repeat itself: with the same findings."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from keymuster import accelerator
from keymuster.detect import nested, seen
from keymuster.detect.nested import Found, Nested
from keymuster.rules.schema import RuleSet


def told(found: Found) -> list[tuple[int, int, str, bytes]]:
    return [(one.start, one.end, one.format.id, one.secret.reveal()) for one in found.matches]


@pytest.mark.parametrize("end", ["\n", " "])
def test_what_repeats_itself_is_found_each_time(
    end: str, rules: RuleSet, token: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if seen._accelerator is None or not accelerator.is_wanted():
        pytest.skip("nothing is remembered without the accelerator")
    line = f'name = {{"key": "{token("github-pat")}"}} # and \\u0061 more{end}password = "hunter{end}"{end}'
    text = (line + f"nothing to see here{end}" * 50).encode() * 20
    expected = told(Nested(rules).scan(text, path="a.log"))
    reads: list[int] = []
    read = Nested.read

    def counted(self: Nested, content: bytes, **rest: object) -> object:
        reads.append(len(content))
        return read(self, content, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Nested, "read", counted)
    monkeypatch.setattr(nested, "_LARGE", 1000)
    assert told(Nested(rules).scan(text, path="a.log")) == expected
    assert len(expected) >= 20
    assert reads == [len(text)]
