"""Cells that a spreadsheet does not take for formulas."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, in full width, too."""


def defused(cell: str) -> str:
    """The cell, with a `'` before what would be a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
