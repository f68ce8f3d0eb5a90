"""What a finding is known by when it has moved."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from keymuster.evaluate.fingerprints import _without


@given(st.text("a./-_é ", min_size=1, max_size=3), st.text("a./-_é :", max_size=12))
def test_a_path_is_taken_out_where_it_is_not_a_part_of_a_word(path: str, id: str) -> None:
    assert _without(path, id) == re.sub(rf"(?<![\w./-]){re.escape(path)}(?![\w.-])", "", id)
