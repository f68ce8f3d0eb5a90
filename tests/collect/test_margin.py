"""Expressions that are looked for where lines begin."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.margin import AtMargin

PATTERNS = (rb"on[ \t]*:", rb"[ \t]+script[ \t]*:|\.[\w.:-]+[ \t]*:", rb"[\"']?a[\"']?:")
LINES = (b"on :", b" on:", b"  script:", b".a.b:", b"'a':", b"xa:", b"", b"\r", b"a", b":")


@given(st.lists(st.sampled_from(LINES)), st.sampled_from((b"\n", b"\r\n", b"")))
def test_it_finds_what_the_expression_finds_with_a_sign_for_the_beginning(
    lines: list[bytes], end: bytes
) -> None:
    content = end.join(lines)
    for pattern in PATTERNS:
        usual = re.compile(rb"^(?:" + pattern + rb")", re.MULTILINE)
        assert bool(AtMargin(pattern).search(content)) is bool(usual.search(content))
