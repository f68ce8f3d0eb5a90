"""No gate may miss what its encoding decodes."""

from __future__ import annotations

import base64

import hyperscan
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster.detect import encodings
from keymuster.detect.database import compile_database
from keymuster.detect.patterns import Pattern


@pytest.mark.parametrize("name", encodings.names())
def test_every_module_is_an_encoding_with_gates(name: str) -> None:
    made = encodings.load(name).gates([b"abcd"])
    assert made
    compile_database(
        {n: Pattern(format=0, gate=gate, length=0) for n, (gate, _) in enumerate(made)}
    )


@pytest.fixture(scope="module")
def base64_gates() -> tuple[object, object]:
    [text, *_] = encodings.load("base64").gates([])
    database = compile_database({0: Pattern(format=0, gate=text[0], length=0)})
    return database, hyperscan.Scratch(database)


@given(
    text=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=9, max_size=60),
    times=st.integers(1, 3),
)
@settings(max_examples=150, deadline=None)
def test_base64_of_any_text_shows_itself_however_often_it_is_encoded(
    base64_gates: tuple[object, object], text: str, times: int
) -> None:
    run = text.encode()
    for _ in range(times):
        run = base64.b64encode(run)
    hits: list[int] = []
    database, scratch = base64_gates
    database.scan(  # type: ignore[attr-defined]
        b"x: " + run, match_event_handler=lambda *hit: hits.append(hit[2]), scratch=scratch
    )
    assert hits[:1] == [15]
