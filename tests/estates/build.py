"""Lay out an invented estate to scan: `python tests/estates/build.py FOLDER`.

What stands under `acme/` are templates (`.in`), in which `{token:FORMAT}` stands for a generated token, so that
no file of this repository holds what looks like one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from keymuster import pipeline
from keymuster.detect import examples
from keymuster.rules.schema import RuleSet

TEMPLATES = Path(__file__).parent / "acme"
_SUFFIX = ".in"


def build(folder: Path, rules: RuleSet) -> None:
    """Write the estate into a folder."""
    formats = {one.id: one for one in rules.tokens}
    for template in sorted(TEMPLATES.rglob(f"*{_SUFFIX}")):
        target = folder / template.relative_to(TEMPLATES).with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        text = examples.expand(template.read_text(encoding="utf-8"), None, formats)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/estates/build.py FOLDER")
    build(Path(sys.argv[1]), pipeline.load_rules())
