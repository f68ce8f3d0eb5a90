"""A scan of services alone reads no files."""

from __future__ import annotations

from pathlib import Path

from keymuster import registry
from keymuster.collect.base import Context, Selection
from keymuster.rules.schema import RuleSet


def test_no_file_is_read(rules: RuleSet, tmp_path: Path) -> None:
    selection = Selection(root=str(tmp_path), services={"aws": {}})
    source = registry.part("source", "services")(Context(selection=selection, rules=rules))
    assert list(source.batches()) == []
    assert source.counts() == {"services": 1}
