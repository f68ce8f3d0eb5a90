"""What the search for each format costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from keymuster.detect import cost
from keymuster.rules.schema import RuleSet


def test_hits_are_counted_on_the_sample(rules: RuleSet) -> None:
    text = (b"x = 1\n" * 20 + b"ghp_" + b"a1B2c" * 8 + b"\n") * 100
    [found, other] = cost.of_formats(rules, {"github-pat", "aws-secret-access-key"}, text)
    hits = {one.name: one.hits * len(text) / 1e6 for one in (found, other)}
    assert hits == {"github-pat": pytest.approx(100), "aws-secret-access-key": 0}
    assert found.nanoseconds >= other.nanoseconds >= 0


def test_every_layer_has_a_name_and_a_cost(rules: RuleSet) -> None:
    layers = cost.of_layers(rules, cost.sample()[:200_000])
    assert [one.name for one in layers] == ["formats", "runs", "encodings"]
    assert all(one.nanoseconds > 0 for one in layers)


def test_the_sample_is_a_file_a_folder_or_the_standard_library(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"one\n")
    (tmp_path / "b.bin").write_bytes(b"\0two")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "d.py").write_bytes(b"three\n")
    assert cost.sample(tmp_path / "a.py") == b"one\n"
    assert cost.sample(tmp_path) == b"one\n\nthree\n"
    assert len(cost.sample()) == 2_000_000
